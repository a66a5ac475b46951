//! The bytes around a sketch: magic, format, body, checksum, and one check that a body is the canonical one.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::Serializer;

use crate::codec::Reader;
use crate::error::{Error, Result};
use crate::hash::checksum;

/// The one layout so far.
const FORMAT: u8 = 1;

/// A sketch that writes itself in one way.
pub(super) trait Body: Sized {
    /// The first four bytes of its encoded form.
    const MAGIC: [u8; 4];

    /// Appends the canonical body.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads a body; it may accept forms that `write` does not write, [`parse`] refuses those.
    fn read(from: &mut Reader<'_>) -> Result<Self>;
}

/// The sketch with magic and format in front and a checksum of all that behind.
pub(super) fn encode<T: Body>(sketch: &T) -> Vec<u8> {
    let mut out = T::MAGIC.to_vec();
    out.push(FORMAT);
    sketch.write(&mut out);
    let sum = checksum(0, &out);
    out.extend(sum);
    out
}

/// Reads what [`encode`] wrote.
pub(super) fn decode<T: Body>(bytes: &[u8]) -> Result<T> {
    let rest = bytes.strip_prefix(&T::MAGIC).ok_or_else(|| Error::magic(bytes, T::MAGIC))?;
    let (&format, rest) = rest.split_first().ok_or_else(|| Error::corrupt("no format byte after the magic"))?;
    if format != FORMAT {
        return Err(Error::format(format, FORMAT));
    }
    let (body, found) = rest.split_last_chunk::<4>().ok_or_else(|| Error::corrupt("cut before the checksum"))?;
    let expected = checksum(0, bytes.strip_suffix(found).unwrap_or(bytes));
    if *found != expected {
        return Err(Error::corrupt(format!("checksum {found:02x?}, the bytes have {expected:02x?}")));
    }
    parse(body)
}

/// Reads a body, and only the one form that is written.
fn parse<T: Body>(bytes: &[u8]) -> Result<T> {
    let mut from = Reader::new(bytes);
    let sketch = T::read(&mut from)?;
    from.finish()?;
    // One check for every way of not being canonical: the sketch must give these very bytes.
    let mut again = Vec::with_capacity(bytes.len());
    sketch.write(&mut again);
    if again != bytes {
        return Err(Error::not_canonical("the sketch they describe is written differently"));
    }
    Ok(sketch)
}

/// The body as one byte string.
pub(super) fn serialize<T: Body, S: Serializer>(sketch: &T, to: S) -> std::result::Result<S::Ok, S::Error> {
    let mut body = Vec::new();
    sketch.write(&mut body);
    to.serialize_bytes(&body)
}

/// Reads the byte string that [`serialize`] wrote.
pub(super) fn deserialize<'de, T: Body, D: Deserializer<'de>>(from: D) -> std::result::Result<T, D::Error> {
    from.deserialize_bytes(Bytes(PhantomData))
}

/// Serde by the body, for a type that is a [`Body`].
macro_rules! serde_by_body {
    ($sketch:ty) => {
        impl serde::Serialize for $sketch {
            /// The canonical body as one byte string.
            fn serialize<S: serde::Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
                $crate::sketches::frame::serialize(self, to)
            }
        }

        impl<'de> serde::Deserialize<'de> for $sketch {
            /// Refuses every byte string that is not written for some state.
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
                $crate::sketches::frame::deserialize(from)
            }
        }
    };
}
pub(super) use serde_by_body;

struct Bytes<T>(PhantomData<T>);

impl<'de, T: Body> Visitor<'de> for Bytes<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes of a sketch")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> std::result::Result<T, E> {
        parse(bytes).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<T, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = items.next_element::<u8>()? {
            bytes.push(byte);
        }
        parse(&bytes).map_err(A::Error::custom)
    }
}
