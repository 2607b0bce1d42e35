//! Supervision of a program that believes it opens the kernel's TUN/TAP driver.
//!
//! A filter of ours (seccomp(2)) stops the program at the system calls with which such a device is opened and
//! controlled, and hands each to a supervising process ([`detach`]), which answers it, lets it pass, or puts a
//! descriptor of its own in the program's hands ([`Listener`]). Static programs and those with a runtime of their own
//! are caught alike, and so are the children of the program. Needs Linux 5.14.

mod detach;
mod driver;
mod filter;
mod listener;
mod memory;
mod peer;

pub use detach::{detach, inherited};
pub use driver::TunFile;
pub use listener::{Flags, Listener, Notice, Pass, Trapped};
pub use memory::{read_bytes, read_text, write_bytes};
pub use peer::{Credentials, credentials};
