//! Answers by column.

use super::{Deal, NO_TEXT};
use crate::value::{Kind, Shape, Text, Value};

/// Numbers, and which of them there are.
#[derive(Clone, Debug)]
pub(crate) struct Numbers<T> {
    pub(crate) values: Vec<T>,
    /// Empty while all of them are there.
    pub(crate) valid: Vec<bool>,
}

impl<T: Copy + Default> Numbers<T> {
    fn new(len: usize) -> Self {
        Self { values: Vec::with_capacity(len), valid: Vec::new() }
    }

    #[inline]
    pub(crate) fn push(&mut self, value: Option<T>) {
        self.extend(std::iter::once(value));
    }

    /// Pushes all of them.
    #[inline]
    pub(crate) fn extend(&mut self, values: impl Iterator<Item = Option<T>>) {
        let Self { values: numbers, valid } = self;
        let mut at = numbers.len();
        numbers.extend(values.map(|value| {
            if value.is_none() || !valid.is_empty() {
                note(valid, at, value.is_some());
            }
            at += 1;
            value.unwrap_or_default()
        }));
    }

    #[inline]
    fn get(&self, row: usize) -> Option<T> {
        self.values.get(row).copied().filter(|_| self.valid.is_empty() || self.valid.get(row) == Some(&true))
    }

    /// As many, in the order of `places`.
    fn arrange(self, places: &[u32]) -> Self {
        let valid = if self.valid.is_empty() { self.valid } else { take(&self.valid, places, true) };
        Self { values: take(&self.values, places, T::default()), valid }
    }

    fn append(&mut self, mut part: Self, most: usize) {
        make_room(&mut self.values, part.values.len(), most);
        if !part.valid.is_empty() || !self.valid.is_empty() {
            self.valid.resize(self.values.len(), true);
            part.valid.resize(part.values.len(), true);
            self.valid.append(&mut part.valid);
        }
        self.values.append(&mut part.values);
    }
}

/// One feature's answers, one a query.
#[derive(Debug)]
pub(crate) enum Answered<'a> {
    F64(Numbers<f64>),
    I64(Numbers<i64>),
    /// Codes, [`NO_TEXT`] for null, and the texts they stand for.
    Str(Vec<u32>, &'a [&'a str]),
    /// Answers of any other kind.
    Any(Vec<Value>),
}

impl<'a> Answered<'a> {
    /// None yet, of `shape`, with room for `len`; text as codes into `texts`, where there are any.
    pub(crate) fn with_capacity(shape: &Shape, len: usize, texts: Option<&'a [&'a str]>) -> Self {
        match (shape, texts) {
            (Shape::One(Kind::F64), _) => Self::F64(Numbers::new(len)),
            (Shape::One(Kind::I64), _) => Self::I64(Numbers::new(len)),
            (Shape::One(Kind::Str), Some(texts)) => Self::Str(Vec::with_capacity(len), texts),
            _ => Self::Any(Vec::with_capacity(len)),
        }
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::F64(numbers) => numbers.values.len(),
            Self::I64(numbers) => numbers.values.len(),
            Self::Str(codes, _) => codes.len(),
            Self::Any(values) => values.len(),
        }
    }

    /// Adds an answer.
    #[inline]
    pub(crate) fn push(&mut self, value: Value) {
        match (self, value) {
            (Self::F64(numbers), Value::F64(x)) => numbers.push(Some(x)),
            (Self::F64(numbers), _) => numbers.push(None),
            (Self::I64(numbers), Value::I64(x)) => numbers.push(Some(x)),
            (Self::I64(numbers), _) => numbers.push(None),
            // Only what picks a value among those of a column gives its code; see `columnar`.
            (Self::Str(codes, _), _) => codes.push(NO_TEXT),
            (Self::Any(values), value) => values.push(value),
        }
    }

    /// As many, in the order of `places`, each of which comes up once.
    pub(crate) fn arrange(self, places: &[u32]) -> Self {
        match self {
            Self::F64(numbers) => Self::F64(numbers.arrange(places)),
            Self::I64(numbers) => Self::I64(numbers.arrange(places)),
            Self::Str(codes, texts) => Self::Str(take(&codes, places, NO_TEXT), texts),
            Self::Any(mut values) => {
                let take = |value: &mut Value| std::mem::replace(value, Value::Null);
                let value = |place: &u32| values.get_mut(*place as usize).map_or(Value::Null, take);
                Self::Any(places.iter().map(value).collect())
            }
        }
    }

    /// Adds the answers of another block; there will be `most` in all.
    pub(crate) fn append(&mut self, part: Answered<'_>, most: usize) {
        match (self, part) {
            (Self::F64(all), Answered::F64(part)) => all.append(part, most),
            (Self::I64(all), Answered::I64(part)) => all.append(part, most),
            (Self::Str(all, _), Answered::Str(mut part, _)) => {
                make_room(all, part.len(), most);
                all.append(&mut part);
            }
            (Self::Any(all), Answered::Any(mut part)) => all.append(&mut part),
            (all, part) => debug_assert!(false, "{all:?} and {part:?} are of one feature"),
        }
    }

    /// The answers in the order of the rows that were dealt out.
    pub(crate) fn collect(self, deal: &Deal) -> Self {
        fn numbers<T: Copy + Default>(numbers: Numbers<T>, deal: &Deal) -> Numbers<T> {
            let Numbers { values, valid } = numbers;
            let valid = if valid.is_empty() { valid } else { deal.collect(valid, &false) };
            Numbers { values: deal.collect(values, &T::default()), valid }
        }
        match self {
            Self::F64(all) => Self::F64(numbers(all, deal)),
            Self::I64(all) => Self::I64(numbers(all, deal)),
            Self::Str(codes, texts) => Self::Str(deal.collect(codes, &NO_TEXT), texts),
            Self::Any(values) => Self::Any(deal.collect(values, &Value::Null)),
        }
    }

    /// The answer at `row`.
    pub(crate) fn get(&self, row: usize) -> Value {
        match self {
            Self::F64(numbers) => numbers.get(row).into(),
            Self::I64(numbers) => numbers.get(row).into(),
            Self::Str(codes, texts) => {
                let text = codes.get(row).and_then(|code| texts.get(*code as usize));
                text.map_or(Value::Null, |text| Value::Str(Text::new(text)))
            }
            Self::Any(values) => values.get(row).cloned().unwrap_or(Value::Null),
        }
    }
}

/// Notes whether there is a number at `at`, the next one; all before the first that is missing are there.
#[inline]
fn note(valid: &mut Vec<bool>, at: usize, is_there: bool) {
    if valid.len() < at {
        valid.resize(at, true);
    }
    valid.push(is_there);
}

/// Makes room for all that is to come when there is none for the next part.
fn make_room<T>(all: &mut Vec<T>, part: usize, most: usize) {
    if all.capacity() - all.len() < part {
        all.reserve_exact(most.saturating_sub(all.len()).max(part));
    }
}

fn take<T: Copy>(values: &[T], places: &[u32], blank: T) -> Vec<T> {
    places.iter().map(|place| values.get(*place as usize).copied().unwrap_or(blank)).collect()
}
