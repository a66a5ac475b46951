//! The canonical bytes of a sum: one form for a value, however it was reached.
//!
//! The bytes are one serde byte string. A finite zero is the empty string. Anything else is
//! - a head, an unsigned LEB128: `zigzag(exponent) * 4 + has_infinities * 2 + is_negative`;
//! - if it has infinities, the counts of `+inf` and of `-inf`, two zigzag LEB128, not both zero;
//! - the magnitude, an odd integer, little-endian without a zero byte on top, up to the end of the string.
//!
//! A zero beside infinities has exponent zero, no sign and no magnitude.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{self, Serialize, Serializer};

use super::higher::{ExactCubes, ExactFourths};
use super::limbs::{self, magnitude, shift_left};
use super::products::ExactProducts;
use super::sum::{ExactSquares, ExactSum};
use super::wide::{Wide, comfortable_base};
use super::window::{Exact, odd};

/// The longest form of any kind: head 3, counts 20, and the 8456 bits of a sum of fourth powers.
const LONGEST: usize = 3 + 20 + 1057;

/// The longest form of a window: head 3, and 8 limbs.
const SHORT: usize = 3 + 64;

/// What a kind of sum may contain.
struct Kind {
    name: &'static str,
    /// The power of two of the lowest bit any term has.
    lowest: i32,
    /// Everything is below this power of two: the largest term, 2^64 times.
    ceiling: i32,
    infinities: Infinities,
}

/// Which infinities a kind of sum counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Infinities {
    OfBothSigns,
    Positive,
    /// Whoever holds the sum counts them elsewhere.
    Nowhere,
}

impl Kind {
    /// Sums of products of `degree` values.
    const fn new(name: &'static str, degree: i32, infinities: Infinities) -> Self {
        Kind { name, lowest: -1074 * degree, ceiling: 1024 * degree + 64, infinities }
    }

    /// The bytes of the longest form.
    const fn longest(&self) -> usize {
        3 + 20 + ((self.ceiling - self.lowest) as usize).div_ceil(8)
    }
}

const SUM: Kind = Kind::new("an exact sum", 1, Infinities::OfBothSigns);
const SQUARES: Kind = Kind::new("an exact sum of squares", 2, Infinities::Positive);
const PRODUCTS: Kind = Kind::new("an exact sum of products", 2, Infinities::OfBothSigns);
const CUBES: Kind = Kind::new("an exact sum of cubes", 3, Infinities::Nowhere);
const FOURTHS: Kind = Kind::new("an exact sum of fourth powers", 4, Infinities::Nowhere);

const _: () = assert!(FOURTHS.longest() <= LONGEST);

/// Why a form was refused: what was found and what is allowed.
#[derive(Debug)]
enum Refused {
    Cut { part: &'static str },
    LongNumber { part: &'static str },
    NoInfinities,
    NegativeInfinities { found: i64 },
    Infinities,
    ZeroForm { head: u32 },
    EvenMagnitude { found: u8 },
    ZeroOnTop,
    Exponent { found: i32, lowest: i32, highest: i32 },
    TooHigh { found: i64, ceiling: i32 },
    TooLong { found: usize, longest: usize },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Cut { part } => write!(f, "the bytes end inside the {part}; it must be complete"),
            Refused::LongNumber { part } => {
                write!(
                    f,
                    "the {part} is longer than its value needs or than its type allows; one shortest form is allowed"
                )
            }
            Refused::NoInfinities => {
                write!(f, "infinities are announced and both counts are 0; at least one must not be")
            }
            Refused::NegativeInfinities { found } => {
                write!(f, "{found} negative infinities among squares; only 0 is allowed")
            }
            Refused::Infinities => write!(f, "infinities are announced; only finite terms are allowed"),
            Refused::ZeroForm { head } => {
                write!(f, "head {head} without a magnitude; a zero is the empty string, or head 2 and two counts")
            }
            Refused::EvenMagnitude { found } => {
                write!(f, "the magnitude starts with the even byte {found}; it must be odd")
            }
            Refused::ZeroOnTop => write!(f, "the magnitude ends with a zero byte; its last byte must not be zero"),
            Refused::Exponent { found, lowest, highest } => {
                write!(f, "exponent {found}; {lowest} to {highest} is allowed")
            }
            Refused::TooHigh { found, ceiling } => {
                write!(f, "the value has {found} as the power of two above it; at most {ceiling} is allowed")
            }
            Refused::TooLong { found, longest } => write!(f, "{found} bytes or more; at most {longest} are allowed"),
        }
    }
}

/// A buffer that is written from the front and drops what does not fit; its users size it for the longest form.
struct Out<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Out<N> {
    fn byte(&mut self, byte: u8) {
        if let Some(cell) = self.bytes.get_mut(self.len) {
            *cell = byte;
            self.len += 1;
        }
    }

    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    /// The low `count` bytes of a magnitude.
    fn low_bytes(&mut self, mag: &[u64], count: usize) {
        if let Some(room) = self.bytes.get_mut(self.len..self.len + count) {
            for (cells, limb) in room.chunks_mut(8).zip(mag) {
                for (cell, byte) in cells.iter_mut().zip(limb.to_le_bytes()) {
                    *cell = byte;
                }
            }
            self.len += count;
        }
    }

    /// The whole form of a number that is odd (or zero) and the infinities beside it.
    fn form(negative: bool, mag: &[u64], exponent: i32, infinities: Option<(i64, i64)>) -> Self {
        let mut out = Out { bytes: [0; N], len: 0 };
        let length = limbs::bit_length(mag) as usize;
        if length == 0 && infinities.is_none() {
            return out;
        }
        let flags = u64::from(infinities.is_some()) << 1 | u64::from(negative);
        out.number(zigzag(i64::from(exponent)) << 2 | flags);
        if let Some((pos, neg)) = infinities {
            out.number(zigzag(pos));
            out.number(zigzag(neg));
        }
        out.low_bytes(mag, length.div_ceil(8));
        out
    }

    fn written(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }
}

fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

fn encode<const L: usize, const W: usize, S: Serializer>(
    sum: &Exact<L, W>,
    kind: &Kind,
    to: S,
) -> Result<S::Ok, S::Error> {
    match sum {
        Exact::Small { w, base } => {
            let (number, exponent) = odd(w, i32::from(*base));
            let (negative, mag) = magnitude(&number);
            check_top(&mag, exponent, kind).map_err(ser::Error::custom)?;
            to.serialize_bytes(Out::<SHORT>::form(negative, &mag, exponent, None).written())
        }
        Exact::Big(wide) => {
            let (number, exponent) = odd(&wide.limbs, Wide::<W>::FLOOR);
            let (negative, mag) = magnitude(&number);
            check_top(&mag, exponent, kind).map_err(ser::Error::custom)?;
            let infinities = (!wide.is_finite()).then_some((wide.pos_inf, wide.neg_inf));
            to.serialize_bytes(Out::<LONGEST>::form(negative, &mag, exponent, infinities).written())
        }
    }
}

/// A value that no 2^64 terms reach is refused on the way out too, so that what was written can be read.
fn check_top(mag: &[u64], exponent: i32, kind: &Kind) -> Result<(), Refused> {
    let found = i64::from(exponent) + i64::from(limbs::bit_length(mag));
    if found > i64::from(kind.ceiling) {
        return Err(Refused::TooHigh { found, ceiling: kind.ceiling });
    }
    Ok(())
}

/// Takes the next byte off the front.
fn take(bytes: &mut &[u8], part: &'static str) -> Result<u8, Refused> {
    let (&first, rest) = bytes.split_first().ok_or(Refused::Cut { part })?;
    *bytes = rest;
    Ok(first)
}

/// Takes a number in its shortest form off the front.
fn number(bytes: &mut &[u8], part: &'static str) -> Result<u64, Refused> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, part)?;
        let bits = u64::from(byte & 0x7f);
        let too_long = (byte == 0 && shift > 0) || (shift == 63 && byte > 1);
        if too_long {
            return Err(Refused::LongNumber { part });
        }
        value |= bits << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Refused::LongNumber { part })
}

fn counts(bytes: &mut &[u8], kind: &Kind) -> Result<(i64, i64), Refused> {
    if kind.infinities == Infinities::Nowhere {
        return Err(Refused::Infinities);
    }
    let pos = unzigzag(number(bytes, "count of positive infinities")?);
    let neg = unzigzag(number(bytes, "count of negative infinities")?);
    if pos == 0 && neg == 0 {
        return Err(Refused::NoInfinities);
    }
    if neg != 0 && kind.infinities != Infinities::OfBothSigns {
        return Err(Refused::NegativeInfinities { found: neg });
    }
    Ok((pos, neg))
}

fn decode<const L: usize, const W: usize>(mut bytes: &[u8], kind: &Kind) -> Result<Exact<L, W>, Refused> {
    if bytes.is_empty() {
        return Ok(Exact::new());
    }
    if bytes.len() > kind.longest() {
        return Err(Refused::TooLong { found: bytes.len(), longest: kind.longest() });
    }
    let head = number(&mut bytes, "head")?;
    let head = u32::try_from(head).map_err(|_| Refused::LongNumber { part: "head" })?;
    let (negative, has_infinities) = (head & 1 == 1, head & 2 == 2);
    let exponent = unzigzag(u64::from(head >> 2)) as i32;
    let (pos, neg) = if has_infinities { counts(&mut bytes, kind)? } else { (0, 0) };
    check_magnitude(bytes, head, exponent, kind)?;
    if !has_infinities && let Some(small) = window(bytes, negative, exponent) {
        return Ok(small);
    }
    let mut mag = [0u64; W];
    fill(&mut mag, bytes);
    let mut wide = Wide::zero();
    wide.add_magnitude(negative, &mag, exponent);
    wide.count_infinities(pos, neg, false);
    let mut sum = Exact::Big(Box::new(wide));
    sum.shrink();
    Ok(sum)
}

/// Refuses every magnitude but the one form of a number of this kind.
fn check_magnitude(bytes: &[u8], head: u32, exponent: i32, kind: &Kind) -> Result<(), Refused> {
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else {
        return if head == 2 { Ok(()) } else { Err(Refused::ZeroForm { head }) };
    };
    if first & 1 == 0 {
        return Err(Refused::EvenMagnitude { found: first });
    }
    if last == 0 {
        return Err(Refused::ZeroOnTop);
    }
    if exponent < kind.lowest || exponent >= kind.ceiling {
        return Err(Refused::Exponent { found: exponent, lowest: kind.lowest, highest: kind.ceiling - 1 });
    }
    let found = i64::from(exponent) + 8 * bytes.len() as i64 - i64::from(last.leading_zeros());
    if found > i64::from(kind.ceiling) {
        return Err(Refused::TooHigh { found, ceiling: kind.ceiling });
    }
    Ok(())
}

/// Puts little-endian bytes into limbs that are zero.
fn fill(mag: &mut [u64], bytes: &[u8]) {
    for (limb, chunk) in mag.iter_mut().zip(bytes.chunks(8)) {
        let mut whole = [0u8; 8];
        for (to, &from) in whole.iter_mut().zip(chunk) {
            *to = from;
        }
        *limb = u64::from_le_bytes(whole);
    }
}

/// The number in a window, without the way over the full-range form, if it is surely short enough.
fn window<const L: usize, const W: usize>(bytes: &[u8], negative: bool, exponent: i32) -> Option<Exact<L, W>> {
    if bytes.len() > 8 * L {
        return None;
    }
    let mut mag = [0u64; L];
    fill(&mut mag, bytes);
    let high = exponent + limbs::bit_length(&mag) as i32 + 1;
    let base = comfortable_base::<L, W>(exponent, high)?;
    let w = shift_left(&mag, (exponent - base) as u32);
    let w = if negative { limbs::negate(&w) } else { w };
    Some(Exact::Small { w, base: i16::try_from(base).ok()? })
}

/// Reads a byte string, borrowed or owned or as a sequence of bytes, without an allocation of its own.
struct Bytes<const L: usize, const W: usize>(&'static Kind);

impl<'de, const L: usize, const W: usize> Visitor<'de> for Bytes<L, W> {
    type Value = Exact<L, W>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the at most {} bytes of {}", self.0.longest(), self.0.name)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        decode(bytes, self.0).map_err(|refused| E::custom(format_args!("{}: {refused}", self.0.name)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut out = Out::<LONGEST> { bytes: [0; LONGEST], len: 0 };
        while let Some(byte) = items.next_element::<u8>()? {
            if out.len == self.0.longest() {
                let refused = Refused::TooLong { found: out.len + 1, longest: out.len };
                return Err(de::Error::custom(format_args!("{}: {refused}", self.0.name)));
            }
            out.byte(byte);
        }
        self.visit_bytes(out.written())
    }
}

/// The two serde ends of a kind of sum.
macro_rules! serde_form {
    ($($sum:ident $kind:ident),*) => {$(
        impl Serialize for $sum {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                encode(&self.0, &$kind, serializer)
            }
        }

        impl<'de> Deserialize<'de> for $sum {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_bytes(Bytes(&$kind)).map($sum)
            }
        }
    )*};
}

serde_form!(ExactSum SUM, ExactSquares SQUARES, ExactProducts PRODUCTS, ExactCubes CUBES, ExactFourths FOURTHS);
