//! The batch door: whole tables in, whole tables out.
//!
//! [`point_in_time()`] answers many queries, each as of its own time, for training sets; [`snapshot()`] gives
//! every entity's values and state as of one time, and [`view()`] makes of the log up to a cut what a
//! [serving layer](crate::Serving) merges with a stream. All give the bits a stream would.
//!
//! These take Arrow record batches, with the flag `arrow`. `batch::polars`, with the flag `polars`, has the first two for
//! Polars frames, eager and lazy; no Arrow crate stands in between.
//!
//! The pass numbers entities and texts once, deals the events out to blocks of entities, and works on one block after
//! another, small enough to stay near the processor: it sorts the block by entity and time, finds for each distinct
//! window the rows each query sees (two pointers, since a later query never sees an earlier start), and then answers each
//! feature over those ranges. The commonest aggregates are answered by column, in a few steps a query; for the others
//! states are folded: exact add and remove where the aggregate allows it, two stacks where it does not. The cost grows
//! with events plus queries, whatever the windows and however hot an entity.
//!
//! # Threads
//! One, unless the flag `parallel` is on and the call comes from a rayon pool; then those of the pool:
//! ```
//! # #[cfg(all(feature = "parallel", feature = "arrow"))] {
//! # use skewless::{Feature, FeatureSet, Window, batch};
//! # let set = FeatureSet::builder("s").entity("user").time("ts")
//! #     .feature("n", Feature::count().over(Window::lifetime())).build()?;
//! # let (events, queries) = ([], []);
//! let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build()?;
//! let answers = pool.install(|| batch::point_in_time(&set, &events, &queries))?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Memory
//! Beside the tables themselves and the result: about as much again as the result, and twenty bytes an event. It is taken
//! in large pieces, which the allocator of most systems gives back at once and fetches anew for the next pass: with one that
//! keeps them, such as mimalloc, passes that follow each other take about a quarter less time.

mod answers;
#[cfg(feature = "arrow")]
mod arrow;
mod bound;
mod chunk;
mod columns;
mod door;
mod entities;
mod events;
mod parallel;
mod pass;
#[cfg(feature = "polars")]
pub mod polars;
mod ranges;
mod views;

#[cfg(feature = "arrow")]
pub use self::arrow::{Snapshot, point_in_time, rows, snapshot, vectors, view};
pub use self::bound::{Row, Rows};
