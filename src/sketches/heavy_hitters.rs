//! The most frequent keys: a Count-Min, and a sample of keys to ask it about.
//!
//! | | |
//! | --- | --- |
//! | input | a key of any kind and a hash of what tells its event from others; null is skipped |
//! | output | the keys with the largest estimates, largest first |
//! | state | a Count-Min and up to `candidates` keys with their ranks, sparse while there are few |
//! | order, duplicates | order irrelevant; a repeated event counts again and samples nothing new |
//! | error | counts as Count-Min; a key of share `f` is missed with probability `(1 - f)^candidates` |
//! | retractable | no: the sample cannot forget |
//! | source | bottom-k sampling (Cohen and Kaplan 2007) by event hash, over a linear Count-Min |

use std::cmp::Reverse;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::frame::{self, Body, serde_by_body};
use super::{CountMin, ValueHash};
use crate::codec::{self, Reader};
use crate::error::{Error, Result};
use crate::value::{Value, ValueRef};

/// The largest number of candidates.
const MOST: usize = 1 << 16;

/// The most frequent keys of a stream, the same ones however the stream was split.
///
/// Every event gives its key a rank, a hash of event and key; the least rank of a key is kept, and the keys with the
/// least ranks are the candidates. A frequent key draws often, so it has a low rank. That is a pure function of the
/// set of events: a key that is eleventh in each of eight partitions and first overall is found, which no sketch that
/// keeps the locally most frequent keys can promise.
///
/// The candidates are a sample, not the top: ask for far fewer keys than there are candidates.
///
/// # Bounds
/// 1 to 65,536 candidates. In memory up to half as many again, of 41 bytes and long texts.
///
/// # Accuracy
/// A key with the share `f` of the events is missing among the candidates with probability `(1 - f)^candidates` at
/// most: each candidate is one more draw that did not meet it. For 0.1 %, `candidates = 7 / f`. A key among the
/// candidates is listed by its estimate, so it may be up to [`CountMin::error_bound`] out of place.
///
/// Measured over 500,000 events and 20 seeds, how many of the true top 20 were listed, on average and at worst:
///
/// | keys | 256 candidates | 512 | 1024 |
/// | --- | ---: | ---: | ---: |
/// | Zipf 1.02, the twentieth has 0.40 % | 17.95, 16 | 19.85, 19 | 20, 20 |
/// | Zipf 1.2, the twentieth has 0.53 % | 19.85, 19 | 20, 20 | 20, 20 |
///
/// # Format
/// Magic `SKHH`, a format byte, the body, four bytes of checksum. The body: the limit of candidates; the body of a
/// [`CountMin`]; the number of candidates; each by ascending rank, ties by key: the varint of the rank minus the
/// one before, and the key in its binary form. A rank is `xxh3_64` over the event and the key's hash, 8 bytes each,
/// little-endian.
///
/// # Examples
/// ```
/// use skewless::Value;
/// use skewless::sketches::HeavyHitters;
/// let mut pages = HeavyHitters::new(256, 0.001, 0.01)?;
/// for (event, page) in (0u64..).zip(["home", "cart", "home", "help"]) {
///     pages.insert(page, event);
/// }
/// assert_eq!(pages.top(2), [(Value::from("home"), 2), (Value::from("cart"), 1)]);
/// # Ok::<(), skewless::Error>(())
/// ```
///
/// # Source
/// Cohen, Kaplan: Summarizing data using bottom-k sketches, PODC 2007.
#[derive(Clone)]
pub struct HeavyHitters {
    counts: CountMin,
    limit: u32,
    /// A rank above this changes nothing.
    bar: u64,
    /// All candidates with their true ranks, and some keys above the bar whose ranks need not be.
    keys: HashTable<Candidate>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    rank: u64,
    key: Value,
    /// The hash of the key.
    hash: u64,
}

impl HeavyHitters {
    /// An empty sketch with the unseeded hash; `epsilon` and `delta` are those of [`CountMin::new`].
    ///
    /// # Errors
    /// [`Parameter`](crate::ErrorKind::Parameter): 256 candidates are accepted; 0, 65,537 and what
    /// [`CountMin::new`] refuses are not.
    pub fn new(candidates: usize, epsilon: f64, delta: f64) -> Result<Self> {
        Self::with_hash(candidates, epsilon, delta, ValueHash::default())
    }

    /// An empty sketch with this hash; only sketches with the same hash merge.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn with_hash(candidates: usize, epsilon: f64, delta: f64, hash: ValueHash) -> Result<Self> {
        if !(1..=MOST).contains(&candidates) {
            return Err(Error::parameter("candidates", candidates, "1 to 65536"));
        }
        Ok(Self::empty(candidates as u32, CountMin::with_hash(epsilon, delta, hash)?))
    }

    fn empty(limit: u32, counts: CountMin) -> Self {
        Self { counts, limit, bar: u64::MAX, keys: HashTable::new() }
    }

    /// Counts one event of a key. Null, which NaN is, is no key and counts nothing.
    ///
    /// `event` is a hash of whatever tells the events of one key apart: an id, or time and payload. Two events
    /// with one number count twice, but give a key only one chance to become a candidate.
    #[inline]
    pub fn insert<'a>(&mut self, key: impl Into<ValueRef<'a>>, event: u64) {
        let key = key.into();
        if key.is_null() || matches!(key, ValueRef::Other(_)) {
            return;
        }
        let hash = self.counts.hash().hash(key);
        self.counts.add_hash(hash, 1);
        let rank = rank(event, hash);
        if rank <= self.bar {
            self.offer(rank, hash, key);
        }
    }

    /// Lowers a key's rank, or takes it in.
    fn offer(&mut self, rank: u64, hash: u64, key: ValueRef<'_>) {
        match self.keys.find_mut(hash, |kept| kept.hash == hash && is(&kept.key, key)) {
            Some(kept) => kept.rank = kept.rank.min(rank),
            None => {
                self.keys.insert_unique(hash, Candidate { rank, key: key.to_value(), hash }, |kept| kept.hash);
                // Half as many again as are kept: sorting out costs each newcomer a constant.
                let limit = self.limit as usize;
                if self.keys.len() > limit + limit / 2 + 4 {
                    self.sort_out();
                }
            }
        }
    }

    /// Drops all but the candidates and sets the bar.
    ///
    /// What is dropped ranks above as many keys as there will ever be candidates, so a later event can bring it back
    /// only with a rank that is truly its least, or above the bar where ranks do not matter.
    #[cold]
    fn sort_out(&mut self) {
        let mut all: Vec<Candidate> = std::mem::take(&mut self.keys).into_iter().collect();
        let limit = self.limit as usize;
        if all.len() >= limit {
            let (_, last, _) = all.select_nth_unstable(limit - 1);
            self.bar = last.rank;
            all.truncate(limit);
        }
        self.keys = HashTable::with_capacity(all.len());
        for candidate in all {
            self.keys.insert_unique(candidate.hash, candidate, |kept| kept.hash);
        }
    }

    /// The candidates in no order.
    fn kept(&self) -> Vec<&Candidate> {
        let mut all: Vec<&Candidate> = self.keys.iter().collect();
        let limit = self.limit as usize;
        if all.len() > limit {
            all.select_nth_unstable(limit);
            all.truncate(limit);
        }
        all
    }

    /// The candidates in their one order: by rank, then by key.
    fn sorted(&self) -> Vec<&Candidate> {
        let mut all = self.kept();
        all.sort_unstable();
        all
    }

    /// Adds the events of another sketch.
    ///
    /// # Errors
    /// [`Mismatch`](crate::ErrorKind::Mismatch), and nothing changes: a sketch with the same limit of candidates and
    /// a Count-Min of the same size and hash is accepted, one with another limit is not.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if self.limit != other.limit {
            let message = format!("sketches keep {} and {} candidates", self.limit, other.limit);
            return Err(Error::mismatch(message));
        }
        self.counts.merge(&other.counts)?;
        self.bar = self.bar.min(other.bar);
        for theirs in other.keys.iter().filter(|theirs| theirs.rank <= self.bar).collect::<Vec<_>>() {
            self.offer(theirs.rank, theirs.hash, theirs.key.as_ref());
        }
        Ok(())
    }

    /// The `k` candidates with the largest estimates, largest first, ties by key; fewer if there are fewer.
    pub fn top(&self, k: usize) -> Vec<(Value, u64)> {
        let all = self.kept();
        let mut all: Vec<_> =
            all.iter().map(|kept| (Reverse(self.counts.estimate_hash(kept.hash)), &kept.key)).collect();
        if k < all.len() {
            all.select_nth_unstable(k);
            all.truncate(k);
        }
        all.sort_unstable();
        all.into_iter().map(|(Reverse(count), key)| (key.clone(), count)).collect()
    }

    /// At least the count of a key, candidate or not.
    pub fn estimate<'a>(&self, key: impl Into<ValueRef<'a>>) -> u64 {
        self.counts.estimate(key)
    }

    /// The counts of all keys.
    pub fn counts(&self) -> &CountMin {
        &self.counts
    }

    /// How many candidates are kept at most.
    pub fn candidates(&self) -> usize {
        self.limit as usize
    }

    /// Whether nothing came.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The canonical bytes with magic, format and checksum.
    pub fn encode(&self) -> Vec<u8> {
        frame::encode(self)
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// [`Magic`](crate::ErrorKind::Magic), [`Format`](crate::ErrorKind::Format), [`Corrupt`](crate::ErrorKind::Corrupt)
    /// or [`NotCanonical`](crate::ErrorKind::NotCanonical): the bytes of a sketch are accepted, any others are not.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        frame::decode(bytes)
    }
}

/// The rank an event gives its key.
#[inline]
fn rank(event: u64, hash: u64) -> u64 {
    let both = u128::from(hash) << 64 | u128::from(event);
    xxh3_64(&both.to_le_bytes())
}

/// Whether a kept key is this one.
fn is(kept: &Value, key: ValueRef<'_>) -> bool {
    match (kept, key) {
        (Value::Str(kept), ValueRef::Str(key)) => &**kept == key,
        _ => *kept == key.to_value(),
    }
}

impl PartialEq for HeavyHitters {
    fn eq(&self, other: &Self) -> bool {
        self.limit == other.limit && self.counts == other.counts && self.sorted() == other.sorted()
    }
}

impl std::fmt::Debug for HeavyHitters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = f.debug_struct("HeavyHitters");
        out.field("counts", &self.counts).field("candidates", &self.kept().len()).finish_non_exhaustive()
    }
}

impl Body for HeavyHitters {
    const MAGIC: [u8; 4] = *b"SKHH";

    fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, u64::from(self.limit));
        self.counts.write(out);
        let all = self.sorted();
        codec::put_u64(out, all.len() as u64);
        let mut before = 0;
        for candidate in all {
            codec::put_u64(out, candidate.rank.wrapping_sub(before));
            codec::put(out, &candidate.key);
            before = candidate.rank;
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let found = from.u64("limit of candidates")?;
        let limit = u32::try_from(found).ok().filter(|limit| (1..=MOST).contains(&(*limit as usize)));
        let limit = limit.ok_or_else(|| Error::corrupt(format!("limit of {found} candidates; 1 to 65536 exist")))?;
        let mut sketch = Self::empty(limit, CountMin::read(from)?);
        let count = from.count(2, "candidates")?;
        if count > limit as usize || (count == 0 && !sketch.counts.is_empty()) {
            return Err(Error::corrupt(format!("{count} candidates of {limit} for {:?}", sketch.counts)));
        }
        let mut before = 0u64;
        for _ in 0..count {
            let step = from.u64("rank")?;
            let rank = before.checked_add(step).ok_or_else(|| Error::corrupt("a rank beyond 64 bits"))?;
            let key: Value = from.take("key")?;
            if key.is_null() || key == Value::Overflow {
                return Err(Error::corrupt(format!("{key} is no key")));
            }
            let hash = sketch.counts.hash().hash(&key);
            // A key that comes twice is met here as one, and then the bytes are not the same again.
            sketch.offer(rank, hash, key.as_ref());
            before = rank;
        }
        if count == limit as usize {
            sketch.bar = before;
        }
        Ok(sketch)
    }
}

serde_by_body!(HeavyHitters);
