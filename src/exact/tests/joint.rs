//! Products, covariance, correlation and weighted means against big integers.

use num_bigint::{BigInt, BigUint, Sign};
use proptest::prelude::*;

use super::super::round::ratio;
use super::super::{CoMoments, ExactProducts, ExactSquares, WeightedTally};
use super::laws::{bytes_of, state_of};
use super::{FAMILIES, Random, UNIT, big, big_sum, bits, nearest, one};

const INF: f64 = f64::INFINITY;
const MAX: f64 = f64::MAX;

/// Whether `found` is within 0.52 units in the last place of the root of `num / den` with this sign.
pub(super) fn assert_near(found: f64, sign: Sign, num: &BigInt, den: &BigInt, why: &dyn std::fmt::Debug) {
    let size = found.abs();
    let next = f64::from_bits(size.to_bits() + 1);
    let (x, ulp): (BigInt, BigInt) = (big(size) * 100, (big(next) - big(size)) * 52);
    assert!(found == 0.0 || (found < 0.0) == (sign == Sign::Minus), "{found:e} {why:?}");
    let target: BigInt = (num * BigInt::from(10_000)) << (2 * UNIT) as usize;
    let (low, high): (BigInt, BigInt) = (&x - &ulp, &x + &ulp);
    assert!(low.sign() == Sign::Minus || &low * &low * den <= target, "{found:e} is too large: {why:?}");
    assert!(&high * &high * den >= target, "{found:e} is too small: {why:?}");
}

fn samples(random: &mut Random, round: u64, most: u64) -> Vec<(f64, f64)> {
    let (n, other) = (random.below(most) + 1, random.below(FAMILIES));
    let mut out: Vec<_> = (0..n).map(|_| (random.value(round % FAMILIES), random.value(other))).collect();
    match random.below(6) {
        // Cancellation: some products, or some values, twice with opposite signs.
        0 => out.extend(out.clone().iter().skip(1).map(|&(x, y)| (-x, y))),
        1 => out.extend(out.clone().iter().skip(1).map(|&(x, y)| (-x, -y))),
        // Nearly on a line.
        2 => out.iter_mut().for_each(|(x, y)| *y = *x * 0.25 + 1e-9 * (*x - 1.0).abs().sqrt()),
        _ => {}
    }
    out.iter().map(|&(x, y)| (super::finite(x.to_bits()), super::finite(y.to_bits()))).collect()
}

/// `n` times the sum of the products of the distances from the means, in units of 2^(-2 * UNIT), times `n`.
fn spread(pairs: &[(BigInt, BigInt)]) -> BigInt {
    let n = BigInt::from(pairs.len());
    let (x, y): (BigInt, BigInt) = (pairs.iter().map(|p| &p.0).sum(), pairs.iter().map(|p| &p.1).sum());
    pairs.iter().map(|(a, b)| (a * &n - &x) * (b * &n - &y)).sum()
}

fn big_products(pairs: &[(f64, f64)]) -> BigInt {
    pairs.iter().map(|&(x, y)| big(x) * big(y)).sum()
}

#[test]
fn sums_of_products_are_the_oracle_rounded_once() {
    let mut random = Random(60);
    for round in 0..3000 {
        let pairs = samples(&mut random, round, 20);
        let (state, exact) = (state_of::<ExactProducts>(&pairs), big_products(&pairs));
        assert_eq!(bits(state.value()), Some(nearest(&exact, 2 * UNIT, &one()).to_bits()), "{pairs:?}");
        let n = random.next() >> random.below(64) | 1;
        assert_eq!(bits(state.mean(n)), Some(nearest(&exact, 2 * UNIT, &BigUint::from(n)).to_bits()), "{pairs:?}");
        assert_eq!(state.is_zero(), exact.sign() == Sign::NoSign);
    }
}

#[test]
fn products_of_equal_factors_are_squares() {
    let mut random = Random(61);
    for round in 0..1000 {
        let (mut products, mut squares) = (ExactProducts::new(), ExactSquares::new());
        for x in random.values(round % FAMILIES, 20) {
            products.add(-x, -x);
            squares.add(x);
        }
        assert!(products.0 == squares.0);
        assert_eq!(bytes_of(&products), bytes_of(&squares));
    }
}

#[test]
fn infinite_products_have_the_sign_of_the_product_and_leave_again() {
    let with = |x: f64, y: f64| {
        let mut state = state_of::<ExactProducts>(&[(2.0, 3.0)]);
        state.add(x, y);
        let value = state.value();
        state.remove(x, y);
        assert_eq!((state.value(), bytes_of(&state)), (Some(6.0), bytes_of(&state_of::<ExactProducts>(&[(2.0, 3.0)]))));
        value
    };
    assert_eq!((with(INF, 2.0), with(-2.0, -INF), with(INF, INF)), (Some(INF), Some(INF), Some(INF)));
    assert_eq!((with(INF, -2.0), with(5e-324, -INF), with(-INF, INF)), (Some(-INF), Some(-INF), Some(-INF)));
    assert_eq!((with(INF, 0.0), with(-0.0, INF), with(0.0, -INF)), (None, None, None));
    assert_eq!((with(f64::NAN, INF), with(0.0, f64::NAN), with(-0.0, 3.0)), (Some(6.0), Some(6.0), Some(6.0)));
    assert_eq!((with(MAX, MAX), with(MAX, -MAX), with(5e-324, 5e-324)), (Some(INF), Some(-INF), Some(6.0)));
    let opposite = state_of::<ExactProducts>(&[(MAX, MAX), (-MAX, MAX), (5e-324, 0.5)]);
    assert_eq!(bits(opposite.value()), Some(0));
    assert!(!opposite.is_zero());
    assert_eq!(bits(state_of::<ExactProducts>(&[(-0.0, 1.0)]).value()), Some(0));
}

#[test]
fn covariance_is_the_oracle_rounded_once_and_correlation_is_near_it() {
    let mut random = Random(62);
    for round in 0..1500 {
        let pairs = samples(&mut random, round, 12);
        let state = state_of::<CoMoments>(&pairs);
        let n = pairs.len() as u64;
        let exact: Vec<_> = pairs.iter().map(|&(x, y)| (big(x), big(y))).collect();
        let xy = spread(&exact);
        let want = nearest(&xy, 2 * UNIT, &(BigUint::from(n) * n * n));
        assert_eq!(bits(state.cov_pop()), Some(want.to_bits()), "{pairs:?}");
        let want = (n > 1).then(|| nearest(&xy, 2 * UNIT, &(BigUint::from(n) * n * (n - 1))).to_bits());
        assert_eq!(bits(state.cov_samp()), want, "{pairs:?}");
        let xx = spread(&exact.iter().map(|(x, _)| (x.clone(), x.clone())).collect::<Vec<_>>());
        let yy = spread(&exact.iter().map(|(_, y)| (y.clone(), y.clone())).collect::<Vec<_>>());
        let flat = xx.sign() == Sign::NoSign || yy.sign() == Sign::NoSign;
        assert_eq!(state.corr().is_none(), flat, "{pairs:?}");
        if let Some(corr) = state.corr() {
            assert!((-1.0..=1.0).contains(&corr));
            assert_near(corr, xy.sign(), &(&xy * &xy), &(xx * yy), &pairs);
        }
    }
}

#[test]
fn the_covariance_of_a_value_with_itself_is_its_variance() {
    let mut random = Random(63);
    for round in 0..1000 {
        let values = random.values(round % FAMILIES, 20);
        let pairs: Vec<_> = values.iter().map(|&x| (x, x)).collect();
        let (state, moments) = (state_of::<CoMoments>(&pairs), super::moments_of(&values));
        assert_eq!(bits(state.cov_pop()), bits(moments.var_pop()), "{values:?}");
        assert_eq!(bits(state.cov_samp()), bits(moments.var_samp()), "{values:?}");
        let varies = moments.var_samp().is_some_and(|_| values.iter().any(|x| *x != values[0]));
        assert_eq!(state.corr(), varies.then_some(1.0), "{values:?}");
        assert_eq!((state.sum_x(), state.squares_y()), (moments.sum(), moments.squares()));
    }
}

#[test]
fn known_covariances_and_correlations() {
    let state = state_of::<CoMoments>(&[(1.0, 2.0), (2.0, 1.0), (4.0, 5.0)]);
    // Means 7/3 and 8/3: the sum of the products of the distances is 24 - 56/3 = 16/3.
    assert_eq!((state.cov_pop(), state.cov_samp()), (Some(16.0 / 9.0), Some(8.0 / 3.0)));
    // 16 / sqrt(14 * 26).
    assert_eq!(state.corr(), Some(0.838_627_869_377_534_6));
    assert_eq!(state_of::<CoMoments>(&[(0.0, 1.0), (1.0, 0.0), (2.0, 1.0)]).corr(), Some(0.0));
    for (x, slope, n) in [(1.0, 3.0, 5), (1e15, -7.0, 900), (-3.0, 1e-300, 2), (1e10, 1e290, 7), (1.0, 5e-324, 99)] {
        // A line whose points are all exact.
        let pairs: Vec<_> = (0..n).map(|i| (x + f64::from(i), slope * f64::from(i % 1024))).collect();
        assert_eq!(state_of::<CoMoments>(&pairs).corr().map(f64::abs), Some(1.0), "{slope} {n}");
    }
    let giant = state_of::<CoMoments>(&[(MAX, -MAX), (-MAX, MAX), (0.0, 0.0)]);
    assert_eq!((giant.corr(), giant.cov_pop()), (Some(-1.0), Some(-INF)));
    let tiny = state_of::<CoMoments>(&[(5e-324, 5e-324), (0.0, 0.0)]);
    assert_eq!((tiny.corr(), bits(tiny.cov_pop())), (Some(1.0), Some(0)));
    let mixed = state_of::<CoMoments>(&[(1e300, 1e-300), (-1e300, -1e-300), (1e-300, 1e300)]);
    assert!(mixed.corr().is_some_and(|corr| corr.abs() < 1.0));
}

#[test]
fn pairs_without_an_answer() {
    let none = |pairs: &[(f64, f64)]| {
        let state = state_of::<CoMoments>(pairs);
        (state.count(), state.cov_pop().is_some(), state.cov_samp().is_some(), state.corr().is_some())
    };
    assert_eq!(none(&[]), (0, false, false, false));
    assert_eq!(none(&[(1.0, 2.0)]), (1, true, false, false));
    assert_eq!(none(&[(1.0, 2.0), (1.0, 3.0)]), (2, true, true, false));
    assert_eq!(none(&[(1.0, 2.0), (f64::NAN, 3.0), (2.0, f64::NAN), (f64::NAN, INF)]), (1, true, false, false));
    for odd in [(INF, 1.0), (1.0, -INF), (INF, 0.0), (INF, INF), (0.0, -INF)] {
        assert_eq!(none(&[(1.0, 2.0), (2.0, 5.0), odd]), (3, false, false, false), "{odd:?}");
    }
    let mut removed = state_of::<CoMoments>(&[(1.0, 2.0), (2.0, 5.0), (3.0, 3.0)]);
    removed.subtract(&state_of(&[(9.0, 9.0)]));
    assert_eq!((removed.count(), removed.corr()), (2, None));
}

#[test]
fn weighted_means_are_near_the_oracle() {
    let mut random = Random(64);
    for round in 0..2000 {
        let pairs = samples(&mut random, round, 20);
        let state = state_of::<WeightedTally>(&pairs);
        let weights = big_sum(&pairs.iter().map(|p| p.1).collect::<Vec<_>>());
        assert_eq!(state.mean().is_none(), weights.sign() == Sign::NoSign, "{pairs:?}");
        if let Some(mean) = state.mean() {
            let (products, weights) = (big_products(&pairs), weights << UNIT as usize);
            let sign = products.sign() * weights.sign();
            if mean.is_finite() {
                assert_near(mean, sign, &(&products * &products), &(&weights * &weights), &pairs);
            } else {
                let size = BigUint::from(1u8) << 1023usize;
                assert!(products.magnitude() > &(weights.magnitude() * size), "{pairs:?}");
            }
        }
        // The mean of equal values is that value, whatever the weights.
        let (x, equal) = (pairs[0].0, pairs.iter().map(|p| (pairs[0].0, p.1)).collect::<Vec<_>>());
        let mean = state_of::<WeightedTally>(&equal).mean();
        assert!(mean.is_none_or(|mean| mean == x), "{mean:?} {equal:?}");
    }
}

#[test]
fn known_weighted_means() {
    let mean = |pairs: &[(f64, f64)]| state_of::<WeightedTally>(pairs).mean();
    assert_eq!(mean(&[(1.0, 3.0), (5.0, 1.0)]), Some(2.0));
    assert_eq!(mean(&[(MAX, MAX), (MAX, MAX)]), Some(MAX));
    assert_eq!(mean(&[(5e-324, 5e-324), (1.5e-323, 5e-324)]), Some(1e-323));
    assert_eq!(mean(&[(1.0, -1.0), (4.0, -2.0)]), Some(3.0));
    assert_eq!((mean(&[]), mean(&[(1.0, 0.0)]), mean(&[(1.0, 2.0), (3.0, -2.0)])), (None, None, None));
    assert_eq!(bits(mean(&[(1.0, 1.0), (-1.0, 1.0)])), Some(0));
    assert_eq!((mean(&[(INF, 1.0), (1.0, 1.0)]), mean(&[(INF, -1.0)])), (Some(INF), Some(INF)));
    assert_eq!((mean(&[(INF, -1.0), (1.0, 3.0)]), mean(&[(INF, 0.0), (1.0, 3.0)])), (Some(-INF), None));
    assert_eq!((mean(&[(1.0, INF), (1.0, 3.0)]), mean(&[(0.0, INF), (1.0, 3.0)])), (None, None));
    let state = state_of::<WeightedTally>(&[(2.0, 3.0), (f64::NAN, 1.0), (1.0, f64::NAN)]);
    assert_eq!((state.count(), state.weights().value(), state.products().value()), (1, Some(3.0), Some(6.0)));
}

#[test]
fn a_quotient_of_integers_is_rounded_once() {
    assert_eq!((ratio(1, 0), ratio(0, 7), ratio(-7, 2)), (None, Some(0.0), Some(-3.5)));
    assert_eq!(ratio(i128::MIN, u64::MAX), Some(nearest(&BigInt::from(i128::MIN), 0, &BigUint::from(u64::MAX))));
    let (num, den) = ((1 << 53) + 1, 3);
    assert_eq!(ratio(num, den), Some(nearest(&BigInt::from(num), 0, &BigUint::from(den))));
}

proptest! {
    #[test]
    fn any_quotient_of_integers_is_rounded_once(num in any::<i128>(), down in 0..127u32, den in 1..=u64::MAX) {
        let num = num >> down;
        let want = nearest(&BigInt::from(num), 0, &BigUint::from(den));
        prop_assert_eq!(bits(ratio(num, den)), Some(want.to_bits()));
    }
}
