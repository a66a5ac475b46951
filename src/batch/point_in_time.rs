//! The point-in-time pass over sorted columns; no foreign types here.

use super::ranges::{Queries, ranges};
use crate::definition::Plan;
use crate::fold::{Range, Sweep};
use crate::table::{Grouping, Table};
use crate::value::Value;

/// Sorted events and the queries to answer.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    pub(super) plan: &'a Plan,
    pub(super) table: &'a Table<'a>,
    pub(super) events: &'a Grouping,
    pub(super) queries: Queries<'a>,
}

impl Pass<'_> {
    /// Hands over each feature's values, in the order the queries were given.
    pub(super) fn run<E>(&self, mut emit: impl FnMut(usize, Vec<Value>) -> Result<(), E>) -> Result<(), E> {
        let mut known: Vec<(usize, Vec<Range>)> = Vec::new();
        for fold in &self.plan.folds {
            let features: Vec<_> =
                fold.features.iter().filter_map(|at| self.plan.features.get(*at).map(|feature| (*at, feature))).collect();
            for (_, feature) in &features {
                if !known.iter().any(|(id, _)| *id == feature.window.id) {
                    let found = ranges(self.plan, &feature.window, self.table, self.events, &self.queries);
                    known.push((feature.window.id, found));
                }
            }
            let of = |id: usize| known.iter().find(|(known, _)| *known == id).map_or(&[][..], |(_, ranges)| ranges);
            let mut sweeps: Vec<Sweep<'_>> = features
                .iter()
                .map(|(_, feature)| Sweep { ranges: of(feature.window.id), default: feature.default.as_ref(), out: Vec::new() })
                .collect();
            fold.computer.sweep(self.table, &fold.select, &mut sweeps);
            for ((at, _), sweep) in features.iter().zip(sweeps) {
                emit(*at, self.in_query_order(sweep.out))?;
            }
        }
        Ok(())
    }

    fn in_query_order(&self, sorted: Vec<Value>) -> Vec<Value> {
        let order = &self.queries.grouping.order;
        if order.is_sorted() {
            return sorted;
        }
        let mut out = vec![Value::Null; sorted.len()];
        for (value, row) in sorted.into_iter().zip(order) {
            if let Some(slot) = out.get_mut(*row as usize) {
                *slot = value;
            }
        }
        out
    }
}
