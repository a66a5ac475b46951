//! A vector as a struct of one's own: `Vector::deserialize`, through serde.

mod value;

use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, Expected, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use self::value::One;
use super::Vector;
use crate::error::{Error, Result};
use crate::value::Value;

impl Vector {
    /// The values as a type of yours, by name: a struct with a field for each feature it wants, or a map.
    ///
    /// By serde's rules: a feature that no field is called like is passed over, unless the type has
    /// `deny_unknown_fields`; a field that no feature is called like is an error, unless it has a default or is an
    /// `Option`. The latter means that a misspelt `Option` is always `None`: better not give one to a feature that is
    /// never null.
    ///
    /// A null is for an `Option`, whatever it is of. An integer goes into any integer type that holds it, and rounded
    /// into a float; a double into a float, never into an integer; a moment into [`Timestamp`](crate::Timestamp), chrono's
    /// `DateTime`, text (RFC 3339) or an integer (microseconds, also where serde is told of seconds); text into text,
    /// borrowed too, and into enums without fields. Lists go into sequences and, if they are as long, arrays and tuples;
    /// maps into maps, whose null key is `None` or the text `(other)`, or into sequences of pairs, which keep the order.
    /// What no field takes is not looked at, but serde's `flatten` looks at everything and tells no names.
    ///
    /// # Errors
    /// [`ErrorKind::Overflow`](crate::ErrorKind::Overflow) for an integer outside `i64`, into an `Option` too;
    /// [`ErrorKind::Type`](crate::ErrorKind::Type) for a value that its field does not take: `-1` is accepted by an
    /// `i8` and not by a `u8`; both with the feature's name. [`ErrorKind::Definition`](crate::ErrorKind::Definition) for
    /// a field that no feature is called like.
    ///
    /// # Examples
    /// ```
    /// use serde::Deserialize;
    /// # use skewless::{Feature, FeatureSet, State, Timestamp, Window};
    ///
    /// #[derive(Deserialize)]
    /// struct Shopper<'a> {
    ///     clicks: u32,
    ///     mean_price: Option<f64>,
    ///     #[serde(rename = "last")]
    ///     last_word: Option<&'a str>,
    /// }
    /// # let set = FeatureSet::builder("s").entity("user").time("ts")
    /// #     .feature("clicks", Feature::count().over(Window::lifetime()))
    /// #     .feature("mean_price", Feature::mean("price").over(Window::lifetime()))
    /// #     .feature("last", Feature::last("word").over(Window::lifetime())).build()?;
    /// # let mut state = State::new(&set);
    /// # state.update(&serde_json::json!({"ts": 1, "word": "shoes"}))?;
    /// # let vector = state.vector(Timestamp::from_micros(2)?)?;
    ///
    /// let shopper: Shopper = vector.deserialize()?;
    /// assert_eq!((shopper.clicks, shopper.mean_price, shopper.last_word), (1, None, Some("shoes")));
    /// # Ok::<(), skewless::Error>(())
    /// ```
    pub fn deserialize<'de, T: Deserialize<'de>>(&'de self) -> Result<T> {
        T::deserialize(Whole(self)).map_err(|refused| refused.into_error(self))
    }
}

/// Why it cannot be done, and of which feature, once that is known.
#[derive(Debug)]
struct Refused {
    feature: Option<String>,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Overflow,
    /// A field that there is no value for.
    Missing(&'static str),
    /// A value that there is no field for.
    Unknown(String, &'static [&'static str]),
    Other(String),
}

impl Refused {
    fn new(why: Why) -> Self {
        Self { feature: None, why }
    }

    /// A null where something has to be.
    fn null(expected: &dyn Expected) -> Self {
        Self::new(Why::Other(format!("found null, expected {expected}; an `Option` may be null")))
    }

    fn of(mut self, feature: &str) -> Self {
        self.feature.get_or_insert_with(|| feature.to_owned());
        self
    }

    fn into_error(self, vector: &Vector) -> Error {
        match (self.feature, self.why) {
            (Some(feature), Why::Overflow) => Error::overflow(&feature),
            (None, Why::Missing(name)) => vector.header.no_such(name),
            (None, Why::Unknown(name, fields)) => {
                let fields = fields.join(", ");
                Error::definition(name, format!("a feature that nothing takes; there are the fields {fields}"))
            }
            (Some(feature), why) => Error::answer(&feature, why.to_string()),
            (None, why) => Error::vector(why.to_string()),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overflow => f.write_str("integer overflow"),
            Self::Missing(name) => write!(f, "missing field `{name}`"),
            Self::Unknown(name, fields) => write!(f, "unknown field `{name}`, expected {}", fields.join(", ")),
            Self::Other(message) => f.write_str(message),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Why::Other(message.to_string()))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Why::Missing(field))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Why::Unknown(field.to_owned(), expected))
    }
}

type Outcome<T> = std::result::Result<T, Refused>;

/// A vector as a map.
struct Whole<'de>(&'de Vector);

impl<'de> Deserializer<'de> for Whole<'de> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        let rest = self.0.header.names().iter().zip(&self.0.values);
        visitor.visit_map(Features { rest, value: None })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Outcome<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

/// The features that are still to come, and the value of the one that was named last.
struct Features<'de> {
    rest: std::iter::Zip<std::slice::Iter<'de, String>, std::slice::Iter<'de, Value>>,
    value: Option<(&'de str, &'de Value)>,
}

impl<'de> MapAccess<'de> for Features<'de> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Outcome<Option<K::Value>> {
        self.value = self.rest.next().map(|(name, value)| (name.as_str(), value));
        self.value.map(|(name, _)| seed.deserialize(BorrowedStrDeserializer::new(name))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Outcome<V::Value> {
        let Some((name, value)) = self.value.take() else {
            return Err(de::Error::custom("a value was asked for before its name"));
        };
        seed.deserialize(One(value)).map_err(|refused| refused.of(name))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}
