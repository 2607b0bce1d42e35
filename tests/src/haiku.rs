//! Haiku without Haiku: the add-on, loaded into a kernel in user space, and what is around it.

mod add_on;
mod boot;
mod bridged;
#[cfg(feature = "linked")]
mod linked;
#[cfg(not(feature = "linked"))]
mod loaded;
mod plug;
mod program;
mod sound;

#[cfg(feature = "linked")]
use linked::roots;
#[cfg(not(feature = "linked"))]
use loaded::roots;

pub use add_on::add_on;
pub use boot::{boot, boot_by_hand, boot_for_long};
pub use bridged::{Bridged, Card, hears, reads};
pub use plug::plug;
pub use program::{Open, Program};
pub use sound::{Holdings, settled, sound, with_kernel};
