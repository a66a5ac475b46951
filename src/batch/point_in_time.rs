//! The point-in-time pass over sorted columns; no foreign types here.

use super::ranges::{Queries, ranges};
use crate::definition::Plan;
use crate::fold::{Answers, Range, Sweep};
use crate::table::{Answered, Grouping, Table};

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
        let mut known: Vec<(usize, Vec<Range>)> = Vec::new();
        let order = &self.queries.grouping.order;
        for fold in &self.plan.folds {
            let features = fold.features.iter().filter_map(|at| Some((*at, self.plan.features.get(*at)?)));
            for (_, feature) in features.clone() {
                if !known.iter().any(|(id, _)| *id == feature.window.id) {
                    let found = ranges(self.plan, &feature.window, self.table, self.events, &self.queries);
                    known.push((feature.window.id, found));
                }
            }
            let (mut sweeps, mut places): (Vec<Sweep<'_>>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
            for (at, feature) in features {
                let (default, reader) = (feature.default.as_ref(), feature.reader.as_deref());
                let out = Answered::with_capacity(feature.kind, order.len());
                let answers = Answers { default, reader, out, overflow: None };
                let Some((_, ranges)) = known.iter().find(|(id, _)| *id == feature.window.id) else { continue };
                match sweeps.iter().position(|sweep| std::ptr::eq(sweep.ranges, &**ranges)) {
                    Some(known) => {
                        sweeps[known].answers.push(answers);
                        places[known].push(at);
                    }
                    None => {
                        sweeps.push(Sweep { ranges, answers: vec![answers] });
                        places.push(vec![at]);
                    }
                }
            }
            fold.computer.sweep(self.table, &fold.select, &mut sweeps);
            let answers = sweeps.into_iter().flat_map(|sweep| sweep.answers);
            for (at, answers) in places.into_iter().flatten().zip(answers) {
                let overflow = answers.overflow.and_then(|at| order.get(at)).map(|row| *row as usize);
                emit(at, answers.out.scatter(order), overflow)?;
            }
        }
        Ok(())
    }
}
