//! Haiku without Haiku: the add-on, loaded into a kernel in user space, and what is around it.

mod add_on;
mod rig;

pub use add_on::add_on;
pub use rig::Rig;
