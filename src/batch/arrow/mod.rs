//! Arrow record batches at the batch door: the only module that names Arrow.

mod input;
mod output;
mod view;

use arrow_array::RecordBatch;

use self::input::Bound;
pub use self::input::{Row, Rows, rows};
use self::output::{Columns, Viewed, snapshot_of};
pub use self::output::{Snapshot, vectors};
pub use self::view::view;
use super::point_in_time::Pass;
use super::ranges::Queries;
use crate::definition::{FeatureSet, Plan};
use crate::error::{Error, Result};
use crate::state::{State, read_into};
use crate::stream::{Entity, Key};
use crate::table::{Cells, Grouping, Table, check_rows};
use crate::time::Timestamp;
use crate::value::ValueRef;

/// The column of a query that says as of when.
pub(super) const AS_OF: &str = "as_of";

/// Answers every query with the values of all features as of its own time: a training set.
///
/// `events` and `queries` may come in any chunking and row order. Events need the definition's columns, in
/// any of the types below; queries need the entity columns and `as_of`. An event at exactly `as_of` is not
/// in its own answer, so asking for the events themselves leaks nothing.
///
/// | kind | Arrow types |
/// | --- | --- |
/// | time | Timestamp of any unit and zone, Date32, Date64, integers (microseconds), RFC 3339 text |
/// | f64, i64 | all integers and floats; a double must be whole to be an `i64` |
/// | string | Utf8, LargeUtf8, Utf8View, and dictionaries of them |
/// | bool, list | Boolean; List, LargeList and FixedSizeList of Float64 |
///
/// The result has the entity columns, `as_of` in microseconds UTC, and one column a value, in query order:
/// Int64, Float64, Utf8, Boolean, Timestamp or List; a count is not nullable, a mean is.
///
/// # Errors
/// [`Missing`](crate::ErrorKind::Missing) and [`Type`](crate::ErrorKind::Type) name the column and the row;
/// [`Overflow`](crate::ErrorKind::Overflow) names the feature whose integer sum left `i64`. Nothing is
/// skipped silently: one bad row refuses the pass.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use arrow_array::{Float64Array, Int64Array, RecordBatch, StringArray, cast::AsArray, types::Float64Type};
/// use skewless::{Feature, FeatureSet, Span, Window, batch::point_in_time};
///
/// let set = FeatureSet::builder("shopper")
///     .entity("user")
///     .time("ts")
///     .feature("spend_1h", Feature::sum("amount").over(Window::sliding(Span::hours(1))))
///     .build()?;
/// let events = RecordBatch::try_from_iter([
///     ("user", Arc::new(StringArray::from(vec!["ada", "ada"])) as _),
///     ("ts", Arc::new(Int64Array::from(vec![0, 1_000_000])) as _),
///     ("amount", Arc::new(Float64Array::from(vec![0.1, 0.2])) as _),
/// ])?;
/// let queries = RecordBatch::try_from_iter([
///     ("user", Arc::new(StringArray::from(vec!["ada", "ada"])) as _),
///     ("as_of", Arc::new(Int64Array::from(vec![1_000_000, 2_000_000])) as _),
/// ])?;
/// let answers = point_in_time(&set, &[events], &[queries])?;
/// let spend = answers.column_by_name("spend_1h").unwrap().as_primitive::<Float64Type>();
/// assert_eq!(spend.values(), &[0.1, 0.1 + 0.2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn point_in_time(set: &FeatureSet, events: &[RecordBatch], queries: &[RecordBatch]) -> Result<RecordBatch> {
    let plan = set.plan();
    let events = Events::read(set, events)?;
    let (groups, times) = asked(set, queries, &events)?;
    let sorted = Grouping::new(&groups, &times, events.entities.len() + 1);
    let mut columns = Columns::new(set, times.len());
    let queries_sorted = Queries { grouping: &sorted, times: &times };
    let pass = Pass { plan, table: &events.table, events: &events.grouping, queries: queries_sorted };
    pass.run(|feature, answers, overflow| columns.put(feature, answers, overflow))?;
    columns.derive()?;
    columns.finish(queries, &times)
}

/// Gives every entity's values and its encoded state as of one time: a batch view.
///
/// Takes the events before `as_of` and leaves the others to the real-time side. A state's frontier is
/// `as_of`, and its bytes are those of a [`Stream`](crate::Stream) that was given the same events.
///
/// # Errors
/// As [`point_in_time`].
pub fn snapshot(set: &FeatureSet, events: &[RecordBatch], as_of: Timestamp) -> Result<Snapshot> {
    let events = Events::read_where(set, events, |_, _, time| time < as_of)?;
    let mut states = Vec::with_capacity(events.entities.len());
    for (entity, rows) in events.entities.by_number().into_iter().zip(events.rows_by_entity()) {
        let mut state = State::new(set);
        for row in rows {
            // Everything was checked while the columns were read.
            let _ = state.update(&row)?;
        }
        state.advance(as_of);
        state.evict();
        // Nothing but bytes and values outlives its entity's turn.
        states.push(Viewed { entity, bytes: state.encode(), vector: state.vector(as_of)? });
    }
    snapshot_of(set, states, as_of, events.left_out)
}

/// Entities by number, in order of first appearance.
#[derive(Default)]
pub(super) struct Entities {
    table: hashbrown::HashTable<(Entity, u32)>,
}

impl Entities {
    fn len(&self) -> usize {
        self.table.len()
    }

    fn number(&mut self, key: &Key<'_>) -> u32 {
        let next = self.table.len() as u32;
        let found = self.table.entry(key.hash(), |(entity, _)| key.is(entity), |(entity, _)| entity.hash());
        found.or_insert_with(|| (key.to_entity(), next)).get().1
    }

    fn find(&self, key: &Key<'_>) -> Option<u32> {
        self.table.find(key.hash(), |(entity, _)| key.is(entity)).map(|(_, number)| *number)
    }

    fn by_number(&self) -> Vec<Entity> {
        let mut all: Vec<_> = self.table.iter().collect();
        all.sort_unstable_by_key(|(_, number)| *number);
        all.into_iter().map(|(entity, _)| entity.clone()).collect()
    }
}

/// Events read, checked and sorted.
pub(super) struct Events<'a> {
    entities: Entities,
    grouping: Grouping,
    table: Table<'a>,
    /// By event in the order given: which batch and row it is.
    places: Vec<(u32, u32)>,
    bound: Vec<Bound<'a>>,
    /// Events that do not belong in.
    left_out: usize,
}

impl<'a> Events<'a> {
    fn read(set: &FeatureSet, batches: &'a [RecordBatch]) -> Result<Self> {
        Self::read_where(set, batches, |_, _, _| true)
    }

    /// Reads the events that `keep` says belong in: by batch, row and time.
    fn read_where(
        set: &FeatureSet,
        batches: &'a [RecordBatch],
        keep: impl Fn(usize, usize, Timestamp) -> bool,
    ) -> Result<Self> {
        let plan = set.plan();
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        check_rows(rows, "events")?;
        let bound = batches.iter().map(|batch| Bound::new(set, batch)).collect::<Result<Vec<_>>>()?;
        Bound::check_keys(set, &bound.iter().collect::<Vec<_>>())?;
        let mut entities = Entities::default();
        let (mut numbers, mut times, mut places) = (Vec::with_capacity(rows), Vec::with_capacity(rows), Vec::new());
        let mut left_out = 0;
        for (at, batch) in bound.iter().enumerate() {
            for row in 0..batch.len() {
                let time = batch.time(row).map_err(|why| why.context(format!("events, batch {at} row {row}")))?;
                if !keep(at, row, time) {
                    left_out += 1;
                    continue;
                }
                let event = batch.row(row);
                let key = Key::read(set.entity_columns(), &event);
                let key = key.map_err(|why| why.context(format!("events, batch {at} row {row}")))?;
                numbers.push(entities.number(&key));
                times.push(time.as_micros());
                places.push((at as u32, row as u32));
            }
        }
        let grouping = Grouping::new(&numbers, &times, entities.len());
        let table = sort_columns(plan, &bound, &places, &grouping, &times)?;
        Ok(Self { entities, grouping, table, places, bound, left_out })
    }

    /// The rows of each entity, in order of time.
    fn rows_by_entity(&self) -> impl Iterator<Item = impl Iterator<Item = Row<'_>>> {
        (0..self.entities.len()).map(|entity| {
            self.grouping.group(entity).filter_map(|place| {
                let (batch, row) = self.places.get(*self.grouping.order.get(place)? as usize)?;
                Some(self.bound.get(*batch as usize)?.row(*row as usize))
            })
        })
    }
}

/// Brings kept columns and filter masks into sorted order, one pass over the events as given.
fn sort_columns<'a>(
    plan: &Plan,
    bound: &[Bound<'a>],
    places: &[(u32, u32)],
    grouping: &Grouping,
    times: &[i64],
) -> Result<Table<'a>> {
    let rows = times.len();
    let kind = |column: usize| plan.columns.get(column).and_then(crate::Column::kind);
    let mut columns: Vec<Cells<'a>> = plan.kept.iter().map(|(column, _)| Cells::nulls(kind(*column), rows)).collect();
    let mut masks = vec![0u64; rows];
    let mut target = vec![0u32; rows];
    for (sorted, given) in grouping.order.iter().enumerate() {
        target[*given as usize] = sorted as u32;
    }
    let used: Vec<usize> = (0..plan.columns.len()).filter(|at| *at >= plan.entities || plan.reads_entity).collect();
    let mut cells = vec![ValueRef::Null; plan.columns.len()];
    for (given, (batch, row)) in places.iter().enumerate() {
        let Some(bound) = bound.get(*batch as usize) else { continue };
        for at in &used {
            let column = &plan.columns[*at];
            read_into(&mut cells[*at], column, bound.cell(*at, *row as usize))
                .map_err(|why| why.context(format!("events, batch {batch} row {row}")))?;
        }
        let sorted = target[given] as usize;
        let passes = |(bit, filter): (usize, &crate::expr::Predicate)| u64::from(filter.passes(&cells)) << bit;
        masks[sorted] = plan.filters.iter().enumerate().map(passes).sum();
        for (column, (at, _)) in columns.iter_mut().zip(&plan.kept) {
            column.put(sorted, cells[*at]);
        }
    }
    let times = grouping.order.iter().map(|given| times[*given as usize]).collect();
    Ok(Table { times, masks, columns })
}

/// The queries' entities as group numbers, 0 for one without events, and their times.
fn asked(set: &FeatureSet, queries: &[RecordBatch], events: &Events<'_>) -> Result<(Vec<u32>, Vec<i64>)> {
    let rows = queries.iter().map(RecordBatch::num_rows).sum();
    check_rows(rows, "queries")?;
    let (mut groups, mut times) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    let bound = queries.iter().map(|batch| Bound::queries(set, batch)).collect::<Result<Vec<_>>>()?;
    Bound::check_keys(set, &events.bound.iter().chain(&bound).collect::<Vec<_>>())?;
    for (at, bound) in bound.iter().enumerate() {
        for row in 0..bound.len() {
            let here = |why: Error| why.context(format!("queries, batch {at} row {row}"));
            times.push(bound.time(row).map_err(here)?.as_micros());
            let query = bound.row(row);
            let key = Key::read(set.entity_columns(), &query).map_err(here)?;
            groups.push(events.entities.find(&key).map_or(0, |number| number + 1));
        }
    }
    Ok((groups, times))
}
