//! Answers from two layers, brought into the order of the queries.

use arrow_array::RecordBatch;
use skewless::batch::{self, Rows};
use skewless::{Entity, FeatureSet, Vector};

use crate::fail::{Failure, Outcome};
use crate::pick::{self, Pick};
use crate::run::Place;

/// The table of answers that the batch layer gave alone.
const HISTORY: usize = 0;
/// The table of merged answers.
const MERGED: usize = 1;

/// What the batch layer answered alone.
pub(crate) struct History {
    /// The queries, in the order of the answers: by batch and row.
    pub(crate) order: Vec<Place>,
    /// The answers, if there are any.
    pub(crate) table: Option<RecordBatch>,
}

/// The answers to all queries.
pub(crate) struct Answers<'a> {
    set: &'a FeatureSet,
    history: Option<&'a RecordBatch>,
    /// One for each batch of queries.
    parts: Vec<Part>,
}

/// The answers to one batch of queries; they become a table when the last is there, which takes less memory.
struct Part {
    merged: Vec<(Entity, Vector)>,
    picks: Vec<Pick>,
    /// How many answers are still to come.
    missing: usize,
    table: Option<RecordBatch>,
}

impl<'a> Answers<'a> {
    /// The history's answers, and room for the others.
    pub(crate) fn new(set: &'a FeatureSet, queries: &[Rows<'_>], history: &'a History) -> Outcome<Self> {
        let part = |rows: &Rows<'_>| {
            let picks = vec![(MERGED, 0); rows.len()];
            Part { merged: Vec::new(), picks, missing: rows.len(), table: None }
        };
        let parts = queries.iter().map(part).collect();
        let mut answers = Self { set, history: history.table.as_ref(), parts };
        for (number, place) in history.order.iter().enumerate() {
            answers.pick(place, |_| (HISTORY, number))?;
        }
        Ok(answers)
    }

    /// Takes a merged answer.
    pub(crate) fn put(&mut self, place: &Place, entity: Entity, vector: Vector) -> Outcome<()> {
        self.pick(place, |merged| {
            merged.push((entity, vector));
            (MERGED, merged.len() - 1)
        })
    }

    /// A table for each batch that has any queries, or an empty one.
    pub(crate) fn finish(self) -> Outcome<Vec<RecordBatch>> {
        let mut tables: Vec<RecordBatch> = self.parts.into_iter().filter_map(|part| part.table).collect();
        if tables.is_empty() {
            tables.push(batch::vectors(self.set, [])?);
        }
        Ok(tables)
    }

    /// Notes where the answer to a query is; the last one closes its batch.
    fn pick(&mut self, place: &Place, answer: impl FnOnce(&mut Vec<(Entity, Vector)>) -> Pick) -> Outcome<()> {
        let Some(part) = self.parts.get_mut(place.batch as usize) else { return Ok(()) };
        let Some(pick) = part.picks.get_mut(place.row as usize) else { return Ok(()) };
        *pick = answer(&mut part.merged);
        part.missing -= 1;
        if part.missing == 0 { part.close(self.set, self.history) } else { Ok(()) }
    }
}

impl Part {
    /// Makes the table.
    fn close(&mut self, set: &FeatureSet, history: Option<&RecordBatch>) -> Outcome<()> {
        let (merged, picks) = (std::mem::take(&mut self.merged), std::mem::take(&mut self.picks));
        let ours = batch::vectors(set, merged.iter().map(|(entity, vector)| (entity, vector)))?;
        let tables = match history.filter(|_| merged.len() < picks.len()) {
            Some(history) if merged.is_empty() => [history, history],
            Some(history) => [history, &ours],
            None => [&ours, &ours],
        };
        if tables[0].schema() != tables[1].schema() {
            let [theirs, ours] = tables.map(|table| table.schema().to_string());
            return Err(Failure::Differs(format!("DIFFERENT tables\n  batch    {theirs}\n  merge    {ours}")));
        }
        self.table = Some(pick::rows(tables, &picks)?);
        Ok(())
    }
}
