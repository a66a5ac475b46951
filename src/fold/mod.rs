//! A computer at work: its panes for one entity, and its sweep over a batch.
//!
//! [`Fold`] is [`FeatureComputer`] with its types hidden, so that a feature set can hold many. One
//! blanket implementation does all the hiding; every loop inside it is typed.

#[cfg_attr(
    not(any(feature = "arrow", feature = "polars")),
    allow(dead_code, reason = "the batch pass has no door then")
)]
mod columnar;
mod lane;
mod picks;
#[cfg_attr(
    not(any(feature = "arrow", feature = "polars")),
    allow(dead_code, reason = "the batch pass has no door then")
)]
mod sweep;

use std::any::{Any, TypeId};
use std::fmt::Debug;

use self::lane::{Lane, Panes, flush, panes_mut};
pub(crate) use self::lane::{LaneSlot, panes};
use self::picks::{Picks, step};
pub(crate) use self::sweep::Sweep;
use self::sweep::{Gathered, sweep_group, sweep_monoid};
#[cfg(any(feature = "arrow", feature = "polars"))]
pub(crate) use self::sweep::{Intervals, Range, Reading};
use crate::codec::{self, Reader};
use crate::computer::{Accuracy, Arg, FeatureComputer, Input};
use crate::error::{Error, Result};
use crate::rows::{Rows, Select};
use crate::table::{Columnar, Table};
use crate::time::{BEGINNING, Grid, Interval, Timestamp};
use crate::value::{Shape, Value, ValueRef};

/// One answer to read: the fold of `[start, end)`, or `default` if that is empty or null.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut<'a> {
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// The window as it is meant; panes may be read from an edge before its start.
    pub(crate) over: Interval,
    pub(crate) default: Option<&'a Value>,
    /// Who reads the answer off the state, if not the computer that folds it.
    pub(crate) reader: Option<&'a dyn Fold>,
}

/// [`FeatureComputer`] with its types hidden.
pub(crate) trait Fold: Debug + Send + Sync {
    fn id(&self) -> String;
    fn state_id(&self) -> String;
    /// The types behind the ids: the computer's and its state's.
    fn types(&self) -> (TypeId, TypeId);
    /// Whether the input has a place for a tie break.
    fn is_dated(&self) -> bool;
    /// Reads an answer off a state that a computer of the same state id has folded.
    fn answer(&self, state: &dyn Any, over: Interval, default: Option<&Value>) -> Value;
    fn output_shape(&self) -> Shape;
    fn accuracy(&self) -> Accuracy;
    fn is_group(&self) -> bool;
    fn is_nullable(&self) -> bool;
    #[cfg_attr(
        not(any(feature = "arrow", feature = "polars")),
        allow(dead_code, reason = "the batch pass has no door then")
    )]
    fn columnar(&self) -> Columnar;
    fn args(&self) -> &'static [Arg];

    /// Folds rows `from..to` that `select` picks into the panes of `grid`.
    fn absorb(&self, lane: &mut LaneSlot, rows: &Rows, range: std::ops::Range<usize>, select: &Select, grid: &Grid);
    /// Folds one event into its pane of `grid`, or takes it back out.
    fn absorb_one(&self, lane: &mut LaneSlot, at: Timestamp, args: &[ValueRef<'_>], minus: bool, grid: &Grid);
    /// Moves panes from one grid to a later one, and lets go what no window sees any more.
    fn age(&self, lane: &mut LaneSlot, old: &Grid, new: &Grid);
    /// Moves panes that may stand anywhere onto a grid that ends at `until`; those of a settled state stay
    /// as they are.
    fn arrange(&self, lane: &mut LaneSlot, grid: &Grid, until: i64);
    /// Lets go of panes whose state says that nothing came in.
    fn prune(&self, lane: &mut LaneSlot);
    /// Merges another lane in.
    fn join(&self, lane: &mut LaneSlot, other: &LaneSlot);
    /// Reads every cut, given in order of falling start and equal end, from panes and from the rows from
    /// `raw` on.
    fn read(&self, lane: &LaneSlot, rows: &Rows, raw: i64, select: &Select, cuts: &[Cut<'_>], out: &mut [Value]);
    /// Writes the panes; starts are relative to `anchor`.
    fn encode(&self, lane: &LaneSlot, anchor: i64, out: &mut Vec<u8>);
    fn decode(&self, anchor: i64, from: &mut Reader<'_>) -> Result<LaneSlot>;
    /// Folds events given one by one, or takes them out: the definition itself, for the oracle.
    #[cfg(feature = "testing")]
    fn fold(&self, events: &mut dyn Iterator<Item = Given<'_>>, over: Interval, default: Option<&Value>) -> Value;
    /// Holds the computer to its laws.
    #[cfg(feature = "testing")]
    fn check_laws(&self, columns: &[crate::testing::laws::Held]) -> Result<()>;
    #[cfg_attr(
        not(any(feature = "arrow", feature = "polars")),
        allow(dead_code, reason = "the batch pass has no door then")
    )]
    /// Reading every window of a batch; ranges are in order of rising start and end.
    fn sweep(&self, table: &Table<'_>, select: &Select, windows: &mut [Sweep<'_, '_>]);
}

/// One event for the oracle: when, its arguments, and whether it takes them back out.
#[cfg(feature = "testing")]
pub(crate) type Given<'a> = (Timestamp, Vec<ValueRef<'a>>, bool);

/// The answer of a state. The interval is asked for only where it is needed: few computers look at it.
#[inline]
fn answer<C: FeatureComputer>(
    computer: &C,
    state: &C::State,
    over: impl FnOnce() -> Interval,
    default: Option<&Value>,
) -> Value {
    match default {
        None => computer.output(state, over()),
        Some(default) if *state == computer.identity() => default.clone(),
        Some(default) => match computer.output(state, over()) {
            Value::Null => default.clone(),
            value => value,
        },
    }
}

impl<C: FeatureComputer> Fold for C {
    fn id(&self) -> String {
        FeatureComputer::id(self)
    }
    fn state_id(&self) -> String {
        FeatureComputer::state_id(self)
    }
    fn types(&self) -> (TypeId, TypeId) {
        (TypeId::of::<C>(), TypeId::of::<C::State>())
    }
    fn is_dated(&self) -> bool {
        <C::Input<'static> as Input<'static>>::DATED
    }
    fn answer(&self, state: &dyn Any, over: Interval, default: Option<&Value>) -> Value {
        state.downcast_ref::<C::State>().map_or(Value::Null, |state| answer(self, state, || over, default))
    }
    fn output_shape(&self) -> Shape {
        FeatureComputer::output_shape(self)
    }
    fn accuracy(&self) -> Accuracy {
        FeatureComputer::accuracy(self)
    }
    fn is_group(&self) -> bool {
        C::GROUP
    }
    fn is_nullable(&self) -> bool {
        C::NULLABLE
    }
    fn columnar(&self) -> Columnar {
        FeatureComputer::columnar(self)
    }
    fn args(&self) -> &'static [Arg] {
        <C::Input<'static> as Input<'static>>::ARGS
    }

    fn absorb(&self, lane: &mut LaneSlot, rows: &Rows, range: std::ops::Range<usize>, select: &Select, grid: &Grid) {
        let (mut pane, picks) = (grid.cursor(), Picks::new(select));
        let heads = rows.heads().get(..range.end).unwrap_or(&[]);
        let mut next = range.start.max(rows.lower_bound(grid.reach()));
        while let Some((start, until)) = heads.get(next).and_then(|head| pane.seek(head.time)) {
            let first = next;
            next += heads.get(first..).map_or(0, |rest| rest.partition_point(|head| head.time < until));
            if let Some(state) = picks.fold(self, rows, first..next) {
                flush(self, lane, start, state);
            }
        }
    }

    fn absorb_one(&self, lane: &mut LaneSlot, at: Timestamp, args: &[ValueRef<'_>], minus: bool, grid: &Grid) {
        let (Some(start), Some(input)) = (grid.pane(at.as_micros()), C::Input::read(at, args)) else { return };
        if let Some(state) = panes_mut::<C>(lane).and_then(|panes| panes.at(start, || self.identity())) {
            step(self, state, input, minus);
        }
    }

    fn age(&self, lane: &mut LaneSlot, old: &Grid, new: &Grid) {
        let Some(panes) = lane.is_some().then(|| panes_mut::<C>(lane)).flatten() else { return };
        let gone = panes.0.partition_point(|(start, _)| *start < new.reach());
        panes.0.drain(..gone);
        for (from, until) in old.aged(new) {
            let first = panes.0.partition_point(|(start, _)| *start < from);
            let last = panes.0.partition_point(|(start, _)| *start < until);
            if first < last {
                // The pane just before may be the coarser one that these fold into.
                panes.coarsen(self, first.saturating_sub(1)..last, new);
            }
        }
        if panes.0.is_empty() {
            *lane = None;
        }
    }

    fn arrange(&self, lane: &mut LaneSlot, grid: &Grid, until: i64) {
        let Some(panes) = lane.is_some().then(|| panes_mut::<C>(lane)).flatten() else { return };
        panes.0.retain(|(start, _)| grid.pane(*start).is_some_and(|start| start < until));
        panes.coarsen(self, 0..panes.0.len(), grid);
        if panes.0.is_empty() {
            *lane = None;
        }
    }

    fn prune(&self, lane: &mut LaneSlot) {
        let Some(panes) = lane.is_some().then(|| panes_mut::<C>(lane)).flatten() else { return };
        let identity = self.identity();
        panes.0.retain(|(_, state)| *state != identity);
        if panes.0.is_empty() {
            *lane = None;
        }
    }

    fn join(&self, lane: &mut LaneSlot, other: &LaneSlot) {
        for (start, state) in panes::<C::State>(other) {
            flush(self, lane, *start, state.clone());
        }
    }

    fn read(&self, lane: &LaneSlot, rows: &Rows, raw: i64, select: &Select, cuts: &[Cut<'_>], out: &mut [Value]) {
        let Some(end) = cuts.first().map(|cut| cut.end) else { return };
        let panes = panes::<C::State>(lane);
        let mut pane = panes.partition_point(|(start, _)| *start < end);
        let mut row = rows.lower_bound(end);
        let mut state = self.identity();
        let picks = Picks::new(select);
        for (cut, out) in cuts.iter().zip(out) {
            while let Some((start, part)) = pane.checked_sub(1).and_then(|i| panes.get(i)) {
                if *start < cut.start {
                    break;
                }
                self.merge(&mut state, part);
                pane -= 1;
            }
            let stop = cut.start.max(raw);
            while let Some(head) = row.checked_sub(1).and_then(|i| rows.heads().get(i)) {
                if head.time < stop {
                    break;
                }
                row -= 1;
                if head.mask & picks.bit != 0
                    && let Some(input) = picks.input::<C>(rows, row, *head)
                {
                    step(self, &mut state, input, head.mask & picks.retract != 0);
                }
            }
            *out = match cut.reader {
                None => answer(self, &state, || cut.over, cut.default),
                Some(reader) => reader.answer(&state, cut.over, cut.default),
            };
        }
    }

    fn encode(&self, lane: &LaneSlot, anchor: i64, out: &mut Vec<u8>) {
        let panes = panes::<C::State>(lane);
        // The pane without a start is so common that it costs one bit instead of ten bytes.
        let endless = panes.first().is_some_and(|(start, _)| *start == BEGINNING);
        codec::put_u64(out, (panes.len() as u64) << 1 | u64::from(endless));
        let mut before = anchor;
        for (start, state) in panes {
            if *start != BEGINNING {
                codec::put_i64(out, start.wrapping_sub(before));
                before = *start;
            }
            codec::put(out, state);
        }
    }

    fn decode(&self, anchor: i64, from: &mut Reader<'_>) -> Result<LaneSlot> {
        let header = from.u64("panes")?;
        let (count, endless) = (header >> 1, header & 1 == 1);
        // Every pane takes bytes, so a made-up count runs out of them before it costs memory; a few are made room for.
        let mut panes: Vec<(i64, C::State)> = Vec::with_capacity(count.min(32) as usize);
        let mut before = anchor;
        for i in 0..count {
            let start = if endless && i == 0 { BEGINNING } else { before.wrapping_add(from.i64("pane start")?) };
            if panes.last().is_some_and(|(last, _)| *last >= start) {
                return Err(Error::not_canonical(format!("pane {start} does not come after the pane before it")));
            }
            let state = from.take("pane state")?;
            if !self.accepts(&state) {
                return Err(Error::not_canonical(format!("pane {start} is not one of {}", FeatureComputer::id(self))));
            }
            panes.push((start, state));
            before = if start == BEGINNING { before } else { start };
        }
        Ok((!panes.is_empty()).then(|| Box::new(Panes(panes)) as Box<dyn Lane>))
    }

    #[cfg(feature = "testing")]
    fn fold(&self, events: &mut dyn Iterator<Item = Given<'_>>, over: Interval, default: Option<&Value>) -> Value {
        let mut state = self.identity();
        for (at, args, minus) in events {
            if let Some(input) = C::Input::read(at, &args) {
                step(self, &mut state, input, minus);
            }
        }
        answer(self, &state, || over, default)
    }

    #[cfg(feature = "testing")]
    fn check_laws(&self, columns: &[crate::testing::laws::Held]) -> Result<()> {
        crate::testing::laws::hold(self, columns)
    }

    fn sweep(&self, table: &Table<'_>, select: &Select, windows: &mut [Sweep<'_, '_>]) {
        if columnar::sweep(FeatureComputer::columnar(self), table, select, windows) {
            return;
        }
        let gathered = Gathered::<C>::new(table, select);
        for window in windows {
            let ranges = window.ranges.iter().map(|range| gathered.places(*range));
            let (answers, intervals) = (&mut window.answers, &window.intervals);
            let emit = |query: usize, state: &C::State| {
                answers.iter_mut().for_each(|answers| answers.read(self, state, || intervals.at(query)));
            };
            if C::GROUP {
                sweep_group(self, &gathered, ranges, emit);
            } else {
                sweep_monoid(self, &gathered.inputs, ranges, emit);
            }
        }
    }
}
