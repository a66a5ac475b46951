//! The batch door: whole tables in, whole tables out.
//!
//! [`point_in_time()`] answers many queries, each as of its own time, for training sets; [`snapshot()`] gives
//! every entity's values and state as of one time, and [`view()`] makes of the log up to a cut what a
//! [serving layer](crate::Serving) merges with a stream. All give the bits a stream would.
//!
//! The pass sorts events by entity and time once, finds for each distinct window the rows each query sees
//! (two pointers, since a later query never sees an earlier start), and then sweeps each feature over those
//! ranges: exact add and remove where the aggregate allows it, two stacks where it does not. Its cost grows
//! with events plus queries, whatever the windows and however hot an entity.

mod arrow;
mod point_in_time;
mod ranges;

pub use self::arrow::{Row, Rows, Snapshot, point_in_time, rows, snapshot, vectors, view};
