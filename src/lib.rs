#![doc = include_str!("lib.md")]

// floor 0: words
mod codec;
mod error;
mod exact;
mod hash;
mod math;
mod time;
mod value;

// floor 1: what one event is
mod computer;
mod field;
mod log;
mod record;
mod rows;
pub mod sketches;
#[cfg_attr(
    not(any(feature = "arrow", feature = "polars")),
    allow(dead_code, unused_imports, reason = "the batch pass has no door then")
)]
mod table;

// floor 2: computers at work
mod fold;

// floor 3: the catalogue, and small expressions
mod expr;
pub mod features;

// floor 4: time
mod pane;
mod window;

// floor 5: the definition, one entity's state, what a model sees
mod definition;
mod state;
mod vector;

// floor 6: many entities, event by event
mod stream;

// floor 7: both sides, how far a log was read, and reading it again
pub mod lag;
pub mod merge;
pub mod plan;
pub mod replay;
pub mod samples;

// floor 8: whole tables
#[cfg(any(feature = "arrow", feature = "polars"))]
pub mod batch;

#[cfg(feature = "testing")]
pub mod testing;

pub use crate::computer::{Accuracy, Arg, Dated, FeatureComputer, Input, MAX_ARGS, Scalar};
pub use crate::definition::{Builder, Computers, Feature, FeatureSet, MAX_FILTERS, Names};
pub use crate::error::{Error, ErrorKind, Result};
pub use crate::exact::{
    CoMoments, ExactProducts, ExactSquares, ExactSum, HigherMoments, Moments, Tally, WeightedTally,
};
pub use crate::expr::{Col, Derived, Filter, MAX_DEPTH, col};
pub use crate::field::Field;
pub use crate::hash::{Checksum, Fingerprint};
pub use crate::lag::{Lag, Observation};
pub use crate::log::{Cut, Positions};
pub use crate::merge::{BatchView, External, Externals, Gate, Lookup, Manifest, Served, Serving, ViewBuilder, merge};
pub use crate::record::{Column, MAX_ENTITY_COLUMNS, Record, Schema};
pub use crate::state::{Outcome, State};
pub use crate::stream::{Behind, Counters, Coverage, Entity, FrontierPolicy, Gap, Stream};
#[doc(hidden)]
pub use crate::table::Columnar;
pub use crate::time::{Interval, Span, Timestamp};
pub use crate::value::{Double, Items, Kind, List, Pairs, Shape, Text, Value, ValueRef};
pub use crate::vector::{Dense, Nulls, Vector};
pub use crate::window::{DEFAULT_HOPS, Window};

#[cfg(feature = "derive")]
#[doc = include_str!("record.md")]
pub use skewless_derive::Record;

#[cfg(feature = "derive")]
#[doc = include_str!("field.md")]
pub use skewless_derive::Field;

/// The README's examples, compiled.
#[cfg(all(doctest, feature = "derive"))]
#[doc = include_str!("../README.md")]
struct Readme;
