//! Small expressions: filters over an event's columns, and features derived from features.

mod derived;
mod filter;
mod filters;
mod predicate;

pub use self::derived::Derived;
pub(crate) use self::derived::Term;
pub use self::filter::{Col, Filter, MAX_DEPTH, col};
pub(crate) use self::filters::Filters;
pub(crate) use self::predicate::Predicate;
