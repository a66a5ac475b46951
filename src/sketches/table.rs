//! A small map from a cell's number to its count, for sketches that are still nearly empty.
//!
//! Open addressing, twelve bytes a slot. Where a key lies depends on history, so whatever leaves is sorted.

/// No cell has this number.
const FREE: u32 = u32::MAX;
/// 2^64 over the golden ratio, to spread neighbours.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
/// How far from its place a cell may lie; chance alone stays below it even in the largest table.
const FAR: usize = 1024;

/// Counts by cell; a cell that is not there counts zero.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// As long as `counts`: a power of two, or nothing at all.
    keys: Vec<u32>,
    counts: Vec<u64>,
    /// The slots taken, also by cells that came back to zero.
    taken: usize,
    /// What a cell's number is multiplied by to find its place.
    spread: u64,
}

impl Default for Table {
    fn default() -> Self {
        Self { keys: Vec::new(), counts: Vec::new(), taken: 0, spread: SPREAD }
    }
}

/// How many of `slots` may be taken: thirteen in sixteen, so that a search always meets a free one.
fn room(slots: usize) -> usize {
    slots - (slots * 3).div_ceil(16)
}

impl Table {
    /// A table that takes `cells` cells before it grows.
    pub(super) fn with_room(cells: usize) -> Self {
        let mut slots = if cells == 0 { 0 } else { 4 };
        while room(slots) < cells {
            slots *= 2;
        }
        Self { keys: vec![FREE; slots], counts: vec![0; slots], ..Self::default() }
    }

    /// The number of slots taken: at least the number of cells that are not zero.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// Whether the next new cell makes it grow.
    pub(super) fn is_full(&self) -> bool {
        self.taken >= room(self.keys.len())
    }

    /// Where `key` should be.
    #[inline]
    fn place(&self, key: u32) -> usize {
        (u64::from(key).wrapping_mul(self.spread) >> 32) as usize & self.keys.len().wrapping_sub(1)
    }

    /// Where `key` is, or the free slot where it would be.
    #[inline]
    fn slot(&self, key: u32) -> usize {
        let mask = self.keys.len().wrapping_sub(1);
        let mut at = self.place(key);
        while self.keys.get(at).is_some_and(|found| *found != key && *found != FREE) {
            at = (at + 1) & mask;
        }
        at
    }

    /// The count of a cell.
    #[inline]
    pub(super) fn get(&self, key: u32) -> u64 {
        let at = self.slot(key);
        let here = self.keys.get(at).is_some_and(|found| *found == key);
        if here { self.counts.get(at).copied().unwrap_or(0) } else { 0 }
    }

    /// Replaces the count of a cell; returns whether its slot is a new one.
    #[inline]
    pub(super) fn update(&mut self, key: u32, change: impl FnOnce(u64) -> u64) -> bool {
        let mut at = self.slot(key);
        let is_new = self.keys.get(at).is_none_or(|found| *found != key);
        if is_new {
            let far = at.wrapping_sub(self.place(key)) & self.keys.len().wrapping_sub(1);
            if self.is_full() || far > FAR {
                self.grow(far > FAR);
                at = self.slot(key);
            }
            if let Some(slot) = self.keys.get_mut(at) {
                *slot = key;
                self.taken += 1;
            }
        }
        if let Some(count) = self.counts.get_mut(at) {
            *count = change(*count);
        }
        is_new
    }

    /// Moves to a table with room for more, leaving behind the cells that came back to zero.
    ///
    /// Cells that lie far from their places were chosen to: they get other places, or they would cost quadratic time.
    #[cold]
    fn grow(&mut self, scatter: bool) {
        let held = self.iter().count();
        let mut larger = Self::with_room(held + held / 8 + 1);
        larger.spread = if scatter { self.spread.wrapping_mul(SPREAD) } else { self.spread };
        for (key, count) in self.iter() {
            let at = larger.slot(key);
            if let (Some(slot), Some(cell)) = (larger.keys.get_mut(at), larger.counts.get_mut(at)) {
                (*slot, *cell) = (key, count);
            }
        }
        larger.taken = held;
        *self = larger;
    }

    /// The cells that are not zero, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        let all = self.keys.iter().copied().zip(self.counts.iter().copied());
        all.filter(|(key, count)| *key != FREE && *count != 0)
    }

    /// The cells that are not zero, by number.
    pub(super) fn sorted(&self) -> Vec<(u32, u64)> {
        let mut cells: Vec<(u32, u64)> = self.iter().collect();
        cells.sort_unstable();
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_table_holds_no_memory_and_answers_zero() {
        let table = Table::default();
        assert_eq!((table.get(0), table.get(7), table.taken(), table.keys.capacity()), (0, 0, 0, 0));
    }

    #[test]
    fn cells_that_were_chosen_to_meet_are_scattered() {
        let mut table = Table::default();
        let meet = |key: &u32| (u64::from(*key).wrapping_mul(SPREAD) >> 32) & 0xfff == 7;
        for key in (0..1 << 23).filter(meet).take(1500) {
            table.update(key, |x| x + u64::from(key));
        }
        assert_ne!(table.spread, SPREAD);
        assert_eq!(table.sorted().len(), 1500);
        assert!(table.iter().all(|(key, count)| count == u64::from(key) && table.get(key) == count));
        let farthest = table
            .keys
            .iter()
            .filter(|key| **key != FREE)
            .map(|key| table.slot(*key).wrapping_sub(table.place(*key)) & (table.keys.len() - 1));
        assert!(farthest.max().unwrap() < FAR / 4);
    }

    #[test]
    fn counts_are_those_of_an_ordered_map() {
        let (mut table, mut map) = (Table::default(), std::collections::BTreeMap::new());
        let mut seed = 1u64;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (key, by) = ((seed >> 40) as u32 % 900, (seed >> 33) % 5);
            // Steps down bring many cells back to zero, so that growing has some to leave behind.
            let change = |x: u64| if by == 0 { 0 } else { x.wrapping_add(by) };
            table.update(key, change);
            let kept = map.entry(key).or_insert(0u64);
            *kept = change(*kept);
            assert_eq!(table.get(key), *kept);
        }
        let want: Vec<(u32, u64)> = map.into_iter().filter(|(_, count)| *count != 0).collect();
        assert_eq!(table.sorted(), want);
        assert!(table.keys.len() <= 2048);
    }
}
