//! Special values, the canonical bytes, and the forms that are refused.

use num_bigint::{BigInt, BigUint};
use proptest::prelude::*;

use super::super::{ExactSquares, ExactSum, Moments};
use super::{FAMILIES, Random, UNIT, big_squares, big_sum, bits, moments_of, nearest, sum_of};

const MAX: f64 = f64::MAX;
const INF: f64 = f64::INFINITY;

fn bytes_of<T: serde::Serialize>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).unwrap()
}

/// A byte string as postcard and as JSON would carry it.
fn read<T: serde::de::DeserializeOwned>(form: &[u8]) -> Result<T, String> {
    let json = serde_json::from_str::<T>(&serde_json::to_string(form).unwrap());
    let post = postcard::from_bytes::<T>(&bytes_of(&form.to_vec()));
    assert_eq!(json.is_ok(), post.is_ok());
    json.map_err(|e| e.to_string())
}

#[test]
fn sums_that_trip_floats_are_exact() {
    assert_eq!(sum_of(&[MAX, MAX, -MAX]).value(), Some(MAX));
    assert_eq!(sum_of(&[MAX, MAX]).value(), Some(INF));
    assert_eq!(sum_of(&[-MAX, -MAX]).value(), Some(-INF));
    assert_eq!(sum_of(&[MAX, MAX]).mean(2), Some(MAX));
    assert_eq!(sum_of(&[-1.0]).value(), Some(-1.0));
    assert_eq!(sum_of(&[-3.0]).value(), Some(-3.0));
    assert_eq!(sum_of(&[1e16, 1.0, 1.0, -1e16]).value(), Some(2.0));
    assert_eq!(sum_of(&[0.1; 10]).value(), Some(1.0));
    assert_eq!(sum_of(&[1e300, 5e-324, -1e300]).value(), Some(5e-324));
    let mut window = sum_of(&[1e16, 1.0, 1.0, 1.0]);
    window.remove(1e16);
    assert_eq!(window.value(), Some(3.0));
}

#[test]
fn every_zero_is_positive_and_the_same() {
    for values in [&[][..], &[-0.0], &[0.0, -0.0], &[1.5, -1.5], &[1e300, -1e300], &[1e300, 1e-300, -1e300, -1e-300]] {
        let sum = sum_of(values);
        assert_eq!(bits(sum.value()), Some(0), "{values:?}");
        assert!(sum.is_zero());
        assert_eq!(sum, ExactSum::new());
        assert_eq!(bytes_of(&sum), [0]);
    }
    // Too small for any float: the rounded mean is a zero, and it is positive too.
    assert_eq!(bits(sum_of(&[-5e-324]).mean(3)), Some(0));
    assert_eq!(sum_of(&[-5e-324]).mean(1), Some(-5e-324));
    assert_eq!(sum_of(&[1.0]).mean(0), None);
}

#[test]
fn an_infinity_passes_through_and_leaves_the_finite_sum() {
    let mut moments = moments_of(&[1.0, 2.5]);
    let before = moments.clone();
    moments.add(INF);
    assert_eq!((moments.sum().value(), moments.mean()), (Some(INF), Some(INF)));
    assert_eq!((moments.var_pop(), moments.var_samp(), moments.count()), (None, None, 3));
    moments.add(-INF);
    assert_eq!((moments.sum().value(), moments.mean()), (None, None));
    assert_eq!(moments.squares().value(), Some(INF));
    moments.remove(INF);
    assert_eq!(moments.sum().value(), Some(-INF));
    moments.remove(-INF);
    assert_eq!(moments, before);
    assert_eq!(bytes_of(&moments), bytes_of(&before));
    assert_eq!(moments.var_samp(), Some(1.125));
}

#[test]
fn an_infinity_removed_first_is_undefined_until_it_is_added() {
    let mut sum = sum_of(&[4.0]);
    sum.remove(INF);
    assert_eq!((sum.value(), sum.is_zero()), (None, false));
    let back: ExactSum = postcard::from_bytes(&bytes_of(&sum)).unwrap();
    assert_eq!(back, sum);
    sum.merge(&sum_of(&[INF]));
    sum.subtract(&ExactSum::new());
    assert_eq!(sum, sum_of(&[4.0]));
}

#[test]
fn not_a_number_is_ignored() {
    let mut moments = moments_of(&[1.0, f64::NAN, 3.0]);
    moments.remove(f64::NAN);
    assert_eq!(moments, moments_of(&[1.0, 3.0]));
    assert_eq!(moments.count(), 2);
}

#[test]
fn the_variance_needs_enough_values_and_is_zero_for_equal_ones() {
    assert_eq!((Moments::new().var_pop(), Moments::new().var_samp()), (None, None));
    assert_eq!((moments_of(&[7.0]).var_pop(), moments_of(&[7.0]).var_samp()), (Some(0.0), None));
    for x in [0.1, -1e12 + 0.3, 1e300, 5e-324, MAX, 0.0] {
        let state = moments_of(&[x; 7]);
        assert_eq!((bits(state.var_pop()), bits(state.var_samp())), (Some(0), Some(0)), "{x}");
    }
    assert_eq!(moments_of(&[MAX, -MAX]).var_pop(), Some(INF));
    assert_eq!(moments_of(&[1e12, 1e12 + 1.0]).var_samp(), Some(0.5));
    let mut impossible = moments_of(&[1.0, 2.0]);
    impossible.subtract(&moments_of(&[3.0]));
    assert_eq!((impossible.count(), impossible.var_pop()), (1, None));
    let mut below_zero = Moments::new();
    below_zero.remove(2.0);
    assert_eq!((below_zero.count(), below_zero.mean(), below_zero.var_pop()), (0, None, None));
    below_zero.add(2.0);
    assert_eq!(below_zero, Moments::new());
}

#[test]
fn counts_up_to_two_to_the_63_stay_exact() {
    for values in [&[0.1, 0.7, -3.25][..], &[1e300, 1e-300], &[MAX, MAX], &[5e-324, 0.0], &[-MAX, 1.0, 2.0]] {
        let (mut state, mut n) = (moments_of(values), values.len() as u64);
        let (mut sum, mut squares) = (big_sum(values), big_squares(values));
        while n < 1 << 61 {
            state.merge(&state.clone());
            (n, sum, squares) = (n * 2, sum * 2, squares * 2);
            let numerator = BigInt::from(n) * &squares - &sum * &sum;
            let wide = BigUint::from(n);
            assert_eq!(state.count(), n);
            assert_eq!(bits(state.sum().value()), Some(nearest(&sum, UNIT, &BigUint::from(1u8)).to_bits()));
            assert_eq!(bits(state.mean()), Some(nearest(&sum, UNIT, &wide).to_bits()));
            assert_eq!(bits(state.var_pop()), Some(nearest(&numerator, 2 * UNIT, &(&wide * &wide)).to_bits()));
            let samp = nearest(&numerator, 2 * UNIT, &(&wide * (&wide - 1u8)));
            assert_eq!(bits(state.var_samp()), Some(samp.to_bits()), "{values:?} {n}");
            let back: Moments = postcard::from_bytes(&bytes_of(&state)).unwrap();
            assert_eq!(back, state);
        }
    }
    let mut sum = sum_of(&[0.1]);
    (0..63).for_each(|_| sum.merge(&sum.clone()));
    assert_eq!(sum.mean(1 << 63), Some(0.1));
}

#[test]
fn a_sum_beyond_every_count_is_refused_when_written() {
    let mut sum = sum_of(&[MAX]);
    (0..65).for_each(|_| sum.merge(&sum.clone()));
    assert!(postcard::to_stdvec(&sum).is_err());
    assert!(serde_json::to_string(&sum).unwrap_err().to_string().contains("at most 1088"));
}

#[test]
fn the_bytes_are_short_and_known() {
    assert_eq!(bytes_of(&sum_of(&[3.0])), [2, 0, 3]);
    assert_eq!(bytes_of(&sum_of(&[-1000.0])), [2, 3 << 3 | 1, 125]);
    assert_eq!(bytes_of(&sum_of(&[0.5, 1024.0])), [3, 4, 1, 8]);
    assert_eq!(bytes_of(&sum_of(&[INF])), [3, 2, 2, 0]);
    assert_eq!(bytes_of(&sum_of(&[19.99])).len(), 10);
    assert_eq!(bytes_of(&sum_of(&[1e300, 1e-300])).len(), 260);
    assert!(bytes_of(&sum_of(&[MAX, 5e-324])).len() <= 297);
    assert_eq!(serde_json::to_string(&sum_of(&[0.5, 1024.0])).unwrap(), "[4,1,8]");
}

#[test]
fn states_survive_both_formats() {
    let mut random = Random(8);
    for round in 0..3000 {
        let mut values = random.values(round % FAMILIES, 20);
        if random.below(4) == 0 {
            values.extend([INF, -INF, INF].iter().take(random.below(4) as usize));
        }
        let state = moments_of(&values);
        let back: Moments = postcard::from_bytes(&bytes_of(&state)).unwrap();
        let json: Moments = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
        assert_eq!((&back, &json), (&state, &state), "{values:?}");
        assert_eq!((bytes_of(&back), bytes_of(&json)), (bytes_of(&state), bytes_of(&state)));
        assert_eq!(bits(back.var_pop()), bits(state.var_pop()));
    }
}

#[test]
fn every_other_form_is_refused_with_what_was_found() {
    let cases: [(&[u8], &str); 15] = [
        (&[0], "head 0 without a magnitude"),
        (&[1], "head 1 without a magnitude"),
        (&[8], "head 8 without a magnitude"),
        (&[0, 4], "even byte 4"),
        (&[0, 0], "even byte 0"),
        (&[0, 3, 0], "zero byte"),
        (&[0x80, 0, 3], "head is longer"),
        (&[0x80], "end inside the head"),
        (&[0xff; 12], "head is longer"),
        (&[2, 0, 0], "both counts are 0"),
        (&[2, 0, 0, 3], "both counts are 0"),
        (&[3, 2, 0], "head 3 without a magnitude"),
        (&[2, 2], "end inside the count of negative"),
        (&[2, 0x82, 0, 0], "count of positive infinities is longer"),
        (&[0xfc, 0xff, 0x7f, 1], "exponent -262144"),
    ];
    for (form, want) in cases {
        let error = read::<ExactSum>(form).unwrap_err();
        assert!(error.contains(want), "{form:?}: {error}");
    }
    assert!(read::<ExactSum>(&[1; 295]).unwrap_err().contains("at most 294"));
    assert!(read::<ExactSquares>(&[1; 557]).unwrap_err().contains("at most 556"));
    assert!(read::<ExactSquares>(&[2, 0, 2]).unwrap_err().contains("1 negative infinities among squares"));
    assert!(read::<ExactSum>(&[2, 0, 2]).is_ok());
    assert!(postcard::from_bytes::<ExactSum>(&[0xff, 0xff, 0xff, 0xff, 0x0f, 1]).is_err());
    assert!(serde_json::from_str::<ExactSum>("[256]").is_err());
    assert!(serde_json::from_str::<ExactSum>("3.5").unwrap_err().to_string().contains("an exact sum"));
}

#[test]
fn the_range_of_each_kind_ends_where_its_terms_do() {
    let head = |exponent: i64| {
        let head = ((exponent << 1 ^ exponent >> 63) as u64) << 2;
        vec![
            head as u8 & 0x7f | 0x80,
            (head >> 7) as u8 & 0x7f | if head >> 14 > 0 { 0x80 } else { 0 },
            (head >> 14) as u8,
        ]
    };
    let form = |exponent: i64, magnitude: &[u8]| {
        let mut form = head(exponent);
        if form[2] == 0 {
            form.pop();
        }
        form.extend(magnitude);
        form
    };
    assert_eq!(read::<ExactSum>(&form(-1074, &[1])).unwrap().value(), Some(5e-324));
    assert!(read::<ExactSum>(&form(-1075, &[1])).unwrap_err().contains("exponent -1075; -1074 to 1087 is allowed"));
    assert_eq!(read::<ExactSum>(&form(1087, &[1])).unwrap().value(), Some(INF));
    assert!(read::<ExactSum>(&form(1088, &[1])).is_err());
    assert!(
        read::<ExactSum>(&form(1087, &[3])).unwrap_err().contains("1089 as the power of two above it; at most 1088")
    );
    assert!(read::<ExactSum>(&form(-1074, &[255; 271])).is_err());
    assert!(read::<ExactSum>(&form(-1074, &[255; 270])).is_ok());
    assert!(read::<ExactSquares>(&form(-2148, &[1])).is_ok());
    assert!(read::<ExactSquares>(&form(-2149, &[1])).is_err());
    assert!(read::<ExactSquares>(&form(2111, &[1])).is_ok());
    assert!(read::<ExactSquares>(&form(2112, &[1])).is_err());
    assert!(read::<ExactSquares>(&form(-2148, &[255; 532])).is_ok());
}

#[test]
fn changed_bytes_are_refused_or_are_canonical_themselves() {
    let mut random = Random(9);
    for round in 0..30_000 {
        let mut bytes = bytes_of(&moments_of(&random.values(round % FAMILIES, 6)));
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len() as u64) as usize;
            match random.below(4) {
                0 => bytes[at] ^= 1 << random.below(8),
                1 => bytes[at] = random.next() as u8,
                2 => bytes.insert(at, random.next() as u8),
                _ => bytes.truncate(at.max(1)),
            }
        }
        if let Ok((state, rest)) = postcard::take_from_bytes::<Moments>(&bytes) {
            let (_, _, _) = (state.var_pop(), state.var_samp(), state.mean());
            // postcard accepts longer forms of its own integers, so the bytes are compared only where it did not.
            let again = bytes_of(&state);
            if again.len() + rest.len() == bytes.len() {
                assert_eq!(again, bytes[..again.len()]);
            }
            let mut doubled = state.clone();
            doubled.merge(&state);
            doubled.subtract(&state);
            assert_eq!((doubled.sum(), doubled.squares()), (state.sum(), state.squares()));
        }
    }
}

proptest! {
    #[test]
    fn any_byte_string_is_refused_or_written_back_unchanged(form in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(sum) = read::<ExactSum>(&form) {
            prop_assert_eq!(bytes_of(&sum), bytes_of(&form));
        }
        if let Ok(squares) = read::<ExactSquares>(&form) {
            prop_assert_eq!(bytes_of(&squares), bytes_of(&form));
        }
    }

    #[test]
    fn any_values_sum_to_the_oracle_in_any_split(
        raw in prop::collection::vec(any::<u64>(), 1..12),
        at in any::<usize>(),
    ) {
        let values: Vec<f64> = raw.into_iter().map(super::finite).collect();
        let (left, right) = values.split_at(at % values.len());
        let mut merged = moments_of(right);
        merged.merge(&moments_of(left));
        prop_assert_eq!(&merged, &moments_of(&values));
        let want = nearest(&big_sum(&values), UNIT, &BigUint::from(1u8));
        prop_assert_eq!(bits(merged.sum().value()), Some(want.to_bits()));
    }
}
