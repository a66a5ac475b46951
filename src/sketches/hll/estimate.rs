//! Ertl's improved raw estimator: from how many registers hold each rank to how many values there were.
//!
//! Only `+`, `-`, `*`, `/` and `sqrt` in one order, so every platform gives the same bits.

use super::table::rank_of;

/// 1 / (2 ln 2): the constant for many registers, which the estimator uses for any number of them.
const ALPHA: f64 = 0.721_347_520_444_481_7;

/// How many registers hold each rank.
pub(super) type Histogram = [u32; 64];

/// The histogram of dense registers.
pub(super) fn of_registers(registers: &[u8]) -> Histogram {
    tally(registers, |rank| usize::from(*rank))
}

/// The histogram of sparse codes, as registers of which there are `registers`; free slots are zero.
pub(super) fn of_codes(slots: &[u32], codes: usize, registers: u32) -> Histogram {
    let mut sum = tally(slots, |slot| rank_of(*slot) as usize);
    sum[0] = registers - codes as u32;
    sum
}

#[inline]
fn tally<T>(items: &[T], rank: impl Fn(&T) -> usize) -> Histogram {
    // Four of them: neighbours often hold one rank, and counting into one cell twice in a row is slow.
    let mut parts = [[0u32; 64]; 4];
    let (fours, rest) = items.as_chunks::<4>();
    for four in fours {
        for (part, item) in parts.iter_mut().zip(four) {
            part[rank(item) & 63] += 1;
        }
    }
    let [mut sum, b, c, d] = parts;
    for item in rest {
        sum[rank(item) & 63] += 1;
    }
    for (((sum, b), c), d) in sum.iter_mut().zip(b).zip(c).zip(d) {
        *sum += b + c + d;
    }
    sum
}

/// The estimate from the histogram of 2^`bits` registers. Zero if all are zero, infinite if all are full.
///
/// Never below the number of registers that are not zero: by itself the estimator says 0.999994 of one value.
pub(super) fn estimate(histogram: &Histogram, bits: u32) -> f64 {
    let m = (1u64 << bits) as f64;
    let full = 64 - bits as usize + 1;
    let of = |rank: usize| f64::from(histogram.get(rank).copied().unwrap_or(0));
    let mut z = m * tau(1.0 - of(full) / m);
    for rank in (1..full).rev() {
        z = 0.5 * (z + of(rank));
    }
    z += m * sigma(of(0) / m);
    (ALPHA * m * m / z).max(m - of(0))
}

/// x + sum of x^(2^k) 2^(k-1), k from 1.
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        let before = z;
        x *= x;
        z += x * y;
        y += y;
        if z <= before {
            return z;
        }
    }
}

/// (1 - x - sum of (1 - x^(2^-k))^2 2^-k) / 3, k from 1.
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        let before = z;
        x = x.sqrt();
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z >= before {
            return z / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_is_the_papers_to_the_bit() {
        // 16 registers: 3 of rank 0, 6 of 1, 4 of 2, 2 of 3, 1 of 5.
        let registers = [0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 5];
        let found = estimate(&of_registers(&registers), 4);
        // By hand: sigma(3/16) = 0.20562..., the middle 6/2 + 4/4 + 2/8 + 1/32, tau(1) = 0.
        let (mut sigma, mut x) = (3.0 / 16.0, 3.0 / 16.0f64);
        for k in 0..5 {
            x *= x;
            sigma += x * f64::from(1 << k);
        }
        let by_hand = ALPHA * 256.0 / (16.0 * sigma + 3.0 + 1.0 + 0.25 + 0.03125);
        assert!((found / by_hand - 1.0).abs() < 1e-14, "{found} {by_hand}");
        // From the paper's algorithm in another language.
        assert_eq!(found.to_bits(), 0x4037_6cae_7e03_34f9);
        let full = [&[61; 4][..], &[60; 12]].concat();
        assert_eq!(estimate(&of_registers(&full), 4).to_bits(), 0x43eb_d0a2_7090_c2a3);
    }

    #[test]
    fn the_ends_are_zero_and_infinity() {
        assert_eq!(estimate(&of_registers(&[0; 16]), 4), 0.0);
        assert_eq!(estimate(&of_registers(&[61; 16]), 4), f64::INFINITY);
        assert!(estimate(&of_registers(&[60; 16]), 4) < f64::INFINITY);
    }
}
