//! What is told of sessions, runs of events at most a gap apart: one state, several answers.

use std::fmt::Debug;
use std::marker::PhantomData;

use super::{Presence, Runs};
use crate::computer::{Dated, FeatureComputer};
use crate::time::{Interval, Span};
use crate::value::{Kind, Shape, Value};

/// What is read off the sessions.
pub trait SessionAnswer: Clone + Copy + Debug + Send + Sync + 'static {
    /// The aggregate's name, which enters its id.
    const NAME: &'static str;

    /// Whether the answer may be null.
    const NULLABLE: bool = true;

    /// The kind of the answer.
    fn shape() -> Kind;

    /// The answer.
    fn read(runs: &Runs) -> Value;
}

/// Sessions of the events that count by `P`, of which `A` is told.
#[derive(Clone, Copy, Debug)]
pub struct Sessions<P, A> {
    gap: Span,
    told: PhantomData<(P, A)>,
}

impl<P, A> Sessions<P, A> {
    /// Sessions end after a pause of more than `gap`.
    pub const fn new(gap: Span) -> Self {
        Self { gap, told: PhantomData }
    }
}

impl<P: Presence, A: SessionAnswer> FeatureComputer for Sessions<P, A> {
    type Input<'a> = Dated<'a, P::Ref<'a>>;
    type State = Runs;
    const IDEMPOTENT: bool = true;
    const NULLABLE: bool = A::NULLABLE;

    fn id(&self) -> String {
        format!("{}_{}_{}/1", A::NAME, P::NAME, self.gap)
    }
    fn state_id(&self) -> String {
        format!("sessions_{}_{}/1", P::NAME, self.gap)
    }
    fn output_shape(&self) -> Shape {
        A::shape().into()
    }
    fn identity(&self) -> Runs {
        Runs::new()
    }
    #[inline]
    fn update(&self, state: &mut Runs, input: Self::Input<'_>) {
        state.add(input.at.as_micros(), self.gap.as_micros());
    }
    fn merge(&self, into: &mut Runs, from: &Runs) {
        into.merge(from, self.gap.as_micros());
    }
    fn output(&self, state: &Runs, _: Interval) -> Value {
        A::read(state)
    }
    fn accepts(&self, state: &Runs) -> bool {
        state.fits(self.gap.as_micros())
    }
}
