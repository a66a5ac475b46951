//! The inside: ties that only the last bit breaks, the lowest window, unequal windows.

use num_bigint::{BigInt, BigUint};

use super::super::round::{nearest as rounded, quotient, quotient_by_two, ratio, ratio_u32, round};
use super::super::window::Exact;
use super::super::{ExactSum, Moments};
use super::{Random, nearest, one, power, sum_of};

#[test]
fn a_tie_is_broken_by_the_last_bit_however_far_below() {
    let mut random = Random(10);
    for _ in 0..4000 {
        let first = random.next() >> random.below(63) | 1;
        let second = random.next() >> random.below(63) | 1;
        // Around the middle of two neighbours, 54 bits and odd, and of subnormal neighbours, shorter.
        let middle = (random.next() >> 10 | 1 << 53) >> (random.below(2) * random.below(53)) | 1;
        let exponent = [-1075, -1080, -1128, -1150, 0, 960, 971][random.below(7) as usize];
        for nudge in -1..=1i32 {
            for divisors in [&[1, 1], &[first, 1], &[first, second]] {
                let divisor = BigUint::from(divisors[0]) * divisors[1];
                let number: BigInt = BigInt::from(middle) * BigInt::from(divisor.clone()) + nudge;
                let mut limbs = [0u64; 5];
                limbs.iter_mut().zip(number.magnitude().to_u64_digits()).for_each(|(to, from)| *to = from);
                let want = nearest(&number, -exponent, &divisor);
                assert_eq!(
                    quotient_by_two(false, &limbs, exponent, divisors[0], divisors[1]),
                    want,
                    "{number}/{divisor}"
                );
                if divisors[1] == 1 {
                    assert_eq!(quotient(true, &limbs, exponent, divisors[0]), -want, "{number}/{divisor}");
                }
                if divisor == one() {
                    assert_eq!(round(false, &limbs, exponent), want, "{number}");
                }
            }
        }
    }
    let near = [power(127), power(74), 1.0];
    assert_eq!(sum_of(&near).mean(1), Some(power(127) + power(75)));
    assert_eq!(sum_of(&near[..2]).mean(1), Some(power(127)));
}

#[test]
fn the_lowest_window_can_be_added_and_taken_away() {
    let lowest = ExactSum(Exact::Small { w: [0, 1 << 63], base: 0 });
    assert_eq!(lowest.value(), Some(-power(127)));
    assert_eq!(lowest, sum_of(&[-power(127)]));
    for start in [&[][..], &[1.0], &[-1.0], &[power(127)], &[1e-9], &[power(100)]] {
        let mut sum = sum_of(start);
        sum.subtract(&lowest);
        let mut want = sum_of(start);
        want.add(power(127));
        assert_eq!(sum, want, "{start:?}");
        sum.merge(&lowest);
        assert_eq!(sum, sum_of(start), "{start:?}");
    }
    let mut at_its_base = ExactSum(Exact::Small { w: [5, 0], base: 0 });
    at_its_base.subtract(&lowest);
    assert_eq!(at_its_base, sum_of(&[5.0, power(127)]));
    let back: ExactSum = postcard::from_bytes(&postcard::to_stdvec(&lowest).unwrap()).unwrap();
    assert_eq!(back, lowest);
}

#[test]
fn different_values_at_different_bases_are_not_equal() {
    let at = |w: u64, base: i16| ExactSum(Exact::Small { w: [w, 0], base });
    assert_eq!(at(1 << 32, 0), at(1, 32));
    assert_ne!(at(1 << 33, 0), at(1, 32));
    assert_ne!(at(1, 0), at(1, 32));
    assert_eq!(at(0, 0), at(0, -64));
    assert_ne!(at(1, 0), at(0, -64));
    let negative = ExactSum(Exact::Small { w: [u64::MAX, u64::MAX], base: 32 });
    assert_eq!(negative, ExactSum(Exact::Small { w: [u64::MAX << 32, u64::MAX], base: 0 }));
    assert_ne!(negative, at(1, 32));
    assert_ne!(sum_of(&[1.0, f64::INFINITY]), sum_of(&[2.0, f64::INFINITY]));
    assert_ne!(sum_of(&[1.0, f64::INFINITY]), sum_of(&[1.0]));
}

#[test]
fn unequal_counts_make_unequal_moments() {
    let mut moments = Moments::new();
    moments.add(0.0);
    assert_ne!(moments, Moments::default());
}

#[test]
fn short_ways_to_round_are_those_of_the_long_ones() {
    let mut random = Random(11);
    let mut draw = || random.next();
    for _ in 0..200_000 {
        let wide = i128::from(draw().cast_signed()) << 64 | i128::from(draw());
        // Of every length, many of them halfway between two doubles or next to it.
        let number = wide >> (draw() % 127) as u32;
        let tie = number >> 1 << 1 | i128::from(draw() & 1);
        let divisor = (draw() >> (draw() % 63) as u32) as u32;
        for number in [number, tie, number & !0x3ff, (number & !0x3ff) + 0x200, -number] {
            assert_eq!(rounded(number).to_bits(), (number as f64).to_bits(), "{number}");
            let long = ratio(number, u64::from(divisor)).map(f64::to_bits);
            assert_eq!(ratio_u32(number, divisor).map(f64::to_bits), long, "{number} / {divisor}");
        }
    }
}
