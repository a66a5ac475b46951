//! The point-in-time pass over sorted columns; no foreign types here.

use super::ranges::{Queries, Seen, ranges};
use crate::definition::{Plan, WindowPlan};
use crate::fold::{Answers, Intervals, Sweep};
use crate::table::{Answered, Grouping, Table};
use crate::value::{Items, Value};

/// Sorted events and the queries to answer.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    pub(super) plan: &'a Plan,
    pub(super) table: &'a Table<'a>,
    pub(super) events: &'a Grouping,
    pub(super) queries: Queries<'a>,
}

impl Pass<'_> {
    /// Hands over each feature's answers in the order the queries were given, and the query whose answer is
    /// an integer outside `i64`, if there is one.
    pub(super) fn run<E>(
        &self,
        mut emit: impl FnMut(usize, Answered, Option<usize>) -> Result<(), E>,
    ) -> Result<(), E> {
        let order = &self.queries.grouping.order;
        let times: Vec<i64> = order.iter().filter_map(|row| self.queries.times.get(*row as usize)).copied().collect();
        let mut known: Vec<(usize, Seen)> = Vec::new();
        for fold in &self.plan.folds {
            let features = fold.features.iter().filter_map(|at| Some((*at, self.plan.features.get(*at)?)));
            for window in features.clone().flat_map(|(_, feature)| feature.windows()) {
                if !known.iter().any(|(id, _)| *id == window.id) {
                    let seen = ranges(self.plan, window, self.table, self.events, &self.queries);
                    known.push((window.id, seen));
                }
            }
            // For each window its features, by number and place in a series.
            let (mut sweeps, mut places): (Vec<Sweep<'_>>, Vec<Vec<(usize, usize)>>) = (Vec::new(), Vec::new());
            for (at, feature) in features.clone() {
                for (step, window) in feature.windows().iter().enumerate() {
                    let (default, reader) = (feature.default.as_ref(), feature.reader.as_deref());
                    let out = Answered::with_capacity(feature.item(), order.len());
                    let answers = Answers { default, reader, out, overflow: None };
                    let Some((_, seen)) = known.iter().find(|(id, _)| *id == window.id) else { continue };
                    match sweeps.iter().position(|sweep| std::ptr::eq(sweep.ranges, &*seen.rows)) {
                        Some(known) => {
                            sweeps[known].answers.push(answers);
                            places[known].push((at, step));
                        }
                        None => {
                            sweeps.push(sweep(seen, &times, window, answers));
                            places.push(vec![(at, step)]);
                        }
                    }
                }
            }
            fold.computer.sweep(self.table, &fold.select, &mut sweeps);
            let answers = sweeps.into_iter().flat_map(|sweep| sweep.answers);
            let mut all: Vec<((usize, usize), Answers<'_>)> = places.into_iter().flatten().zip(answers).collect();
            all.sort_by_key(|(place, _)| *place);
            let mut all = all.into_iter();
            for (at, feature) in features {
                let mut steps: Vec<Answers<'_>> =
                    all.by_ref().take(feature.windows().len()).map(|(_, answers)| answers).collect();
                let overflow = steps.iter().filter_map(|answers| answers.overflow).min();
                let overflow = overflow.and_then(|at| order.get(at)).map(|row| *row as usize);
                let out = if feature.series.is_empty() {
                    steps.pop().map_or(Answered::Any(Vec::new()), |answers| answers.out)
                } else {
                    series(&steps, order.len())
                };
                emit(at, out.scatter(order), overflow)?;
            }
        }
        Ok(())
    }
}

fn sweep<'a>(seen: &'a Seen, times: &'a [i64], window: &'a WindowPlan, answers: Answers<'a>) -> Sweep<'a> {
    let intervals = Intervals { times, starts: &seen.starts, bounds: window.bounds() };
    Sweep { ranges: &seen.rows, intervals, answers: vec![answers] }
}

/// The answers of a series' windows, put together query by query.
fn series(steps: &[Answers<'_>], queries: usize) -> Answered {
    let items = |query| steps.iter().map(|answers| answers.out.get(query)).collect::<Items>();
    Answered::Any((0..queries).map(|query| Value::Items(items(query))).collect())
}
