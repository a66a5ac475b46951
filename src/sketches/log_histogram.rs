//! Quantiles with a relative error: a histogram whose buckets are the leading bits of a double.
//!
//! | | |
//! | --- | --- |
//! | input | `f64`; NaN is skipped; zeros and infinities are counted apart |
//! | output | lower quantiles as `f64`; none when empty |
//! | state | a count for each occupied bucket, at most `limit` of them |
//! | order, duplicates | order irrelevant; duplicates count |
//! | error | relative, `1 / (2^(precision_bits + 1) + 1)`, more after a collapse; 0.78 % at 6 bits |
//! | retractable | no: after a collapse it is not known what to take away |
//! | source | DDSketch (Masson et al. 2019) with UDDSketch's uniform collapse (Epicoco et al. 2020) |

use super::buckets::Buckets;
use super::frame::{self, Body, serde_by_body};
use crate::codec::{self, Reader};
use crate::error::{Error, Result};

/// The bits of a positive infinity; those of every finite magnitude are less.
const INFINITY: u64 = 0x7ff0_0000_0000_0000;
/// The bits of the least normal number.
const NORMAL: u64 = 0x0010_0000_0000_0000;
const SIGN: u64 = 1 << 63;
const PRECISION: std::ops::RangeInclusive<u8> = 1..=12;
const LIMIT: std::ops::RangeInclusive<usize> = 16..=1 << 16;

/// Quantiles of doubles with a bounded relative error, over any range, without a logarithm.
///
/// A value's bucket is the leading bits of its magnitude, the exponent and `precision_bits` of the fraction. When
/// more than `limit` buckets are occupied, all of them are joined in pairs, as often as needed: the
/// [`level`](Self::level). It is the least level with few enough occupied, and a subset of the values never occupies
/// more, so the level, and with it every byte, depends on the multiset of values alone.
///
/// # Bounds
/// Memory for the occupied buckets, 8 to 40 bytes each. Counts saturate at 2^64 - 1.
///
/// # Accuracy
/// For normal numbers the answer is within [`relative_error`](Self::relative_error) of the true quantile, up to the
/// rounding of the last bit. A subnormal answer is less than 2^-1021 off. Each level joins two buckets into one and so
/// costs a bit of precision; from level `precision_bits` on a bucket spans whole powers of two.
///
/// # Format
/// Magic `SKLH`, a format byte, the body, four bytes of checksum. The body: precision bits, a byte; limit, a varint;
/// level, a byte; the counts of zeros, of positive and of negative infinities; the positive buckets, then the
/// negative ones, each as their number and then, ascending by magnitude, the varint of the empty buckets before it
/// and that of its count. Bucket of `x`: `bits(|x|) >> (52 - precision_bits + level)`.
///
/// # Examples
/// ```
/// use skewless::sketches::LogHistogram;
/// let mut latency = LogHistogram::new(6, 2048)?;
/// (1..=1000).for_each(|ms| latency.add(f64::from(ms)));
/// let p99 = latency.quantile(0.99).unwrap();
/// assert!((p99 - 990.0).abs() <= 990.0 * latency.relative_error());
/// assert_eq!(LogHistogram::decode(&latency.encode())?, latency);
/// # Ok::<(), skewless::Error>(())
/// ```
///
/// # Source
/// Masson, Rim, Lee: DDSketch, VLDB 2019; Epicoco et al.: UDDSketch, IEEE Access 2020.
#[derive(Clone, Debug)]
pub struct LogHistogram {
    precision_bits: u8,
    level: u8,
    limit: u32,
    zeros: u64,
    /// Positive infinities, then negative ones.
    infinities: [u64; 2],
    positive: Buckets,
    negative: Buckets,
}

impl LogHistogram {
    /// An empty histogram.
    ///
    /// # Errors
    /// [`Parameter`](crate::ErrorKind::Parameter): 6 bits and 2048 buckets are accepted; bits outside 1 to 12 and
    /// limits outside 16 to 65,536 are not.
    pub fn new(precision_bits: u8, limit: usize) -> Result<Self> {
        if !PRECISION.contains(&precision_bits) {
            return Err(Error::parameter("precision_bits", precision_bits, "1 to 12"));
        }
        if !LIMIT.contains(&limit) {
            return Err(Error::parameter("limit", limit, "16 to 65536 buckets"));
        }
        Ok(Self::empty(precision_bits, limit as u32))
    }

    fn empty(precision_bits: u8, limit: u32) -> Self {
        let [positive, negative] = [(); 2].map(|()| Buckets::new());
        Self { precision_bits, level: 0, limit, zeros: 0, infinities: [0; 2], positive, negative }
    }

    /// Counts a value. NaN is no value; `-0.0` is zero; infinities are values.
    #[inline]
    pub fn add(&mut self, x: f64) {
        self.add_many(x, 1);
    }

    /// Counts a value `n` times.
    #[inline]
    pub fn add_many(&mut self, x: f64, n: u64) {
        let magnitude = x.to_bits() & !SIGN;
        // Zero wraps to the top, above infinity and NaN.
        if n == 0 || magnitude.wrapping_sub(1) >= INFINITY - 1 {
            return self.add_special(x, n);
        }
        let bucket = (magnitude >> self.shift()) as u32;
        let side = if x < 0.0 { &mut self.negative } else { &mut self.positive };
        if side.add(bucket, n) {
            self.collapse();
        }
    }

    #[cold]
    fn add_special(&mut self, x: f64, n: u64) {
        let [positive, negative] = &mut self.infinities;
        if x == 0.0 {
            self.zeros = self.zeros.saturating_add(n);
        } else if x == f64::INFINITY {
            *positive = positive.saturating_add(n);
        } else if x == f64::NEG_INFINITY {
            *negative = negative.saturating_add(n);
        }
    }

    /// The bits of a magnitude that its bucket does not show; at most 63.
    #[inline]
    fn shift(&self) -> u32 {
        52 - u32::from(self.precision_bits) + u32::from(self.level)
    }

    fn occupied(&self) -> usize {
        self.positive.len() + self.negative.len()
    }

    /// Joins buckets until there are few enough; at the last level there are two at most.
    #[inline]
    fn collapse(&mut self) {
        while self.occupied() > self.limit as usize {
            self.raise();
        }
    }

    #[cold]
    fn raise(&mut self) {
        self.level += 1;
        self.positive = self.positive.halved();
        self.negative = self.negative.halved();
    }

    /// Adds the values of another histogram; the coarser of the two decides the level they meet at.
    ///
    /// # Errors
    /// [`Mismatch`](crate::ErrorKind::Mismatch), and nothing changes: a histogram of the same precision and limit is
    /// accepted at any level, one of another precision is not.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if (self.precision_bits, self.limit) != (other.precision_bits, other.limit) {
            let [ours, theirs] = [self, other].map(|x| format!("{} bits and {} buckets", x.precision_bits, x.limit));
            return Err(Error::mismatch(format!("histograms differ: {ours}, and {theirs}")));
        }
        while self.level < other.level {
            self.raise();
        }
        let finer = self.level - other.level;
        let sides = [(&mut self.positive, &other.positive), (&mut self.negative, &other.negative)];
        for (ours, theirs) in sides {
            theirs.each(|bucket, count| {
                ours.add(bucket >> finer, count);
            });
        }
        self.collapse();
        self.zeros = self.zeros.saturating_add(other.zeros);
        for (ours, theirs) in self.infinities.iter_mut().zip(other.infinities) {
            *ours = ours.saturating_add(theirs);
        }
        Ok(())
    }

    /// The number of values.
    pub fn count(&self) -> u64 {
        let mut count = self.infinities.iter().fold(self.zeros, |sum, n| sum.saturating_add(*n));
        for side in [&self.positive, &self.negative] {
            side.each(|_, n| count = count.saturating_add(n));
        }
        count
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.occupied() == 0 && self.zeros == 0 && self.infinities == [0; 2]
    }

    /// The lower `q`-quantile: the value of rank `floor(q * (n - 1))`, from 0; `None` when empty or if `q` is not
    /// in 0 to 1.
    ///
    /// The product is a product of doubles, so ranks of more than 2^53 values are near, not exact.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        self.quantiles(&[q]).first().copied().flatten()
    }

    /// [`quantile`](Self::quantile) of each, in one pass.
    pub fn quantiles(&self, qs: &[f64]) -> Vec<Option<f64>> {
        let mut out = vec![None; qs.len()];
        let Some(last) = self.count().checked_sub(1) else { return out };
        let in_range = qs.iter().zip(&mut out).filter(|(q, _)| (0.0..=1.0).contains(*q));
        let mut asked: Vec<(u64, &mut Option<f64>)> =
            in_range.map(|(q, out)| (((q * last as f64) as u64).min(last), out)).collect();
        asked.sort_unstable_by_key(|(rank, _)| *rank);
        let mut asked = asked.into_iter().peekable();
        // Ranks are below the count, so none is beyond the last.
        let mut wanted = asked.peek().map_or(u64::MAX, |(rank, _)| *rank);
        let mut below = 0u64;
        let mut pass = |at: At, count: u64| {
            below = below.saturating_add(count);
            while below > wanted {
                if let Some((_, out)) = asked.next() {
                    *out = Some(at.value(self.shift()));
                }
                wanted = asked.peek().map_or(u64::MAX, |(rank, _)| *rank);
            }
        };
        let [positive, negative] = self.infinities;
        pass(At::Value(f64::NEG_INFINITY), negative);
        self.negative.descending(|bucket, count| pass(At::Below(bucket), count));
        pass(At::Value(0.0), self.zeros);
        self.positive.ascending(|bucket, count| pass(At::Above(bucket), count));
        pass(At::Value(f64::INFINITY), positive);
        out
    }

    /// How far an answer is from the true quantile at most, relative to it, at this level.
    pub fn relative_error(&self) -> f64 {
        if let Some(bits) = self.precision_bits.checked_sub(self.level) {
            return 1.0 / ((2u64 << bits) + 1) as f64;
        }
        // A bucket spans 2^(2^(level - bits)); beyond the range of a double its ends are infinitely apart.
        let ratio = (self.precision_bits..self.level).fold(2.0, |ratio: f64, _| ratio * ratio);
        1.0 - 2.0 / (ratio + 1.0)
    }

    /// How often the buckets were joined in pairs.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// The bits of the fraction that a bucket at level 0 shows.
    pub fn precision_bits(&self) -> u8 {
        self.precision_bits
    }

    /// How many buckets may be occupied.
    pub fn limit(&self) -> usize {
        self.limit as usize
    }

    /// The canonical bytes with magic, format and checksum.
    pub fn encode(&self) -> Vec<u8> {
        frame::encode(self)
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// [`Magic`](crate::ErrorKind::Magic), [`Format`](crate::ErrorKind::Format), [`Corrupt`](crate::ErrorKind::Corrupt)
    /// or [`NotCanonical`](crate::ErrorKind::NotCanonical): the bytes of a histogram are accepted, any others are not.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        frame::decode(bytes)
    }
}

/// A value counted apart, or a bucket below or above zero.
enum At {
    Value(f64),
    Below(u32),
    Above(u32),
}

impl At {
    /// The value it answers with.
    fn value(&self, shift: u32) -> f64 {
        match *self {
            Self::Value(value) => value,
            Self::Below(bucket) => -representative(bucket, shift),
            Self::Above(bucket) => representative(bucket, shift),
        }
    }
}

/// The value a bucket answers with: the harmonic middle of its ends, equally far from both relative to them.
fn representative(bucket: u32, shift: u32) -> f64 {
    let low = u64::from(bucket) << shift;
    let high = (low | ((1 << shift) - 1)).min(INFINITY - 1);
    if high < NORMAL {
        // Subnormals have an absolute error anyway.
        return f64::from_bits(low.midpoint(high).max(1));
    }
    let (l, u) = (f64::from_bits(low.max(NORMAL)), f64::from_bits((high + 1).min(INFINITY - 1)));
    (l * (2.0 / (1.0 + l / u))).clamp(l, f64::from_bits(high))
}

impl PartialEq for LogHistogram {
    fn eq(&self, other: &Self) -> bool {
        let head = |x: &Self| (x.precision_bits, x.limit, x.level, x.zeros, x.infinities);
        let same = |a: &Buckets, b: &Buckets| a.len() == b.len() && a.sorted() == b.sorted();
        head(self) == head(other) && same(&self.positive, &other.positive) && same(&self.negative, &other.negative)
    }
}

impl Body for LogHistogram {
    const MAGIC: [u8; 4] = *b"SKLH";

    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.precision_bits);
        codec::put_u64(out, u64::from(self.limit));
        out.push(self.level);
        let [positive, negative] = self.infinities;
        [self.zeros, positive, negative].into_iter().for_each(|n| codec::put_u64(out, n));
        for side in [&self.positive, &self.negative] {
            codec::put_u64(out, side.len() as u64);
            let mut next = 0;
            for (bucket, count) in side.sorted() {
                codec::put_u64(out, u64::from(bucket - next));
                codec::put_u64(out, count);
                next = bucket + 1;
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let (bits, limit, level): (u8, u32, u8) = from.take("size of a histogram")?;
        if !PRECISION.contains(&bits) || !LIMIT.contains(&(limit as usize)) || level > bits + 11 {
            return Err(Error::corrupt(format!("no histogram has {bits} bits, {limit} buckets and level {level}")));
        }
        let mut histogram = Self::empty(bits, limit);
        histogram.level = level;
        (histogram.zeros, histogram.infinities) = from.take("zeros and infinities")?;
        let last = ((INFINITY - 1) >> histogram.shift()) as u32;
        // What the level before had at most: no more than two buckets for one, and no more than there are values.
        let mut finer = 0usize;
        for side in [&mut histogram.positive, &mut histogram.negative] {
            let mut next = 0u64;
            for _ in 0..from.count(2, "buckets")? {
                let (gap, count): (u64, u64) = from.take("bucket")?;
                let bucket = next.saturating_add(gap);
                let known = u32::try_from(bucket).ok().filter(|bucket| *bucket <= last && count > 0);
                let known = known.ok_or_else(|| Error::corrupt(format!("{count} in bucket {bucket} of {last}")))?;
                side.add(known, count);
                finer += usize::from(count > 1 && can_split(known, level, bits)) + 1;
                next = bucket + 1;
            }
        }
        if histogram.occupied() > limit as usize || (level > 0 && finer <= limit as usize) {
            let message = format!("{} buckets at level {level}, limit {limit}", histogram.occupied());
            return Err(Error::not_canonical(message));
        }
        Ok(histogram)
    }
}

/// Whether both buckets that a level joins into this one hold finite numbers.
fn can_split(bucket: u32, level: u8, bits: u8) -> bool {
    let shift = (51 - u32::from(bits)) + u32::from(level);
    (u64::from(bucket) << 1 | 1) << shift < INFINITY
}

serde_by_body!(LogHistogram);
