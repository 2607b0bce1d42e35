//! What a descriptor can do without waiting.

use bitflags::bitflags;

bitflags! {
    /// What an operation on a descriptor would meet, as `poll` asks.
    #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
    pub struct Ready: u32 {
        /// A read gives a packet.
        const READ   = 1 << 0;
        /// A write does not wait: there is room, or it fails at once because the device is down.
        const WRITE  = 1 << 1;
        /// Reads and writes fail: no device is attached, or it is gone.
        const ERROR  = 1 << 2;
        /// The device is gone for good.
        const HANGUP = 1 << 3;
    }
}
