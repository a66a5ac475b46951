//! The canonical bytes of a Count-Min; see [`CountMin`] for the layout.

use super::{Cells, CountMin, MAX_DEPTH, WIDTH_BITS};
use crate::codec::{self, Reader};
use crate::error::{Error, Result};
use crate::sketches::frame::{Body, serde_by_body};
use crate::sketches::table::Table;

impl Body for CountMin {
    const MAGIC: [u8; 4] = *b"SKCM";

    fn write(&self, out: &mut Vec<u8>) {
        out.extend([self.width_bits as u8, self.depth as u8]);
        codec::put(out, &self.hash);
        let used = self.used();
        codec::put_u64(out, used as u64);
        let in_full = used > self.cell_count() / 2;
        let mut next = 0;
        self.each(|cell, count| {
            if in_full {
                out.extend((next..cell).map(|_| 0));
            } else {
                codec::put_u64(out, u64::from(cell - next));
            }
            codec::put_i64(out, count as i64);
            next = cell + 1;
        });
        if in_full {
            out.extend((next as usize..self.cell_count()).map(|_| 0));
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let (width_bits, depth): (u8, u8) = from.take("size of a count-min sketch")?;
        let (width_bits, depth) = (u32::from(width_bits), usize::from(depth));
        if !WIDTH_BITS.contains(&width_bits) || !(1..=MAX_DEPTH).contains(&depth) {
            return Err(Error::corrupt(format!("{depth} rows of 2^{width_bits} cells; 1 to 21 of 2^3 to 2^22 exist")));
        }
        let hash = from.take("hash")?;
        let mut sketch = Self { width_bits, depth, hash, total: 0, cells: Cells::Few(Table::default()) };
        let (used, all) = (from.count(1, "cells in use")?, sketch.cell_count());
        if used > all / 2 {
            let counts = (0..all).map(|_| from.i64("count").map(|count| count as u64));
            sketch.cells = Cells::All(counts.collect::<Result<_>>()?);
        } else {
            sketch.read_few(from, used)?;
        }
        sketch.total = sketch.check_rows()?;
        Ok(sketch)
    }
}

impl CountMin {
    /// The number of cells that are not zero.
    fn used(&self) -> usize {
        match &self.cells {
            Cells::Few(few) => few.iter().count(),
            Cells::All(all) => all.iter().filter(|count| **count != 0).count(),
        }
    }

    fn read_few(&mut self, from: &mut Reader<'_>, used: usize) -> Result<()> {
        if used > self.most_few() {
            self.spread();
        } else {
            self.cells = Cells::Few(Table::with_room(used));
        }
        let mut next = 0u64;
        for _ in 0..used {
            let cell = next.saturating_add(from.u64("gap")?);
            let known = u32::try_from(cell).ok().filter(|cell| (*cell as usize) < self.cell_count());
            let known = known.ok_or_else(|| Error::corrupt(format!("cell {cell} of {}", self.cell_count())))?;
            self.add_cell(known, from.i64("count")? as u64);
            next = cell + 1;
        }
        Ok(())
    }

    /// Every event goes into every row once, so the rows have one sum: the total.
    fn check_rows(&self) -> Result<u64> {
        let mut sums = vec![0u64; self.depth];
        self.each(|cell, count| {
            if let Some(sum) = sums.get_mut((cell >> self.width_bits) as usize) {
                *sum = sum.wrapping_add(count);
            }
        });
        let total = sums.first().copied().unwrap_or(0);
        if sums.iter().any(|sum| *sum != total) {
            return Err(Error::corrupt("the rows of a count-min sketch have different sums"));
        }
        Ok(total)
    }
}

serde_by_body!(CountMin);
