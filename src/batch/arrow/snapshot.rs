//! Every entity as of one time.

use arrow_array::RecordBatch;

use super::super::views::Views;
use super::{input, output};
use crate::definition::FeatureSet;
use crate::error::Result;
use crate::time::Timestamp;

/// Gives every entity's values, and its state where that is asked for, as of one time.
///
/// Takes the events before `as_of` and leaves the others to the real-time side. A state's frontier is
/// `as_of`, and its bytes are those of a [`Stream`](crate::Stream) that was given the same events.
///
/// # Errors
/// As [`point_in_time`](super::point_in_time).
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use arrow_array::{Float64Array, Int64Array, RecordBatch, StringArray, cast::AsArray, types::Float64Type};
/// use skewless::{Feature, FeatureSet, Timestamp, Window, batch::snapshot};
///
/// let set = FeatureSet::builder("s").entity("user").time("ts")
///     .feature("spend", Feature::sum("amount").over(Window::lifetime())).build()?;
/// let events = [RecordBatch::try_from_iter([
///     ("user", Arc::new(StringArray::from(vec!["bob", "ada", "bob"])) as _),
///     ("ts", Arc::new(Int64Array::from(vec![0, 1, 9])) as _),
///     ("amount", Arc::new(Float64Array::from(vec![0.1, 0.2, 0.4])) as _),
/// ])?];
/// let now = snapshot(&set, &events, Timestamp::from_micros(9)?)?;
/// let spend = now.values().column_by_name("spend").unwrap().as_primitive::<Float64Type>();
/// // ada, then bob; what bob spent at the time asked for is not in yet.
/// assert_eq!((spend.values().as_ref(), now.left_out()), ([0.2, 0.1].as_slice(), 1));
/// assert_eq!(now.states()?.num_rows(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn snapshot(set: &FeatureSet, events: &[RecordBatch], as_of: Timestamp) -> Result<Snapshot> {
    let views = views(set, events, as_of)?;
    let values = views.values(|named, times, columns| output::snapshot_values(set, named, times, columns))?;
    let left_out = views.left_out();
    Ok(Snapshot { set: set.clone(), events: events.to_vec(), values, as_of, left_out })
}

fn views<'a>(set: &'a FeatureSet, events: &'a [RecordBatch], as_of: Timestamp) -> Result<Views<'a>> {
    let bound = events.iter().map(|batch| input::events(set, batch)).collect::<Result<_>>()?;
    Views::read(set, bound, as_of)
}

/// Every entity's values and state as of one time.
///
/// Entities are in their own order, so the same events give the same tables, whatever order they came in.
#[derive(Clone, Debug)]
pub struct Snapshot {
    set: FeatureSet,
    events: Vec<RecordBatch>,
    values: RecordBatch,
    as_of: Timestamp,
    left_out: usize,
}

impl Snapshot {
    /// The entity columns, `as_of`, and one column a value; what [`point_in_time`](super::point_in_time)
    /// gives.
    pub fn values(&self) -> &RecordBatch {
        &self.values
    }

    /// The entity columns and `state_bytes`: the bytes of [`State::encode`](crate::State::encode), as Binary.
    ///
    /// They are made here from the events, which are shared with the snapshot, one by one: that takes many times as
    /// long as the values did.
    ///
    /// # Errors
    /// None that making the snapshot would not have met.
    pub fn states(&self) -> Result<RecordBatch> {
        let views = views(&self.set, &self.events, self.as_of)?;
        output::snapshot_states(&self.set, views.entities(), &views.states()?)
    }

    /// The time it is of, and the frontier of its states.
    pub fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// How many events were at or after `as_of` and so not taken.
    pub fn left_out(&self) -> usize {
        self.left_out
    }
}
