//! The answers of a pass, in query order.

use super::parallel::each;
use crate::definition::FeatureSet;
use crate::error::Error;
use crate::table::{Answered, Deal};
use crate::value::{Shape, Value};

/// The answers of a pass, feature by feature.
#[derive(Debug)]
pub(super) struct Answers<'a> {
    set: &'a FeatureSet,
    rows: usize,
    answers: Vec<Option<Answered<'a>>>,
}

impl<'a> Answers<'a> {
    pub(super) fn new(set: &'a FeatureSet, rows: usize) -> Self {
        Self { set, rows, answers: set.names().iter().map(|_| None).collect() }
    }

    /// Adds the answers to the queries of some blocks more, each with its feature.
    pub(super) fn add(&mut self, parts: impl Iterator<Item = (usize, Answered<'a>)>) {
        let mut by_feature: Vec<Vec<Answered<'a>>> = self.answers.iter().map(|_| Vec::new()).collect();
        for (at, part) in parts {
            if let Some(parts) = by_feature.get_mut(at) {
                parts.push(part);
            }
        }
        let (known, rows) = (std::mem::take(&mut self.answers).into_iter(), self.rows);
        self.answers = each(known.zip(by_feature), |(mut all, parts)| {
            for part in parts {
                match &mut all {
                    Some(all) => all.append(part, rows),
                    None => all = Some(part),
                }
            }
            all
        });
    }

    /// The error for an integer of feature `at` that has no place in a column.
    pub(super) fn overflow(&self, at: usize, query: usize) -> Error {
        let name = self.set.names().get(at).map_or("?", String::as_str);
        Error::overflow(name).context(format!("query {query}"))
    }

    /// Brings answers given block by block into the order of the queries.
    pub(super) fn collect(&mut self, deal: &Deal) {
        let given = std::mem::take(&mut self.answers).into_iter();
        self.answers = each(given, |answers| answers.map(|answers| answers.collect(deal)));
    }

    /// Computes the derived values. Their parts did not overflow, so they cannot.
    pub(super) fn derive(&mut self) {
        let plan = self.set.plan();
        for (i, derived) in plan.derived.iter().enumerate() {
            let mut out = Answered::with_capacity(&derived.kind.into(), self.rows, None);
            let mut parts: Vec<Value> = Vec::with_capacity(derived.parts.len());
            for row in 0..self.rows {
                let part = |part: &usize| self.answers.get(*part)?.as_ref().map(|answers| answers.get(row));
                parts.clear();
                parts.extend(derived.parts.iter().map(|at| part(at).unwrap_or(Value::Null)));
                out.push(derived.op.output(derived.kind, &parts));
            }
            if let Some(slot) = self.answers.get_mut(plan.features.len() + i) {
                *slot = Some(out);
            }
        }
    }

    /// The values: name, shape, whether they may be null, and the answers.
    pub(super) fn into_values(self) -> impl Iterator<Item = (&'a str, Shape, bool, Answered<'a>)> {
        let (set, rows) = (self.set, self.rows);
        let named = set.names().iter().zip(set.shapes()).zip(self.answers).enumerate();
        named.map(move |(at, ((name, shape), answers))| {
            // Nothing is computed for no queries.
            let answers = answers.unwrap_or_else(|| Answered::with_capacity(&shape, rows, None));
            (name.as_str(), shape, set.is_nullable(at), answers)
        })
    }
}
