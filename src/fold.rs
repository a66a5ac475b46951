//! A computer at work: its panes for one entity, and its sweep over a batch.
//!
//! [`Fold`] is [`FeatureComputer`] with its types hidden, so that a feature set can hold many. One
//! blanket implementation does all the hiding; every loop inside it is typed.

use std::any::Any;
use std::fmt::Debug;

use crate::codec::{self, Reader};
use crate::computer::{Arg, FeatureComputer, Input, MAX_ARGS};
use crate::error::{Error, Result};
use crate::rows::{Head, Rows, Select};
use crate::table::{Answered, Cells, Table};
use crate::time::{BEGINNING, Grid, Timestamp};
use crate::value::{Kind, Value, ValueRef};

/// One answer to read: the fold of `[start, end)`, or `default` if that is empty or null.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut<'a> {
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) default: Option<&'a Value>,
    /// Who reads the answer off the state, if not the computer that folds it.
    pub(crate) reader: Option<&'a dyn Fold>,
}

/// A row range `[start, end)` of a batch.
pub(crate) type Range = (u32, u32);

/// Panes of one fold of one entity: states by pane start, in time order, only where something is.
pub(crate) trait Lane: Any + Debug + Send + Sync {
    fn clone_lane(&self) -> Box<dyn Lane>;
    fn len(&self) -> usize;
}

#[derive(Clone, Debug)]
struct Panes<S>(Vec<(i64, S)>);

impl<S: Clone + Debug + Send + Sync + 'static> Lane for Panes<S> {
    fn clone_lane(&self) -> Box<dyn Lane> {
        Box::new(self.clone())
    }
    fn len(&self) -> usize {
        self.0.len()
    }
}

impl<S> Panes<S> {
    /// The state of the pane at `start`, made if there is none.
    fn at(&mut self, start: i64, identity: impl FnOnce() -> S) -> Option<&mut S> {
        let place = match self.0.last() {
            Some((last, _)) if *last == start => self.0.len() - 1,
            Some((last, _)) if *last < start => self.0.len(),
            None => 0,
            _ => self.0.partition_point(|(s, _)| *s < start),
        };
        if self.0.get(place).is_none_or(|(s, _)| *s != start) {
            self.0.insert(place, (start, identity()));
        }
        self.0.get_mut(place).map(|(_, state)| state)
    }
}

impl Clone for Box<dyn Lane> {
    fn clone(&self) -> Self {
        (**self).clone_lane()
    }
}

/// A lane that is absent is empty.
pub(crate) type LaneSlot = Option<Box<dyn Lane>>;

/// [`FeatureComputer`] with its types hidden.
pub(crate) trait Fold: Debug + Send + Sync {
    fn id(&self) -> String;
    fn state_id(&self) -> String;
    /// Reads an answer off a state that a computer of the same state id has folded.
    fn answer(&self, state: &dyn Any, default: Option<&Value>) -> Value;
    fn output_kind(&self) -> Kind;
    fn args(&self) -> &'static [Arg];

    /// Folds rows `from..to` that `select` picks into the panes of `grid`.
    fn absorb(&self, lane: &mut LaneSlot, rows: &Rows, range: std::ops::Range<usize>, select: &Select, grid: &Grid);
    /// Folds one event into its pane of `grid`.
    fn absorb_one(&self, lane: &mut LaneSlot, at: Timestamp, args: &[ValueRef<'_>], grid: &Grid);
    /// Moves panes from one grid to a later one, and lets go what no window sees any more.
    fn age(&self, lane: &mut LaneSlot, old: &Grid, new: &Grid);
    /// Moves panes that may stand anywhere onto a grid; those of a settled state stay as they are.
    fn arrange(&self, lane: &mut LaneSlot, grid: &Grid);
    /// Merges another lane in.
    fn join(&self, lane: &mut LaneSlot, other: &LaneSlot);
    /// Reads every cut, given in order of falling start and equal end, from panes and from the rows from
    /// `raw` on.
    fn read(&self, lane: &LaneSlot, rows: &Rows, raw: i64, select: &Select, cuts: &[Cut<'_>], out: &mut [Value]);
    /// Writes the panes; starts are relative to `anchor`.
    fn encode(&self, lane: &LaneSlot, anchor: i64, out: &mut Vec<u8>);
    fn decode(&self, anchor: i64, from: &mut Reader<'_>) -> Result<LaneSlot>;
    /// Folds events given one by one: the definition itself, for the oracle.
    #[cfg(feature = "testing")]
    fn fold(&self, events: &mut dyn Iterator<Item = (Timestamp, Vec<ValueRef<'_>>)>, default: Option<&Value>) -> Value;
    /// Holds the computer to its laws.
    #[cfg(feature = "testing")]
    fn check_laws(&self) -> Result<()>;
    /// Answers every window of a batch; ranges are in order of rising start and end.
    fn sweep(&self, table: &Table<'_>, select: &Select, windows: &mut [Sweep<'_>]);
}

/// One window of a batch: the rows each query sees, and what is read off there.
#[derive(Debug)]
pub(crate) struct Sweep<'a> {
    pub(crate) ranges: &'a [Range],
    pub(crate) answers: Vec<Answers<'a>>,
}

/// One feature's answers, query by query.
#[derive(Debug)]
pub(crate) struct Answers<'a> {
    pub(crate) default: Option<&'a Value>,
    /// Who reads them off the state, if not the computer that folds it.
    pub(crate) reader: Option<&'a dyn Fold>,
    pub(crate) out: Answered,
    /// The first answer that is an integer outside `i64`.
    pub(crate) overflow: Option<usize>,
}

impl Answers<'_> {
    /// Reads the next query's answer off a state.
    #[inline]
    fn read<C: FeatureComputer>(&mut self, computer: &C, state: &C::State) {
        let value = match self.reader {
            None => answer(computer, state, self.default),
            Some(reader) => reader.answer(state, self.default),
        };
        if matches!(value, Value::Overflow) && self.overflow.is_none() {
            self.overflow = Some(self.out.len());
        }
        self.out.push(value);
    }
}

pub(crate) fn panes<S: 'static>(lane: &LaneSlot) -> &[(i64, S)] {
    let lane = lane.as_deref().map(|lane| lane as &dyn Any);
    lane.and_then(|lane| lane.downcast_ref::<Panes<S>>()).map_or(&[], |panes| &panes.0)
}

fn answer<C: FeatureComputer>(computer: &C, state: &C::State, default: Option<&Value>) -> Value {
    match default {
        None => computer.output(state),
        Some(default) if *state == computer.identity() => default.clone(),
        Some(default) => match computer.output(state) {
            Value::Null => default.clone(),
            value => value,
        },
    }
}

/// The typed panes of a lane, made if there are none.
fn panes_mut<C: FeatureComputer>(lane: &mut LaneSlot) -> Option<&mut Panes<C::State>> {
    let lane = lane.get_or_insert_with(|| Box::new(Panes::<C::State>(Vec::new())));
    let lane: &mut dyn Any = &mut **lane;
    lane.downcast_mut()
}

impl<C: FeatureComputer> Fold for C {
    fn id(&self) -> String {
        FeatureComputer::id(self)
    }
    fn state_id(&self) -> String {
        FeatureComputer::state_id(self)
    }
    fn answer(&self, state: &dyn Any, default: Option<&Value>) -> Value {
        state.downcast_ref::<C::State>().map_or(Value::Null, |state| answer(self, state, default))
    }
    fn output_kind(&self) -> Kind {
        FeatureComputer::output_kind(self)
    }
    fn args(&self) -> &'static [Arg] {
        <C::Input<'static> as Input<'static>>::ARGS
    }

    fn absorb(&self, lane: &mut LaneSlot, rows: &Rows, range: std::ops::Range<usize>, select: &Select, grid: &Grid) {
        let mut pane = grid.cursor();
        let mut runs: Vec<(i64, C::State)> = Vec::new();
        // Backward, so that `last` keeps the first value it meets instead of each in turn.
        for i in range.rev() {
            let Some(head) = rows.heads().get(i).filter(|head| head.mask & select.bit != 0) else { continue };
            let Some(input) = input::<C>(rows, i, *head, select) else { continue };
            let Some(start) = pane.seek(head.time) else { continue };
            match runs.last_mut() {
                Some((at, state)) if *at == start => self.update(state, input),
                _ => {
                    let mut state = self.identity();
                    self.update(&mut state, input);
                    runs.push((start, state));
                }
            }
        }
        for (start, state) in runs.into_iter().rev() {
            flush(self, lane, start, state);
        }
    }

    fn absorb_one(&self, lane: &mut LaneSlot, at: Timestamp, args: &[ValueRef<'_>], grid: &Grid) {
        let (Some(start), Some(input)) = (grid.pane(at.micros()), C::Input::read(at, args)) else { return };
        if let Some(state) = panes_mut::<C>(lane).and_then(|panes| panes.at(start, || self.identity())) {
            self.update(state, input);
        }
    }

    fn age(&self, lane: &mut LaneSlot, old: &Grid, new: &Grid) {
        let Some(panes) = lane.is_some().then(|| panes_mut::<C>(lane)).flatten() else { return };
        let gone = panes.0.partition_point(|(start, _)| *start < new.reach());
        panes.0.drain(..gone);
        for (from, until) in old.aged(new) {
            let first = panes.0.partition_point(|(start, _)| *start < from);
            let last = panes.0.partition_point(|(start, _)| *start < until);
            // The pane just before may be the coarser one that these fold into.
            let mut coarse: Vec<(i64, C::State)> = Vec::new();
            let before = first.saturating_sub(1);
            for (start, state) in panes.0.get(before..last).unwrap_or(&[]) {
                let start = new.pane(*start).unwrap_or(*start);
                match coarse.last_mut() {
                    Some((at, into)) if *at == start => self.merge(into, state),
                    _ => coarse.push((start, state.clone())),
                }
            }
            if first < last {
                panes.0.splice(before..last, coarse);
            }
        }
        if panes.0.is_empty() {
            *lane = None;
        }
    }

    fn arrange(&self, lane: &mut LaneSlot, grid: &Grid) {
        let Some(old) = lane.is_some().then(|| panes_mut::<C>(lane)).flatten() else { return };
        let mut new: Vec<(i64, C::State)> = Vec::with_capacity(old.0.len());
        for (start, state) in old.0.drain(..) {
            let Some(start) = grid.pane(start) else { continue };
            match new.last_mut() {
                Some((last, into)) if *last == start => self.merge(into, &state),
                _ => new.push((start, state)),
            }
        }
        old.0 = new;
        if old.0.is_empty() {
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
                if head.mask & select.bit != 0 {
                    if let Some(input) = input::<C>(rows, row, *head, select) {
                        self.update(&mut state, input);
                    }
                }
            }
            *out = match cut.reader {
                None => answer(self, &state, cut.default),
                Some(reader) => reader.answer(&state, cut.default),
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
        let mut panes: Vec<(i64, C::State)> = Vec::new();
        let mut before = anchor;
        for i in 0..count {
            let start = if endless && i == 0 { BEGINNING } else { before.wrapping_add(from.i64("pane start")?) };
            if panes.last().is_some_and(|(last, _)| *last >= start) {
                return Err(Error::not_canonical(format!("pane {start} does not come after the pane before it")));
            }
            // Every pane takes bytes, so a made-up count runs out of them before it costs memory.
            panes.push((start, from.take("pane state")?));
            before = if start == BEGINNING { before } else { start };
        }
        Ok((!panes.is_empty()).then(|| Box::new(Panes(panes)) as Box<dyn Lane>))
    }

    #[cfg(feature = "testing")]
    fn fold(&self, events: &mut dyn Iterator<Item = (Timestamp, Vec<ValueRef<'_>>)>, default: Option<&Value>) -> Value {
        let mut state = self.identity();
        for (at, args) in events {
            if let Some(input) = C::Input::read(at, &args) {
                self.update(&mut state, input);
            }
        }
        answer(self, &state, default)
    }

    #[cfg(feature = "testing")]
    fn check_laws(&self) -> Result<()> {
        crate::testing::laws::hold(self)
    }

    fn sweep(&self, table: &Table<'_>, select: &Select, windows: &mut [Sweep<'_>]) {
        let (inputs, rank) = gather::<C>(table, select);
        for window in windows {
            let ranges = window.ranges.iter().map(|(from, to)| {
                let at = |row: u32| rank.get(row as usize).copied().unwrap_or(0) as usize;
                (at(*from), at(*to))
            });
            let answers = &mut window.answers;
            let emit = |state: &C::State| answers.iter_mut().for_each(|answers| answers.read(self, state));
            if C::GROUP {
                sweep_group(self, &inputs, ranges, emit);
            } else {
                sweep_monoid(self, &inputs, ranges, emit);
            }
        }
    }
}

/// The input of row `i`; nearly every computer reads one column or none.
#[inline]
fn input<'r, C: FeatureComputer>(rows: &'r Rows, i: usize, head: Head, select: &Select) -> Option<C::Input<'r>> {
    let at = Timestamp::clamped(head.time);
    match *select.args {
        [] => C::Input::read(at, &[]),
        [place] => C::Input::read(at, &[rows.values(i).get(place).map_or(ValueRef::Null, Value::as_ref)]),
        _ => C::Input::read(at, rows.args(i, &select.args).get(..select.args.len()).unwrap_or(&[])),
    }
}

/// Merges `state` into the pane at `start`.
fn flush<C: FeatureComputer>(computer: &C, lane: &mut LaneSlot, start: i64, state: C::State) {
    let Some(panes) = panes_mut::<C>(lane) else { return };
    match panes.0.last_mut() {
        Some((last, into)) if *last == start => computer.merge(into, &state),
        Some((last, _)) if *last > start => {
            if let Some(into) = panes.at(start, || computer.identity()) {
                computer.merge(into, &state);
            }
        }
        _ => panes.0.push((start, state)),
    }
}

/// The inputs of the rows a fold takes, and for each row how many came before it.
fn gather<'a, C: FeatureComputer>(table: &Table<'a>, select: &Select) -> (Vec<C::Input<'a>>, Vec<u32>) {
    let columns: Vec<&Cells<'a>> = select.args.iter().filter_map(|place| table.columns.get(*place)).collect();
    let mut inputs = Vec::with_capacity(table.times.len());
    let mut rank = Vec::with_capacity(table.times.len() + 1);
    let mut args = [ValueRef::Null; MAX_ARGS];
    for (row, (time, mask)) in table.times.iter().zip(&table.masks).enumerate() {
        rank.push(inputs.len() as u32);
        if mask & select.bit == 0 {
            continue;
        }
        for (arg, column) in args.iter_mut().zip(&columns) {
            *arg = column.get(row);
        }
        inputs.extend(C::Input::read(Timestamp::clamped(*time), args.get(..columns.len()).unwrap_or(&[])));
    }
    rank.push(inputs.len() as u32);
    (inputs, rank)
}

/// Two pointers: what enters is added, what leaves is taken out, exactly.
fn sweep_group<C: FeatureComputer>(
    computer: &C,
    inputs: &[C::Input<'_>],
    ranges: impl Iterator<Item = (usize, usize)>,
    mut emit: impl FnMut(&C::State),
) {
    let mut state = computer.identity();
    let (mut low, mut high) = (0, 0);
    for (from, to) in ranges {
        // Starting afresh is cheaper than taking out more than what stays.
        if from >= high || from - low > to - from {
            state = computer.identity();
            (low, high) = (from, from);
        }
        for input in inputs.get(low..from).unwrap_or(&[]) {
            computer.retract(&mut state, *input);
        }
        for input in inputs.get(high..to).unwrap_or(&[]) {
            computer.update(&mut state, *input);
        }
        (low, high) = (low.max(from), high.max(to));
        emit(&state);
    }
}

/// Two stacks: running merges from the middle back to the start, and one from the middle to the end.
fn sweep_monoid<C: FeatureComputer>(
    computer: &C,
    inputs: &[C::Input<'_>],
    ranges: impl Iterator<Item = (usize, usize)>,
    mut emit: impl FnMut(&C::State),
) {
    let mut front: Vec<C::State> = Vec::new();
    let mut back = computer.identity();
    // `front[k]` folds the inputs from `middle - 1 - k` to `middle`; `back` those from there to `high`.
    let (mut middle, mut high) = (0, 0);
    for (from, to) in ranges {
        if from >= high {
            front.clear();
            back = computer.identity();
            (middle, high) = (from, from);
        }
        for input in inputs.get(high..to).unwrap_or(&[]) {
            computer.update(&mut back, *input);
        }
        high = high.max(to);
        if from > middle {
            front.clear();
            let mut suffix = computer.identity();
            for input in inputs.get(from..high).unwrap_or(&[]).iter().rev() {
                computer.update(&mut suffix, *input);
                front.push(suffix.clone());
            }
            back = computer.identity();
            middle = high;
        }
        match middle.checked_sub(from + 1).and_then(|k| front.get(k)) {
            Some(suffix) => {
                let mut state = suffix.clone();
                computer.merge(&mut state, &back);
                emit(&state);
            }
            None => emit(&back),
        }
    }
}
