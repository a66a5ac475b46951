//! A batch view from Arrow tables: the log up to a cut, and tables of external values.

use arrow_array::RecordBatch;

use super::super::bound::AS_OF;
use super::super::events::{Events, here};
use super::input;
use crate::error::{Error, Result};
use crate::log::Cut;
use crate::merge::{BatchView, ViewBuilder};
use crate::state::State;
use crate::stream::{Entity, Key};
use crate::time::Timestamp;
use crate::value::ValueRef;

/// Makes a batch view of the events that the builder's cut covers, and of external values.
///
/// `events` are as for [`point_in_time`](super::point_in_time); those after the cut are left to the real-time side. Where
/// the cut is [positions](Cut::Positions), they also have the integer columns [`ViewBuilder::log_columns`] names, and an
/// event that is there twice, as sinks write it after a restart, is taken once. `externals` have the entity columns, a
/// column for each of the values they bring, by name, and `as_of`, the time those are of; without that column it is the
/// time the builder was made with. A table need not have all externals or all entities.
///
/// # Errors
/// As [`point_in_time`](super::point_in_time) for both sorts of tables, and
/// [`Missing`](crate::ErrorKind::Missing) for a table that has no external value.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use arrow_array::{Float64Array, Int64Array, RecordBatch, StringArray};
/// use skewless::{External, Externals, Feature, FeatureSet, Kind, Positions, Timestamp, ViewBuilder, Window, batch};
///
/// let set = FeatureSet::builder("s").entity("user").time("ts")
///     .feature("n", Feature::count().over(Window::lifetime())).build()?;
/// let externals = Externals::new(&set, [External::new("score", Kind::F64)])?;
/// let events = RecordBatch::try_from_iter([
///     ("user", Arc::new(StringArray::from(vec!["ada", "ada", "ada", "bob"])) as _),
///     ("ts", Arc::new(Int64Array::from(vec![5, 7, 7, 3])) as _),
///     ("partition", Arc::new(Int64Array::from(vec![0, 0, 0, 0])) as _),
///     ("offset", Arc::new(Int64Array::from(vec![10, 11, 11, 12])) as _),
/// ])?;
/// let scores = RecordBatch::try_from_iter([
///     ("user", Arc::new(StringArray::from(vec!["ada", "bob"])) as _),
///     ("score", Arc::new(Float64Array::from(vec![0.5, 0.25])) as _),
/// ])?;
/// let cut = Positions::new().with(0, 12);
/// let builder = ViewBuilder::new(&set, "run-1", cut, Timestamp::from_micros(100)?).externals(&externals);
/// let view = batch::view(builder, &[events], &[scores])?;
/// // Offset 11 is there twice and counts once; offset 12 is after the cut; bob still has a score.
/// assert_eq!((view.manifest().events, view.manifest().entities), (2, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn view(mut builder: ViewBuilder, events: &[RecordBatch], externals: &[RecordBatch]) -> Result<BatchView> {
    let (set, cut) = (builder.set().clone(), builder.cut().clone());
    let bound = events.iter().map(|batch| input::events(&set, batch)).collect::<Result<_>>()?;
    let tables = events;
    let mut events = Events::read(&set, bound)?;
    match &cut {
        Cut::EventTime(at) => events.retain(|_, time| time < *at),
        Cut::Positions(positions) => {
            let places = places(&builder, tables)?;
            let mut sorted: Vec<((u32, u64), usize)> = places.iter().copied().zip(0..).collect();
            sorted.sort_unstable();
            let twice = |pair: &[((u32, u64), usize)]| (pair[0].0 == pair[1].0).then_some(pair[1].1);
            let mut again: Vec<usize> = sorted.windows(2).filter_map(twice).collect();
            again.sort_unstable();
            events.retain(|event, _| {
                let place = places.get(event);
                place.is_some_and(|(partition, offset)| positions.covers(*partition, *offset))
                    && again.binary_search(&event).is_err()
            });
        }
    }
    events.check(&set)?;
    let (entities, numbers) = events.number(&set)?;
    let by_entity = events.by_entity(&numbers, entities.len());
    for (number, entity) in entities.by_number().into_iter().enumerate() {
        let (mut state, mut count) = (State::new(&set), 0u64);
        for row in by_entity.rows(number) {
            // Everything was checked while the columns were read.
            let _ = state.update(&row)?;
            count += 1;
        }
        builder.put(entity, &state, count)?;
    }
    drop(events);
    externals.iter().enumerate().try_for_each(|(at, table)| values(&mut builder, at, table))?;
    builder.build()
}

/// Where in the log each event is.
fn places(builder: &ViewBuilder, events: &[RecordBatch]) -> Result<Vec<(u32, u64)>> {
    let (partition, offset) = builder.columns_of_log();
    let mut all = Vec::with_capacity(events.iter().map(RecordBatch::num_rows).sum());
    for (at, batch) in events.iter().enumerate() {
        let bound = input::columns(batch, [partition, offset].into_iter(), "events")?;
        let number = |column: usize, name: &str, row: usize| match bound.cell(column, row) {
            ValueRef::I64(number) if number >= 0 => Ok(number.cast_unsigned()),
            found => {
                let why = Error::column(name, "an integer that is not negative", found);
                Err(why.context(here("events", at, row)))
            }
        };
        let place = |row| -> Result<(u32, u64)> {
            let found = number(0, partition, row)?;
            let narrow = u32::try_from(found).map_err(|_| Error::column(partition, "at most 2^32 - 1", found))?;
            Ok((narrow, number(1, offset, row)?))
        };
        for row in 0..bound.len() {
            all.push(place(row)?);
        }
    }
    Ok(all)
}

/// Takes the external values of one table.
fn values(builder: &mut ViewBuilder, at: usize, table: &RecordBatch) -> Result<()> {
    let set = builder.set().clone();
    let has = |name: &str| table.column_by_name(name).is_some();
    let names: Vec<String> =
        builder.fields().iter().map(|field| field.name().to_owned()).filter(|name| has(name)).collect();
    if names.is_empty() {
        let known: Vec<_> = builder.fields().iter().map(|field| field.name()).collect();
        return Err(Error::missing(
            &known.join(", "),
            format!("missing from externals, table {at}: none of them is there"),
        ));
    }
    let entities = set.entity_columns().len();
    let columns = set.entity_columns().iter().map(crate::Column::name).chain(names.iter().map(String::as_str));
    let bound = input::columns(table, columns, "externals")?;
    let dated = if has(AS_OF) { Some(input::queries(&set, table)?) } else { None };
    let made_at = builder.made_at();
    for row in 0..bound.len() {
        let here = |why: Error| why.context(format!("externals, table {at} row {row}"));
        let entity: Entity = Key::read(set.entity_columns(), &bound.row(row)).map_err(here)?.to_entity();
        let time: Timestamp = dated.as_ref().map_or(Ok(made_at), |dated| dated.time(row)).map_err(here)?;
        for (i, name) in names.iter().enumerate() {
            builder.external(entity.clone(), name, bound.cell(entities + i, row), time).map_err(here)?;
        }
    }
    Ok(())
}
