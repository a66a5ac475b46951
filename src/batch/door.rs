//! What every door does, whatever the tables are made of.

use std::borrow::Cow;

use super::answers::Answers;
use super::bound::Bound;
use super::columns::{Columns, Given};
use super::entities::Entities;
use super::events::{Events, here, times};
use super::parallel::{both, each};
use super::pass::{Pass, Side};
use crate::definition::FeatureSet;
use crate::error::Result;
use crate::table::{Blocks, Deal, check_rows};

/// Answers queries over events, and hands the answers, the queries and their times to `finish`.
///
/// `same` tells that the queries' entities are the events' own, row by row.
pub(super) fn point_in_time<T>(
    set: &FeatureSet,
    events: Vec<Bound<'_>>,
    queries: Vec<Bound<'_>>,
    same: bool,
    finish: impl FnOnce(Answers<'_>, &[Bound<'_>], &[i64]) -> Result<T>,
) -> Result<T> {
    let events = Events::read(set, events)?;
    check_rows(queries.iter().map(Bound::len).sum(), "queries")?;
    Bound::check_keys(set, events.bound.iter().chain(&queries))?;
    let times = times(&queries, "queries")?;
    let columns = events.columns(set, earliest(&times), times.len());
    let (numbered, given) = both(|| events.number(set), || given(&columns));
    let (entities, numbers) = numbered?;
    let log = Log { set, columns, numbers: &numbers, entities: entities.len() };
    let asked = if same { Cow::Borrowed(&*numbers) } else { Cow::Owned(find(set, &entities, &queries)?) };
    // The table of a million entities is as large as a column or two.
    drop(entities);
    // Every event asks as of its own time: there is one side only.
    let one_side = same && times == events.times;
    log.answer(given?, (!one_side).then_some((&asked, &times)), |answers| finish(answers, &queries, &times))
}

/// Events by entity number, and their columns.
#[derive(Debug)]
pub(super) struct Log<'l, 'a> {
    pub(super) set: &'l FeatureSet,
    pub(super) columns: Columns<'l, 'a>,
    pub(super) numbers: &'l [u32],
    pub(super) entities: usize,
}

impl<'a> Log<'_, 'a> {
    /// Answers queries given by entity number and time; without any, every event asks as of its own time.
    pub(super) fn answer<T>(
        &self,
        given: Vec<Given<'a>>,
        queries: Option<(&[u32], &[i64])>,
        finish: impl FnOnce(Answers<'_>) -> Result<T>,
    ) -> Result<T> {
        // One more for the queries of entities that have no events.
        let (mut rows, mut asked) = (vec![0u32; self.entities + 1], vec![0u32; self.entities + 1]);
        self.numbers.iter().for_each(|number| count(&mut rows, *number));
        let queried = queries.map_or(self.numbers, |(numbers, _)| numbers);
        queried.iter().for_each(|number| count(&mut asked, *number));
        // Entities that nobody asks for are not worked on.
        rows.iter_mut().zip(&asked).for_each(|(rows, asked)| *rows = if *asked == 0 { 0 } else { *rows + asked });
        let blocks = Blocks::new(&rows);
        let wanted = |number: u32| asked.get(number as usize).is_some_and(|asked| *asked > 0);
        let ours = Deal::new(self.numbers, &blocks, wanted);
        let theirs = queries.map(|(numbers, _)| Deal::new(numbers, &blocks, |_| true));
        let events = Side::new(&ours, self.numbers, self.columns.times);
        let queries = queries.zip(theirs.as_ref()).map(|((numbers, times), deal)| Side::new(deal, numbers, times));
        finish(Pass::new(self.set, &blocks, self.columns, given, events, queries)?.run()?)
    }
}

/// The kept columns, as they were given.
pub(super) fn given<'a>(columns: &Columns<'_, 'a>) -> Result<Vec<Given<'a>>> {
    let kept = columns.plan.kept.iter().enumerate();
    each(kept, |(place, (at, _))| columns.given(place, *at)).into_iter().collect()
}

/// The time of the earliest query.
fn earliest(times: &[i64]) -> i64 {
    times.iter().copied().min().unwrap_or(i64::MAX)
}

fn count(rows: &mut [u32], number: u32) {
    if let Some(rows) = rows.get_mut(number as usize) {
        *rows = rows.saturating_add(1);
    }
}

/// The number of each query's entity.
fn find(set: &FeatureSet, entities: &Entities<'_>, queries: &[Bound<'_>]) -> Result<Vec<u32>> {
    let mut numbers = Vec::with_capacity(queries.iter().map(Bound::len).sum());
    for (at, batch) in queries.iter().enumerate() {
        let found = entities.find(set, batch, &mut numbers);
        found.map_err(|(row, why)| why.context(here("queries", at, row)))?;
    }
    Ok(numbers)
}
