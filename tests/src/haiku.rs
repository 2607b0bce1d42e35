//! Haiku without Haiku: the add-on, loaded into a kernel in user space, and what is around it.

mod add_on;
mod boot;
mod bridged;
mod plug;
mod program;

pub use add_on::add_on;
pub use boot::{boot, boot_by_hand};
pub use bridged::{Bridged, Card, hears, reads};
pub use plug::plug;
pub use program::{Open, Program};
