//! The bytes of a sketch: with serde, and alone with a magic, a format and a checksum.

use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::estimate;
use super::table::{INDEX_BITS, MAX_RANK, RANK_BITS, Table, index_of, rank_of};
use super::{Hll, Stage, limit};
use crate::codec::{self, Reader};
use crate::error::{Error, Result};
use crate::hash::checksum;
use crate::sketches::ValueHash;

const MAGIC: [u8; 4] = *b"SKHL";
const FORMAT: u8 = 1;
const HEADER: usize = 9;
/// Added to the precision of a dense sketch.
const DENSE: u8 = 32;

impl Hll {
    /// The canonical bytes of this sketch: equal sketches give equal bytes.
    ///
    /// # Format
    /// `SKHL`, a format byte (1), four bytes of a checksum (the low half of `xxh3_64` of what follows, little-endian),
    /// then the serde form in the `postcard` format.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER + 16);
        out.extend_from_slice(&MAGIC);
        out.push(FORMAT);
        out.extend_from_slice(&[0; 4]);
        codec::put(&mut out, self);
        let sum = checksum(0, out.get(HEADER..).unwrap_or(&[]));
        if let Some(place) = out.get_mut(5..HEADER) {
            place.copy_from_slice(&sum);
        }
        out
    }

    /// Reads what [`encode`](Self::encode) wrote, and nothing else. Allocates no more than a few times the bytes given.
    ///
    /// # Errors
    /// [`Magic`](crate::ErrorKind::Magic) for bytes of something else, [`Format`](crate::ErrorKind::Format) for those
    /// of another version, [`Corrupt`](crate::ErrorKind::Corrupt) for damaged ones, and
    /// [`NotCanonical`](crate::ErrorKind::NotCanonical) for any others that `encode` would not have written. What it
    /// wrote is accepted; the same with one byte changed, or with a code that could be shorter, is not.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut from = Reader::new(bytes);
        if !bytes.starts_with(&MAGIC) {
            return Err(Error::magic(bytes, MAGIC));
        }
        from.bytes(4, "magic")?;
        let format: u8 = from.take("format")?;
        if format != FORMAT {
            return Err(Error::format(format, FORMAT));
        }
        let sum = from.bytes(4, "checksum")?;
        let payload = bytes.get(HEADER..).unwrap_or(&[]);
        if sum != checksum(0, payload) {
            return Err(Error::corrupt("the checksum does not match"));
        }
        let hash: ValueHash = from.take("hash")?;
        let (precision, dense) = read_head(from.take("precision")?)?;
        let length = from.count(1, "codes or registers")?;
        let body = from.bytes(length, "codes or registers")?;
        from.finish()?;
        let sketch = Self { hash, precision, stage: Stage::read(precision, dense, body)? };
        // The body has one form; what is in front of it could have longer numbers than it needs.
        let mut head = Vec::new();
        codec::put(&mut head, &(hash, sketch.head()));
        codec::put_u64(&mut head, length as u64);
        if !payload.starts_with(&head) {
            return Err(Error::not_canonical("a number is longer than its value needs"));
        }
        Ok(sketch)
    }

    fn head(&self) -> u8 {
        if self.is_sparse() { self.precision } else { self.precision + DENSE }
    }
}

fn read_head(head: u8) -> Result<(u8, bool)> {
    let (precision, dense) = (head % DENSE, head >= DENSE);
    if !(4..=18).contains(&precision) || head / DENSE > 1 {
        return Err(Error::corrupt(format!("precision {head}: 4 to 18 is allowed, or 32 more if dense")));
    }
    Ok((precision, dense))
}

impl Stage {
    fn write(&self) -> Vec<u8> {
        match self {
            Stage::Sparse(table) => {
                let mut out = Vec::with_capacity(4 * table.len());
                let mut next = 0;
                for code in table.sorted() {
                    codec::put_u64(&mut out, u64::from(code - (next << RANK_BITS)));
                    next = index_of(code) + 1;
                }
                out
            }
            Stage::Dense(registers) => {
                let (fours, _) = registers.as_chunks::<4>();
                let pack = |&[a, b, c, d]: &[u8; 4]| [a | b << 6, b >> 2 | c << 4, c >> 4 | d << 2];
                fours.iter().flat_map(pack).collect()
            }
        }
    }

    fn read(precision: u8, dense: bool, body: &[u8]) -> Result<Self> {
        if dense { read_dense(precision, body) } else { read_sparse(precision, body) }
    }
}

fn read_sparse(precision: u8, body: &[u8]) -> Result<Stage> {
    let (mut table, mut from, mut next) = (Table::default(), body, 0u64);
    while !from.is_empty() {
        let step = varint(&mut from)?;
        let (index, rank) = (next + u64::from(index_of(step)), rank_of(step));
        if index >> INDEX_BITS != 0 || !(1..=MAX_RANK).contains(&rank) {
            return Err(Error::corrupt(format!(
                "a code of index {index} and rank {rank}; indexes below 2^25 and ranks 1 to {MAX_RANK} are allowed"
            )));
        }
        if !table.insert((index as u32) << RANK_BITS | rank, limit(precision)) {
            return Err(Error::not_canonical(format!(
                "more codes than a sparse sketch of precision {precision} has: {}",
                limit(precision)
            )));
        }
        next = index + 1;
    }
    Ok(Stage::Sparse(table))
}

/// Takes a varint of at most 31 bits in its shortest form off the front.
fn varint(from: &mut &[u8]) -> Result<u32> {
    let mut value = 0u32;
    for shift in [0, 7, 14, 21, 28] {
        let Some((&byte, rest)) = from.split_first() else {
            return Err(Error::corrupt("the bytes end inside a code"));
        };
        *from = rest;
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            if shift > 0 && byte == 0 {
                return Err(Error::not_canonical("a code is written with more bytes than it needs"));
            }
            if shift == 28 && byte > 7 {
                break;
            }
            return Ok(value);
        }
    }
    Err(Error::corrupt("a code has more than 31 bits"))
}

fn read_dense(precision: u8, body: &[u8]) -> Result<Stage> {
    let length = packed(precision);
    if body.len() != length {
        return Err(Error::corrupt(format!("{} bytes of registers; {length} are allowed", body.len())));
    }
    let (threes, _) = body.as_chunks::<3>();
    let unpack = |&[a, b, c]: &[u8; 3]| [a & 63, a >> 6 | (b & 15) << 2, b >> 4 | (c & 3) << 4, c >> 2];
    let registers: Vec<u8> = threes.iter().flat_map(unpack).collect();
    let histogram = estimate::of_registers(&registers);
    let held = || (0u8..).zip(histogram).filter(|(_, registers)| *registers != 0);
    let most = 65 - precision;
    if let Some((found, _)) = held().find(|(rank, _)| *rank > most) {
        return Err(Error::corrupt(format!("a register of rank {found}; at most {most} is allowed")));
    }
    // How many of the 25-bit indexes that fall into a register have at most its rank; one of them has it.
    let width = INDEX_BITS - u32::from(precision);
    let indexes = |rank: u8| (1u64 << width) - (1u64 << width >> rank);
    if held().map(|(rank, registers)| indexes(rank) * u64::from(registers)).sum::<u64>() <= limit(precision) as u64 {
        return Err(Error::not_canonical("registers of so few values that the sketch would be sparse"));
    }
    Ok(Stage::Dense(registers.into()))
}

/// How many bytes the registers take.
fn packed(precision: u8) -> usize {
    (1 << precision) / 4 * 3
}

impl Serialize for Hll {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        (self.hash, self.head(), Body(&self.stage.write())).serialize(to)
    }
}

/// Bytes that serde gets as such, not as a sequence of numbers.
struct Body<'a>(&'a [u8]);

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.serialize_bytes(self.0)
    }
}

impl<'de> Deserialize<'de> for Hll {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        from.deserialize_tuple(3, Parts)
    }
}

struct Parts;

impl<'de> Visitor<'de> for Parts {
    type Value = Hll;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a hash, a precision and the bytes of a HyperLogLog sketch")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Hll, A::Error> {
        let short = |len| de::Error::invalid_length(len, &self);
        let hash = items.next_element()?.ok_or_else(|| short(0))?;
        let head = items.next_element()?.ok_or_else(|| short(1))?;
        let (precision, dense) = read_head(head).map_err(de::Error::custom)?;
        let stage = items.next_element_seed(Staged { precision, dense })?.ok_or_else(|| short(2))?;
        Ok(Hll { hash, precision, stage })
    }
}

/// Reads a stage from a byte string or from a sequence of bytes.
#[derive(Clone, Copy)]
struct Staged {
    precision: u8,
    dense: bool,
}

impl<'de> DeserializeSeed<'de> for Staged {
    type Value = Stage;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> std::result::Result<Stage, D::Error> {
        from.deserialize_bytes(self)
    }
}

impl<'de> Visitor<'de> for Staged {
    type Value = Stage;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes of codes or registers")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> std::result::Result<Stage, E> {
        Stage::read(self.precision, self.dense, bytes).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Stage, A::Error> {
        let most = if self.dense { packed(self.precision) } else { 5 * limit(self.precision) };
        let mut bytes = Vec::new();
        while let Some(byte) = items.next_element::<u8>()? {
            if bytes.len() == most {
                return Err(de::Error::invalid_length(most + 1, &self));
            }
            bytes.push(byte);
        }
        self.visit_bytes(&bytes)
    }
}
