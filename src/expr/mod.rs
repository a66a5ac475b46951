//! Small expressions: filters over an event's columns, and features derived from features.

mod derived;
mod filter;

pub use self::derived::Derived;
pub(crate) use self::derived::Term;
pub(crate) use self::filter::Predicate;
pub use self::filter::{Col, Filter, col};
