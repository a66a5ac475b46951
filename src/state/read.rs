//! Reading a state: the vector at a time, and which times can be asked for.

use super::State;
use crate::definition::{FeaturePlan, FoldPlan, Storage, WindowPlan};
use crate::error::{Error, Result};
use crate::fold::{Cut, LaneSlot};
use crate::pane::{session_edge, session_start};
use crate::time::{BEGINNING, Interval, Timestamp, floor, gcd};
use crate::value::{Items, Value};
use crate::vector::Vector;

impl State {
    /// The values of all features at `as_of`: of the events before it, none at it.
    ///
    /// # Errors
    /// [`ErrorKind::Unanswerable`](crate::ErrorKind::Unanswerable) below the frontier where what is kept
    /// cannot be cut at `as_of`: with hourly panes, 12:00 is answered and 12:30 is not. The error names a
    /// near time that works; at or after the frontier every time does.
    pub fn vector(&self, as_of: Timestamp) -> Result<Vector> {
        let t = as_of.as_micros();
        if t < self.frontier && !self.answers(t) {
            return Err(Error::unanswerable(as_of, Timestamp::clamped(self.frontier), self.nearest(t)));
        }
        let plan = self.set.plan();
        let mut values = Vec::with_capacity(plan.features.len() + plan.derived.len());
        values.resize(plan.features.len(), Value::Null);
        let mut read = Reading::default();
        for (place, fold) in plan.folds.iter().enumerate() {
            if !fold.features.is_empty() {
                self.read_fold(place, fold, t, &mut read, &mut values);
            }
        }
        plan.derive(&mut values);
        Ok(Vector::new(self.set.shared_names().clone(), values, as_of, self.first < t))
    }

    /// Reads all features of one fold in one scan backward.
    fn read_fold<'s>(&'s self, place: usize, fold: &FoldPlan, t: i64, read: &mut Reading<'s>, values: &mut [Value]) {
        let plan = self.set.plan();
        let end = t.saturating_sub(fold.offset);
        read.cuts.clear();
        for feature in &fold.features {
            let Some(feature_plan) = plan.features.get(*feature) else { continue };
            let (default, reader) = (feature_plan.default.as_ref(), feature_plan.reader.as_deref());
            if feature_plan.series.is_empty() {
                let (start, meant) = self.start(&feature_plan.window, t);
                let over = Interval::raw(meant, end);
                read.cuts.push((*feature, Cut { start, end, over, default, reader }));
            } else if let Some(value) = values.get_mut(*feature) {
                *value = Value::Items(self.read_series(place, fold, feature_plan, t));
            }
        }
        read.cuts.sort_by_key(|(_, cut)| std::cmp::Reverse(cut.start));
        read.sorted.clear();
        read.sorted.extend(read.cuts.iter().map(|(_, cut)| *cut));
        read.answers.clear();
        read.answers.resize(read.cuts.len(), Value::Null);
        let raw = fold.reach(self.settled);
        fold.computer.read(self.lane(place), &self.rows, raw, &fold.select, &read.sorted, &mut read.answers);
        for ((feature, _), answer) in read.cuts.iter().zip(read.answers.drain(..)) {
            if let Some(value) = values.get_mut(*feature) {
                *value = answer;
            }
        }
    }

    /// Reads the windows of a series, each by itself: they have different ends.
    fn read_series(&self, place: usize, fold: &FoldPlan, feature: &FeaturePlan, t: i64) -> Items {
        let raw = fold.reach(self.settled);
        let windows = feature.series.iter().map(|window| {
            let (start, end) = window.bounds().at(t);
            let over = Interval::raw(start, end);
            let cut = Cut { start, end, over, default: feature.default.as_ref(), reader: feature.reader.as_deref() };
            let mut answer = [Value::Null];
            fold.computer.read(self.lane(place), &self.rows, raw, &fold.select, &[cut], &mut answer);
            let [answer] = answer;
            answer
        });
        windows.collect()
    }

    /// Where a window starts at `t`: the edge its panes are read from, and where it is meant to start.
    fn start(&self, window: &WindowPlan, t: i64) -> (i64, i64) {
        let end = t.saturating_sub(window.offset);
        let mut start = window.tail.start(end);
        let mut meant = start;
        if let Some((gap, run, fold)) = self.run(window, start, end) {
            // Panes are read from their edge; events, where they are kept, from the moment itself.
            let edge =
                if matches!(fold.storage, Storage::Panes(_)) && run < end { session_edge(run, gap) } else { run };
            start = start.max(edge);
            meant = meant.max(run);
        }
        let latest = window.reset.and_then(|reset| self.latest(reset, start, end));
        match latest.map(|latest| latest.saturating_add(1)) {
            Some(after) => (after, meant.max(after)),
            None => (start, meant),
        }
    }

    /// For a session: its gap, where the run that is open at `end` starts, and the fold of its activity. Looks no
    /// further back than it takes to know whether the run reaches `base`.
    pub(super) fn run(&self, window: &WindowPlan, base: i64, end: i64) -> Option<(i64, i64, &FoldPlan)> {
        let (gap, place) = window.session?;
        let fold = self.set.plan().folds.get(place)?;
        let (raw, back) = (fold.reach(self.settled), base.saturating_sub(gap));
        let run = session_start(self.lane(place), &self.rows, raw, fold.select.bit, gap, back, end);
        Some((gap, run, fold))
    }

    fn lane(&self, place: usize) -> &LaneSlot {
        self.lanes.get(place).unwrap_or(&None)
    }

    /// Whether every window can be read at `t`, going by the frontier and the resets alone.
    fn answers(&self, t: i64) -> bool {
        let plan = self.set.plan();
        let mut windows = plan.features.iter().map(|feature| &feature.window);
        plan.folds.iter().all(|fold| self.head_answers(fold, t)) && windows.all(|window| self.tail_answers(window, t))
    }

    /// Whether a fold's events before `t` can be told from those after.
    fn head_answers(&self, fold: &FoldPlan, t: i64) -> bool {
        let end = t.saturating_sub(fold.offset);
        match fold.grid(self.frontier) {
            None => true,
            Some(grid) => end >= fold.reach(self.frontier) || grid.pane(end) == Some(end),
        }
    }

    /// Whether a window's start is still kept and can be cut.
    fn tail_answers(&self, window: &WindowPlan, t: i64) -> bool {
        let plan = self.set.plan();
        let end = t.saturating_sub(window.offset);
        let start = window.tail.start(end);
        let folds = plan.folds.iter().filter(|fold| {
            let mut features = fold.features.iter().filter_map(|feature| plan.features.get(*feature));
            features.any(|feature| feature.window.id == window.id)
        });
        // The run may have begun up to a gap before the tail.
        let activity =
            window.session.and_then(|(gap, place)| Some((plan.folds.get(place)?, start.saturating_sub(gap))));
        folds.map(|fold| (fold, start)).chain(activity).all(|(fold, start)| {
            match (&fold.storage, fold.grid(self.frontier)) {
                (Storage::Instants { reset, .. }, _) => {
                    let known = self.frontier.saturating_sub(fold.offset);
                    let hidden = reset.and_then(|reset| self.latest(reset, BEGINNING, known));
                    match hidden {
                        Some(latest) if latest >= end => false,
                        Some(latest) => start.max(latest) >= fold.reach(self.frontier),
                        None => start >= fold.reach(self.frontier),
                    }
                }
                (_, Some(grid)) => {
                    start >= fold.reach(self.frontier) || grid.pane(start) == Some(start) || start == BEGINNING
                }
                (_, None) => true,
            }
        })
    }

    /// A time near `t` that every window can be read at; the frontier always is one.
    ///
    /// Below the frontier heads are cut at pane edges, and the earliest are those whose tails are still
    /// kept: the edges around `t` and around the times those tails allow are tried.
    fn nearest(&self, t: i64) -> Timestamp {
        let plan = self.set.plan();
        let mut bases = vec![t];
        let (mut widths, mut common) = (Vec::new(), 1i64);
        for fold in &plan.folds {
            let (tails, reach) = match (&fold.storage, fold.grid(self.frontier)) {
                (Storage::Panes(tails), Some(grid)) => (tails, grid.reach()),
                (Storage::Instants { tails, .. }, _) => (tails, fold.reach(self.frontier)),
                (Storage::Panes(_), None) => continue,
            };
            let backs = tails.iter().filter_map(|tail| tail.back);
            bases.extend(backs.map(|back| reach.saturating_add(back).saturating_add(fold.offset)));
            let steps = tails.iter().map(|tail| tail.step).filter(|step| *step > 1);
            for step in steps {
                common = common.saturating_mul(step / gcd(common, step).max(1));
                widths.push((step, fold.offset));
            }
        }
        widths.push((common, 0));
        let edges = bases.iter().flat_map(|base| {
            widths.iter().flat_map(move |(width, offset)| {
                let edge = floor(base.saturating_sub(*offset), *width).saturating_add(*offset);
                [edge, edge.saturating_add(*width)]
            })
        });
        let times = edges.chain(bases.iter().copied()).map(|time| Timestamp::clamped(time).as_micros());
        let good = times.filter(|time| *time >= self.frontier || self.answers(*time));
        Timestamp::clamped(good.chain([self.frontier]).min_by_key(|time| time.abs_diff(t)).unwrap_or(self.frontier))
    }
}

/// Scratch for reading one fold after another.
#[derive(Default)]
struct Reading<'s> {
    cuts: Vec<(usize, Cut<'s>)>,
    sorted: Vec<Cut<'s>>,
    answers: Vec<Value>,
}
