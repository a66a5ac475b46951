//! The sparse stage: a table of codes, one for each 25-bit index seen, with the greatest rank seen there.
//!
//! Open addressing with double hashing, a power of two of slots, at most three quarters of them taken. The slots
//! depend on the history; which codes are in them does not.

/// How many bits of a hash are the index of a code.
pub(super) const INDEX_BITS: u32 = 25;
/// How many low bits of a code are its rank.
pub(super) const RANK_BITS: u32 = 6;
/// The greatest rank of a code: every bit behind the index is zero.
pub(super) const MAX_RANK: u32 = 64 - INDEX_BITS + 1;
/// The smallest table that holds anything.
const FIRST: usize = 4;
/// 2^32 over the golden ratio: spreads indexes that are close to each other.
const SPREAD: u32 = 0x9e37_79b1;

/// The code of a hash: its 25 high bits, then the number of zeros behind them and one.
#[inline]
pub(super) fn code_of(hash: u64) -> u32 {
    let rank = (hash << INDEX_BITS | 1 << (INDEX_BITS - 1)).leading_zeros() + 1;
    ((hash >> (64 - INDEX_BITS)) as u32) << RANK_BITS | rank
}

/// The index of a code.
#[inline]
pub(super) fn index_of(code: u32) -> u32 {
    code >> RANK_BITS
}

/// The rank of a code.
#[inline]
pub(super) fn rank_of(code: u32) -> u32 {
    code & ((1 << RANK_BITS) - 1)
}

/// The register of a dense sketch that a code stands for, and its rank there.
#[inline]
pub(super) fn dense_of(code: u32, precision: u8) -> (usize, u8) {
    let width = INDEX_BITS - u32::from(precision);
    let (index, low) = (index_of(code) >> width, index_of(code) & ((1 << width) - 1));
    let rank = if low == 0 { width + rank_of(code) } else { low.leading_zeros() + width + 1 - u32::BITS };
    (index as usize, rank as u8)
}

/// Codes with distinct indexes.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// A power of two of them or none; zero is free, since no code is.
    slots: Box<[u32]>,
    len: u32,
}

impl Table {
    /// How many codes there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// How many bytes are allocated.
    pub(super) fn heap(&self) -> usize {
        size_of_val(&*self.slots)
    }

    /// Takes a code in; gives `false` and changes nothing if that would make more than `limit` of them.
    #[inline]
    pub(super) fn insert(&mut self, code: u32, limit: usize) -> bool {
        let at = self.place(code);
        let most = capacity(self.slots.len()).min(limit);
        match self.slots.get_mut(at) {
            Some(slot) if *slot != 0 => {
                *slot = (*slot).max(code);
                true
            }
            Some(slot) if (self.len as usize) < most => {
                *slot = code;
                self.len += 1;
                true
            }
            _ => self.insert_grown(code, limit),
        }
    }

    #[cold]
    fn insert_grown(&mut self, code: u32, limit: usize) -> bool {
        if self.len() >= limit {
            return false;
        }
        let grown = vec![0; (2 * self.slots.len()).max(FIRST)];
        let old = std::mem::replace(&mut self.slots, grown.into());
        for &code in old.iter().filter(|code| **code != 0) {
            self.put(code);
        }
        self.put(code);
        self.len += 1;
        true
    }

    /// Writes a code whose index is not there yet, into a table that has room.
    fn put(&mut self, code: u32) {
        let at = self.place(code);
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = code;
        }
    }

    /// The slot that holds the index of `code`, or the free one where it belongs; ends because one is always free.
    ///
    /// Each index has its own odd step, so that indexes chosen to collide do not queue up behind each other.
    #[inline]
    fn place(&self, code: u32) -> usize {
        let index = index_of(code);
        let (spread, step) = (u64::from(index.wrapping_mul(SPREAD)), index as usize | 1);
        let mut at = ((spread * self.slots.len() as u64) >> 32) as usize;
        while let Some(&slot) = self.slots.get(at)
            && slot != 0
            && index_of(slot) != index
        {
            at = (at + step) & (self.slots.len() - 1);
        }
        at
    }

    /// Every code, in no order a caller may let show.
    ///
    /// The slots are visited in golden steps, evenly at any moment: in their own order, the codes would all go to
    /// the front of a smaller table that they are put into, and every search there would be long.
    pub(super) fn codes(&self) -> impl Iterator<Item = u32> {
        let mask = self.slots.len().saturating_sub(1);
        let step = ((self.slots.len() as u64 * u64::from(SPREAD)) >> 32) as usize | 1;
        let at = (0..self.slots.len()).map(move |i| i.wrapping_mul(step) & mask);
        at.filter_map(|at| self.slots.get(at).copied()).filter(|code| *code != 0)
    }

    /// Every slot, free ones as zero, in the order of memory.
    pub(super) fn slots(&self) -> &[u32] {
        &self.slots
    }

    /// Every code by its index.
    pub(super) fn sorted(&self) -> Vec<u32> {
        let mut codes: Vec<u32> = self.slots.iter().copied().filter(|code| *code != 0).collect();
        codes.sort_unstable();
        codes
    }
}

/// How many codes a table of so many slots may hold.
#[inline]
fn capacity(slots: usize) -> usize {
    slots / 4 * 3
}

/// The same codes, wherever they are.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.codes().all(|code| other.slots.get(other.place(code)) == Some(&code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_and_the_hash_itself_give_one_register() {
        let hashes = (0..64u32).flat_map(|shift| {
            let one = 1u64 << shift;
            [one, one - 1, !one, one | 1 << 63, u64::MAX << shift, one.wrapping_mul(0x9e37_79b9_7f4a_7c15)]
        });
        for hash in hashes.chain([0, u64::MAX]) {
            for precision in 4..=18 {
                let rest = hash << precision;
                let rank = rest.leading_zeros().min(64 - u32::from(precision)) + 1;
                let by_hand = ((hash >> (64 - precision)) as usize, rank as u8);
                assert_eq!(dense_of(code_of(hash), precision), by_hand, "{hash:064b} at {precision}");
            }
        }
    }

    #[test]
    fn a_table_holds_up_to_its_limit_and_the_greatest_rank() {
        let mut table = Table::default();
        for index in 0..12 {
            assert!(table.insert(index << RANK_BITS | 3, 12));
            assert!(table.insert(index << RANK_BITS | 1, 12));
        }
        assert!(!table.insert(12 << RANK_BITS | 1, 12));
        assert!(table.insert(5 << RANK_BITS | 7, 12));
        let ranks: Vec<u32> = table.sorted().into_iter().map(rank_of).collect();
        assert_eq!(ranks, [3, 3, 3, 3, 3, 7, 3, 3, 3, 3, 3, 3]);
        assert_eq!((table.len(), table.heap(), table.codes().count()), (12, 64, 12));
    }

    #[test]
    fn tables_are_equal_by_content() {
        let (mut up, mut down) = (Table::default(), Table::default());
        for index in 0..100u32 {
            assert!(up.insert(index << RANK_BITS | 1, 100));
            assert!(down.insert((99 - index) << RANK_BITS | 1, 100));
        }
        assert_eq!(up, down);
        assert!(down.insert(7 << RANK_BITS | 2, 100));
        assert_ne!(up, down);
    }
}
