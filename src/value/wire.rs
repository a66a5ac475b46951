//! A value as bytes and as JSON.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::nested::OTHER;
use super::{Double, List, Text, Value};
use crate::codec::Reader;
use crate::error::{Error, Result};
use crate::time::Timestamp;

/// The binary form: one tag, then the bare value.
#[derive(Serialize, Deserialize)]
enum Wire {
    Null,
    Bool(bool),
    I64(i64),
    F64(Double),
    Str(Text),
    Time(Timestamp),
    List(List),
    Overflow,
}

impl Serialize for Value {
    /// Plain JSON for people; one tag and the value for machines.
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            return match self {
                Self::Null => to.serialize_unit(),
                Self::Bool(x) => to.serialize_bool(*x),
                Self::I64(x) => to.serialize_i64(*x),
                Self::F64(x) if x.is_finite() => to.serialize_f64(*x),
                Self::List(x) => to.collect_seq(x.iter()),
                Self::Items(x) => to.collect_seq(x.iter()),
                Self::Map(x) => to.collect_map(x.iter().map(|(key, value)| (Key(key), value))),
                // RFC 3339 has four digits for a year.
                Self::Time(x) if !(0..=253_402_300_799_999_999).contains(&(x.as_micros() + 62_167_219_200_000_000)) => {
                    to.serialize_i64(x.as_micros())
                }
                other => to.collect_str(other),
            };
        }
        match self {
            Self::Null => Wire::Null,
            Self::Bool(x) => Wire::Bool(*x),
            Self::I64(x) => Wire::I64(*x),
            Self::F64(x) => Wire::F64(Double::plain(*x)),
            Self::Str(x) => Wire::Str(x.clone()),
            Self::Time(x) => Wire::Time(*x),
            Self::List(x) => Wire::List(x.clone()),
            Self::Overflow => Wire::Overflow,
            // Answers only; no state holds them, and reading refuses these two.
            Self::Items(x) => return to.serialize_newtype_variant("Value", 8, "Items", &**x),
            Self::Map(x) => return to.serialize_newtype_variant("Value", 9, "Map", &**x),
        }
        .serialize(to)
    }
}

/// A key as the text JSON needs.
struct Key<'a>(&'a Value);

impl Serialize for Key<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        if self.0.is_null() { to.serialize_str(OTHER) } else { to.collect_str(self.0) }
    }
}

impl Value {
    /// Reads the binary form, the common kinds by hand: most of a stored state is values.
    #[inline]
    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self> {
        match from.peek() {
            Some(0) => from.bytes(1, "null").map(|_| Self::Null),
            Some(3) => {
                let bytes = from.bytes(9, "row value")?;
                let bits = bytes.get(1..).and_then(|bytes| bytes.try_into().ok()).unwrap_or([0; 8]);
                let x = f64::from_le_bytes(bits);
                match Double::new(x) {
                    Some(kept) if kept.get().to_bits() == x.to_bits() => Ok(Self::F64(x)),
                    _ => Err(Error::corrupt(format!("row value: {x:?} is not kept; NaN is null and -0.0 is 0.0"))),
                }
            }
            Some(4) => {
                from.bytes(1, "string")?;
                let len = from.count(1, "string")?;
                let text = std::str::from_utf8(from.bytes(len, "string")?);
                text.map(|text| Self::Str(Text::new(text))).map_err(|why| Error::corrupt(format!("row value: {why}")))
            }
            _ => from.take("row value"),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    /// Reads the binary form only; a definition's literals have their own reader.
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        Ok(match Wire::deserialize(from)? {
            Wire::Null => Self::Null,
            Wire::Bool(x) => Self::Bool(x),
            Wire::I64(x) => Self::I64(x),
            Wire::F64(x) => Self::F64(x.get()),
            Wire::Str(x) => Self::Str(x),
            Wire::Time(x) => Self::Time(x),
            Wire::List(x) => Self::List(x),
            // An answer only; no state holds it.
            Wire::Overflow => return Err(serde::de::Error::custom("an overflow is not kept")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_by_hand_are_those_read_by_derive() {
        let long = "a text of more than twenty-three bytes, so that it is not inline";
        let numbers = [0.5, -1.0, f64::INFINITY, f64::MIN_POSITIVE].map(Value::from);
        let others = [Value::Null, Value::Bool(true), Value::I64(-3), "".into(), "\u{e9}".into(), long.into()];
        for value in numbers.into_iter().chain(others) {
            let mut bytes = Vec::new();
            crate::codec::put(&mut bytes, &value);
            let mut from = Reader::new(&bytes);
            assert_eq!(Value::read(&mut from).unwrap(), value);
            from.finish().unwrap();
            for len in 0..bytes.len() {
                assert!(Value::read(&mut Reader::new(&bytes[..len])).is_err());
            }
        }
        for odd in [f64::NAN, -f64::NAN, -0.0] {
            let bytes: Vec<u8> = [3].into_iter().chain(odd.to_le_bytes()).collect();
            assert!(Value::read(&mut Reader::new(&bytes)).is_err());
        }
        assert!(Value::read(&mut Reader::new(&[4, 1, 0xff])).is_err());
    }
}
