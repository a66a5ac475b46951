//! Counts distinct values, nearly.
//!
//! | | |
//! | --- | --- |
//! | input | any value; equal ones count once |
//! | output | `f64`, or `u64` rounded |
//! | state | m = 2^precision; up to 3m/16 values, 4 bytes or less each (sparse); then m registers of 6 bits (dense) |
//! | order, duplicates | order irrelevant; duplicates irrelevant |
//! | error | standard; sparse: 0.012 %, dense: 1.04 / sqrt(m), more below precision 8 |
//! | retractable | no |
//! | source | Flajolet et al. 2007; sparse stage after Heule et al. 2013; estimator of Ertl 2017 |

mod estimate;
mod table;
mod wire;

use std::fmt;

use self::table::{INDEX_BITS, Table, code_of, dense_of};
use super::hash::ValueHash;
use crate::error::{Error, Result};
use crate::value::ValueRef;

/// HyperLogLog: how many distinct values went in, from a few kilobytes.
///
/// The state is a function of the set of values: order, duplicates, partitions and merge trees change neither
/// an estimate nor a byte. The estimate errs, but by the same bits on every platform. It starts small: ten values
/// take 47 bytes stored, any number of them at precision 12 about 3 KB.
///
/// A sketch never forgets: one window cannot be subtracted from another. An integer and a double are two
/// values even if they are equal, and null is a value like any other; see [`ValueHash`].
///
/// # Bounds
/// Precision 4 to 18: 16 to 262,144 registers, 12 to 196,608 bytes stored, a standard error of 31 % to 0.2 %.
///
/// # Examples
/// ```
/// use skewless::sketches::Hll;
/// let (mut a, mut b) = (Hll::new(12)?, Hll::new(12)?);
/// for user in 0..60_000i64 {
///     a.insert(user);
/// }
/// for user in 40_000..100_000i64 {
///     b.insert(user);
/// }
/// a.merge(&b)?;
/// assert!((a.estimate() / 100_000.0 - 1.0).abs() < 3.0 * a.standard_error());
/// assert_eq!(Hll::decode(&a.encode())?, a);
/// # Ok::<(), skewless::Error>(())
/// ```
///
/// # Accuracy
/// Up to 3/16 of 2^precision values (768 at precision 12) nearly exact: values are missed only when 25 bits of their
/// hashes are equal, one of 1,000 with a probability of 1.5 %. After that see
/// [`standard_error`](Self::standard_error). The estimator is biased by up to about 1.1 / 2^precision of the count:
/// 7 % at precision 4, 0.03 % at 12.
///
/// # Format
/// With serde the hash (its id and its seed), one byte of the precision, plus 32 if dense, and a byte string:
/// - sparse: for each index in rising order a varint of `(index - index before - 1) * 64 + rank`, where the
///   index is the first 25 bits of a hash, the index before the first is -1, and the rank is one more than the
///   number of zeros behind the index, the greatest there was;
/// - dense: the rank of each register, 6 bits each, low bits first; the register is the first `precision` bits of a
///   hash.
///
/// Dense is what has more than 3/16 of 2^precision distinct indexes, no matter how it came to them.
///
/// # Source
/// Flajolet, Fusy, Gandouet, Meunier 2007. The sparse stage is after Heule, Nunkesser, Hall 2013 (HLL++), the estimator
/// is the improved raw one of Ertl 2017 (arXiv:1702.01284), in both stages.
#[derive(Clone, PartialEq)]
pub struct Hll {
    hash: ValueHash,
    precision: u8,
    stage: Stage,
}

#[derive(Clone, PartialEq)]
enum Stage {
    Sparse(Table),
    /// A rank for each register.
    Dense(Box<[u8]>),
}

impl Hll {
    /// An empty sketch that hashes with seed 0.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter): precision 18 is accepted, 19 is not.
    pub fn new(precision: u8) -> Result<Self> {
        Self::with_hash(precision, ValueHash::new(0))
    }

    /// An empty sketch that hashes with `hash`; only sketches of one hash can be merged.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter): precision 4 is accepted, 3 is not.
    pub fn with_hash(precision: u8, hash: ValueHash) -> Result<Self> {
        if !(4..=18).contains(&precision) {
            return Err(Error::parameter("precision", precision, "4 to 18"));
        }
        Ok(Self { hash, precision, stage: Stage::Sparse(Table::default()) })
    }

    /// Takes a value in. One that was in before changes nothing.
    #[inline]
    pub fn insert<'a>(&mut self, value: impl Into<ValueRef<'a>>) {
        self.insert_hash(self.hash.hash(value));
    }

    /// Takes in the hash of a value; all of its 64 bits must be as if drawn by lot.
    ///
    /// Values hashed elsewhere and values given to [`insert`](Self::insert) count as different ones, and no
    /// merge can tell: use one or the other.
    #[inline]
    pub fn insert_hash(&mut self, hash: u64) {
        match &mut self.stage {
            Stage::Dense(registers) => {
                let index = hash >> (64 - self.precision);
                let last = 1u64 << (self.precision - 1);
                raise(registers, index as usize, (hash << self.precision | last).leading_zeros() as u8 + 1);
            }
            Stage::Sparse(_) => self.insert_code(code_of(hash)),
        }
    }

    #[inline]
    fn insert_code(&mut self, code: u32) {
        let limit = limit(self.precision);
        match &mut self.stage {
            Stage::Sparse(table) => {
                if !table.insert(code, limit) {
                    self.densify();
                    self.insert_code(code);
                }
            }
            Stage::Dense(registers) => {
                let (index, rank) = dense_of(code, self.precision);
                raise(registers, index, rank);
            }
        }
    }

    #[cold]
    fn densify(&mut self) {
        if let Stage::Sparse(table) = &self.stage {
            let mut registers = vec![0; 1 << self.precision];
            for code in table.codes() {
                let (index, rank) = dense_of(code, self.precision);
                raise(&mut registers, index, rank);
            }
            self.stage = Stage::Dense(registers.into());
        }
    }

    /// Takes in everything `other` took in.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch), and nothing changes: seed 0 with seed 0 is accepted, with
    /// seed 1 not; precision 12 with 12 is accepted, with 11 not.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.hash.check_same(other.hash)?;
        if self.precision != other.precision {
            let (mine, its) = (self.precision, other.precision);
            return Err(Error::mismatch(format!("sketches have different precisions: {mine} and {its}")));
        }
        match (&mut self.stage, &other.stage) {
            (Stage::Dense(mine), Stage::Dense(its)) => {
                for (mine, its) in mine.iter_mut().zip(its) {
                    *mine = (*mine).max(*its);
                }
            }
            (Stage::Sparse(mine), Stage::Sparse(its)) if mine.len() < its.len() => {
                let fewer = std::mem::replace(mine, its.clone());
                fewer.codes().for_each(|code| self.insert_code(code));
            }
            (_, Stage::Sparse(its)) => its.codes().for_each(|code| self.insert_code(code)),
            (Stage::Sparse(mine), Stage::Dense(its)) => {
                let fewer = std::mem::take(mine);
                self.stage = Stage::Dense(its.clone());
                fewer.codes().for_each(|code| self.insert_code(code));
            }
        }
        Ok(())
    }

    /// How many distinct values went in, nearly: three may be 3.000005, see [`count`](Self::count).
    ///
    /// Zero only if none did, and never below the number of distinct indexes seen.
    pub fn estimate(&self) -> f64 {
        match &self.stage {
            Stage::Sparse(table) => {
                let histogram = estimate::of_codes(table.slots(), table.len(), 1 << INDEX_BITS);
                estimate::estimate(&histogram, INDEX_BITS)
            }
            Stage::Dense(registers) => {
                estimate::estimate(&estimate::of_registers(registers), u32::from(self.precision))
            }
        }
    }

    /// The estimate, rounded to an integer; at most `u64::MAX`.
    pub fn count(&self) -> u64 {
        self.estimate().round() as u64
    }

    /// The standard error of the estimate as it is now, as a part of the count.
    ///
    /// It jumps where the sketch becomes dense, from 0.012 % to that of m = 2^precision registers:
    /// 1.04 / sqrt(m) (1 + 3 / m).
    ///
    /// # Accuracy
    /// The value for large counts; just after the sketch became dense the error is smaller by up to a third.
    /// `1 + 3 / m` is fitted: it is what fewer than 256 registers err more.
    pub fn standard_error(&self) -> f64 {
        match &self.stage {
            // Equal indexes among n of 2^25: a variance of n^2 / 2^26.
            Stage::Sparse(_) => 1.0 / 8192.0,
            Stage::Dense(registers) => {
                let m = registers.len() as f64;
                1.04 / m.sqrt() * (1.0 + 3.0 / m)
            }
        }
    }

    /// What the count lies between, with the confidence that so many standard errors give; negative ones are none.
    ///
    /// The lower bound is never below the number of distinct indexes seen, which is certain. The upper one is infinite
    /// where so many standard errors are the whole count or more.
    ///
    /// # Accuracy
    /// The errors are lopsided below precision 8: up to one count in 50 is outside three standard errors there.
    ///
    /// # Examples
    /// ```
    /// let mut sketch = skewless::sketches::Hll::new(12)?;
    /// assert_eq!(sketch.bounds(3.0), (0.0, 0.0));
    /// (0..10i64).for_each(|x| sketch.insert(x));
    /// let (least, most) = sketch.bounds(3.0);
    /// assert!(least == 10.0 && (10.0..12.0).contains(&most));
    /// # Ok::<(), skewless::Error>(())
    /// ```
    pub fn bounds(&self, sigmas: f64) -> (f64, f64) {
        let (estimate, seen) = (self.estimate(), self.seen() as f64);
        let error = sigmas.max(0.0) * self.standard_error();
        // A sparse sketch errs by whole values that share an index: one of them is more than the errors of few values.
        let shared = f64::from(u8::from(self.is_sparse() && seen > 0.0));
        let most = if error < 1.0 { estimate / (1.0 - error) + shared } else { f64::INFINITY };
        ((estimate / (1.0 + error)).max(seen), most.max(seen))
    }

    /// How many distinct indexes there are.
    fn seen(&self) -> usize {
        match &self.stage {
            Stage::Sparse(table) => table.len(),
            Stage::Dense(registers) => registers.iter().filter(|rank| **rank != 0).count(),
        }
    }

    /// The number of bits of a hash that choose a register.
    pub fn precision(&self) -> u8 {
        self.precision
    }

    /// How values are hashed.
    pub fn hash(&self) -> ValueHash {
        self.hash
    }

    /// Whether nothing went in.
    pub fn is_empty(&self) -> bool {
        matches!(&self.stage, Stage::Sparse(table) if table.len() == 0)
    }

    /// Whether the values are so few that they are kept one by one, and counted nearly exactly.
    pub fn is_sparse(&self) -> bool {
        matches!(self.stage, Stage::Sparse(_))
    }

    /// How many bytes the sketch takes in memory; unlike everything else this depends on its history.
    pub fn memory(&self) -> usize {
        let heap = match &self.stage {
            Stage::Sparse(table) => table.heap(),
            Stage::Dense(registers) => registers.len(),
        };
        size_of::<Self>() + heap
    }
}

/// How many distinct indexes a sparse sketch may have: a table of them is never larger than the registers.
#[inline]
fn limit(precision: u8) -> usize {
    (3 << precision) / 16
}

#[inline]
fn raise(registers: &mut [u8], index: usize, rank: u8) {
    if let Some(register) = registers.get_mut(index) {
        *register = (*register).max(rank);
    }
}

impl fmt::Debug for Hll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Hll");
        shown.field("precision", &self.precision).field("seed", &self.hash.seed());
        shown.field("sparse", &self.is_sparse()).field("estimate", &self.estimate()).finish_non_exhaustive()
    }
}
