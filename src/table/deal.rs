//! Rows dealt out to blocks of entities.

use super::LEFT_OUT;

/// So many rows are worked on at a time: what they need of memory stays near the processor.
const BLOCK: usize = 1 << 14;

/// At most so many blocks: more places to write to at once than a processor keeps track of.
const BLOCKS: usize = 256;

/// Runs of entities, each with about as many rows as the others.
#[derive(Debug)]
pub(crate) struct Blocks {
    /// By entity its block.
    of: Vec<u16>,
    /// The first entity of each block, and the one after the last.
    firsts: Vec<u32>,
}

impl Blocks {
    /// For entities that have so many rows each.
    pub(crate) fn new(rows: &[u32]) -> Self {
        let total: usize = rows.iter().map(|rows| *rows as usize).sum();
        let most = BLOCK.max(total.div_ceil(BLOCKS - 1));
        let (mut of, mut firsts, mut filled) = (Vec::with_capacity(rows.len()), vec![0], 0);
        for (entity, rows) in rows.iter().enumerate() {
            if filled > 0 && filled + *rows as usize > most {
                firsts.push(entity as u32);
                filled = 0;
            }
            filled += *rows as usize;
            of.push(firsts.len() as u16 - 1);
        }
        firsts.push(rows.len() as u32);
        Self { of, firsts }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.firsts.len() - 1
    }

    /// The entities of a block.
    pub(crate) fn entities(&self, block: usize) -> std::ops::Range<u32> {
        let at = |i: usize| self.firsts.get(i).copied().unwrap_or(0);
        at(block)..at(block + 1)
    }
}

/// Where each of some rows went: block by block, within a block in the order given.
#[derive(Debug)]
pub(crate) struct Deal {
    /// By row its place; [`LEFT_OUT`] for none.
    pub(crate) places: Vec<u32>,
    /// Where each block starts among the places, and where the last one ends.
    starts: Vec<u32>,
}

impl Deal {
    /// Deals rows out by the number of their entity; those of [`LEFT_OUT`] and those that are not `wanted` go nowhere.
    pub(crate) fn new(numbers: &[u32], blocks: &Blocks, wanted: impl Fn(u32) -> bool) -> Self {
        let block =
            |number: u32| blocks.of.get(number as usize).filter(|_| wanted(number)).map(|block| *block as usize);
        // `starts[b + 1]` counts block `b` first, then runs from its start to its end as rows find their places.
        let mut starts = vec![0u32; blocks.len() + 2];
        for number in numbers {
            if let Some(count) = block(*number).and_then(|block| starts.get_mut(block + 2)) {
                *count += 1;
            }
        }
        for at in 2..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut place = |number: &u32| {
            let next = block(*number).and_then(|block| starts.get_mut(block + 1));
            next.map_or(LEFT_OUT, |next| std::mem::replace(next, *next + 1))
        };
        let places = numbers.iter().map(&mut place).collect();
        starts.pop();
        Self { places, starts }
    }

    /// How many rows found a place.
    pub(crate) fn len(&self) -> usize {
        self.starts.last().map_or(0, |end| *end as usize)
    }

    /// The places of a block.
    pub(crate) fn block(&self, block: usize) -> std::ops::Range<usize> {
        let at = |i: usize| self.starts.get(i).map_or(0, |start| *start as usize);
        at(block)..at(block + 1)
    }

    /// Puts the rows' values, given in the order of the rows, into their places.
    pub(crate) fn put<T: Clone>(&self, values: impl Iterator<Item = T>, blank: T) -> Vec<T> {
        let mut out = vec![blank; self.len()];
        for (place, value) in self.places.iter().zip(values) {
            if let Some(slot) = out.get_mut(*place as usize) {
                *slot = value;
            }
        }
        out
    }

    /// The other way: values by place, put into the order of the rows.
    pub(crate) fn collect<T: Clone>(&self, values: Vec<T>, blank: &T) -> Vec<T> {
        if self.places.len() == values.len() && self.places.is_sorted() {
            return values;
        }
        self.places.iter().map(|place| values.get(*place as usize).unwrap_or(blank).clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dealt_out_comes_back_in_order() {
        let numbers: Vec<u32> =
            (0..100_000u32).map(|row| if row % 11 == 3 { LEFT_OUT } else { row * 7919 % 501 }).collect();
        let mut rows = vec![0u32; 501];
        for number in numbers.iter().filter(|number| **number != LEFT_OUT) {
            rows[*number as usize] += 1;
        }
        let blocks = Blocks::new(&rows);
        assert!(blocks.len() > 3, "{blocks:?}");
        let deal = Deal::new(&numbers, &blocks, |number| number != 5);
        let dealt = deal.put(0..100_000u32, u32::MAX);
        for block in 0..blocks.len() {
            let rows = &dealt[deal.block(block)];
            assert!(rows.is_sorted() && !rows.is_empty());
            assert!(rows.iter().all(|row| blocks.entities(block).contains(&numbers[*row as usize])));
        }
        let back = deal.collect(dealt, &u32::MAX);
        for (row, (back, number)) in back.iter().zip(&numbers).enumerate() {
            let gone = *number == LEFT_OUT || *number == 5;
            assert_eq!(*back, if gone { u32::MAX } else { row as u32 });
        }
    }

    #[test]
    fn one_entity_with_everything_is_one_block() {
        let blocks = Blocks::new(&[3, 10_000_000, 3]);
        assert_eq!((blocks.len(), blocks.entities(1)), (3, 1..2));
    }
}
