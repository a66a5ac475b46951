//! How much the time between neighbouring events varies.
//!
//! | | |
//! | --- | --- |
//! | input | `*`, or any column, whose nulls are skipped |
//! | output | `f64`, seconds: the sample standard deviation of the gaps; null for fewer than three events |
//! | state | the moments of the latest `limit` events |
//! | order, duplicates | order irrelevant; a duplicate is a gap of zero |
//! | error | the variance, bringing it to seconds and its root are each rounded once, and a gap of more than 285 years (2^53 us) before that; of more than `limit` events only the gaps between the latest `limit` count |
//! | retractable | no |
//! | source | regularity of visits; what is between events cannot be merged, so the moments are kept |

use std::marker::PhantomData;

use super::parts::End;
use super::{Aggregate, Every, NotNull, Parameter, Presence, Reads, Sorted};
use crate::computer::{Dated, FeatureComputer};
use crate::exact::Moments;
use crate::time::{Interval, Timestamp};
use crate::value::{Kind, Shape, Value};

pub(crate) const AGGREGATE: Aggregate = Aggregate {
    name: "gap_stddev",
    reads: Reads::Events,
    dated: false,
    bounded: false,
    parameters: &[Parameter::whole("limit", 3, 10_000, Some(1_000))],
    bind: |given| {
        if given.kinds.is_empty() {
            given.make(GapStddev::<Every>::new(given.whole("limit")))
        } else {
            given.make(GapStddev::<NotNull>::new(given.whole("limit")))
        }
    },
    examples: &[r#""gap_stddev": "*""#, r#""gap_stddev": "amount", "limit": 3"#],
};

/// The sample standard deviation of the time between neighbouring events that count by `P`, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct GapStddev<P> {
    limit: usize,
    presence: PhantomData<P>,
}

impl<P> GapStddev<P> {
    /// The computer for events that count by `P`, over the latest `limit` of them, at least 3.
    pub const fn new(limit: usize) -> Self {
        Self { limit: if limit < 3 { 3 } else { limit }, presence: PhantomData }
    }
}

impl<P: Presence> FeatureComputer for GapStddev<P> {
    type Input<'a> = Dated<'a, P::Ref<'a>>;
    type State = Sorted<Timestamp>;

    fn id(&self) -> String {
        format!("gap_stddev_{}_{}/1", P::NAME, self.limit)
    }
    fn output_shape(&self) -> Shape {
        Kind::F64.into()
    }
    fn identity(&self) -> Self::State {
        Sorted::new()
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: Self::Input<'_>) {
        if state.takes(self.limit, End::Greatest, |known| known.cmp(&input.at)) {
            state.insert(input.at, self.limit, End::Greatest);
        }
    }
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        into.merge(from, self.limit, End::Greatest);
    }
    fn output(&self, state: &Self::State, _: Interval) -> Value {
        let mut gaps = Moments::new();
        for pair in state.items().windows(2) {
            if let [a, b] = pair {
                gaps.add(b.as_micros().abs_diff(a.as_micros()) as f64);
            }
        }
        gaps.var_samp().map(|variance| (variance / 1e12).sqrt()).into()
    }
    fn accepts(&self, state: &Self::State) -> bool {
        state.items().len() <= self.limit
    }
}
