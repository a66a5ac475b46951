//! Distinct counting.

mod contestants;

use std::hint::black_box;

use self::contestants::{Cpc, Distinct, Ours, Packed, PlusPlus, Theta};
use crate::clock::{Run, each, medians, repeated, spent};
use crate::data::keys;
use crate::{sameness, table};

struct Inputs {
    fresh: Vec<u64>,
    repeated: Vec<u64>,
}

/// A row's facts that take no clock.
struct Facts {
    name: String,
    right: bool,
    bytes: [usize; 3],
    errors: [f64; 2],
    same: [String; 2],
}

const COLUMNS: [&str; 11] = [
    "sketch",
    "insert fresh ns",
    "insert repeated ns",
    "merge 300+300 us",
    "merge 50k+50k us",
    "estimate 300 us",
    "estimate 100k us",
    "bytes at 10 / 1k / 100k",
    "rms error % at 1k / 100k",
    "same bytes, 400 keys",
    "same bytes, 20k keys",
];

pub fn run(rounds: usize) {
    let few = keys(3, 500);
    let inputs = Inputs { fresh: keys(1, 1_000_000), repeated: few.iter().copied().cycle().take(1_000_000).collect() };
    let facts = [
        facts::<Ours<12>>(),
        facts::<Ours<14>>(),
        facts::<PlusPlus<12>>(),
        facts::<Packed<4>>(),
        facts::<Packed<6>>(),
        facts::<Packed<8>>(),
        facts::<Cpc>(),
        facts::<Theta>(),
    ];
    let mut runs = [
        measures::<Ours<12>>(&inputs),
        measures::<Ours<14>>(&inputs),
        measures::<PlusPlus<12>>(&inputs),
        measures::<Packed<4>>(&inputs),
        measures::<Packed<6>>(&inputs),
        measures::<Packed<8>>(&inputs),
        measures::<Cpc>(&inputs),
        measures::<Theta>(&inputs),
    ];
    let times = medians(&mut runs, rounds);
    let rows = facts.into_iter().zip(times).map(|(facts, times)| {
        let [ten, thousand, many] = facts.bytes;
        let [near, far] = facts.errors;
        let mut row = vec![facts.name];
        row.extend(times.into_iter().map(|time| table::time(facts.right, time)));
        row.push(format!("{ten} / {thousand} / {many}"));
        row.push(format!("{near:.2} / {far:.2}"));
        row.extend(facts.same);
        row
    });
    println!("## Distinct counting\n");
    println!(
        "Keys are 64-bit integers. An insert includes the hash: XXH3 for skewless and hyperloglogplus, each crate's own"
    );
    println!("MurmurHash3 for datasketches. A merge is into what the crate merges into, its union if it has one.\n");
    table::print(&COLUMNS, &rows.collect::<Vec<_>>());
}

fn of<D: Distinct>(keys: &[u64]) -> D {
    let mut sketch = D::empty();
    keys.iter().for_each(|key| sketch.insert(*key));
    sketch
}

/// The sketch of each part, merged.
fn merged<D: Distinct>(parts: &[Vec<u64>]) -> D {
    match parts {
        [one] => of(one),
        _ => {
            let mut union = D::union(&of(&parts[0]));
            parts[1..].iter().for_each(|part| D::join(&mut union, &of(part)));
            D::close(union)
        }
    }
}

fn measures<D: Distinct>(inputs: &Inputs) -> Vec<Run<'_>> {
    let count = inputs.fresh.len() as f64;
    let pair = |size: usize| {
        let (ours, theirs) = inputs.fresh[..2 * size].split_at(size);
        (of::<D>(ours), of::<D>(theirs))
    };
    let (sparse, dense) = (pair(300), pair(50_000));
    let (mut few, mut many) = (of::<D>(&inputs.fresh[..300]), of::<D>(&inputs.fresh[..100_000]));
    vec![
        Box::new(move || spent(|| of::<D>(&inputs.fresh)) / count),
        Box::new(move || spent(|| of::<D>(&inputs.repeated)) / count),
        Box::new(move || each(|| D::union(&sparse.0), |union| D::join(union, &sparse.1)) / 1e3),
        Box::new(move || each(|| D::union(&dense.0), |union| D::join(union, &dense.1)) / 1e3),
        Box::new(move || repeated(|| black_box(&mut few).estimate()) / 1e3),
        Box::new(move || repeated(|| black_box(&mut many).estimate()) / 1e3),
    ]
}

fn facts<D: Distinct>() -> Facts {
    let rms = |size: usize, seeds: u64| {
        let square = |seed| {
            let off = of::<D>(&keys(1_000 + seed, size)).estimate() / size as f64 - 1.0;
            off * off
        };
        ((0..seeds).map(square).sum::<f64>() / seeds as f64).sqrt()
    };
    let (near, far) = (rms(1_000, 400), rms(100_000, 400));
    // A root mean square of 400 is near the truth; a merge is one draw.
    let halves = keys(77, 100_000).chunks(50_000).map(<[u64]>::to_vec).collect::<Vec<_>>();
    let off = |parts: &[Vec<u64>], all: f64| (merged::<D>(parts).estimate() / all - 1.0).abs();
    let sparse = off(&[keys(5, 300), keys(6, 300)], 600.0);
    let right =
        far < 1.2 * D::ERROR && near < 1.2 * D::ERROR && off(&halves, 1e5) < 4.0 * D::ERROR && sparse < 4.0 * D::ERROR;
    let same = [400, 20_000].map(|size| {
        sameness::of(&keys(9, size), merged::<D>, |mut sketch| (sketch.bytes(), vec![sketch.estimate().to_bits()]))
    });
    Facts {
        name: D::name(),
        right,
        bytes: [10, 1_000, 100_000].map(|size| of::<D>(&keys(4, size)).bytes().len()),
        errors: [100.0 * near, 100.0 * far],
        same,
    }
}
