//! Skewness and kurtosis against big integers, by their definitions.

use num_bigint::{BigInt, Sign};

use super::super::HigherMoments;
use super::super::higher::{ExactCubes, ExactFourths};
use super::super::window::Exact;
use super::joint::assert_near;
use super::laws::bytes_of;
use super::{FAMILIES, Random, UNIT, as_big, big, bits, nearest, one, power};

const INF: f64 = f64::INFINITY;
const MAX: f64 = f64::MAX;

fn higher_of(values: &[f64]) -> HigherMoments {
    let mut state = HigherMoments::new();
    values.iter().for_each(|&x| state.add(x));
    state
}

fn all(state: &HigherMoments) -> [Option<f64>; 4] {
    [state.skewness_pop(), state.skewness_samp(), state.kurtosis_pop(), state.kurtosis_samp()]
}

/// The sums of the second, third and fourth powers of `n * x - sum`.
fn central(values: &[f64]) -> [BigInt; 3] {
    let n = BigInt::from(values.len());
    let exact: Vec<BigInt> = values.iter().map(|&x| big(x)).collect();
    let sum: BigInt = exact.iter().sum();
    let mut out = [0, 0, 0].map(BigInt::from);
    for x in exact {
        let distance = x * &n - &sum;
        let square = &distance * &distance;
        out[1] += &square * &distance;
        out[2] += &square * &square;
        out[0] += square;
    }
    out
}

fn check(values: &[f64]) {
    let state = higher_of(values);
    let n = values.len() as i64;
    let [two, three, four] = central(values);
    let found = all(&state);
    if two.sign() == Sign::NoSign {
        assert_eq!(found, [None; 4], "{values:?}");
        return;
    }
    assert_eq!(found.map(|x| x.is_some()), [true, n >= 3, true, n >= 4], "{values:?}");
    let near = |found: Option<f64>, sign: Sign, num: &BigInt, den: &BigInt| {
        let Some(found) = found else { return };
        assert_near(found, sign, num, den, &values);
    };
    // All are squared, so that one check serves the roots too.
    let (square, cube) = (&two * &two, &two * &two * &two);
    let skew = &three * &three * n;
    near(found[0], three.sign(), &skew, &cube);
    near(found[1], three.sign(), &(&skew * n * (n - 1)), &(&cube * (n - 2) * (n - 2)));
    let excess: BigInt = &four * n - &square * 3;
    near(found[2], excess.sign(), &(&excess * &excess), &(&square * &square));
    let (num, den): (BigInt, BigInt) = ((&excess * (n + 1) + &square * 6) * (n - 1), &square * ((n - 2) * (n - 3)));
    near(found[3], num.sign(), &(&num * &num), &(&den * &den));
}

#[test]
fn shapes_are_near_the_oracle() {
    let mut random = Random(70);
    for round in 0..900 {
        check(&random.values(round % FAMILIES, 10));
    }
    for values in [&[MAX, -MAX, 5e-324][..], &[MAX, MAX, MAX, 0.0, 1.0], &[5e-324, 0.0, 0.0, 1e-323], &[1e300, 1.0]] {
        check(values);
    }
}

#[test]
fn sums_of_cubes_and_fourth_powers_are_exact() {
    let mut random = Random(71);
    for round in 0..2000 {
        let values = random.values(round % FAMILIES, 20);
        let state = higher_of(&values);
        let power = |k: u32| values.iter().map(|&x| big(x).pow(k)).sum::<BigInt>();
        let want = [nearest(&power(3), 3 * UNIT, &one()), nearest(&power(4), 4 * UNIT, &one())];
        assert_eq!([state.cubes.0.value(), state.fourths.0.value()].map(bits), want.map(|x| Some(x.to_bits())));
        let wide = (ExactCubes(as_big(&state.cubes.0)), ExactFourths(as_big(&state.fourths.0)));
        assert_eq!((&wide.0, &wide.1), (&state.cubes, &state.fourths));
        assert_eq!(bytes_of(&wide), bytes_of(&(&state.cubes, &state.fourths)));
    }
}

#[test]
fn known_shapes() {
    // Distances from the mean -3, -2, -1, 6: m2 = 12.5, m3 = 45, m4 = 348.5.
    let state = higher_of(&[1.0, 2.0, 3.0, 10.0]);
    assert_eq!(state.skewness_pop(), Some(1.018_233_764_908_628_4));
    assert_eq!(state.skewness_samp(), Some(1.763_632_614_803_888_4));
    assert_eq!(state.kurtosis_pop(), Some(-0.7696));
    assert_eq!(state.kurtosis_samp(), Some(3.228));
    assert_eq!((state.count(), state.moments().mean(), state.moments().var_pop()), (4, Some(4.0), Some(12.5)));
    assert_eq!(all(&higher_of(&[-1.0, 1.0])), [Some(0.0), None, Some(-2.0), None]);
    assert_eq!(all(&higher_of(&[1e16, 1e16 + 2.0, 1e16 + 4.0])), [Some(0.0), Some(0.0), Some(-1.5), None]);
    assert_eq!(all(&higher_of(&[MAX, -MAX, MAX, -MAX])), [Some(0.0), Some(0.0), Some(-2.0), Some(-6.0)]);
    // The excess is exactly zero, and what is beside it is not lost: all digits of it are right.
    let mut values = [-1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    assert_eq!(higher_of(&values).kurtosis_pop(), Some(0.0));
    values[5] += 1e-12;
    assert!(higher_of(&values).kurtosis_pop().is_some_and(|excess| excess != 0.0 && excess.abs() < 1e-11));
    check(&values);
}

#[test]
fn shapes_do_not_depend_on_the_unit() {
    let mut random = Random(72);
    for round in 0..300 {
        let values: Vec<f64> = (0..=random.below(20)).map(|_| random.value([0, 6][round % 2])).collect();
        let want = all(&higher_of(&values)).map(bits);
        for scale in [-900, -300, 7, 900] {
            let scaled: Vec<f64> = values.iter().map(|x| x * power(scale)).collect();
            assert_eq!(all(&higher_of(&scaled)).map(bits), want, "{values:?} 2^{scale}");
        }
        let mirrored: Vec<f64> = values.iter().map(|x| -x).collect();
        let found = all(&higher_of(&mirrored));
        assert_eq!([found[0].map(|x| 0.0 - x), found[2]].map(bits), [want[0], want[2]]);
    }
}

#[test]
fn values_without_a_shape() {
    for values in [&[][..], &[1.0], &[0.1; 7], &[f64::NAN, 3.0], &[1.0, 2.0, 3.0, 9.0, INF], &[1.0, 2.0, INF, -INF]] {
        assert_eq!(all(&higher_of(values)), [None; 4], "{values:?}");
    }
    assert_eq!(higher_of(&[1.0, f64::NAN, INF]).count(), 2);
    let mut state = higher_of(&[1.0, 2.0, 4.0, 7.0, 3.0]);
    state.subtract(&higher_of(&[8.0]));
    assert_eq!((state.count(), all(&state)), (4, [None; 4]));
}

#[test]
fn memory_is_given_up_when_the_wide_values_leave() {
    let small = |state: &HigherMoments| {
        (matches!(state.cubes.0, Exact::Small { .. }), matches!(state.fourths.0, Exact::Small { .. }))
    };
    let mut state = higher_of(&[1e300, 1.0, 1e-300]);
    assert_eq!(small(&state), (false, false));
    state.remove(1e300);
    let mut other = state.clone();
    state.remove(1e-300);
    assert_eq!(small(&state), (true, true));
    other.subtract(&higher_of(&[1e-300]));
    assert_eq!(small(&other), (true, true));
    assert_eq!((&state, &other), (&higher_of(&[1.0]), &higher_of(&[1.0])));
    // Infinities are counted beside the squares alone.
    assert_eq!(small(&higher_of(&[1.0, INF, -INF])), (true, true));
}

#[test]
fn counts_up_to_two_to_the_63_stay_exact() {
    for values in [&[0.1, 0.7, -3.25][..], &[1e300, 1e-300, 0.0], &[MAX, MAX, -MAX], &[5e-324, 0.0]] {
        let mut state = higher_of(values);
        let want = all(&state).map(bits);
        for _ in 0..61 {
            state.merge(&state.clone());
            let back: HigherMoments = postcard::from_bytes(&bytes_of(&state)).unwrap();
            assert_eq!(back, state);
            assert_eq!([state.skewness_pop(), state.kurtosis_pop()].map(bits), [want[0], want[2]], "{values:?}");
        }
        // So many that the correction for bias is gone.
        assert_eq!(state.skewness_samp(), state.skewness_pop());
        assert!((state.kurtosis_samp().unwrap() - state.kurtosis_pop().unwrap()).abs() < 1e-12);
    }
}

#[test]
fn the_range_of_each_power_ends_where_its_terms_do() {
    let form = |exponent: i64, magnitude: &[u8]| {
        let mut head = ((exponent << 1 ^ exponent >> 63) as u64) << 2;
        let mut form = Vec::new();
        while head >= 128 {
            form.push(head as u8 | 128);
            head >>= 7;
        }
        form.push(head as u8);
        form.extend(magnitude);
        bytes_of(&form)
    };
    let cubes = |exponent, magnitude: &[u8]| postcard::from_bytes::<ExactCubes>(&form(exponent, magnitude)).is_ok();
    let fourths = |exponent, magnitude: &[u8]| postcard::from_bytes::<ExactFourths>(&form(exponent, magnitude)).is_ok();
    assert!(cubes(-3222, &[1]) && cubes(3135, &[1]) && cubes(-3222, &[255; 794]));
    assert!(!cubes(-3223, &[1]) && !cubes(3136, &[1]) && !cubes(-3222, &[255; 795]));
    assert!(fourths(-4296, &[1]) && fourths(4159, &[1]) && fourths(-4296, &[255; 1057]));
    assert!(!fourths(-4297, &[1]) && !fourths(4160, &[1]) && !fourths(-4296, &[255; 1058]));
    let error = |form: &str| serde_json::from_str::<ExactCubes>(form).unwrap_err().to_string();
    assert!(error("[2, 2, 0]").contains("only finite terms are allowed"));
    let long = serde_json::to_string(&vec![1u8; 1081]).unwrap();
    let error = serde_json::from_str::<ExactFourths>(&long).unwrap_err().to_string();
    assert!(error.contains("at most 1080 are allowed"), "{error}");
    let largest: HigherMoments = {
        let mut bytes = vec![0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        bytes.extend(form(-1074, &[255; 270]));
        bytes.extend(form(-2148, &[255; 532]));
        bytes.extend(form(-3222, &[255; 794]));
        bytes.extend(form(-4296, &[255; 1057]));
        postcard::from_bytes(&bytes).unwrap()
    };
    assert_eq!(largest.count(), i64::MAX as u64);
    let mut sum = HigherMoments::new();
    for _ in 0..60 {
        sum.merge(&largest);
        sum.merge(&sum.clone());
        // Whatever it says, it says it.
        let _ = all(&sum);
    }
}
