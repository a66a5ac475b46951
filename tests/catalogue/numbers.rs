//! The naive versions of what is made of numbers.

use num_bigint::BigInt;
use skewless::Value;

use crate::exact::{POINT, Real, rounded, units};
use crate::naive::{Ask, Expect};

fn whole(n: usize) -> BigInt {
    BigInt::from(n)
}

fn null() -> Expect {
    Expect::Is(Value::Null)
}

/// The sum of finite values in units, or what infinities make of it: one of them, or nothing.
fn total(values: &[f64]) -> Result<BigInt, Option<f64>> {
    let (up, down) = (values.contains(&f64::INFINITY), values.contains(&f64::NEG_INFINITY));
    match (up, down) {
        (false, false) => Ok(values.iter().map(|x| units(*x)).sum()),
        (true, true) => Err(None),
        (up, _) => Err(Some(if up { f64::INFINITY } else { f64::NEG_INFINITY })),
    }
}

fn sum(values: &[f64]) -> Option<f64> {
    total(values).map_or_else(|infinite| infinite, |sum| Some(rounded(&sum, &whole(1), POINT)))
}

fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    total(values).map_or_else(|infinite| infinite, |sum| Some(rounded(&sum, &whole(values.len()), POINT)))
}

fn is(value: Option<f64>) -> Expect {
    Expect::Is(value.into())
}

/// Each value times `n`, less the sum: `n` times its distance from the mean, exactly.
fn deviations(values: &[f64]) -> Option<Vec<BigInt>> {
    let sum = total(values).ok()?;
    Some(values.iter().map(|x| units(*x) * whole(values.len()) - &sum).collect())
}

/// The sum of products of deviations: `n^2` times that of the real ones, with twice the point.
fn products(a: &[BigInt], b: &[BigInt]) -> BigInt {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn variance(values: &[f64], freedom: usize) -> Option<f64> {
    let n = values.len();
    let down = n.checked_sub(freedom).filter(|down| *down > 0)?;
    let all = deviations(values)?;
    Some(rounded(&products(&all, &all), &(whole(n) * whole(n) * whole(down)), 2 * POINT))
}

fn covariance(pairs: &[(f64, f64)], freedom: usize) -> Option<f64> {
    let n = pairs.len();
    let down = n.checked_sub(freedom).filter(|down| *down > 0)?;
    let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let sum = products(&deviations(&a)?, &deviations(&b)?);
    Some(rounded(&sum, &(whole(n) * whole(n) * whole(down)), 2 * POINT))
}

fn correlation(pairs: &[(f64, f64)]) -> Option<Expect> {
    let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (a, b) = (deviations(&a)?, deviations(&b)?);
    let (up, down) = (products(&a, &b), products(&a, &a) * products(&b, &b));
    if pairs.len() < 2 || down == whole(0) {
        return None;
    }
    let square = &up * &up;
    Some(if square == down {
        is(Some(if up < whole(0) { -1.0 } else { 1.0 }))
    } else {
        Expect::Near(Real::root(&square, &down, &up), 0.51)
    })
}

/// `sqrt(n) * sum(d^3) / sum(d^2)^1.5`, and times `sqrt(n (n - 1)) / (n - 2)` for a sample.
fn skewness(values: &[f64], sample: bool) -> Option<Expect> {
    let n = values.len();
    let all = deviations(values)?;
    let second: BigInt = all.iter().map(|d| d * d).sum();
    let third: BigInt = all.iter().map(|d| d * d * d).sum();
    if second == whole(0) || (sample && n < 3) {
        return None;
    }
    let (mut up, mut down) = (whole(n) * &third * &third, &second * &second * &second);
    if sample {
        up *= whole(n) * whole(n - 1);
        down *= whole(n - 2) * whole(n - 2);
    }
    Some(Expect::Near(Real::root(&up, &down, &third), 0.52))
}

/// `n sum(d^4) / sum(d^2)^2 - 3`, and `(n - 1) / ((n - 2) (n - 3)) ((n + 1) that + 6)` for a sample.
fn kurtosis(values: &[f64], sample: bool) -> Option<Expect> {
    let n = values.len();
    let all = deviations(values)?;
    let second: BigInt = all.iter().map(|d| d * d).sum();
    let fourth: BigInt = all.iter().map(|d| d * d * d * d).sum();
    if second == whole(0) || (sample && n < 4) {
        return None;
    }
    let mut down = &second * &second;
    let mut up = whole(n) * fourth - whole(3) * &down;
    if sample {
        up = whole(n - 1) * (whole(n + 1) * up + whole(6) * &down);
        down *= whole(n - 2) * whole(n - 3);
    }
    Some(Expect::Near(Real::fraction(&up, &down), 0.52))
}

/// The products of pairs: finite ones summed in units of twice the point, or what is infinite about them.
fn product(pairs: &[(f64, f64)]) -> Result<BigInt, Option<f64>> {
    let infinite: Vec<f64> =
        pairs.iter().filter(|(a, b)| a.is_infinite() || b.is_infinite()).map(|(a, b)| a * b).collect();
    match infinite.first() {
        None => Ok(pairs.iter().map(|(a, b)| units(*a) * units(*b)).sum()),
        Some(one) if infinite.iter().all(|x| x == one) => Err(Some(*one)),
        Some(_) => Err(None),
    }
}

fn weighted(pairs: &[(f64, f64)]) -> Expect {
    let weights: Vec<f64> = pairs.iter().map(|(_, weight)| *weight).collect();
    let Some(weight) = total(&weights).ok().filter(|weight| *weight != whole(0)) else { return null() };
    match product(pairs) {
        Err(infinite) => is(infinite.map(|x| if weight < whole(0) { -x } else { x })),
        Ok(sum) => {
            let exact = rounded(&sum, &weight, POINT);
            if exact.is_infinite() {
                return is(Some(exact));
            }
            Expect::Near(Real::fraction(&sum, &(weight << POINT)), 0.51)
        }
    }
}

fn quantiles(ask: &Ask<'_>) -> Expect {
    let mut values = ask.doubles();
    values.sort_by(|a, b| a.partial_cmp(b).unwrap());
    if values.is_empty() {
        return null();
    }
    let shift = |level: u64| 52 - ask.whole("bits", 6) as u64 + level;
    // The least level at which few enough buckets are taken.
    let occupied = |level: u64| {
        let finite = values.iter().filter(|x| x.is_finite() && **x != 0.0);
        let mut buckets: Vec<(bool, u64)> = finite.map(|x| (*x < 0.0, x.abs().to_bits() >> shift(level))).collect();
        buckets.sort_unstable();
        buckets.dedup();
        buckets.len()
    };
    let level = (0..).find(|level| occupied(*level) <= ask.whole("limit", 2_048)).unwrap();
    let of = |q: &serde_json::Value| {
        let rank = (q.as_f64().unwrap() * (values.len() - 1) as f64).floor() as usize;
        let truth = values[rank];
        if truth == 0.0 || truth.is_infinite() {
            return is(Some(truth));
        }
        // The ends of the bucket, and how far its middle is from them, relative to them.
        let bucket = truth.abs().to_bits() >> shift(level);
        let ends = (f64::from_bits(bucket << shift(level)), f64::from_bits((bucket + 1) << shift(level)));
        if !ends.1.is_finite() || ends.1 < ends.0 {
            // The last bucket ends where the doubles do.
            return if truth < 0.0 { Expect::Between(-f64::MAX, -ends.0) } else { Expect::Between(ends.0, f64::MAX) };
        }
        let error = (ends.1 / 2.0 - ends.0 / 2.0) / (ends.1 / 2.0 + ends.0 / 2.0);
        // And the rounding of the last bit.
        let off = truth.abs() * error + truth.abs() * f64::EPSILON + 2f64.powi(-1_021);
        Expect::Between(truth - off, truth + off)
    };
    Expect::List(ask.feature["q"].as_array().unwrap().iter().map(of).collect())
}

/// One place of lists, NaN left out.
fn place(ask: &Ask<'_>, place: usize) -> Vec<f64> {
    let lists = ask.values();
    lists.iter().map(|list| list.as_list().unwrap()[place]).filter(|x| !x.is_nan()).collect()
}

/// What each of the aggregates must answer.
pub(crate) fn answer(name: &str, ask: &Ask<'_>) -> Option<Expect> {
    let whole_numbers = ask.columns.first() == Some(&"qty");
    let integers = || ask.values().iter().map(|value| i128::from(value.as_i64().unwrap())).collect::<Vec<_>>();
    let integer = |n: i128| Expect::Is(i64::try_from(n).map_or(Value::Overflow, Value::I64));
    let or_null = |expect: Option<Expect>| expect.unwrap_or_else(null);
    if !matches!(ask.columns.first(), Some(&"amount" | &"qty")) {
        return vectors(name, ask);
    }
    let values = ask.doubles();
    Some(match name {
        "sum" if whole_numbers => integer(integers().iter().sum()),
        "sum" => is(sum(&values)),
        "mean" => is(mean(&values)),
        "range" if whole_numbers => {
            let all = integers();
            let Some((least, most)) = all.iter().min().zip(all.iter().max()) else { return Some(null()) };
            integer(most - least)
        }
        "range" => {
            let least = values.iter().copied().reduce(f64::min);
            let most = values.iter().copied().reduce(f64::max);
            is(least.zip(most).map(|(least, most)| most - least).filter(|range| !range.is_nan()))
        }
        "var_pop" => is(variance(&values, 0)),
        "var_samp" => is(variance(&values, 1)),
        "stddev_pop" => is(variance(&values, 0).map(f64::sqrt)),
        "stddev_samp" => is(variance(&values, 1).map(f64::sqrt)),
        "skewness_pop" => or_null(skewness(&values, false)),
        "skewness" => or_null(skewness(&values, true)),
        "kurtosis_pop" => or_null(kurtosis(&values, false)),
        "kurtosis" => or_null(kurtosis(&values, true)),
        "sum_product" => match product(&ask.pairs()) {
            Ok(sum) => is(Some(rounded(&sum, &whole(1), 2 * POINT))),
            Err(infinite) => is(infinite.filter(|x| !x.is_nan())),
        },
        "weighted_mean" => match weighted(&ask.pairs()) {
            Expect::Is(Value::F64(x)) if x.is_nan() => null(),
            expect => expect,
        },
        "cov_pop" => is(covariance(&ask.pairs(), 0)),
        "cov_samp" => is(covariance(&ask.pairs(), 1)),
        "corr" => or_null(correlation(&ask.pairs())),
        "approx_quantiles" => quantiles(ask),
        _ => return None,
    })
}

fn vectors(name: &str, ask: &Ask<'_>) -> Option<Expect> {
    let length = ask.whole("length", 0);
    let item = |x: Option<f64>| Expect::Is(Value::F64(x.unwrap_or(f64::NAN) + 0.0));
    Some(match name {
        "vector_sum" => Expect::List((0..length).map(|i| item(sum(&place(ask, i)))).collect()),
        "vector_mean" if ask.values().is_empty() => null(),
        "vector_mean" => Expect::List((0..length).map(|i| item(mean(&place(ask, i)))).collect()),
        _ => return None,
    })
}
