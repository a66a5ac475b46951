//! The contract: [`FeatureComputer`], its laws, and the [`Input`]s it may ask for.

use std::cmp::Ordering;
use std::fmt::Debug;
use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::table::Columnar;
use crate::time::{Interval, Timestamp};
use crate::value::{Double, Kind, List, Shape, Text, Value, ValueRef};

/// The most columns one computer reads, a tie break included.
pub const MAX_ARGS: usize = 4;

/// Computes one feature: folds inputs into a state, merges states, and reads an answer off one.
///
/// Write this once and it runs per event, over Arrow, in a merge and in a replay. The built-in
/// aggregates are written with it and with nothing else.
///
/// # Laws
/// For all states `a`, `b`, `c` and all sequences of inputs:
///
/// 1. *identity*: merging [`identity`](Self::identity) into `a`, or `a` into it, gives `a`
/// 2. *commutative*: merging `b` into `a` gives what merging `a` into `b` gives
/// 3. *associative*: `(a b) c` = `a (b c)`
/// 4. *order*: folding the same inputs in another order gives the same state
/// 5. *split*: cutting the inputs anywhere, folding the parts and merging them gives the fold of all
/// 6. *bytes*: equal states serialise to equal bytes, and `decode(encode(a)) = a`
/// 7. *presence*: the fold of at least one input is not the identity; a sum that can come back to zero keeps a
///    count beside it
/// 8. *idempotent*, only if [`IDEMPOTENT`](Self::IDEMPOTENT): folding an input twice changes nothing
/// 9. *group*, only if [`GROUP`](Self::GROUP): `retract` after `update` gives the state before
///
/// `=` is equality of states, of their bytes, and of the bits of their outputs; there is no tolerance.
/// With the flag `testing`, `skewless::testing::check(computer)` holds a computer to all of them.
///
/// # Examples
/// The longest text seen, ties to the lesser one:
/// ```
/// use skewless::{FeatureComputer, Interval, Kind, Shape, Value};
///
/// #[derive(Debug)]
/// struct Longest;
///
/// impl FeatureComputer for Longest {
///     type Input<'a> = &'a str;
///     type State = Option<String>;
///
///     fn id(&self) -> String {
///         "example.longest/1".into()
///     }
///     fn output_shape(&self) -> Shape {
///         Kind::Str.into()
///     }
///     fn identity(&self) -> Option<String> {
///         None
///     }
///     fn update(&self, state: &mut Option<String>, input: &str) {
///         let better = |old: &String| (input.len(), old.as_str()) > (old.len(), input);
///         if state.as_ref().is_none_or(better) {
///             *state = Some(input.to_owned());
///         }
///     }
///     fn merge(&self, into: &mut Option<String>, from: &Option<String>) {
///         if let Some(text) = from {
///             self.update(into, text);
///         }
///     }
///     fn output(&self, state: &Option<String>, _: Interval) -> Value {
///         Value::from(state.as_deref().map(str::to_owned))
///     }
/// }
/// # #[cfg(feature = "testing")]
/// skewless::testing::check(Longest)?;
/// # Ok::<(), skewless::Error>(())
/// ```
pub trait FeatureComputer: Debug + Send + Sync + 'static {
    /// What one event brings. An event whose columns are null brings nothing and is skipped.
    type Input<'a>: Input<'a>;

    /// What is kept. Its `serde` form is stored, so it must be canonical: sorted, trimmed, no hash maps.
    ///
    /// Deserialising must refuse a form that serialising would not write.
    type State: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Whether folding the same input twice changes nothing (law 8).
    const IDEMPOTENT: bool = false;

    /// Whether [`retract`](Self::retract) undoes [`update`](Self::update) exactly (law 9).
    const GROUP: bool = false;

    /// Whether [`output`](Self::output) may be null.
    const NULLABLE: bool = true;

    /// A name, the parameters and a version: all that can change an answer. It enters the fingerprint.
    fn id(&self) -> String;

    /// A name for the state alone. Computers that fold the same inputs into the same state and only read it
    /// differently, as `sum` and `mean` do, return the same name, and a feature set keeps one state for them.
    /// A name that another computer uses, a built-in one too, may be used only if that holds.
    fn state_id(&self) -> String {
        self.id()
    }

    /// What [`output`](Self::output) gives when it is not null.
    fn output_shape(&self) -> Shape;

    /// How far an answer may be from the truth; exact unless said otherwise.
    fn accuracy(&self) -> Accuracy {
        Accuracy::Exact
    }

    /// The state of no inputs, and of nothing else: where a feature has a default, this state gives it, and
    /// a pane that holds it is let go.
    fn identity(&self) -> Self::State;

    /// Folds one input in. Cannot fail: what could fail was refused when the event entered.
    fn update(&self, state: &mut Self::State, input: Self::Input<'_>);

    /// Folds another state in.
    fn merge(&self, into: &mut Self::State, from: &Self::State);

    /// The answer: a pure function of the state and of the interval it is the fold of.
    ///
    /// Few need the interval: a rate its length, the time since the last event its end.
    fn output(&self, state: &Self::State, over: Interval) -> Value;

    /// Whether a state that was decoded can be one of this computer's: of its precision, its length, within its
    /// limits. One that is not is refused as [`NotCanonical`](crate::ErrorKind::NotCanonical).
    fn accepts(&self, state: &Self::State) -> bool {
        let _ = state;
        true
    }

    /// What the answer is by column, where a batch pass knows a faster way to the same bits.
    #[doc(hidden)]
    fn columnar(&self) -> Columnar {
        Columnar::No
    }

    /// Takes one input back out. Called only where [`GROUP`](Self::GROUP) is true, and only for an
    /// input that is in.
    fn retract(&self, state: &mut Self::State, input: Self::Input<'_>) {
        let _ = (state, input);
    }
}

/// How far an answer may be from the truth, as far as that is known without the data.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Accuracy {
    /// Exact, or rounded as the aggregate's card says.
    Exact,
    /// The standard deviation of the relative error.
    StandardError(f64),
    /// Never too small, and too large by more than `epsilon` times the total only with probability `delta`.
    Overestimate {
        /// The share of the total.
        epsilon: f64,
        /// The probability.
        delta: f64,
    },
    /// The greatest relative error of a value, while the sketch is within its limit.
    RelativeError(f64),
}

/// What a column must hold to be an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arg {
    /// A column of this kind; where that is `f64`, one of integers will do, each taken as the nearest double.
    Kind(Kind),
    /// Any column.
    Any,
}

/// What a computer takes from one event, read off its columns.
///
/// Ready to use: `()` (the event itself), `f64`, `i64`, `bool`, `&str`, [`Timestamp`], `&[f64]`,
/// [`ValueRef`] (any kind), pairs of those, and [`Dated`].
pub trait Input<'a>: Copy {
    /// The columns needed, in order.
    const ARGS: &'static [Arg];

    /// Whether one column more may follow: the tie break of a [`Dated`] input.
    const DATED: bool = false;

    /// Reads the input; `None` when a needed column is null, and the event is skipped.
    fn read(at: Timestamp, args: &[ValueRef<'a>]) -> Option<Self>;
}

impl Input<'_> for () {
    const ARGS: &'static [Arg] = &[];

    #[inline]
    fn read(_: Timestamp, _: &[ValueRef<'_>]) -> Option<Self> {
        Some(())
    }
}

impl<'a> Input<'a> for ValueRef<'a> {
    const ARGS: &'static [Arg] = &[Arg::Any];

    #[inline]
    fn read(_: Timestamp, args: &[ValueRef<'a>]) -> Option<Self> {
        args.first().copied().filter(|value| !value.is_null())
    }
}

macro_rules! input_of_one {
    ($($type:ty => $kind:ident),+) => {$(
        impl<'a> Input<'a> for $type {
            const ARGS: &'static [Arg] = &[Arg::Kind(Kind::$kind)];

            #[inline]
            fn read(_: Timestamp, args: &[ValueRef<'a>]) -> Option<Self> {
                if let [ValueRef::$kind(x), ..] = args { Some(*x) } else { None }
            }
        }
    )+};
}

impl<'a> Input<'a> for f64 {
    const ARGS: &'static [Arg] = &[Arg::Kind(Kind::F64)];

    #[inline]
    fn read(_: Timestamp, args: &[ValueRef<'a>]) -> Option<Self> {
        args.first().and_then(number)
    }
}

impl<'a> Input<'a> for (f64, f64) {
    const ARGS: &'static [Arg] = &[Arg::Kind(Kind::F64), Arg::Kind(Kind::F64)];

    #[inline]
    fn read(_: Timestamp, args: &[ValueRef<'a>]) -> Option<Self> {
        if let [a, b, ..] = args { number(a).zip(number(b)) } else { None }
    }
}

/// A double, or the double nearest to an integer.
#[inline]
fn number(value: &ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::F64(x) => Some(*x),
        ValueRef::I64(x) => Some(*x as f64),
        _ => None,
    }
}

input_of_one!(i64 => I64, bool => Bool, &'a str => Str, Timestamp => Time, &'a [f64] => List);

/// The two columns of a pair: one of a kind, then another.
macro_rules! input_of_two {
    ($(($a:ident: $ta:ty, $b:ident: $tb:ty)),+ $(,)?) => {$(
        impl<'a> Input<'a> for ($ta, $tb) {
            const ARGS: &'static [Arg] = &[Arg::Kind(Kind::$a), Arg::Kind(Kind::$b)];

            #[inline]
            fn read(_: Timestamp, args: &[ValueRef<'a>]) -> Option<Self> {
                if let [ValueRef::$a(a), ValueRef::$b(b), ..] = args { Some((*a, *b)) } else { None }
            }
        }
    )+};
}

input_of_two!(
    (I64: i64, I64: i64),
    (F64: f64, I64: i64),
    (I64: i64, F64: f64),
    (Str: &'a str, F64: f64),
    (Str: &'a str, I64: i64),
    (Str: &'a str, Str: &'a str),
    (Bool: bool, Bool: bool),
);

impl<'a> Input<'a> for (ValueRef<'a>, ValueRef<'a>) {
    const ARGS: &'static [Arg] = &[Arg::Any, Arg::Any];

    #[inline]
    fn read(_: Timestamp, args: &[ValueRef<'a>]) -> Option<Self> {
        if let [a, b, ..] = args { (!a.is_null() && !b.is_null()).then_some((*a, *b)) } else { None }
    }
}

/// An input with its event time and, where a tie-break column is declared, that column's value.
///
/// The tie break may be null; it sorts before everything else.
#[derive(Clone, Copy, Debug)]
pub struct Dated<'a, T> {
    /// The event time.
    pub at: Timestamp,
    /// The value of the tie-break column, or null.
    pub tie: ValueRef<'a>,
    /// The input proper.
    pub input: T,
}

impl<'a, T: Input<'a>> Input<'a> for Dated<'a, T> {
    const ARGS: &'static [Arg] = T::ARGS;
    const DATED: bool = true;

    #[inline]
    fn read(at: Timestamp, args: &[ValueRef<'a>]) -> Option<Self> {
        let tie = args.get(T::ARGS.len()).copied().unwrap_or(ValueRef::Null);
        T::read(at, args).map(|input| Self { at, tie, input })
    }
}

/// A kind of value that aggregates can be generic over: kept as `Self`, read as `Ref`.
pub trait Scalar: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The borrowed form an event brings.
    type Ref<'a>: Input<'a> + Debug;

    /// The kind of the column.
    const KIND: Kind;

    /// Keeps a borrowed value.
    fn own(value: Self::Ref<'_>) -> Self;

    /// How a kept value compares with a borrowed one, in the kind's total order.
    fn compare(&self, other: Self::Ref<'_>) -> Ordering;

    /// The kept value, borrowed again.
    fn borrow(&self) -> Self::Ref<'_>;

    /// The kept value as an answer.
    fn to_value(&self) -> Value;
}

macro_rules! scalar {
    ($($type:ty as $ref:ty => $kind:ident, $own:expr, $compare:expr, $borrow:expr;)+) => {$(
        impl Scalar for $type {
            type Ref<'a> = $ref;
            const KIND: Kind = Kind::$kind;

            #[inline]
            fn own(value: Self::Ref<'_>) -> Self {
                $own(value)
            }
            #[inline]
            fn compare(&self, other: Self::Ref<'_>) -> Ordering {
                $compare(self, &other)
            }
            #[inline]
            fn borrow(&self) -> Self::Ref<'_> {
                $borrow(self)
            }
            fn to_value(&self) -> Value {
                self.clone().into()
            }
        }
    )+};
}

scalar! {
    Double as f64 => F64, Double::plain, |a: &Double, b: &f64| a.get().total_cmp(b), |x: &Double| x.get();
    i64 as i64 => I64, |x| x, i64::cmp, |x: &i64| *x;
    bool as bool => Bool, |x| x, bool::cmp, |x: &bool| *x;
    Timestamp as Timestamp => Time, |x| x, Timestamp::cmp, |x: &Timestamp| *x;
    Text as &'a str => Str, Text::new, |a: &Text, b: &&str| a.as_bytes().cmp(b.as_bytes()), Text::deref;
    List as &'a [f64] => List, List::new, |a: &List, b: &&[f64]| a.compare(b), List::deref;
}
