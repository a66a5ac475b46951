//! What every door does, whatever the tables are made of.

use std::borrow::Cow;

use super::answers::Answers;
use super::bound::Bound;
use super::entities::Entities;
use super::events::{Events, here, times};
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
    let events = Events::read(set, events, None)?;
    check_rows(queries.iter().map(Bound::len).sum(), "queries")?;
    Bound::check_keys(set, events.bound.iter().chain(&queries))?;
    let times = times(&queries, "queries")?;
    let numbers =
        if same { Cow::Borrowed(&*events.numbers) } else { Cow::Owned(find(set, &events.entities, &queries)?) };
    // Every event asks as of its own time: there is one side only.
    let same = same && times == events.times;
    answer(set, &events, (!same).then_some((&*numbers, &*times)), |answers| finish(answers, &queries, &times))
}

/// Answers queries given by entity number and time; without any, every event asks as of its own time.
pub(super) fn answer<T>(
    set: &FeatureSet,
    events: &Events<'_>,
    queries: Option<(&[u32], &[i64])>,
    finish: impl FnOnce(Answers<'_>) -> Result<T>,
) -> Result<T> {
    // One more for the queries of entities that have no events.
    let (mut rows, mut asked) = (vec![0u32; events.entities.len() + 1], vec![0u32; events.entities.len() + 1]);
    events.numbers.iter().for_each(|number| count(&mut rows, *number));
    let queried = queries.map_or(&*events.numbers, |(numbers, _)| numbers);
    queried.iter().for_each(|number| count(&mut asked, *number));
    // Entities that nobody asks for are not worked on.
    rows.iter_mut().zip(&asked).for_each(|(rows, asked)| *rows = if *asked == 0 { 0 } else { *rows + asked });
    let blocks = Blocks::new(&rows);
    let wanted = |number: u32| asked.get(number as usize).is_some_and(|asked| *asked > 0);
    let ours = Deal::new(&events.numbers, &blocks, wanted);
    let theirs = queries.map(|(numbers, _)| Deal::new(numbers, &blocks, |_| true));
    let side = Side::new(&ours, &events.numbers, &events.times);
    let other = queries.zip(theirs.as_ref()).map(|((numbers, times), deal)| Side::new(deal, numbers, times));
    let earliest = queries.map_or(&*events.times, |(_, times)| times).iter().copied().min().unwrap_or(i64::MAX);
    let pass = Pass::new(set, &blocks, events.columns(set, earliest), side, other)?;
    finish(pass.run()?)
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
