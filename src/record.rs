//! One event's fields, by column: [`Record`], the [`Column`] it is asked for, and the [`Schema`] it may have.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use crate::value::{Kind, Value, ValueRef};

/// A column a feature set reads: its name, its kind and its place.
///
/// A record that knows its fields by name looks at [`Column::name`]; one that holds them in the order
/// of [`FeatureSet::columns`](crate::FeatureSet::columns) looks at [`Column::index`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    name: Box<str>,
    kind: Option<Kind>,
    index: usize,
    length: Option<usize>,
}

impl Column {
    pub(crate) fn new(name: &str, kind: Option<Kind>, index: usize) -> Self {
        Self { name: name.into(), kind, index, length: None }
    }

    /// The name in the definition.
    #[inline]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the column holds; `None` if it is only ever asked whether it is null.
    #[inline]
    pub fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// How long its lists must be, if they are held to a length.
    #[inline]
    pub fn length(&self) -> Option<usize> {
        self.length
    }

    pub(crate) fn set_length(&mut self, length: usize) {
        self.length = Some(length);
    }

    /// The position in [`FeatureSet::columns`](crate::FeatureSet::columns).
    #[inline]
    pub fn index(&self) -> usize {
        self.index
    }
}

/// The most columns an entity may have.
pub const MAX_ENTITY_COLUMNS: usize = 8;

/// Anything that can be an event.
///
/// `field` is called once per column and event, on the hot path: compare names or use the index, do not
/// allocate. A field that is absent is [`ValueRef::Null`]; only the entity and time columns may not be. So a column whose
/// name is misspelt is null in every event, and no error: [`FeatureSet::check_record`](crate::FeatureSet::check_record)
/// finds it, for a record that has a [`Schema`].
///
/// With the flag `derive`, `#[derive(Record)]` writes this for a struct.
///
/// # Examples
/// ```
/// use skewless::{Column, Record, ValueRef};
///
/// struct Click<'a> {
///     user: &'a str,
///     at: i64,
///     price: Option<f64>,
/// }
///
/// impl Record for Click<'_> {
///     fn field(&self, column: &Column) -> ValueRef<'_> {
///         match column.name() {
///             "user_id" => ValueRef::Str(self.user),
///             "ts" => ValueRef::I64(self.at),
///             "price" => self.price.map_or(ValueRef::Null, ValueRef::F64),
///             _ => ValueRef::Null,
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    note = "with the flag `derive`, `#[derive(Record)]` makes a struct with named fields one"
)]
pub trait Record {
    /// This event's value in `column`.
    fn field(&self, column: &Column) -> ValueRef<'_>;
}

/// A record whose columns are known before there is an event: what `#[derive(Record)]` writes beside [`Record`].
///
/// It is for declaring and for checking, by [`Builder::record`](crate::Builder::record) and
/// [`FeatureSet::check_record`](crate::FeatureSet::check_record); an event is read without it. Written by hand, it must
/// say what [`Record::field`] does.
///
/// # Examples
/// ```
/// use skewless::{Column, Feature, FeatureSet, Field, Kind, Record, Schema, ValueRef, Window};
///
/// struct Click {
///     user: u32,
///     at: i64,
/// }
///
/// impl Record for Click {
///     fn field(&self, column: &Column) -> ValueRef<'_> {
///         match column.name() {
///             "user_id" => self.user.value(),
///             "ts" => self.at.value(),
///             _ => ValueRef::Null,
///         }
///     }
/// }
///
/// impl Schema for Click {
///     const ENTITY: &'static [&'static str] = &["user_id"];
///     const TIME: &'static str = "ts";
///     const COLUMNS: &'static [(&'static str, Kind)] = &[("user_id", u32::KIND), ("ts", i64::KIND)];
/// }
///
/// let clicks = Feature::count().over(Window::lifetime());
/// let set = FeatureSet::builder("shopper").record::<Click>().feature("clicks", clicks).build()?;
/// assert_eq!(set.entity_columns()[0].name(), "user_id");
/// # Ok::<(), skewless::Error>(())
/// ```
#[diagnostic::on_unimplemented(note = "with the flag `derive`, `#[derive(Record)]` writes it for a struct")]
pub trait Schema: Record {
    /// The columns that say whose event it is, in order; none if the host knows that from elsewhere, as it may with a
    /// [`State`](crate::State) for each entity.
    const ENTITY: &'static [&'static str];

    /// The column of the event time.
    const TIME: &'static str;

    /// Every column with what it holds, those above included; each name once.
    const COLUMNS: &'static [(&'static str, Kind)];
}

impl<R: Record + ?Sized> Record for &R {
    #[inline]
    fn field(&self, column: &Column) -> ValueRef<'_> {
        (**self).field(column)
    }
}

/// Values in the order of [`FeatureSet::columns`](crate::FeatureSet::columns); missing ones are null.
impl Record for [ValueRef<'_>] {
    #[inline]
    fn field(&self, column: &Column) -> ValueRef<'_> {
        self.get(column.index()).copied().unwrap_or(ValueRef::Null)
    }
}

impl<const N: usize> Record for [ValueRef<'_>; N] {
    #[inline]
    fn field(&self, column: &Column) -> ValueRef<'_> {
        self.as_slice().field(column)
    }
}

impl Record for BTreeMap<String, Value> {
    fn field(&self, column: &Column) -> ValueRef<'_> {
        self.get(column.name()).map_or(ValueRef::Null, Value::as_ref)
    }
}

#[allow(clippy::disallowed_types, reason = "only looked up by key: its order is never seen")]
impl<S: BuildHasher> Record for HashMap<String, Value, S> {
    fn field(&self, column: &Column) -> ValueRef<'_> {
        self.get(column.name()).map_or(ValueRef::Null, Value::as_ref)
    }
}

/// A JSON object. A number written without fraction or exponent is an integer; arrays and objects are
/// of no kind here (a list column needs a typed record).
impl Record for serde_json::Value {
    fn field(&self, column: &Column) -> ValueRef<'_> {
        match self.get(column.name()) {
            None | Some(Self::Null) => ValueRef::Null,
            Some(Self::Bool(x)) => ValueRef::Bool(*x),
            Some(Self::String(x)) => ValueRef::Str(x),
            Some(Self::Number(x)) => match (x.as_i64(), x.as_f64()) {
                (Some(x), _) => ValueRef::I64(x),
                (None, Some(x)) => ValueRef::F64(x),
                (None, None) => ValueRef::Other("a number beyond f64"),
            },
            Some(Self::Array(_)) => ValueRef::Other("an array"),
            Some(Self::Object(_)) => ValueRef::Other("an object"),
        }
    }
}
