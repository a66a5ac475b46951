//! A vector as numbers in a row: [`Dense`], and what becomes of nulls in it.

use std::sync::Arc;

use super::{Header, Layout, Vector};
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::value::{Kind, Shape, Value};

/// What becomes of a value that is null, and of a NaN in a list, where a model reads numbers.
///
/// Counts and sums of nothing are 0 and not null; a mean of nothing is null, and no number is a good one for it unless
/// the model was trained with that number.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Nulls {
    /// An error that names the feature.
    Refuse,
    /// NaN, which tree models take for "missing".
    Nan,
    /// 0.
    Zero,
    /// This number.
    Fill(f64),
}

/// Which values a model reads, in which order, as doubles: looked up once, filled in for each vector.
///
/// A bool is 0 or 1. An integer is rounded to the nearest double: exact up to 2^53, so ids beyond are not told apart.
/// Infinities stay. A list of a fixed length, which `vector_mean`, `approx_quantiles` with several `q`, and every series of
/// numbers are, is as many numbers, null ones included. Nothing else is a number: text and maps are not, a list of up to k
/// items has no fixed place for what comes behind it, and a moment is no quantity; ask for `time_since_last` instead.
///
/// # Examples
/// ```
/// use skewless::{FeatureSet, Nulls, State, Timestamp};
/// use serde_json::json;
///
/// let set = FeatureSet::from_json(r#"{"name": "shopper", "version": 1, "entity": "user", "time": "ts", "features": {
///     "spend": {"sum": "amount", "over": "lifetime"},
///     "mean": {"mean": "amount", "over": "lifetime"},
///     "last": {"last": "word", "over": "lifetime"},
///     "daily": {"count": "*", "over": {"tumbling": "1d"}, "series": {"steps": 3, "step": "1d"}}}}"#)?;
/// let dense = set.dense(&["mean", "daily", "spend"], Nulls::Fill(-1.0))?;
/// assert_eq!(dense.labels(), ["mean", "daily[0]", "daily[1]", "daily[2]", "spend"]);
///
/// let mut state = State::new(&set);
/// state.update(&json!({"user": "ada", "ts": 1, "word": "a"}))?;
/// let vector = state.vector(Timestamp::from_micros(2)?)?;
/// let mut row = [0.0; 5];
/// dense.fill(&vector, &mut row)?;
/// assert_eq!(row, [-1.0, 0.0, 0.0, 1.0, 0.0]);
///
/// let why = set.dense(&["last"], Nulls::Zero).unwrap_err().to_string();
/// assert!(why.starts_with("feature `last`: found string, expected a number"), "{why}");
/// # Ok::<(), skewless::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dense {
    header: Arc<Header>,
    slots: Box<[Slot]>,
    width: usize,
    nulls: Nulls,
}

/// Where a value is, and how many numbers it is.
#[derive(Clone, Copy, Debug)]
struct Slot {
    place: usize,
    width: usize,
    is_list: bool,
}

impl Dense {
    pub(crate) fn new<N: AsRef<str>>(header: &Arc<Header>, names: &[N], nulls: Nulls) -> Result<Self> {
        let slot = |name: &N| {
            let name = name.as_ref();
            let place = header.position(name).ok_or_else(|| header.no_such(name))?;
            let (_, layout) = header.get(place).ok_or_else(|| header.no_such(name))?;
            let width = layout.width().ok_or_else(|| Error::answer(name, refused(layout)))?;
            Ok(Slot { place, width, is_list: layout.is_list() })
        };
        let slots = names.iter().map(slot).collect::<Result<Box<[Slot]>>>()?;
        let width = slots.iter().map(|slot| slot.width).sum();
        Ok(Self { header: Arc::clone(header), slots, width, nulls })
    }

    /// How many numbers there are.
    pub fn width(&self) -> usize {
        self.width
    }

    /// What each number is called: the feature's name, with the place in its list in brackets.
    pub fn labels(&self) -> Vec<String> {
        let labels = self.slots.iter().flat_map(|slot| {
            let name = self.name(slot);
            (0..slot.width).map(move |i| if slot.is_list { format!("{name}[{i}]") } else { name.to_owned() })
        });
        labels.collect()
    }

    /// Writes the numbers of `vector` into `row`; takes no memory.
    ///
    /// # Errors
    /// [`ErrorKind::Overflow`](crate::ErrorKind::Overflow) for an integer outside `i64`,
    /// [`ErrorKind::Type`](crate::ErrorKind::Type) for a null under [`Nulls::Refuse`], both with the feature's name;
    /// [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch) for a vector of another definition,
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a row that is not of this [`width`](Self::width).
    /// What is in the row then is part of the answer at best.
    pub fn fill(&self, vector: &Vector, row: &mut [f64]) -> Result<()> {
        if row.len() != self.width {
            return Err(Error::parameter("row", format!("{} numbers", row.len()), self.width));
        }
        let mut cells = row.iter_mut();
        self.each(vector, |x| {
            if let Some(cell) = cells.next() {
                *cell = x;
            }
        })
    }

    /// Appends the numbers of `vector` to `rows`: one row after the other is a matrix.
    ///
    /// # Errors
    /// As [`fill`](Self::fill); nothing is appended then.
    pub fn append(&self, vector: &Vector, rows: &mut Vec<f64>) -> Result<()> {
        let before = rows.len();
        rows.reserve(self.width);
        let done = self.each(vector, |x| rows.push(x));
        if done.is_err() {
            rows.truncate(before);
        }
        done
    }

    /// The numbers of `vector`.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    pub fn row(&self, vector: &Vector) -> Result<Vec<f64>> {
        let mut row = Vec::new();
        self.append(vector, &mut row).map(|()| row)
    }

    fn name(&self, slot: &Slot) -> &str {
        self.header.get(slot.place).map_or("?", |(name, _)| name)
    }

    #[inline]
    fn each(&self, vector: &Vector, mut put: impl FnMut(f64)) -> Result<()> {
        if !Arc::ptr_eq(&self.header, &vector.header) {
            self.check(vector)?;
        }
        for slot in &self.slots {
            match vector.values.get(slot.place).unwrap_or(&Value::Null) {
                Value::Null => {
                    let x = self.null(slot)?;
                    (0..slot.width).for_each(|_| put(x));
                }
                Value::List(list) if slot.is_list && list.len() == slot.width => {
                    for x in list.iter() {
                        put(if x.is_nan() { self.null(slot)? } else { *x });
                    }
                }
                Value::Items(items) if slot.is_list && items.len() == slot.width => {
                    for item in items.iter() {
                        put(self.number(slot, item)?);
                    }
                }
                value if !slot.is_list => put(self.number(slot, value)?),
                value => return Err(self.misfit(slot, value)),
            }
        }
        Ok(())
    }

    #[inline]
    fn number(&self, slot: &Slot, value: &Value) -> Result<f64> {
        match value {
            Value::F64(x) => Ok(*x),
            Value::I64(x) => Ok(*x as f64),
            Value::Bool(x) => Ok(f64::from(u8::from(*x))),
            Value::Null => self.null(slot),
            value => Err(self.misfit(slot, value)),
        }
    }

    #[inline]
    fn null(&self, slot: &Slot) -> Result<f64> {
        match self.nulls {
            Nulls::Nan => Ok(f64::NAN),
            Nulls::Zero => Ok(0.0),
            Nulls::Fill(x) => Ok(x),
            Nulls::Refuse => Err(self.null_refused(slot)),
        }
    }

    #[cold]
    fn null_refused(&self, slot: &Slot) -> Error {
        let message = "found null, expected a number; give the feature a default, or choose other `Nulls`";
        Error::answer(self.name(slot), message)
    }

    #[cold]
    fn misfit(&self, slot: &Slot, value: &Value) -> Error {
        if value.overflows() {
            return Error::overflow(self.name(slot));
        }
        let expected = if slot.is_list { format!("a list of {} numbers", slot.width) } else { "a number".into() };
        Error::answer(self.name(slot), format!("found {}, expected {expected}", value.as_ref()))
    }

    /// Succeeds if the values that are read are where they are looked for: externals may come behind them.
    #[cold]
    fn check(&self, vector: &Vector) -> Result<()> {
        let same = |slot: &&Slot| self.header.get(slot.place) == vector.header.get(slot.place);
        match self.slots.iter().find(|slot| !same(slot)) {
            None => Ok(()),
            Some(slot) => Err(Error::mismatch(format!(
                "the vector is of another definition: it has no `{}` of the same shape at the same place",
                self.name(slot)
            ))),
        }
    }
}

/// Why a value of this layout is not so many numbers.
fn refused(layout: &Layout) -> String {
    let hint = match &layout.shape {
        Shape::One(Kind::Time) => "; how long ago it was is one, as of `time_since_last`",
        Shape::One(Kind::List) => "; a list is as many numbers where its length is part of the definition",
        Shape::List(_) => "; a list is as many numbers where it always has as many items, each of them a number",
        _ => "; bools, integers and doubles are",
    };
    format!("found {}, expected a number{hint}", layout.shape)
}

impl FeatureSet {
    /// Which of the features a model reads as numbers, and in which order: looked up once.
    ///
    /// # Errors
    /// [`ErrorKind::Definition`](crate::ErrorKind::Definition) for a name that the set does not have,
    /// [`ErrorKind::Type`](crate::ErrorKind::Type) for a feature that is no number or not always as many: a `sum` is
    /// accepted, a `top_k` and a text are not.
    pub fn dense<N: AsRef<str>>(&self, names: &[N], nulls: Nulls) -> Result<Dense> {
        Dense::new(self.shared_names(), names, nulls)
    }
}

impl Vector {
    /// The values called `names` as numbers, in that order; see [`Dense`] for what is a number.
    ///
    /// Looks the names up anew each time: [`FeatureSet::dense`] does it once.
    ///
    /// # Errors
    /// As [`FeatureSet::dense`] and [`Dense::fill`].
    ///
    /// # Examples
    /// ```
    /// # use skewless::{Feature, FeatureSet, Nulls, State, Timestamp, Window};
    /// # let set = FeatureSet::builder("s").entity("user").time("ts")
    /// #     .feature("clicks", Feature::count().over(Window::lifetime()))
    /// #     .feature("price", Feature::mean("price").over(Window::lifetime())).build()?;
    /// # let vector = State::new(&set).vector(Timestamp::EPOCH)?;
    /// assert_eq!(vector.to_dense(&["price", "clicks"], Nulls::Fill(-1.0))?, [-1.0, 0.0]);
    /// assert!(vector.to_dense(&["price"], Nulls::Refuse).is_err());
    /// # Ok::<(), skewless::Error>(())
    /// ```
    pub fn to_dense<N: AsRef<str>>(&self, names: &[N], nulls: Nulls) -> Result<Vec<f64>> {
        Dense::new(&self.header, names, nulls)?.row(self)
    }
}
