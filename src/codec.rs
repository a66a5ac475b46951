//! Bytes out, bytes in: a bounded reader and writer over the `postcard` wire format.
//!
//! `postcard` is specified and stable: integers are LEB128 varints (signed ones zigzag), doubles eight
//! little-endian bytes, sequences a count and their items. This file adds the bounds: nothing allocates
//! by a count it has not held against the bytes that are left.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::hash::checksum;

/// Appends `value` to `out`.
pub(crate) fn put<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Writing to memory fails only for types postcard has no form for, and a computer's state that
    // cannot be written is caught by the round-trip law before it is ever stored.
    let _ = postcard::to_io(value, out);
}

/// Appends an unsigned LEB128 varint, the form postcard gives a `u64`.
#[inline]
pub(crate) fn put_u64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a zigzag varint, the form postcard gives an `i64`.
#[inline]
pub(crate) fn put_i64(out: &mut Vec<u8>, value: i64) {
    put_u64(out, ((value << 1) ^ (value >> 63)) as u64);
}

/// Reads what [`put`] wrote, and knows how much is left.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

/// A body as it is stored: magic, a format byte, a checksum of the body, the body.
pub(crate) fn seal(magic: [u8; 4], format: u8, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 9);
    out.extend_from_slice(&magic);
    out.push(format);
    out.extend_from_slice(&checksum(0, body));
    out.extend_from_slice(body);
    out
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Reads magic and format, and goes on after them.
    pub(crate) fn headed(bytes: &'a [u8], magic: [u8; 4], format: u8) -> Result<Self> {
        let rest = bytes.strip_prefix(&magic).ok_or_else(|| Error::magic(bytes, magic))?;
        let mut from = Self::new(rest);
        match from.bytes(1, "format")? {
            [found] if *found != format => Err(Error::format(*found, format)),
            _ => Ok(from),
        }
    }

    /// Reads what [`seal`] wrote, up to the body.
    pub(crate) fn sealed(bytes: &'a [u8], magic: [u8; 4], format: u8) -> Result<Self> {
        let mut from = Self::headed(bytes, magic, format)?;
        let sum = from.bytes(4, "checksum")?;
        if sum != checksum(0, from.rest) {
            return Err(Error::corrupt("the checksum does not match: the bytes were cut short or changed"));
        }
        Ok(from)
    }

    /// Reads one value of `T`.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, what: &str) -> Result<T> {
        let (value, rest) = postcard::take_from_bytes::<T>(self.rest)
            .map_err(|why| Error::corrupt(format!("{what}: {why} ({} bytes left)", self.rest.len())))?;
        self.rest = rest;
        Ok(value)
    }

    /// Reads an unsigned varint.
    #[inline]
    pub(crate) fn u64(&mut self, what: &str) -> Result<u64> {
        match self.rest {
            // Most are small.
            [byte @ 0..0x80, rest @ ..] => {
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            _ => self.take(what),
        }
    }

    /// Reads a zigzag varint.
    #[inline]
    pub(crate) fn i64(&mut self, what: &str) -> Result<i64> {
        let zigzag = self.u64(what)?;
        Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }

    /// The next byte, without reading it.
    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Reads a count of items that take at least `bytes_each`, and holds it against what is left.
    pub(crate) fn count(&mut self, bytes_each: usize, what: &str) -> Result<usize> {
        let found = self.u64(what)?;
        let most = self.rest.len() / bytes_each.max(1);
        usize::try_from(found)
            .ok()
            .filter(|n| *n <= most)
            .ok_or_else(|| Error::corrupt(format!("{what}: {found} announced, {most} possible in the bytes left")))
    }

    /// Reads exactly `n` raw bytes.
    pub(crate) fn bytes(&mut self, n: usize, what: &str) -> Result<&'a [u8]> {
        let (head, rest) = self
            .rest
            .split_at_checked(n)
            .ok_or_else(|| Error::corrupt(format!("{what}: {n} bytes needed, {} left", self.rest.len())))?;
        self.rest = rest;
        Ok(head)
    }

    /// Succeeds only when everything was read.
    pub(crate) fn finish(self) -> Result<()> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Error::corrupt(format!("{} bytes left over at the end", self.rest.len())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_varints_are_postcards() {
        for x in [0, 1, -1, 63, 64, -64, -65, i64::MIN, i64::MAX, 1 << 40] {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            put_i64(&mut ours, x);
            put_u64(&mut ours, x as u64);
            put(&mut theirs, &x);
            put(&mut theirs, &(x as u64));
            assert_eq!(ours, theirs, "{x}");
            let mut from = Reader::new(&ours);
            assert_eq!((from.i64("x").unwrap(), from.u64("x").unwrap()), (x, x as u64));
            from.finish().unwrap();
        }
    }

    #[test]
    fn a_count_is_held_against_the_bytes_left() {
        let mut bytes = Vec::new();
        put_u64(&mut bytes, u64::MAX);
        assert!(Reader::new(&bytes).count(1, "items").is_err());
        assert_eq!(Reader::new(&[2, 0, 0]).count(1, "items").unwrap(), 2);
    }
}
