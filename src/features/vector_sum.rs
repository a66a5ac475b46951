//! Sums lists item by item: sum pooling of embeddings.
//!
//! | | |
//! | --- | --- |
//! | input | a list of `length` doubles; null is skipped, and so is NaN in its own place; a list of another length is an error where it enters |
//! | output | a list of `length` doubles; zeros when empty; NaN in a place where infinities of both signs meet |
//! | state | a count and `length` exact sums, shared by `vector_sum` and `vector_mean` |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | each item: the real-number result, rounded once |
//! | retractable | yes |
//! | source | pooling as recommenders do it, but exact |
//!
//! Lists come from records of your own, whose field is a slice, and from Arrow; a `serde_json::Value` has no slice to
//! lend, so its arrays are refused.

use serde::{Deserialize, Serialize};

use super::{Aggregate, Parameter, Reads};
use crate::computer::FeatureComputer;
use crate::exact::Tally;
use crate::time::Interval;
use crate::value::{Kind, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "vector_sum",
    reads: Reads::Columns(&[&[Kind::List]]),
    dated: false,
    bounded: false,
    parameters: &[Parameter::whole("length", 1, 65_536, None)],
    bind: |given| given.make(VectorSum::new(given.whole("length"))),
    examples: &[r#""vector_sum": "vec", "length": 2"#],
};

/// How many lists, and a count and an exact sum for each place; no places while nothing is in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pooled {
    lists: i64,
    places: Vec<Tally>,
}

impl Pooled {
    /// The counts and sums of the places.
    pub fn places(&self) -> &[Tally] {
        &self.places
    }

    /// Whether nothing is in.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Puts a list in, or takes it back out. Its length was held against `length` where it entered.
    pub(super) fn step(&mut self, list: &[f64], minus: bool, length: usize) {
        self.lists = self.lists.wrapping_add(if minus { -1 } else { 1 });
        self.places.resize(length, Tally::new());
        for (place, x) in self.places.iter_mut().zip(list).filter(|(_, x)| !x.is_nan()) {
            if minus { place.remove(*x) } else { place.add(*x) }
        }
        self.tidy();
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.lists = self.lists.wrapping_add(other.lists);
        if self.places.is_empty() {
            self.places = vec![Tally::new(); other.places.len()];
        }
        for (place, theirs) in self.places.iter_mut().zip(&other.places) {
            place.merge(theirs);
        }
        self.tidy();
    }

    /// All taken out is nothing in: one form for one state.
    fn tidy(&mut self) {
        if self.is_nothing() {
            self.places.clear();
        }
    }

    fn is_nothing(&self) -> bool {
        self.lists == 0 && self.places.iter().all(|place| *place == Tally::new())
    }

    pub(super) fn fits(&self, length: usize) -> bool {
        if self.is_nothing() { self.places.is_empty() } else { self.places.len() == length }
    }
}

/// Sums lists item by item: sum pooling of embeddings.
#[derive(Clone, Copy, Debug)]
pub struct VectorSum {
    length: usize,
}

impl VectorSum {
    /// For lists of `length` doubles.
    pub const fn new(length: usize) -> Self {
        Self { length }
    }
}

impl FeatureComputer for VectorSum {
    type Input<'a> = &'a [f64];
    type State = Pooled;
    const GROUP: bool = true;
    const NULLABLE: bool = false;

    fn id(&self) -> String {
        format!("vector_sum_{}/1", self.length)
    }
    fn state_id(&self) -> String {
        format!("pooled_{}/1", self.length)
    }
    fn output_shape(&self) -> Shape {
        Kind::List.into()
    }
    fn identity(&self) -> Pooled {
        Pooled::default()
    }
    fn update(&self, state: &mut Pooled, input: &[f64]) {
        state.step(input, false, self.length);
    }
    fn merge(&self, into: &mut Pooled, from: &Pooled) {
        into.merge(from);
    }
    fn output(&self, state: &Pooled, _: Interval) -> Value {
        if state.is_empty() {
            return Value::from(vec![0.0; self.length]);
        }
        let items: Vec<f64> = state.places().iter().map(|place| Tally::value(place).unwrap_or(f64::NAN)).collect();
        Value::from(items)
    }
    fn retract(&self, state: &mut Pooled, input: &[f64]) {
        state.step(input, true, self.length);
    }
    fn accepts(&self, state: &Pooled) -> bool {
        state.fits(self.length)
    }
}
