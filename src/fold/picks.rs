//! Which rows a computer takes, and its inputs off them.

use std::ops::Range;

use crate::computer::{FeatureComputer, Input};
use crate::rows::{Head, Rows, Select};
use crate::time::Timestamp;

/// Folds an input in, or takes it back out; only a group is ever asked to.
#[inline]
pub(super) fn step<C: FeatureComputer>(computer: &C, state: &mut C::State, input: C::Input<'_>, minus: bool) {
    if C::GROUP && minus {
        computer.retract(state, input);
    } else {
        computer.update(state, input);
    }
}

/// How many of a row's values make an input.
enum Inputs {
    None,
    One,
    Many,
}

/// What to pick from rows, looked up once a pass: nearly every computer reads one column or none.
pub(super) struct Picks<'s> {
    select: &'s Select,
    pub(super) bit: u64,
    pub(super) retract: u64,
    /// The place of the only argument; `usize::MAX` where there is none, or more.
    place: usize,
    width: usize,
}

impl<'s> Picks<'s> {
    pub(super) fn new(select: &'s Select) -> Self {
        let width = select.width();
        let place = match *select.args {
            [place] if width == 1 => place,
            _ => usize::MAX,
        };
        Self { select, bit: select.bit, retract: select.retract, place, width }
    }

    /// How many values an input takes; settled when compiled, as far as the type of the input says.
    #[inline]
    fn shape<C: FeatureComputer>(&self) -> Inputs {
        let (args, dated) = (<C::Input<'static> as Input<'static>>::ARGS.len(), <C::Input<'static> as Input>::DATED);
        match self.width {
            _ if args == 0 && !dated => Inputs::None,
            0 => Inputs::None,
            1 if self.place != usize::MAX => Inputs::One,
            _ => Inputs::Many,
        }
    }

    /// The input of row `i`.
    #[inline]
    pub(super) fn input<'r, C: FeatureComputer>(&self, rows: &'r Rows, i: usize, head: Head) -> Option<C::Input<'r>> {
        let at = Timestamp::clamped(head.time);
        match self.shape::<C>() {
            Inputs::None => C::Input::read(at, &[]),
            Inputs::One => C::Input::read(at, &[rows.column(i, self.place).get(0)]),
            Inputs::Many => C::Input::read(at, rows.args(i, head.mask, self.select).get(..self.width).unwrap_or(&[])),
        }
    }

    /// Folds a range of rows; `None` if none of them is picked.
    pub(super) fn fold<C: FeatureComputer>(&self, computer: &C, rows: &Rows, range: Range<usize>) -> Option<C::State> {
        let heads = rows.heads().get(range.clone()).unwrap_or(&[]);
        // One loop for each way to an input.
        match self.shape::<C>() {
            Inputs::None => self.run(computer, heads, |_, at| C::Input::read(at, &[])),
            Inputs::One => {
                let column = rows.column(range.start, self.place);
                self.run(computer, heads, |i, at| C::Input::read(at, &[column.get(i)]))
            }
            Inputs::Many => self.run(computer, heads, |i, _| {
                heads.get(i).and_then(|head| self.input::<C>(rows, range.start + i, *head))
            }),
        }
    }

    /// Folds rows whose inputs are found by their places among them.
    #[inline]
    fn run<'r, C: FeatureComputer>(
        &self,
        computer: &C,
        heads: &[Head],
        input: impl Fn(usize, Timestamp) -> Option<C::Input<'r>>,
    ) -> Option<C::State> {
        // Backward, so that `last` keeps the first value it meets instead of each in turn.
        let picked = heads.iter().enumerate().rev().filter(|(_, head)| head.mask & self.bit != 0);
        let mut inputs = picked
            .filter_map(|(i, head)| Some((input(i, Timestamp::clamped(head.time))?, head.mask & self.retract != 0)));
        let (first, minus) = inputs.next()?;
        let mut state = computer.identity();
        step(computer, &mut state, first, minus);
        inputs.for_each(|(input, minus)| step(computer, &mut state, input, minus));
        Some(state)
    }
}
