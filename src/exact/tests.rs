//! The sums against an oracle of big integers.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use num_bigint::{BigInt, BigUint, Sign};

use super::wide::Wide;
use super::window::Exact;
use super::{ExactSquares, ExactSum, Moments};

mod edges;
mod forms;
mod higher;
mod joint;
mod laws;

/// The oracle counts in units of 2^-UNIT.
const UNIT: i32 = 2200;

/// A small generator, so that a failure can be repeated by its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn shuffle(&mut self, values: &mut [f64]) {
        for i in (1..values.len()).rev() {
            values.swap(i, self.below(i as u64 + 1) as usize);
        }
    }

    /// One finite value of one of ten families.
    fn value(&mut self, family: u64) -> f64 {
        let sign = if self.next() & 1 == 0 { 1.0 } else { -1.0 };
        let bits = self.next();
        match family {
            0 => self.below(1_000_000) as f64 / 100.0,
            1 => sign * power(self.below(8) as i32 + self.below(8) as i32 - 7) * (1.0 + self.unit()),
            2 => finite(bits),
            3 => sign * [1e16, 1.0, 1e-16, 1e300, -1e300, 0.1][self.below(6) as usize],
            4 => f64::from_bits(bits & ((1 << 52) - 1) >> self.below(53)) * sign,
            5 => sign * f64::MAX / (1.0 + self.below(3) as f64),
            6 => sign * self.below(1000) as f64,
            7 => sign * power(self.below(300) as i32 - 150),
            8 => f64::from_bits(bits >> 12 | (self.below(60) + 990) << 52) * sign,
            _ => 1e12 + self.below(1000) as f64 * 0.01,
        }
    }

    fn values(&mut self, family: u64, most: u64) -> Vec<f64> {
        let n = self.below(most) + 1;
        let mut values: Vec<f64> = (0..n).map(|_| self.value(family)).collect();
        // Cancellation: the negatives of some of them again.
        if self.below(3) == 0 {
            let back: Vec<f64> = values.iter().skip(self.below(n) as usize).map(|x| -x).collect();
            values.extend(back);
            self.shuffle(&mut values);
        }
        values
    }
}

const FAMILIES: u64 = 10;

fn power(exponent: i32) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}

fn finite(bits: u64) -> f64 {
    let x = f64::from_bits(bits);
    if x.is_finite() { x } else { f64::from_bits(bits & !(1 << 62)) }
}

/// `x * 2^UNIT`, exact.
fn big(x: f64) -> BigInt {
    let bits = x.to_bits();
    let field = (bits >> 52 & 0x7ff) as i32;
    let mantissa = if field == 0 { (bits & ((1 << 52) - 1)) << 1 } else { bits & ((1 << 52) - 1) | 1 << 52 };
    let value = BigInt::from(mantissa) << (field - 1075 + UNIT) as usize;
    if bits >> 63 == 1 { -value } else { value }
}

fn big_sum(values: &[f64]) -> BigInt {
    values.iter().map(|&x| big(x)).sum()
}

/// The sum of squares in units of 2^(-2 * UNIT).
fn big_squares(values: &[f64]) -> BigInt {
    values.iter().map(|&x| big(x) * big(x)).sum()
}

/// `number * 2^-scale / divisor` rounded to nearest even, by the definition: the neighbour that is closer.
fn nearest(number: &BigInt, scale: i32, divisor: &BigUint) -> f64 {
    let (sign, mag) = (number.sign(), number.magnitude().clone());
    if sign == Sign::NoSign {
        return 0.0;
    }
    // Over the common unit 2^-1075 (half the smallest subnormal) everything is a fraction p / q.
    let (mut p, mut q) = (mag, divisor.clone());
    if scale >= 1075 {
        q <<= (scale - 1075) as usize
    } else {
        p <<= (1075 - scale) as usize
    }
    let unit_of = |x: f64| (big(x) >> (UNIT - 1075) as usize).magnitude().clone();
    let max = unit_of(f64::MAX);
    let half_step: BigUint = BigUint::from(1u8) << (970 + 1075usize);
    let bits = if p >= (&max + half_step) * &q {
        f64::INFINITY.to_bits()
    } else {
        // Positive floats are ordered as their bits: find the last that is not above.
        let (mut low, mut high) = (0u64, f64::INFINITY.to_bits());
        while high - low > 1 {
            let middle = low.midpoint(high);
            if unit_of(f64::from_bits(middle)) * &q <= p { low = middle } else { high = middle }
        }
        let above = if high == f64::INFINITY.to_bits() { high } else { low + 1 };
        if above == f64::INFINITY.to_bits() {
            low
        } else {
            let twice = &p << 1usize;
            let middle = (unit_of(f64::from_bits(low)) + unit_of(f64::from_bits(above))) * &q;
            if twice > middle || (twice == middle && low & 1 == 1) { above } else { low }
        }
    };
    if bits != 0 && sign == Sign::Minus { f64::from_bits(bits | 1 << 63) } else { f64::from_bits(bits) }
}

fn one() -> BigUint {
    BigUint::from(1u8)
}

fn sum_of(values: &[f64]) -> ExactSum {
    let mut sum = ExactSum::new();
    values.iter().for_each(|&x| sum.add(x));
    sum
}

fn moments_of(values: &[f64]) -> Moments {
    let mut moments = Moments::new();
    values.iter().for_each(|&x| moments.add(x));
    moments
}

/// The same value in the full-range form.
fn as_big<const L: usize, const W: usize>(sum: &Exact<L, W>) -> Exact<L, W> {
    Exact::Big(Box::new(Wide::clone(&sum.to_wide())))
}

fn bits(x: Option<f64>) -> Option<u64> {
    x.map(f64::to_bits)
}

/// Folds through a random tree of parts, some of them sent through bytes.
fn by_tree(random: &mut Random, values: &[f64]) -> Moments {
    if values.len() < 2 || random.below(4) == 0 {
        return moments_of(values);
    }
    let (left, right) = values.split_at(random.below(values.len() as u64) as usize);
    let (mut a, b) = (by_tree(random, left), by_tree(random, right));
    if random.below(4) == 0 {
        a = postcard::from_bytes(&postcard::to_stdvec(&a).unwrap()).unwrap();
    }
    a.merge(&b);
    a
}

#[test]
fn the_oracle_rounds_single_values_to_themselves() {
    let mut random = Random(1);
    for _ in 0..2000 {
        let x = finite(random.next());
        assert_eq!(nearest(&big(x), UNIT, &one()).to_bits(), (x + 0.0).to_bits(), "{x:e}");
    }
}

#[test]
fn sums_means_and_mean_squares_are_the_oracle_rounded_once() {
    let mut random = Random(2);
    for round in 0..6000 {
        let values = random.values(round % FAMILIES, 40);
        let (moments, exact) = (moments_of(&values), big_sum(&values));
        let n = values.len() as u64;
        assert_eq!(bits(moments.sum().value()), Some(nearest(&exact, UNIT, &one()).to_bits()), "{values:?}");
        for n in [n, 1, 3, random.next() | 1 << 63, random.next() >> random.below(64) | 1] {
            let want = nearest(&exact, UNIT, &BigUint::from(n));
            assert_eq!(bits(moments.sum().mean(n)), Some(want.to_bits()), "{values:?} / {n}");
        }
        let squares = big_squares(&values);
        assert_eq!(bits(moments.squares().value()), Some(nearest(&squares, 2 * UNIT, &one()).to_bits()), "{values:?}");
        let want = nearest(&squares, 2 * UNIT, &BigUint::from(n));
        assert_eq!(bits(moments.squares().mean(n)), Some(want.to_bits()), "{values:?}");
    }
}

#[test]
fn variances_are_the_oracle_rounded_once_and_never_negative() {
    let mut random = Random(3);
    for round in 0..4000 {
        let values = random.values(round % FAMILIES, 30);
        let (moments, n) = (moments_of(&values), values.len() as u64);
        let sum = big_sum(&values);
        let numerator = BigInt::from(n) * big_squares(&values) - &sum * &sum;
        let want = nearest(&numerator, 2 * UNIT, &BigUint::from(n * n));
        assert_eq!(bits(moments.var_pop()), Some(want.to_bits()), "{values:?}");
        assert!(want >= 0.0);
        let want = (n > 1).then(|| nearest(&numerator, 2 * UNIT, &BigUint::from(n * (n - 1))).to_bits());
        assert_eq!(bits(moments.var_samp()), want, "{values:?}");
    }
}

#[test]
fn every_order_and_every_merge_tree_gives_the_same_state_and_bytes() {
    let mut random = Random(4);
    for round in 0..3000 {
        let mut values = random.values(round % FAMILIES, 40);
        let whole = moments_of(&values);
        let bytes = postcard::to_stdvec(&whole).unwrap();
        for _ in 0..3 {
            random.shuffle(&mut values);
            let tree = by_tree(&mut random, &values);
            assert_eq!(tree, whole, "{values:?}");
            assert_eq!(postcard::to_stdvec(&tree).unwrap(), bytes, "{values:?}");
            assert_eq!(bits(tree.var_samp()), bits(whole.var_samp()));
            assert_eq!(bits(tree.mean()), bits(whole.mean()));
        }
    }
}

#[test]
fn values_and_whole_states_leave_without_a_trace() {
    let mut random = Random(5);
    for round in 0..4000 {
        let (keep, family) = (random.values(round % FAMILIES, 20), random.below(FAMILIES));
        let leave = random.values(family, 20);
        let want = moments_of(&keep);
        let mut one_by_one = Moments::new();
        // Some leave before they come.
        let early = random.below(leave.len() as u64) as usize;
        leave.iter().take(early).for_each(|&x| one_by_one.remove(x));
        keep.iter().chain(&leave).for_each(|&x| one_by_one.add(x));
        leave.iter().skip(early).for_each(|&x| one_by_one.remove(x));
        let mut whole = moments_of(&keep);
        whole.merge(&moments_of(&leave));
        whole.subtract(&moments_of(&leave));
        for state in [one_by_one, whole] {
            assert_eq!(state, want, "{keep:?} {leave:?}");
            assert_eq!(postcard::to_stdvec(&state).unwrap(), postcard::to_stdvec(&want).unwrap());
            assert_eq!(bits(state.var_pop()), bits(want.var_pop()));
        }
    }
}

#[test]
fn a_sliding_window_has_the_bits_of_a_fresh_fold() {
    let mut random = Random(6);
    for family in 0..FAMILIES {
        let values: Vec<f64> = (0..400).map(|_| random.value(family)).collect();
        let mut sliding = Moments::new();
        for (i, &x) in values.iter().enumerate() {
            sliding.add(x);
            if i >= 30 {
                sliding.remove(values[i - 30]);
                let fresh = moments_of(&values[i - 29..=i]);
                assert_eq!(sliding, fresh);
                assert_eq!(bits(sliding.var_samp()), bits(fresh.var_samp()));
            }
        }
    }
}

#[test]
fn a_value_in_any_representation_is_the_same_value() {
    let mut random = Random(7);
    for round in 0..3000 {
        let values = random.values(round % FAMILIES, 20);
        let small = moments_of(&values);
        let (sum, squares) = (ExactSum(as_big(&small.sum().0)), ExactSquares(as_big(&small.squares().0)));
        assert_eq!((&sum, &squares), (small.sum(), small.squares()));
        assert_eq!(format!("{sum:?}"), format!("{:?}", small.sum()));
        assert_eq!(postcard::to_stdvec(&(&sum, &squares)).unwrap(), {
            postcard::to_stdvec(&(small.sum(), small.squares())).unwrap()
        });
        assert_eq!(bits(sum.mean(7)), bits(small.sum().mean(7)));
        let mut other = small.sum().clone();
        other.add(5e-324);
        assert_ne!(other, sum);
        assert_ne!(sum, other);
    }
}

#[test]
fn a_state_shrinks_again_when_the_wide_values_leave() {
    let mut sum = sum_of(&[1e300, 1.0, f64::INFINITY, 1e-300]);
    assert!(matches!(sum.0, Exact::Big(_)));
    sum.remove(1e300);
    sum.remove(f64::INFINITY);
    assert!(matches!(sum.0, Exact::Big(_)));
    sum.remove(1e-300);
    assert!(matches!(sum.0, Exact::Small { .. }));
    assert_eq!(sum, sum_of(&[1.0]));
}
