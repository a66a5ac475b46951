//! One value through serde, and the key of a map.

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::{Outcome, Refused, Why};
use crate::value::{OTHER, Value};

/// One value.
#[derive(Clone, Copy)]
pub(super) struct One<'de>(pub(super) &'de Value);

impl<'de> IntoDeserializer<'de, Refused> for One<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Every number in `list`, then makes sure that all were taken.
fn numbers<'de, V: Visitor<'de>>(list: &[f64], visitor: V) -> Outcome<V::Value> {
    let mut items = SeqDeserializer::new(list.iter().copied());
    let value = visitor.visit_seq(&mut items)?;
    items.end().map(|()| value)
}

fn items<'de, V: Visitor<'de>>(items: &'de [Value], visitor: V) -> Outcome<V::Value> {
    let mut items = SeqDeserializer::new(items.iter().map(One));
    let value = visitor.visit_seq(&mut items)?;
    items.end().map(|()| value)
}

fn pairs<'de, V: Visitor<'de>>(pairs: &'de [(Value, Value)], visitor: V) -> Outcome<V::Value> {
    let mut pairs = MapDeserializer::new(pairs.iter().map(|(key, value)| (Key(key), One(value))));
    let value = visitor.visit_map(&mut pairs)?;
    pairs.end().map(|()| value)
}

/// What takes a value that is there: nulls are told apart from it.
macro_rules! taken_if_there {
    ($($method:ident($($argument:ident: $of:ty),*);)+) => {$(
        fn $method<V: Visitor<'de>>(self, $($argument: $of,)* visitor: V) -> Outcome<V::Value> {
            $(let _ = $argument;)*
            if self.0.is_null() { Err(Refused::null(&visitor)) } else { self.deserialize_any(visitor) }
        }
    )+};
}

/// What takes an integer: a moment is one, in microseconds.
macro_rules! integers {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
            match self.0 {
                Value::Null => Err(Refused::null(&visitor)),
                Value::Time(at) => visitor.visit_i64(at.as_micros()),
                _ => self.deserialize_any(visitor),
            }
        }
    )+};
}

impl<'de> Deserializer<'de> for One<'de> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(x) => visitor.visit_bool(*x),
            Value::I64(x) => visitor.visit_i64(*x),
            Value::F64(x) => visitor.visit_f64(*x),
            Value::Str(x) => visitor.visit_borrowed_str(x),
            Value::Time(x) => visitor.visit_string(x.to_string()),
            Value::List(x) => numbers(x, visitor),
            Value::Items(x) => items(x, visitor),
            Value::Map(x) => pairs(x, visitor),
            Value::Overflow => Err(Refused::new(Why::Overflow)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            Value::Overflow => Err(Refused::new(Why::Overflow)),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Outcome<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.0 {
            Value::Null => Err(Refused::null(&visitor)),
            Value::Map(pairs) => {
                let pairs = pairs.iter().map(|(key, value)| (Key(key), One(value)));
                MapDeserializer::new(pairs).deserialize_seq(visitor)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Outcome<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, _: usize, visitor: V) -> Outcome<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Outcome<V::Value> {
        match self.0 {
            Value::Null => Err(Refused::null(&visitor)),
            Value::Str(text) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        // A feature that nobody asks for may have overflowed.
        visitor.visit_unit()
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    taken_if_there! {
        deserialize_bool();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_map();
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        deserialize_identifier();
    }

    forward_to_deserialize_any! { unit unit_struct }
}

/// The key of a map: text for whoever wants text, itself for everyone else.
#[derive(Clone, Copy)]
struct Key<'de>(&'de Value);

impl<'de> IntoDeserializer<'de, Refused> for Key<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// What takes a key as text.
macro_rules! texts {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
            match self.0 {
                Value::Null => visitor.visit_borrowed_str(OTHER),
                Value::Str(text) => visitor.visit_borrowed_str(text),
                key => visitor.visit_string(key.to_string()),
            }
        }
    )+};
}

/// What takes a key as a value takes it.
macro_rules! as_value {
    ($($method:ident($($argument:ident: $of:ty),*);)+) => {$(
        fn $method<V: Visitor<'de>>(self, $($argument: $of,)* visitor: V) -> Outcome<V::Value> {
            One(self.0).$method($($argument,)* visitor)
        }
    )+};
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Refused;

    texts! { deserialize_str deserialize_string deserialize_identifier }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        if self.0.is_null() { self.deserialize_str(visitor) } else { One(self.0).deserialize_any(visitor) }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Outcome<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    as_value! {
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
    }

    forward_to_deserialize_any! {
        char bytes byte_buf unit unit_struct seq tuple tuple_struct map struct ignored_any
    }
}
