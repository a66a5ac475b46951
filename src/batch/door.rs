//! What every door does, whatever the tables are made of.

use std::borrow::Cow;

use super::answers::Columns;
use super::bound::Bound;
use super::entities::Entities;
use super::events::{Events, here, times};
use super::pass::Pass;
use crate::definition::FeatureSet;
use crate::error::Result;
use crate::table::{Grouping, check_rows};

/// Answers queries over events, and hands the answers, the queries and their times to `finish`.
///
/// `same` tells that the queries' entities are the events' own, row by row.
pub(super) fn point_in_time<T>(
    set: &FeatureSet,
    events: Vec<Bound<'_>>,
    queries: Vec<Bound<'_>>,
    same: bool,
    finish: impl FnOnce(Columns<'_>, &[Bound<'_>], &[i64]) -> Result<T>,
) -> Result<T> {
    let events = Events::read(set, events, None)?;
    check_rows(queries.iter().map(Bound::len).sum(), "queries")?;
    Bound::check_keys(set, events.bound.iter().chain(&queries))?;
    let times = times(&queries, "queries")?;
    let numbers =
        if same { Cow::Borrowed(&*events.numbers) } else { Cow::Owned(find(set, &events.entities, &queries)?) };
    let entities = events.entities.len();
    let (order, asked);
    if same && times == events.times {
        // Every event asks as of its own time: one order for both.
        order = events.grouping();
        asked = None;
    } else {
        order = events.grouping_of(&numbers);
        asked = Some(Grouping::new(&numbers, &times, entities + 1));
    }
    drop(numbers);
    let pass = Pass { set, events: &events, order: &order, times: &times, asked: asked.as_ref().unwrap_or(&order) };
    finish(pass.run()?, &queries, &times)
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
