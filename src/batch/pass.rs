//! The point-in-time pass: block by block of entities, feature by feature; no foreign types here.

use std::borrow::Cow;
use std::ops::Range;

use super::answers::Answers;
use super::columns::{Columns, Given};
use super::parallel::{both, each, threads};
use super::ranges::{Queries, Seen, ranges};
use crate::definition::{FeaturePlan, FeatureSet, FoldPlan, Plan, WindowPlan};
use crate::error::Result;
use crate::fold::{Intervals, Reading, Sweep};
use crate::table::{Answered, Blocks, Deal, Grouping, Source, Table, pick};
use crate::value::{Items, Value};

/// Events and the queries to answer, both dealt out to the same blocks.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    set: &'a FeatureSet,
    blocks: &'a Blocks,
    columns: Vec<Source<'a>>,
    /// Which filters each event passes; nothing if all pass the only one.
    masks: Vec<u64>,
    events: Side<'a>,
    /// `None` where every event asks as of its own time.
    queries: Option<Side<'a>>,
}

/// Events or queries, dealt out to blocks.
#[derive(Debug)]
pub(super) struct Side<'a> {
    pub(super) deal: &'a Deal,
    /// By place the entity, and the time.
    numbers: Vec<u32>,
    times: Vec<i64>,
    sorted: bool,
}

impl<'a> Side<'a> {
    pub(super) fn new(deal: &'a Deal, numbers: &[u32], times: &[i64]) -> Self {
        let sorted = times.is_sorted();
        let (numbers, times) = both(|| deal.put(numbers.iter().copied(), 0), || deal.put(times.iter().copied(), 0));
        Self { deal, numbers, times, sorted }
    }

    /// The rows of a block by entity and time, and their times.
    fn block(&self, block: usize, entities: &Range<u32>) -> (Grouping, Cow<'_, [i64]>) {
        let rows = self.deal.block(block);
        let numbers = self.numbers.get(rows.clone()).unwrap_or(&[]);
        let times = self.times.get(rows.clone()).unwrap_or(&[]);
        let groups = (entities.end - entities.start) as usize;
        let grouping = Grouping::of(numbers.iter().map(|number| number - entities.start), times, groups, self.sorted);
        let times = pick(&self.times, rows, grouping.changed(), 0);
        (grouping, times)
    }
}

/// One feature's answers to the queries of a block, and the first of them that is an integer outside `i64`.
type Part<'a> = (usize, Answered<'a>, Option<u32>);

impl<'a> Pass<'a> {
    /// Deals the columns out; the times and entities of both sides are known.
    pub(super) fn new(
        set: &'a FeatureSet,
        blocks: &'a Blocks,
        columns: Columns<'_, 'a>,
        given: Vec<Given<'a>>,
        events: Side<'a>,
        queries: Option<Side<'a>>,
    ) -> Result<Self> {
        let deal = events.deal;
        let kept = set.plan().kept.iter().zip(given);
        let dealt = || each(kept, |((at, _), given)| columns.dealt(*at, given, deal));
        let (sources, masks) = both(dealt, || columns.masks(deal));
        Ok(Self { set, blocks, columns: sources, masks: masks?, events, queries })
    }

    /// All answers, in the order the queries were given.
    pub(super) fn run(&self) -> Result<Answers<'_>> {
        let deal = self.queries.as_ref().unwrap_or(&self.events).deal;
        let mut answers = Answers::new(self.set, deal.places.len());
        let at_once = if threads() == 1 { 1 } else { 8 * threads() };
        for from in (0..self.blocks.len()).step_by(at_once) {
            let to = self.blocks.len().min(from + at_once);
            let parts = each(from..to, |block| self.block(block));
            if let Some((feature, place)) = parts.iter().flatten().find_map(|(at, _, place)| Some((*at, (*place)?))) {
                let query = deal.places.iter().position(|known| *known == place).unwrap_or(0);
                return Err(answers.overflow(feature, query));
            }
            answers.add(parts.into_iter().flatten().map(|(feature, part, _)| (feature, part)));
        }
        answers.collect(deal);
        answers.derive();
        Ok(answers)
    }

    /// The texts that a feature's answers can be codes of: those of the column it picks from.
    fn texts(&self, fold: &FoldPlan, feature: &FeaturePlan) -> Option<&[&str]> {
        let plain = feature.default.as_ref().is_none_or(Value::is_null) && feature.series.is_empty();
        if !fold.computer.columnar().picks() || feature.reader.is_some() || !plain {
            return None;
        }
        match self.columns.get(*fold.select.args.first()?)? {
            Source::Str(_, texts) => Some(texts),
            _ => None,
        }
    }

    /// The events of a block, in their order by entity and time.
    fn table<'s>(&'s self, block: usize, grouping: &Grouping, times: Cow<'s, [i64]>) -> Table<'s> {
        let (rows, order) = (self.events.deal.block(block), grouping.changed());
        let masks = match &*self.masks {
            [] => Cow::Owned(vec![1; times.len()]),
            masks => pick(masks, rows.clone(), order, 0),
        };
        let columns = self.columns.iter().map(|column| column.pick(rows.clone(), order)).collect();
        Table { times, masks, starts: grouping.starts.clone(), columns }
    }

    /// Answers the queries of a block, in the order of their places.
    fn block(&self, block: usize) -> Vec<Part<'_>> {
        let plan = self.set.plan();
        let entities = self.blocks.entities(block);
        let (events, times) = self.events.block(block, &entities);
        let (other, queries) = match &self.queries {
            None => (None, Queries { times: times.clone(), starts: events.starts.clone() }),
            Some(queries) => {
                let (order, times) = queries.block(block, &entities);
                let starts = order.starts.clone();
                (Some(order), Queries { times, starts })
            }
        };
        let table = self.table(block, &events, times);
        let mut parts = Vec::with_capacity(plan.features.len());
        let mut known: Vec<(usize, Seen)> = Vec::new();
        for (place, fold) in plan.folds.iter().enumerate() {
            for window in windows(plan, fold) {
                if !known.iter().any(|(id, _)| *id == window.id) {
                    let others = known.iter().map(|(_, seen)| seen);
                    let seen = ranges(plan, window, &table, &queries, others);
                    known.push((window.id, seen));
                }
            }
            self.sweep(fold, &table, &queries, &known, &mut parts);
            // A block of one hot entity is large: what no fold reads any more goes.
            let later = plan.folds.get(place + 1..).unwrap_or(&[]);
            known.retain(|(id, _)| later.iter().any(|fold| windows(plan, fold).any(|window| window.id == *id)));
        }
        let asked = other.as_ref().unwrap_or(&events);
        let places = asked.changed().map(|_| asked.places());
        let first = self.queries.as_ref().unwrap_or(&self.events).deal.block(block).start as u32;
        let place = |at: usize| asked.order.get(at).map(|row| first + row);
        let mut arranged = Vec::with_capacity(parts.len());
        for (feature, answers, overflow) in parts {
            let answers = match &places {
                Some(places) => answers.arrange(places),
                None => answers,
            };
            arranged.push((feature, answers, overflow.and_then(place)));
        }
        arranged
    }

    /// Answers all windows of all features of a fold.
    fn sweep<'s>(
        &'s self,
        fold: &'s FoldPlan,
        table: &Table<'_>,
        queries: &Queries<'_>,
        known: &[(usize, Seen)],
        parts: &mut Vec<(usize, Answered<'s>, Option<usize>)>,
    ) {
        let plan = self.set.plan();
        let features = || fold.features.iter().filter_map(|at| Some((*at, plan.features.get(*at)?)));
        // For each window its features, by number and place in a series.
        let (mut sweeps, mut places): (Vec<Sweep<'_, 's>>, Vec<Vec<(usize, usize)>>) = (Vec::new(), Vec::new());
        for (at, feature) in features() {
            for (step, window) in feature.windows().iter().enumerate() {
                let Some((_, seen)) = known.iter().find(|(id, _)| *id == window.id) else { continue };
                let answers = self.answers(fold, feature, queries.times.len());
                match sweeps.iter().position(|sweep| std::ptr::eq(sweep.ranges, &*seen.rows)) {
                    Some(known) => {
                        sweeps[known].answers.push(answers);
                        places[known].push((at, step));
                    }
                    None => {
                        sweeps.push(sweep(seen, &queries.times, window, answers));
                        places.push(vec![(at, step)]);
                    }
                }
            }
        }
        fold.computer.sweep(table, &fold.select, &mut sweeps);
        let answers = sweeps.into_iter().flat_map(|sweep| sweep.answers);
        let mut all: Vec<((usize, usize), Reading<'s>)> = places.into_iter().flatten().zip(answers).collect();
        all.sort_by_key(|(place, _)| *place);
        let mut all = all.into_iter().map(|(_, answers)| (answers.out, answers.overflow));
        for (at, feature) in features() {
            let mut steps: Vec<(Answered<'s>, Option<usize>)> = all.by_ref().take(feature.windows().len()).collect();
            let overflow = steps.iter().filter_map(|(_, overflow)| *overflow).min();
            let out = if feature.series.is_empty() {
                steps.pop().map_or(Answered::Any(Vec::new()), |(out, _)| out)
            } else {
                series(&steps, queries.times.len())
            };
            parts.push((at, out, overflow));
        }
    }

    /// Room for the answers of one window of a feature.
    fn answers<'s>(&'s self, fold: &'s FoldPlan, feature: &'s FeaturePlan, len: usize) -> Reading<'s> {
        let reader = feature.reader.as_deref();
        Reading {
            how: reader.map_or_else(|| fold.computer.columnar(), |reader| reader.columnar()),
            default: feature.default.as_ref(),
            reader,
            out: Answered::with_capacity(feature.item(), len, self.texts(fold, feature)),
            overflow: None,
        }
    }
}

/// The windows of a fold's features.
fn windows<'p>(plan: &'p Plan, fold: &'p FoldPlan) -> impl Iterator<Item = &'p WindowPlan> {
    let features = fold.features.iter().filter_map(|at| plan.features.get(*at));
    features.flat_map(FeaturePlan::windows)
}

fn sweep<'s, 'a>(seen: &'s Seen, times: &'s [i64], window: &WindowPlan, answers: Reading<'a>) -> Sweep<'s, 'a> {
    let intervals = Intervals { times, starts: &seen.starts, bounds: window.bounds() };
    Sweep { ranges: &seen.rows, intervals, answers: vec![answers] }
}

/// The answers of a series' windows, put together query by query.
fn series<'s>(steps: &[(Answered<'s>, Option<usize>)], queries: usize) -> Answered<'s> {
    let items = |query| steps.iter().map(|(answers, _)| answers.get(query)).collect::<Items>();
    Answered::Any((0..queries).map(|query| Value::Items(items(query))).collect())
}
