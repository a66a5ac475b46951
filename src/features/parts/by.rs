//! An aggregate once for every value of a column.

use crate::computer::{Accuracy, Arg, FeatureComputer, Input, MAX_ARGS};
use crate::time::{Interval, Timestamp};
use crate::value::{Kind, Pairs, Shape, Value, ValueRef};

use super::Buckets;

/// Any aggregate, apart for each value of a column.
///
/// The answer is a map from the column's values, in their order, to the aggregate's answers. No more than `limit`
/// values are kept apart, those of least hash; all others are one more answer, under a null key at the end. Without
/// events the map is empty, not null.
#[derive(Clone, Copy, Debug)]
pub struct By<C> {
    inner: C,
    key: Kind,
    limit: usize,
}

impl<C: FeatureComputer> By<C> {
    /// `inner` for each value of a column of kind `key`, at least 1 and at most `limit` of them apart.
    pub const fn new(inner: C, key: Kind, limit: usize) -> Self {
        Self { inner, key, limit: if limit == 0 { 1 } else { limit } }
    }
}

/// An input and the value it is kept apart by.
#[derive(Clone, Copy, Debug)]
pub struct Keyed<'a, T> {
    /// The value it is kept apart by; never null.
    pub key: ValueRef<'a>,
    /// The input proper.
    pub input: T,
}

impl<'a, T: Input<'a>> Keyed<'a, T> {
    /// The key before the inner arguments, and how many that makes.
    const ALL: ([Arg; MAX_ARGS], usize) = {
        let mut all = [Arg::Any; MAX_ARGS];
        let mut i = 0;
        while i < T::ARGS.len() && i + 1 < MAX_ARGS {
            all[i + 1] = T::ARGS[i];
            i += 1;
        }
        (all, i + 1)
    };
    const SLICE: &'static [Arg; MAX_ARGS] = &Self::ALL.0;
}

impl<'a, T: Input<'a>> Input<'a> for Keyed<'a, T> {
    const ARGS: &'static [Arg] = Self::SLICE.split_at(Self::ALL.1).0;
    const DATED: bool = T::DATED;

    #[inline]
    fn read(at: Timestamp, args: &[ValueRef<'a>]) -> Option<Self> {
        let (key, rest) = args.split_first()?;
        if key.is_null() { None } else { T::read(at, rest).map(|input| Self { key: *key, input }) }
    }
}

impl<C: FeatureComputer> FeatureComputer for By<C> {
    type Input<'a> = Keyed<'a, C::Input<'a>>;
    type State = Buckets<C::State>;
    const IDEMPOTENT: bool = C::IDEMPOTENT;
    const NULLABLE: bool = false;

    fn id(&self) -> String {
        format!("by_{}_{}/1({})", self.key, self.limit, self.inner.id())
    }
    fn state_id(&self) -> String {
        format!("by_{}_{}/1({})", self.key, self.limit, self.inner.state_id())
    }
    fn output_shape(&self) -> Shape {
        Shape::map(self.key, self.inner.output_shape())
    }
    fn accuracy(&self) -> Accuracy {
        self.inner.accuracy()
    }
    fn identity(&self) -> Self::State {
        Buckets::new()
    }
    #[inline]
    fn update(&self, state: &mut Self::State, input: Self::Input<'_>) {
        let bucket =
            state.at(input.key, self.limit, || self.inner.identity(), |into, from| self.inner.merge(into, from));
        self.inner.update(bucket, input.input);
    }
    fn merge(&self, into: &mut Self::State, from: &Self::State) {
        into.merge(from, self.limit, || self.inner.identity(), |into, from| self.inner.merge(into, from));
    }
    fn output(&self, state: &Self::State, over: Interval) -> Value {
        let pairs = state.sorted().into_iter().map(|(key, state)| (key, self.inner.output(state, over)));
        Value::Map(pairs.collect::<Pairs>())
    }
    fn accepts(&self, state: &Self::State) -> bool {
        let mut states = state.iter().map(|(_, state)| state).chain(state.other());
        state.len() <= self.limit
            && (state.other().is_none() || state.len() == self.limit)
            && state.iter().all(|(key, _)| key.kind() == Some(self.key))
            && states.all(|state| self.inner.accepts(state))
    }
}
