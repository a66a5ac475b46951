//! The naive versions of what is made of event times.

use num_bigint::BigInt;
use skewless::Value;

use crate::exact::{Real, rounded};
use crate::naive::{Ask, Expect, seconds};

fn null() -> Expect {
    Expect::Is(Value::Null)
}

/// Runs of moments at most `gap` apart: first and last of each.
fn sessions(times: &[i64], gap: i64) -> Vec<(i64, i64)> {
    let mut out: Vec<(i64, i64)> = Vec::new();
    for at in times {
        match out.last_mut() {
            Some((_, last)) if i128::from(*at) - i128::from(*last) <= i128::from(gap) => *last = *at,
            _ => out.push((*at, *at)),
        }
    }
    out
}

fn stddev_of_gaps(times: &[i64]) -> Expect {
    let gaps: Vec<BigInt> = times.windows(2).map(|pair| BigInt::from(pair[1]) - BigInt::from(pair[0])).collect();
    let n = gaps.len();
    if n < 2 {
        return null();
    }
    let sum: BigInt = gaps.iter().sum();
    let squares: BigInt = gaps.iter().map(|gap| (gap * n - &sum) * (gap * n - &sum)).sum();
    let million = BigInt::from(1_000_000);
    let down = BigInt::from(n) * n * (n - 1) * &million * &million;
    if squares == BigInt::from(0) {
        return Expect::Is(Value::F64(0.0));
    }
    if gaps.iter().any(|gap| gap.bits() > 53) {
        return Expect::Anything;
    }
    // Two roundings under the root, which halves them, and that of the root.
    Expect::Near(Real::root(&squares, &down, &squares), 1.5)
}

/// The sum of values, each halved every half-life; half-lives count from the epoch, and only values of the `keep` up to
/// the latest are in.
fn decayed(ask: &Ask<'_>, value: impl Fn(&crate::events::Event) -> f64) -> Expect {
    let (half_life, keep) = (ask.span("half_life"), ask.whole("keep", 64) as i64);
    let inputs = ask.inputs();
    let Some(last) = inputs.iter().map(|event| event.at.div_euclid(half_life)).max() else {
        return Expect::Is(Value::F64(0.0));
    };
    let parts: Vec<f64> = inputs
        .iter()
        .filter(|event| last - event.at.div_euclid(half_life) < keep)
        .map(|event| {
            let age = i128::from(ask.end) - i128::from(event.at);
            let (whole, rest) = (age / i128::from(half_life), age % i128::from(half_life));
            let weight = (-(rest as f64) / half_life as f64).exp2();
            let halved = |x: f64, n: i32| x * 0.5f64.powi(n / 2) * 0.5f64.powi(n - n / 2);
            halved(value(event) * weight, whole.min(2_100) as i32)
        })
        .collect();
    let infinite: Vec<f64> = parts.iter().copied().filter(|x| x.is_infinite()).collect();
    if let Some(one) = infinite.first() {
        let same = infinite.iter().all(|x| x == one);
        return if same { Expect::Is(Value::F64(*one)) } else { null() };
    }
    let sum: f64 = {
        let exact: BigInt = parts.iter().map(|x| crate::exact::units(*x)).sum();
        rounded(&exact, &BigInt::from(1), crate::exact::POINT)
    };
    // A weight, a product and the answer are each off by a rounding or two, on either side.
    let off = parts.iter().map(|x| x.abs() * 1e-15 + 1e-322).sum::<f64>() + sum.abs() * 1e-15;
    if off.is_infinite() || sum.is_infinite() {
        return Expect::Anything;
    }
    Expect::Between(sum - off, sum + off)
}

/// What each of the aggregates must answer.
pub(crate) fn answer(name: &str, ask: &Ask<'_>) -> Option<Expect> {
    let mut times: Vec<i64> = ask.inputs().iter().map(|event| event.at).collect();
    times.sort_unstable();
    let to_end = |at: Option<&i64>| at.map_or_else(null, |at| Expect::Is(seconds(*at, ask.end)));
    let fraction = |up: i128, down: i128| Expect::Is(Value::F64(rounded(&up.into(), &down.into(), 0)));
    Some(match name {
        "rate" => match ask.start.map(|start| i128::from(ask.end) - i128::from(start)) {
            Some(length) if length > 0 => fraction(times.len() as i128 * 3_600_000_000, length),
            _ => null(),
        },
        "time_since_first" => to_end(times.first()),
        "time_since_last" => to_end(times.last()),
        "gap_mean" => match (times.first(), times.last()) {
            (Some(first), Some(last)) if times.len() > 1 => {
                fraction(i128::from(*last) - i128::from(*first), (times.len() as i128 - 1) * 1_000_000)
            }
            _ => null(),
        },
        "gap_stddev" => {
            let limit = ask.whole("limit", 1_000);
            stddev_of_gaps(&times[times.len().saturating_sub(limit)..])
        }
        "session_count" => Expect::Is(Value::I64(sessions(&times, ask.span("gap")).len() as i64)),
        "session_duration" => {
            let last = sessions(&times, ask.span("gap")).last().copied();
            last.map_or_else(null, |(first, last)| Expect::Is(seconds(first, last)))
        }
        "session_duration_mean" => {
            let all = sessions(&times, ask.span("gap"));
            let sum: i128 = all.iter().map(|(first, last)| i128::from(*last) - i128::from(*first)).sum();
            if all.is_empty() { null() } else { fraction(sum, all.len() as i128 * 1_000_000) }
        }
        "decayed_count" => decayed(ask, |_| 1.0),
        "decayed_sum" => decayed(ask, |event| event.number(ask.columns[0])),
        _ => return None,
    })
}
