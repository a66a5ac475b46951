//! What several aggregates are built from.

mod buckets;
mod by;
mod decay;
mod given;
mod parameter;
mod presence;
mod runs;
mod sorted;

pub use self::buckets::Buckets;
pub use self::by::{By, Keyed};
pub use self::decay::Decay;
pub(crate) use self::given::{Given, apart};
pub(crate) use self::parameter::Parameter;
pub use self::presence::{Every, NotNull, Presence};
pub use self::runs::Runs;
pub(crate) use self::sorted::{End, all_of};
pub use self::sorted::{Moment, Sorted};
