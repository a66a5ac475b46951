//! What a Rust value is in a column: [`Field`].

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};

use crate::time::{OUT_OF_RANGE, Timestamp};
use crate::value::{Double, Kind, List, Text, ValueRef};

/// A value that can be a column of a record: what `#[derive(Record)]` asks of every field.
///
/// Ready to use: `bool`; integers of up to 64 bits, of which `u64` and `usize` beyond `i64` are refused where the event
/// enters; `f32` and `f64`; `str` and `String`; [`Timestamp`]; chrono's `DateTime` of any zone, `NaiveDateTime` as UTC
/// and `NaiveDate` as its midnight in UTC, all floored to microseconds; `Vec<f64>`, `[f64; N]` and `[f64]` as lists.
/// `Option` of any of them may be null, and references, `Box`, `Rc`, `Arc` and `Cow` are what they point to.
///
/// A type of your own is made one by hand, or with the flag `derive` by `#[derive(Field)]`: an enum whose variants have
/// no fields becomes a category, and a struct of one field what that field is.
///
/// # Examples
/// ```
/// use skewless::{Field, Kind, ValueRef};
///
/// /// Money in cents, which features see in whole units.
/// struct Cents(i32);
///
/// impl Field for Cents {
///     const KIND: Kind = Kind::F64;
///
///     fn value(&self) -> ValueRef<'_> {
///         ValueRef::F64(f64::from(self.0) / 100.0)
///     }
/// }
/// assert_eq!(Cents(250).value(), ValueRef::F64(2.5));
/// assert_eq!(None::<Cents>.value(), ValueRef::Null);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no type that a column can hold",
    label = "not a `skewless::Field`",
    note = "fields may be `bool`, integers of up to 64 bits, `f32`, `f64`, text, `skewless::Timestamp`, chrono's times and lists of `f64`, and an `Option` or a pointer to any of these",
    note = "leave this one out with `#[record(skip)]`, or implement `skewless::Field` for a type of your own; `#[derive(Field)]` does it for enums without fields and for structs of one field"
)]
pub trait Field {
    /// What the column holds; the same for every value of the type.
    const KIND: Kind;

    /// The value: null, of [`KIND`](Self::KIND), or [`ValueRef::Other`] with words for why it is neither.
    ///
    /// Called once per column and event, on the hot path: lend what is there, do not allocate.
    fn value(&self) -> ValueRef<'_>;
}

/// An integer that a column cannot hold.
const BEYOND: &str = "an unsigned integer beyond i64";

/// A moment in microseconds; one out of range costs no more than one within.
#[inline]
fn moment(micros: i64) -> ValueRef<'static> {
    let at = Timestamp::clamped(micros);
    if at.as_micros() == micros { ValueRef::Time(at) } else { ValueRef::Other(OUT_OF_RANGE) }
}

macro_rules! fields {
    ($($type:ty => $kind:ident, |$x:ident| $value:expr;)+) => {$(
        impl Field for $type {
            const KIND: Kind = Kind::$kind;

            #[inline]
            fn value(&self) -> ValueRef<'_> {
                let $x = self;
                $value
            }
        }
    )+};
}

fields! {
    bool => Bool, |x| ValueRef::Bool(*x);
    i8 => I64, |x| ValueRef::I64(i64::from(*x));
    i16 => I64, |x| ValueRef::I64(i64::from(*x));
    i32 => I64, |x| ValueRef::I64(i64::from(*x));
    i64 => I64, |x| ValueRef::I64(*x);
    isize => I64, |x| ValueRef::I64(*x as i64);
    u8 => I64, |x| ValueRef::I64(i64::from(*x));
    u16 => I64, |x| ValueRef::I64(i64::from(*x));
    u32 => I64, |x| ValueRef::I64(i64::from(*x));
    u64 => I64, |x| i64::try_from(*x).map_or(ValueRef::Other(BEYOND), ValueRef::I64);
    usize => I64, |x| i64::try_from(*x).map_or(ValueRef::Other(BEYOND), ValueRef::I64);
    f32 => F64, |x| ValueRef::F64(f64::from(*x));
    f64 => F64, |x| ValueRef::F64(*x);
    Double => F64, |x| ValueRef::F64(x.get());
    str => Str, |x| ValueRef::Str(x);
    String => Str, |x| ValueRef::Str(x);
    Text => Str, |x| ValueRef::Str(x);
    Timestamp => Time, |x| ValueRef::Time(*x);
    NaiveDateTime => Time, |x| moment(x.and_utc().timestamp_micros());
    NaiveDate => Time, |x| moment(x.and_time(NaiveTime::MIN).and_utc().timestamp_micros());
    List => List, |x| ValueRef::List(x);
}

// Lists are written out: the compiler shows one of these to whoever has a list of something else.
impl Field for [f64] {
    const KIND: Kind = Kind::List;

    #[inline]
    fn value(&self) -> ValueRef<'_> {
        ValueRef::List(self)
    }
}

impl Field for Vec<f64> {
    const KIND: Kind = Kind::List;

    #[inline]
    fn value(&self) -> ValueRef<'_> {
        ValueRef::List(self)
    }
}

impl<const N: usize> Field for [f64; N] {
    const KIND: Kind = Kind::List;

    #[inline]
    fn value(&self) -> ValueRef<'_> {
        ValueRef::List(self)
    }
}

impl<Tz: TimeZone> Field for DateTime<Tz> {
    const KIND: Kind = Kind::Time;

    #[inline]
    fn value(&self) -> ValueRef<'_> {
        moment(self.timestamp_micros())
    }
}

impl<T: Field> Field for Option<T> {
    const KIND: Kind = T::KIND;

    #[inline]
    fn value(&self) -> ValueRef<'_> {
        self.as_ref().map_or(ValueRef::Null, T::value)
    }
}

macro_rules! pointers {
    ($($pointer:ty),+) => {$(
        impl<T: Field + ?Sized> Field for $pointer {
            const KIND: Kind = T::KIND;

            #[inline]
            fn value(&self) -> ValueRef<'_> {
                (**self).value()
            }
        }
    )+};
}

pointers!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

impl<T: Field + ToOwned + ?Sized> Field for Cow<'_, T> {
    const KIND: Kind = T::KIND;

    #[inline]
    fn value(&self) -> ValueRef<'_> {
        (**self).value()
    }
}
