//! The counts of a histogram's buckets: a window of all buckets where they lie close, a table where they do not.

use super::table::Table;

/// Window edges are multiples of this.
const GRAIN: u32 = 16;

/// Saturating counts by bucket. Which form is held depends on history and never shows.
#[derive(Clone, Debug)]
pub(super) enum Buckets {
    Few(Table),
    Window { first: u32, counts: Vec<u64>, used: usize },
}

/// Whether a window over that many buckets is worth its memory: 8 bytes each, where a table takes about 18 for
/// each of the `used`, and is several times slower.
fn pays(span: usize, used: usize) -> bool {
    used >= 8 && span <= 4 * used + 2 * GRAIN as usize
}

/// The window around two buckets: where it starts, and how many there are in it.
fn around(least: u32, most: u32) -> (u32, usize) {
    let first = least - least % GRAIN;
    (first, (most - most % GRAIN + GRAIN - first) as usize)
}

impl Buckets {
    pub(super) fn new() -> Self {
        Self::Few(Table::default())
    }

    /// The number of buckets that are not empty.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Few(few) => few.taken(),
            Self::Window { used, .. } => *used,
        }
    }

    /// Counts `count`, which is not zero, in a bucket; returns whether it was empty before.
    #[inline]
    pub(super) fn add(&mut self, bucket: u32, count: u64) -> bool {
        // The usual case is a bucket that is in use; nothing but its count is written then.
        if let Self::Window { first, counts, used } = self
            && let Some(cell) = counts.get_mut(bucket.wrapping_sub(*first) as usize)
        {
            if *cell != 0 {
                *cell = cell.saturating_add(count);
                return false;
            }
            *cell = count;
            *used += 1;
            return true;
        }
        self.add_outside(bucket, count)
    }

    fn add_outside(&mut self, bucket: u32, count: u64) -> bool {
        match self {
            Self::Few(few) => {
                let is_new = few.update(bucket, |x| x.saturating_add(count));
                if is_new && few.is_full() {
                    self.settle();
                }
                is_new
            }
            Self::Window { first, counts, used } => {
                let last = *first + (counts.len() as u32).saturating_sub(1);
                // Some air on the side where it grows, so that a row of newcomers does not move it each time.
                let air = *used as u32 / 2;
                let roomy = if bucket < *first {
                    around(bucket.saturating_sub(air), last)
                } else {
                    around(*first, bucket.saturating_add(air))
                };
                let tight = around(bucket.min(*first), bucket.max(last));
                if let Some((from, span)) = [roomy, tight].into_iter().find(|(_, span)| pays(*span, *used)) {
                    let mut wider = vec![0; span];
                    for (to, count) in wider.iter_mut().skip((*first - from) as usize).zip(counts.iter()) {
                        *to = *count;
                    }
                    *self = Self::Window { first: from, counts: wider, used: *used };
                    self.add(bucket, count)
                } else {
                    let mut few = Table::with_room(*used + 1);
                    self.each(|bucket, count| {
                        few.update(bucket, |_| count);
                    });
                    few.update(bucket, |_| count);
                    *self = Self::Few(few);
                    true
                }
            }
        }
    }

    /// Moves a table into a window if that pays; asked each time the table is about to grow.
    fn settle(&mut self) {
        let Self::Few(few) = self else { return };
        let ends = few.iter().fold(None, |ends: Option<(u32, u32)>, (bucket, _)| {
            let (least, most) = ends.unwrap_or((bucket, bucket));
            Some((least.min(bucket), most.max(bucket)))
        });
        let Some((least, most)) = ends else { return };
        let (first, span) = around(least, most);
        if pays(span, few.taken()) {
            let mut window = Self::Window { first, counts: vec![0; span], used: 0 };
            for (bucket, count) in few.iter() {
                window.add(bucket, count);
            }
            *self = window;
        }
    }

    /// The buckets that are not empty, in order.
    pub(super) fn sorted(&self) -> Vec<(u32, u64)> {
        match self {
            Self::Few(few) => few.sorted(),
            Self::Window { .. } => {
                let mut all = Vec::with_capacity(self.len());
                self.each(|bucket, count| all.push((bucket, count)));
                all
            }
        }
    }

    /// Shows the buckets that are not empty, in order.
    pub(super) fn ascending(&self, mut see: impl FnMut(u32, u64)) {
        match self {
            Self::Few(few) => few.sorted().into_iter().for_each(|(bucket, count)| see(bucket, count)),
            Self::Window { .. } => self.each(see),
        }
    }

    /// Shows the buckets that are not empty, the last one first.
    pub(super) fn descending(&self, mut see: impl FnMut(u32, u64)) {
        self.sorted().into_iter().rev().for_each(|(bucket, count)| see(bucket, count));
    }

    /// Shows the buckets that are not empty, in no order.
    pub(super) fn each(&self, mut see: impl FnMut(u32, u64)) {
        match self {
            Self::Few(few) => few.iter().for_each(|(bucket, count)| see(bucket, count)),
            Self::Window { first, counts, .. } => {
                for (at, count) in counts.iter().enumerate() {
                    if *count != 0 {
                        see(first + at as u32, *count);
                    }
                }
            }
        }
    }

    /// The same counts in buckets twice as wide.
    pub(super) fn halved(&self) -> Self {
        let mut halved = Self::new();
        self.each(|bucket, count| {
            halved.add(bucket >> 1, count);
        });
        halved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_buckets_become_a_window_and_a_far_one_a_table_again() {
        let mut buckets = Buckets::new();
        for bucket in 1000..1100 {
            assert!(buckets.add(bucket, 1));
            assert!(!buckets.add(bucket, 2));
        }
        assert!(matches!(buckets, Buckets::Window { .. }));
        assert!(buckets.add(5_000_000, 7));
        assert!(matches!(buckets, Buckets::Few(_)));
        assert_eq!(buckets.len(), 101);
        let want: Vec<(u32, u64)> = (1000..1100).map(|bucket| (bucket, 3)).chain([(5_000_000, 7)]).collect();
        assert_eq!(buckets.sorted(), want);
        assert_eq!(buckets.halved().sorted().len(), 51);
    }

    #[test]
    fn a_count_saturates() {
        let mut buckets = Buckets::new();
        buckets.add(1, u64::MAX);
        buckets.add(1, 1);
        assert_eq!(buckets.sorted(), [(1, u64::MAX)]);
    }
}
