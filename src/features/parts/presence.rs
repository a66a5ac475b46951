//! What makes an event count: that it is there, or that a column of it is not null.

use std::fmt::Debug;

use crate::computer::Input;
use crate::value::ValueRef;

/// What makes an event count.
pub trait Presence: sealed::Sealed + Clone + Copy + Debug + Default + Send + Sync + 'static {
    /// What is read from the event.
    type Ref<'a>: Input<'a> + Debug;

    /// A word for the id of a computer.
    const NAME: &'static str;
}

/// The names enter ids, so that nobody else may bring one.
mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Every {}
    impl Sealed for super::NotNull {}
}

/// Every event counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Every;

/// Events count in which a column is not null.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotNull;

impl Presence for Every {
    type Ref<'a> = ();
    const NAME: &'static str = "events";
}

impl Presence for NotNull {
    type Ref<'a> = ValueRef<'a>;
    const NAME: &'static str = "column";
}
