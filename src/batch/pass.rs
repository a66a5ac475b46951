//! The point-in-time pass: block by block of entities, feature by feature; no foreign types here.

use std::ops::Range;

use super::answers::Columns;
use super::events::Events;
use super::ranges::{Queries, Seen, ranges};
use crate::definition::{FeaturePlan, FeatureSet, FoldPlan, WindowPlan};
use crate::error::Result;
use crate::fold::{Answers, Intervals, Sweep};
use crate::table::{Answered, Grouping, Source, Table};
use crate::value::{Items, Value};

/// So many events and queries are worked on at a time: what they need of memory stays near the processor.
const BLOCK: usize = 1 << 14;

/// Events and the queries to answer.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    pub(super) set: &'a FeatureSet,
    pub(super) events: &'a Events<'a>,
    /// The events by entity.
    pub(super) order: &'a Grouping,
    /// When each query asks.
    pub(super) times: &'a [i64],
    /// The queries by entity; those of none come last.
    pub(super) asked: &'a Grouping,
}

/// One feature's answers to the queries of a block, and the first of them that is an integer outside `i64`.
type Part<'a> = (usize, Answered<'a>, Option<usize>);

impl<'a> Pass<'a> {
    /// All answers, in the order the queries were given.
    pub(super) fn run(&self) -> Result<Columns<'a>> {
        let plan = self.set.plan();
        let blank = |feature: &FeaturePlan, fold: &FoldPlan| {
            Answered::blank(&feature.shape, self.times.len(), self.texts(fold, feature))
        };
        let mut columns = Columns::new(self.set, self.times.len());
        for fold in &plan.folds {
            for at in &fold.features {
                if let Some(feature) = plan.features.get(*at) {
                    columns.start(*at, blank(feature, fold));
                }
            }
        }
        self.work(&mut columns)?;
        columns.derive();
        Ok(columns)
    }

    /// One block after another.
    fn work(&self, columns: &mut Columns<'a>) -> Result<()> {
        for entities in self.blocks() {
            let rows = self.asked.order.get(self.asked.run(entities.start, entities.end)).unwrap_or(&[]);
            for (feature, answers, overflow) in self.block(entities) {
                columns.put(feature, answers, rows, overflow)?;
            }
        }
        Ok(())
    }

    /// The texts that a feature's answers can be codes of: those of the column it picks from.
    fn texts(&self, fold: &FoldPlan, feature: &FeaturePlan) -> Option<&'a [&'a str]> {
        let plain = feature.default.as_ref().is_none_or(Value::is_null) && feature.series.is_empty();
        if !fold.computer.columnar().picks() || feature.reader.is_some() || !plain {
            return None;
        }
        match self.events.columns.get(*fold.select.args.first()?)? {
            Source::Str(_, texts) => Some(texts),
            _ => None,
        }
    }

    /// Runs of entities, each with about as many events and queries.
    fn blocks(&self) -> Vec<Range<usize>> {
        let (mut blocks, mut start, mut rows) = (Vec::new(), 0, 0);
        for entity in 0..self.asked.groups() {
            rows += self.order.group(entity).len() + self.asked.group(entity).len();
            if rows >= BLOCK {
                blocks.push(start..entity + 1);
                (start, rows) = (entity + 1, 0);
            }
        }
        if rows > 0 {
            blocks.push(start..self.asked.groups());
        }
        blocks
    }

    /// The events of a run of entities.
    fn table(&self, entities: &Range<usize>) -> Table<'a> {
        let run = self.order.run(entities.start, entities.end);
        let first = run.start as u32;
        let order = self.order.order.get(run).unwrap_or(&[]);
        let bounds = (entities.start..=entities.end).map(|entity| self.order.group(entity).start as u32 - first);
        Table {
            times: order.iter().map(|row| self.events.times.get(*row as usize).copied().unwrap_or(0)).collect(),
            masks: match &*self.events.masks {
                [] => vec![1; order.len()],
                masks => order.iter().map(|row| masks.get(*row as usize).copied().unwrap_or(0)).collect(),
            },
            starts: bounds.collect(),
            columns: self.events.columns.iter().map(|column| column.pick(order)).collect(),
        }
    }

    /// Answers the queries of a run of entities, in their order by entity and time.
    fn block(&self, entities: Range<usize>) -> Vec<Part<'a>> {
        let plan = self.set.plan();
        let table = self.table(&entities);
        let queries = Queries::new(self.asked, self.times, entities);
        let mut parts = Vec::with_capacity(plan.features.len());
        let mut known: Vec<(usize, Seen)> = Vec::new();
        for fold in &plan.folds {
            let features = fold.features.iter().filter_map(|at| plan.features.get(*at));
            for window in features.flat_map(FeaturePlan::windows) {
                if !known.iter().any(|(id, _)| *id == window.id) {
                    known.push((window.id, ranges(plan, window, &table, &queries)));
                }
            }
            self.sweep(fold, &table, &queries, &known, &mut parts);
        }
        parts
    }

    /// Answers all windows of all features of a fold.
    fn sweep(
        &self,
        fold: &'a FoldPlan,
        table: &Table<'_>,
        queries: &Queries,
        known: &[(usize, Seen)],
        parts: &mut Vec<Part<'a>>,
    ) {
        let plan = self.set.plan();
        let features = || fold.features.iter().filter_map(|at| Some((*at, plan.features.get(*at)?)));
        // For each window its features, by number and place in a series.
        let (mut sweeps, mut places): (Vec<Sweep<'_, 'a>>, Vec<Vec<(usize, usize)>>) = (Vec::new(), Vec::new());
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
        let mut all: Vec<((usize, usize), Answers<'a>)> = places.into_iter().flatten().zip(answers).collect();
        all.sort_by_key(|(place, _)| *place);
        let mut all = all.into_iter().map(|(_, answers)| (answers.out, answers.overflow));
        for (at, feature) in features() {
            let mut steps: Vec<(Answered<'a>, Option<usize>)> = all.by_ref().take(feature.windows().len()).collect();
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
    fn answers(&self, fold: &'a FoldPlan, feature: &'a FeaturePlan, len: usize) -> Answers<'a> {
        let reader = feature.reader.as_deref();
        Answers {
            how: reader.map_or_else(|| fold.computer.columnar(), |reader| reader.columnar()),
            default: feature.default.as_ref(),
            reader,
            out: Answered::with_capacity(feature.item(), len, self.texts(fold, feature)),
            overflow: None,
        }
    }
}

fn sweep<'s, 'a>(seen: &'s Seen, times: &'s [i64], window: &WindowPlan, answers: Answers<'a>) -> Sweep<'s, 'a> {
    let intervals = Intervals { times, starts: &seen.starts, bounds: window.bounds() };
    Sweep { ranges: &seen.rows, intervals, answers: vec![answers] }
}

/// The answers of a series' windows, put together query by query.
fn series<'a>(steps: &[(Answered<'a>, Option<usize>)], queries: usize) -> Answered<'a> {
    let items = |query| steps.iter().map(|(answers, _)| answers.get(query)).collect::<Items>();
    Answered::Any((0..queries).map(|query| Value::Items(items(query))).collect())
}
