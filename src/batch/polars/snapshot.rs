//! Every entity as of one time.

use polars::prelude::DataFrame;

use super::super::views::Views;
use super::input::Pieces;
use super::output;
use crate::definition::FeatureSet;
use crate::error::Result;
use crate::time::Timestamp;

/// Gives every entity's values, and its state where that is asked for, as of one time.
///
/// Takes the events before `as_of` and leaves the others to the real-time side. A state's frontier is
/// `as_of`, and its bytes are those of a [`Stream`](crate::Stream) that was given the same events.
///
/// # Errors
/// As [`point_in_time`](super::point_in_time()).
///
/// # Examples
/// ```
/// use polars::df;
/// use skewless::{Feature, FeatureSet, Timestamp, Window, batch::polars::snapshot};
///
/// let set = FeatureSet::builder("s").entity("user").time("ts")
///     .feature("spend", Feature::sum("amount").over(Window::lifetime())).build()?;
/// let events = df!("user" => ["bob", "ada", "bob"], "ts" => [0i64, 1, 9], "amount" => [0.1, 0.2, 0.4])?;
/// let now = snapshot(&set, &events, Timestamp::from_micros(9)?)?;
/// // ada, then bob; what bob spent at the time asked for is not in yet.
/// assert_eq!((now.values().column("spend")?.f64()?.cont_slice()?, now.left_out()), ([0.2, 0.1].as_slice(), 1));
/// assert_eq!(now.states()?.height(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn snapshot(set: &FeatureSet, events: &DataFrame, as_of: Timestamp) -> Result<Snapshot> {
    let events = Pieces::events(set, events)?;
    let views = Views::read(set, events.bind_events(set)?, as_of)?;
    let values = views.values(|named, times, answers| output::snapshot_values(set, named, times, answers))?;
    let left_out = views.left_out();
    Ok(Snapshot { set: set.clone(), events, values, as_of, left_out })
}

/// Every entity's values and state as of one time.
///
/// Entities are in their own order, so the same events give the same frames, whatever order they came in.
#[derive(Clone, Debug)]
pub struct Snapshot {
    set: FeatureSet,
    events: Pieces,
    values: DataFrame,
    as_of: Timestamp,
    left_out: usize,
}

impl Snapshot {
    /// The entity columns, `as_of`, and one column a value; what [`point_in_time`](super::point_in_time())
    /// gives.
    pub fn values(&self) -> &DataFrame {
        &self.values
    }

    /// The entity columns and `state_bytes`: the bytes of [`State::encode`](crate::State::encode), as Binary.
    ///
    /// They are made here from the events, whose columns are shared with the snapshot, one by one: that takes many times
    /// as long as the values did.
    ///
    /// # Errors
    /// None that making the snapshot would not have met.
    pub fn states(&self) -> Result<DataFrame> {
        let views = Views::read(&self.set, self.events.bind_events(&self.set)?, self.as_of)?;
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
