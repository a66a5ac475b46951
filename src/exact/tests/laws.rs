//! Order, split, merge, removal and bytes of the states that hold several sums.

use std::fmt::Debug;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::{CoMoments, ExactProducts, HigherMoments, WeightedTally};
use super::{FAMILIES, Random, bits};

const INF: f64 = f64::INFINITY;

/// A state over pairs; one over values takes the first of each.
pub(super) trait Group: Clone + Default + PartialEq + Debug + Serialize + DeserializeOwned {
    fn step(&mut self, x: f64, y: f64, minus: bool);
    fn join(&mut self, other: &Self, minus: bool);
    fn read(&self) -> Vec<Option<u64>>;
}

macro_rules! group {
    ($state:ident ($($y:ident)?) $($reading:ident),*) => {
        impl Group for $state {
            fn step(&mut self, x: f64, _y: f64, minus: bool) {
                $(let $y = _y;)?
                if minus { self.remove(x $(, $y)?) } else { self.add(x $(, $y)?) }
            }

            fn join(&mut self, other: &Self, minus: bool) {
                if minus { self.subtract(other) } else { self.merge(other) }
            }

            fn read(&self) -> Vec<Option<u64>> {
                vec![$(bits(self.$reading())),*]
            }
        }
    };
}

group!(ExactProducts (y) value);
group!(CoMoments (y) cov_pop, cov_samp, corr);
group!(WeightedTally (y) mean);
group!(HigherMoments () skewness_pop, skewness_samp, kurtosis_pop, kurtosis_samp);

pub(super) fn state_of<S: Group>(pairs: &[(f64, f64)]) -> S {
    let mut state = S::default();
    pairs.iter().for_each(|&(x, y)| state.step(x, y, false));
    state
}

pub(super) fn bytes_of<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).unwrap()
}

/// Pairs of two families, some with infinities, zeros and NaN among them.
fn pairs(random: &mut Random, round: u64, most: u64) -> Vec<(f64, f64)> {
    let other = random.below(FAMILIES);
    let n = random.below(most) + 1;
    let mut out: Vec<_> = (0..n).map(|_| (random.value(round % FAMILIES), random.value(other))).collect();
    if random.below(3) == 0 {
        let odd = [INF, -INF, f64::NAN, 0.0, -0.0, 1.5, f64::MAX, 5e-324];
        let mut pick = || odd[random.below(8) as usize];
        out.extend([(pick(), pick()), (pick(), pick())]);
    }
    out
}

fn shuffle<T>(random: &mut Random, values: &mut [T]) {
    for i in (1..values.len()).rev() {
        values.swap(i, random.below(i as u64 + 1) as usize);
    }
}

/// Folds through a random tree of parts, some of them sent through bytes.
fn by_tree<S: Group>(random: &mut Random, values: &[(f64, f64)]) -> S {
    if values.len() < 2 || random.below(4) == 0 {
        return state_of(values);
    }
    let (left, right) = values.split_at(random.below(values.len() as u64) as usize);
    let (mut a, b) = (by_tree::<S>(random, left), by_tree::<S>(random, right));
    if random.below(4) == 0 {
        a = postcard::from_bytes(&bytes_of(&a)).unwrap();
    }
    a.join(&b, false);
    a
}

fn same<S: Group>(found: &S, want: &S, why: &dyn Debug) {
    assert_eq!(found, want, "{why:?}");
    assert_eq!(bytes_of(found), bytes_of(want), "{why:?}");
    assert_eq!(found.read(), want.read(), "{why:?}");
    assert_eq!(format!("{found:?}"), format!("{want:?}"), "{why:?}");
}

fn order_and_split<S: Group>(seed: u64) {
    let mut random = Random(seed);
    for round in 0..700 {
        let mut values = pairs(&mut random, round, 30);
        let whole: S = state_of(&values);
        shuffle(&mut random, &mut values);
        same(&by_tree::<S>(&mut random, &values), &whole, &values);
        let json: S = serde_json::from_str(&serde_json::to_string(&whole).unwrap()).unwrap();
        same(&json, &whole, &values);
    }
}

fn removal<S: Group>(seed: u64) {
    let mut random = Random(seed);
    for round in 0..700 {
        let keep = pairs(&mut random, round, 12);
        let family = random.below(FAMILIES);
        let leave = pairs(&mut random, family, 12);
        let want: S = state_of(&keep);
        let mut one_by_one = S::default();
        // Some leave before they come.
        let early = random.below(leave.len() as u64) as usize;
        leave.iter().take(early).for_each(|&(x, y)| one_by_one.step(x, y, true));
        let absent: S = postcard::from_bytes(&bytes_of(&one_by_one)).unwrap();
        same(&absent, &one_by_one, &leave);
        keep.iter().chain(&leave).for_each(|&(x, y)| one_by_one.step(x, y, false));
        leave.iter().skip(early).for_each(|&(x, y)| one_by_one.step(x, y, true));
        same(&one_by_one, &want, &(&keep, &leave));
        let mut whole = S::default();
        whole.join(&state_of(&leave), true);
        whole.join(&state_of(&keep), false);
        whole.join(&state_of(&leave), false);
        same(&whole, &want, &(&keep, &leave));
    }
}

/// The bytes of a state with a few of them changed.
fn changed<S: Group>(random: &mut Random, round: u64) -> Vec<u8> {
    let mut bytes = bytes_of(&state_of::<S>(&pairs(random, round, 5)));
    for _ in 0..random.below(4) {
        let at = random.below(bytes.len() as u64) as usize;
        match random.below(4) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next() as u8,
            2 => bytes.insert(at, random.next() as u8),
            _ => bytes.truncate(at.max(1)),
        }
    }
    bytes
}

fn hostile_bytes<S: Group>(seed: u64) {
    let mut random = Random(seed);
    let mut kept: Vec<S> = vec![S::default(), S::default()];
    for round in 0..6000 {
        let bytes = changed::<S>(&mut random, round);
        let Ok((state, rest)) = postcard::take_from_bytes::<S>(&bytes) else { continue };
        // postcard accepts longer forms of its own integers, so the bytes are compared only where it did not.
        let again = bytes_of(&state);
        if again.len() + rest.len() == bytes.len() {
            assert_eq!(again, bytes[..again.len()]);
        }
        let [a, b, c] = [&kept[kept.len() - 1], &kept[kept.len() - 2], &state];
        let (mut left, mut right, mut inner) = (a.clone(), b.clone(), b.clone());
        left.join(b, false);
        right.join(a, false);
        assert_eq!(left, right);
        left.join(c, false);
        inner.join(c, false);
        let mut nested = a.clone();
        nested.join(&inner, false);
        assert_eq!(left, nested);
        assert_eq!(left.read(), nested.read());
        nested.join(&inner, true);
        assert_eq!(&nested, a);
        kept.push(state);
    }
    assert!(kept.len() > 1000, "{} of the changed forms were read", kept.len());
}

/// Counts of values and of infinities that no set of values has.
#[test]
fn extreme_counts_still_merge_in_any_order() {
    let counts = [i64::MAX, i64::MIN, i64::MAX - 1, 1, -1];
    let forms: Vec<WeightedTally> = (0..25)
        .map(|i| {
            let (count, infinities) = (counts[i / 5], counts[i % 5]);
            let mut form = bytes_of(&count);
            let number = |value: i64| bytes_of(&((value << 1 ^ value >> 63) as u64));
            let sum = [&[2][..], &number(infinities), &number(-(count / 3) | 1)].concat();
            form.extend(bytes_of(&sum));
            form.extend(bytes_of(&sum));
            postcard::from_bytes(&form).unwrap()
        })
        .collect();
    for (i, a) in forms.iter().enumerate() {
        for b in &forms {
            let c = &forms[(i * 7 + 3) % 25];
            let (mut left, mut inner, mut nested) = (a.clone(), b.clone(), a.clone());
            left.merge(b);
            left.merge(c);
            inner.merge(c);
            nested.merge(&inner);
            same(&left, &nested, &(a, b, c));
            nested.subtract(&inner);
            same(&nested, a, &(a, b, c));
        }
    }
}

macro_rules! laws {
    ($($name:ident $state:ident $seed:literal),*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn every_order_and_every_merge_tree_gives_the_same_state_and_bytes() {
                order_and_split::<$state>($seed);
            }

            #[test]
            fn what_leaves_leaves_no_trace_also_before_it_came() {
                removal::<$state>($seed + 1);
            }

            #[test]
            fn changed_bytes_are_refused_or_canonical_and_still_merge_in_any_order() {
                hostile_bytes::<$state>($seed + 2);
            }
        }
    )*};
}

laws!(products ExactProducts 20, comoments CoMoments 30, weighted WeightedTally 40, higher HigherMoments 50);

proptest! {
    #[test]
    fn any_pairs_in_any_split_and_any_removal(
        raw in prop::collection::vec(any::<(u64, u64)>(), 1..10),
        at in any::<usize>(),
    ) {
        // All bit patterns: NaN and infinities too.
        let pairs: Vec<(f64, f64)> = raw.into_iter().map(|(x, y)| (f64::from_bits(x), f64::from_bits(y))).collect();
        let (left, right) = pairs.split_at(at % pairs.len());
        split::<ExactProducts>(left, right, &pairs);
        split::<CoMoments>(left, right, &pairs);
        split::<WeightedTally>(left, right, &pairs);
        split::<HigherMoments>(left, right, &pairs);
    }
}

fn split<S: Group>(left: &[(f64, f64)], right: &[(f64, f64)], pairs: &[(f64, f64)]) {
    let mut merged: S = state_of(right);
    merged.join(&state_of(left), false);
    same(&merged, &state_of(pairs), &pairs);
    left.iter().for_each(|&(x, y)| merged.step(x, y, true));
    same(&merged, &state_of(right), &pairs);
}
