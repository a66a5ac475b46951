//! Quantiles.

use std::hint::black_box;

use datasketches::common::SearchCriteria;
use datasketches::kll::{KllFloat, KllSketch};
use datasketches::tdigest::TDigestMut;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2Serializer};
use sketches_ddsketch::{Config, DDSketch};
use skewless::sketches::LogHistogram;

use crate::clock::{Run, each, medians, repeated, spent};
use crate::data::latencies;
use crate::{sameness, table};

const EVENTS: usize = 1_000_000;
const QS: [f64; 8] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999];

/// What a sketch promises of its answers.
enum Promise {
    /// So far from the true value, relative to it.
    Value(f64),
    /// The value of a rank so far from the one asked for, as a part of all values.
    Rank(f64),
}

trait Quantiles: Clone + 'static {
    const NAME: &str;
    const PROMISE: Promise;

    fn empty() -> Self;
    fn add(&mut self, x: f64);
    fn quantile(&mut self, q: f64) -> f64;
    fn merge(&mut self, other: &Self);
    fn bytes(&mut self) -> Vec<u8>;
}

impl Quantiles for LogHistogram {
    const NAME: &str = "**skewless `LogHistogram`**, 6 bits, 2048 buckets";
    const PROMISE: Promise = Promise::Value(1.0 / 129.0);

    fn empty() -> Self {
        Self::new(6, 2048).expect("in range")
    }
    fn add(&mut self, x: f64) {
        LogHistogram::add(self, x);
    }
    fn quantile(&mut self, q: f64) -> f64 {
        LogHistogram::quantile(self, q).unwrap_or(f64::NAN)
    }
    fn merge(&mut self, other: &Self) {
        LogHistogram::merge(self, other).expect("one size");
    }
    fn bytes(&mut self) -> Vec<u8> {
        self.encode()
    }
}

impl Quantiles for DDSketch {
    const NAME: &str = "sketches-ddsketch, alpha 1/129, 2048 bins";
    const PROMISE: Promise = Promise::Value(1.0 / 129.0);

    fn empty() -> Self {
        Self::new(Config::new(1.0 / 129.0, 2048, 1e-9))
    }
    fn add(&mut self, x: f64) {
        DDSketch::add(self, x);
    }
    fn quantile(&mut self, q: f64) -> f64 {
        DDSketch::quantile(self, q).ok().flatten().unwrap_or(f64::NAN)
    }
    fn merge(&mut self, other: &Self) {
        DDSketch::merge(self, other).expect("one configuration");
    }
    fn bytes(&mut self) -> Vec<u8> {
        self.to_java_bytes()
    }
}

/// In nanoseconds, since it takes whole numbers; the conversion is in its time.
#[derive(Clone)]
struct Hdr(Histogram<u64>);

impl Quantiles for Hdr {
    const NAME: &str = "hdrhistogram, 2 digits, resizing";
    const PROMISE: Promise = Promise::Value(0.01);

    fn empty() -> Self {
        Self(Histogram::new(2).expect("in range"))
    }
    fn add(&mut self, x: f64) {
        self.0.record((x * 1e6) as u64).expect("it resizes");
    }
    fn quantile(&mut self, q: f64) -> f64 {
        self.0.value_at_quantile(q) as f64 / 1e6
    }
    fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("it resizes");
    }
    fn bytes(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        V2Serializer::new().serialize(&self.0, &mut out).expect("into memory");
        out
    }
}

impl Quantiles for KllSketch<KllFloat<f64>> {
    const NAME: &str = "datasketches KLL, k 200";
    /// 1.33 % with a confidence of 99 %; eight ranks are asked for.
    const PROMISE: Promise = Promise::Rank(0.02);

    fn empty() -> Self {
        Self::new(200).expect("in range")
    }
    fn add(&mut self, x: f64) {
        self.update(KllFloat::<f64>::new(x).expect("no NaN"));
    }
    fn quantile(&mut self, q: f64) -> f64 {
        let found = KllSketch::quantile(self, q, SearchCriteria::Inclusive);
        found.ok().flatten().map_or(f64::NAN, KllFloat::<f64>::into_inner)
    }
    fn merge(&mut self, other: &Self) {
        KllSketch::merge(self, other).expect("one kind");
    }
    fn bytes(&mut self) -> Vec<u8> {
        self.serialize()
    }
}

impl Quantiles for TDigestMut {
    const NAME: &str = "datasketches t-digest, k 200";
    /// It promises nothing; this is what would be a mistake.
    const PROMISE: Promise = Promise::Rank(0.02);

    fn empty() -> Self {
        Self::new(200).expect("in range")
    }
    fn add(&mut self, x: f64) {
        self.update(x);
    }
    fn quantile(&mut self, q: f64) -> f64 {
        TDigestMut::quantile(self, q).ok().flatten().unwrap_or(f64::NAN)
    }
    fn merge(&mut self, other: &Self) {
        TDigestMut::merge(self, other);
    }
    fn bytes(&mut self) -> Vec<u8> {
        self.serialize()
    }
}

struct Inputs {
    values: Vec<f64>,
    sorted: Vec<f64>,
}

pub fn run(rounds: usize) {
    let values = latencies(1, EVENTS);
    let mut sorted = values.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let inputs = Inputs { values, sorted };
    let facts = [
        facts::<LogHistogram>(&inputs),
        facts::<DDSketch>(&inputs),
        facts::<Hdr>(&inputs),
        facts::<KllSketch<KllFloat<f64>>>(&inputs),
        facts::<TDigestMut>(&inputs),
    ];
    let mut runs = [
        measures::<LogHistogram>(&inputs),
        measures::<DDSketch>(&inputs),
        measures::<Hdr>(&inputs),
        measures::<KllSketch<KllFloat<f64>>>(&inputs),
        measures::<TDigestMut>(&inputs),
    ];
    let times = medians(&mut runs, rounds);
    let rows = facts.into_iter().zip(times).map(|((name, right, facts), times)| {
        let mut row = vec![name.to_owned()];
        row.extend(times.into_iter().map(|time| table::time(right, time)));
        row.extend(facts);
        row
    });
    println!("## Quantiles\n");
    println!("{EVENTS} log-normal latencies, a median of 20 ms; the largest errors over q = {QS:?},",);
    println!(
        "of the value, relative to the true one, and of the rank. KLL and t-digest bound the rank, not the value.\n"
    );
    let columns = [
        "sketch",
        "add ns",
        "merge 300+300 us",
        "merge 500k+500k us",
        "quantile us",
        "bytes at 10 / 1k / 1M values",
        "value error %",
        "rank error %",
        "same bytes",
    ];
    table::print(&columns, &rows.collect::<Vec<_>>());
}

fn of<Q: Quantiles>(values: &[f64]) -> Q {
    let mut sketch = Q::empty();
    values.iter().for_each(|x| sketch.add(*x));
    sketch
}

fn merged<Q: Quantiles>(parts: &[Vec<f64>]) -> Q {
    let mut sketch: Q = of(&parts[0]);
    parts[1..].iter().for_each(|part| sketch.merge(&of(part)));
    sketch
}

fn measures<Q: Quantiles>(inputs: &Inputs) -> Vec<Run<'_>> {
    let mut full: Q = of(&inputs.values);
    let pair = |size: usize| (of::<Q>(&inputs.values[..size]), of::<Q>(&inputs.values[size..2 * size]));
    let (sparse, dense) = (pair(300), pair(EVENTS / 2));
    vec![
        Box::new(move || spent(|| of::<Q>(&inputs.values)) / EVENTS as f64),
        Box::new(move || each(|| sparse.0.clone(), |sketch| sketch.merge(&sparse.1)) / 1e3),
        Box::new(move || each(|| dense.0.clone(), |sketch| sketch.merge(&dense.1)) / 1e3),
        Box::new(move || repeated(|| black_box(&mut full).quantile(0.99)) / 1e3),
    ]
}

/// The largest errors of value and of rank.
fn errors<Q: Quantiles>(sketch: &mut Q, sorted: &[f64]) -> (f64, f64) {
    let mut worst = (0.0f64, 0.0f64);
    for q in QS {
        let truth = sorted[(q * (sorted.len() - 1) as f64) as usize];
        let found = sketch.quantile(q);
        let rank = sorted.partition_point(|x| *x <= found) as f64 / sorted.len() as f64;
        worst = (worst.0.max((found / truth - 1.0).abs()), worst.1.max((rank - q).abs()));
    }
    worst
}

fn facts<Q: Quantiles>(inputs: &Inputs) -> (&'static str, bool, Vec<String>) {
    let halves: Vec<Vec<f64>> = inputs.values.chunks(EVENTS / 2).map(<[f64]>::to_vec).collect();
    let one = errors(&mut of::<Q>(&inputs.values), &inputs.sorted);
    let two = errors(&mut merged::<Q>(&halves), &inputs.sorted);
    let right = [one, two].into_iter().all(|(value, rank)| match Q::PROMISE {
        // The true value is a sample; a neighbour of it is as good an answer.
        Promise::Value(bound) => value <= bound * 1.01,
        Promise::Rank(bound) => rank <= bound,
    });
    let same = sameness::of(&inputs.values[..20_000], merged::<Q>, |mut sketch| {
        (sketch.bytes(), QS.iter().map(|q| sketch.quantile(*q).to_bits()).collect())
    });
    let bytes = [10, 1_000, EVENTS].map(|size| of::<Q>(&inputs.values[..size]).bytes().len().to_string());
    let percent = |x: f64| table::short(100.0 * x);
    (Q::NAME, right, vec![bytes.join(" / "), percent(one.0.max(two.0)), percent(one.1.max(two.1)), same])
}
