//! What panes remember besides the aggregates: when there was activity, so that sessions can be found.

use serde::{Deserialize, Serialize};

use crate::computer::{Dated, FeatureComputer};
use crate::fold::{LaneSlot, panes};
use crate::rows::Rows;
use crate::time::{Interval, Timestamp, floor};
use crate::value::{Kind, Shape, Value};

/// The first and the last moment of activity in a pane.
///
/// A pane is never wider than the session gap, so all activity in one pane is one run, and runs are found
/// by comparing the last moment of a pane with the first of the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Activity;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stretch {
    first: Timestamp,
    last: Timestamp,
}

impl FeatureComputer for Activity {
    type Input<'a> = Dated<'a, ()>;
    type State = Option<Stretch>;
    const IDEMPOTENT: bool = true;

    fn id(&self) -> String {
        "activity/1".into()
    }
    fn output_shape(&self) -> Shape {
        Kind::Time.into()
    }
    fn identity(&self) -> Self::State {
        None
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: Self::Input<'_>) {
        self.merge(state, &Some(Stretch { first: input.at, last: input.at }));
    }
    #[inline]
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        *into = match (*into, *from) {
            (Some(a), Some(b)) => Some(Stretch { first: a.first.min(b.first), last: a.last.max(b.last) }),
            (a, b) => a.or(b),
        };
    }
    fn accepts(&self, state: &Self::State) -> bool {
        state.is_none_or(|stretch| stretch.first <= stretch.last)
    }
    fn output(&self, state: &Self::State, _: Interval) -> Value {
        state.map(|stretch| stretch.first).into()
    }
}

/// Where the session that is open at `t` starts; `t` itself when none is.
///
/// Reads panes and, from `raw` on, rows, not looking further back than `tail`, a pane edge.
pub(crate) fn session_start(lane: &LaneSlot, rows: &Rows, raw: i64, bit: u64, gap: i64, tail: i64, t: i64) -> i64 {
    let panes = panes::<Option<Stretch>>(lane);
    let until = panes.partition_point(|(start, _)| *start < t);
    let kept = panes.get(..until).unwrap_or(&[]).iter().rev();
    let kept = kept.take_while(|(start, _)| *start >= tail).filter_map(|(_, stretch)| *stretch);
    let kept = kept.map(|stretch| (stretch.first.as_micros(), stretch.last.as_micros()));
    let events = rows.heads().get(..rows.lower_bound(t)).unwrap_or(&[]).iter().rev();
    let events = events.take_while(|head| head.time >= raw.max(tail)).filter(|head| head.mask & bit != 0);
    // Rows are all later than the panes of the same fold, so this runs back in time.
    let mut start = t;
    for (first, last) in events.map(|head| (head.time, head.time)).chain(kept) {
        if apart(last, start, gap) {
            break;
        }
        start = start.min(first);
    }
    start
}

/// Whether two moments, the earlier one first, are further apart than `gap`.
#[inline]
pub(crate) fn apart(earlier: i64, later: i64, gap: i64) -> bool {
    later.checked_sub(earlier).is_none_or(|between| between > gap)
}

/// The pane edge a session's panes are read from: nothing else of theirs is in that pane.
pub(crate) fn session_edge(start: i64, gap: i64) -> i64 {
    floor(start, gap)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::Head;

    #[test]
    fn a_gap_of_exactly_the_gap_joins_and_one_more_does_not() {
        let mut rows = Rows::new(0);
        for time in [-50, 0, 10, 20] {
            rows.insert(Head { time, mask: 1 }, |_| ());
        }
        let start = |t, gap| session_start(&None, &rows, i64::MIN, 1, gap, i64::MIN, t);
        assert_eq!(start(30, 10), 0);
        assert_eq!(start(31, 10), 31);
        assert_eq!(start(20, 10), 0);
        assert_eq!(start(21, 9), 20);
        assert_eq!(start(30, 50), -50);
    }
}
