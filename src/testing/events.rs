//! Events that look for trouble: ties, duplicates, late and boundary times, negative times, infinities,
//! nulls, hot and empty entities.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::definition::FeatureSet;
use crate::record::{Column, Record};
use crate::stream::Entity;
use crate::time::Timestamp;
use crate::value::{Kind, Value, ValueRef};

/// One event for a definition: its columns' values, in the order of [`FeatureSet::columns`].
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    values: Vec<Value>,
    entities: usize,
}

impl Event {
    /// An event with these values, in the order of [`FeatureSet::columns`]: entity, time, the others.
    pub fn new(set: &FeatureSet, values: Vec<Value>) -> Self {
        Self { values, entities: set.entity_columns().len() }
    }

    /// Whose it is.
    pub fn entity(&self) -> Entity {
        Entity::new(self.values.iter().take(self.entities).cloned())
    }

    /// When it happened.
    pub fn time(&self) -> Timestamp {
        match self.values.get(self.entities) {
            Some(Value::Time(at)) => *at,
            _ => Timestamp::EPOCH,
        }
    }

    /// The values, in the order of [`FeatureSet::columns`].
    pub fn values(&self) -> &[Value] {
        &self.values
    }
}

impl Record for Event {
    fn field(&self, column: &Column) -> ValueRef<'_> {
        self.values.get(column.index()).map_or(ValueRef::Null, Value::as_ref)
    }
}

/// Up to `most` events for a definition, of few entities, one of them hot, in an order that is not that of
/// their times.
pub fn events(set: &FeatureSet, most: usize) -> impl Strategy<Value = Vec<Event>> + use<> {
    let literals = set.plan().literals();
    let of_kind = |column: &Column| {
        let known: Vec<Value> =
            literals.iter().filter(|(at, _)| *at == column.index()).map(|(_, value)| value.clone()).collect();
        match column.length() {
            Some(length) => list_of(length),
            None => value_of(column.kind().unwrap_or(Kind::Str), &known),
        }
    };
    let entity = |column: &Column| match column.kind() {
        Some(Kind::I64) => prop_oneof![4 => Just(Value::I64(0)), 1 => (1i64..4).prop_map(Value::I64)].boxed(),
        Some(Kind::Bool) => any::<bool>().prop_map(Value::Bool).boxed(),
        Some(Kind::Time) => (0i64..4).prop_map(|t| Value::Time(Timestamp::clamped(t))).boxed(),
        _ => prop_oneof![4 => Just("hot"), 1 => Just("cold"), 1 => Just("")].prop_map(Value::from).boxed(),
    };
    let others = set.columns().get(set.entity_columns().len() + 1..).unwrap_or(&[]);
    let columns: Vec<BoxedStrategy<Value>> = set
        .entity_columns()
        .iter()
        .map(entity)
        .chain([moment().prop_map(Value::Time).boxed()])
        .chain(others.iter().map(of_kind))
        .collect();
    let set = set.clone();
    let one = columns.prop_map(move |values| Event::new(&set, values));
    // Some events are delivered twice.
    (vec(one, 0..most.max(1)), vec(any::<prop::sample::Index>(), 0..4)).prop_map(|(mut events, again)| {
        if !events.is_empty() {
            let copies: Vec<Event> = again.iter().map(|at| at.get(&events).clone()).collect();
            events.extend(copies);
        }
        events
    })
}

/// A time near an edge some window may have: around whole minutes, hours, days and weeks, before and after
/// the epoch, often the same one.
pub fn moment() -> impl Strategy<Value = Timestamp> + Clone {
    const UNITS: [i64; 6] = [1, 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000, 604_800_000_000];
    let near = (prop::sample::select(UNITS.to_vec()), -30i64..30, -1i64..=1)
        .prop_map(|(unit, count, beside)| Timestamp::clamped(unit * count + beside));
    let ladder = (prop::sample::select(UNITS.to_vec()), prop::sample::select(UNITS.to_vec()), -3i64..3, -3i64..3)
        .prop_map(|(big, small, a, b)| Timestamp::clamped(big * a + small * b));
    prop_oneof![6 => near, 6 => ladder, 1 => Just(Timestamp::EPOCH), 1 => Just(Timestamp::MIN), 1 => Just(Timestamp::MAX)]
}

/// A value of `kind`: the awkward ones, those in `known`, and nulls.
pub fn value_of(kind: Kind, known: &[Value]) -> BoxedStrategy<Value> {
    let own: BoxedStrategy<Value> = match kind {
        Kind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::I64 => prop_oneof![
            4 => (-3i64..4).prop_map(Value::I64),
            1 => any::<i64>().prop_map(Value::I64),
            1 => prop_oneof![Just(i64::MIN), Just(i64::MAX)].prop_map(Value::I64),
        ]
        .boxed(),
        Kind::F64 => double().prop_map(Value::from).boxed(),
        Kind::Str => prop_oneof![
            4 => prop::sample::select(vec!["", "a", "b", "ab", "\u{e9}"]).prop_map(Value::from),
            1 => "[a-z]{0,40}".prop_map(Value::from),
        ]
        .boxed(),
        Kind::Time => moment().prop_map(Value::Time).boxed(),
        Kind::List => vec(double(), 0..3).prop_map(Value::from).boxed(),
    };
    let with_nulls = prop_oneof![6 => own, 1 => Just(Value::Null)];
    if known.is_empty() {
        with_nulls.boxed()
    } else {
        prop_oneof![1 => with_nulls, 2 => prop::sample::select(known.to_vec())].boxed()
    }
}

/// A list of one length, or null.
pub(crate) fn list_of(length: usize) -> BoxedStrategy<Value> {
    prop_oneof![6 => vec(double(), length).prop_map(Value::from), 1 => Just(Value::Null)].boxed()
}

/// Doubles that break sums: cents, cancelling giants, subnormals, infinities, any bits.
fn double() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => (-1_000i32..1_000).prop_map(|cents| f64::from(cents) / 100.0),
        2 => prop::sample::select(vec![1e16, -1e16, 1.0, 0.1, f64::MAX, -f64::MAX, f64::MIN_POSITIVE, 5e-324, -0.0]),
        1 => prop::sample::select(vec![f64::INFINITY, f64::NEG_INFINITY]),
        1 => any::<f64>(),
    ]
}
