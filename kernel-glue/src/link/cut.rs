//! Packets that are too long for where they go, and may be cut.

use super::slab::PACKET_BYTES;
use super::{Link, Slot};
use frame::DropReason;
use frame::offload::Offload;
use ppp_shim::fragment::{FragmentError, Fragments};

/// Why a packet is not cut.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Uncut {
    /// Its sender forbids it, or its version does.
    Forbidden,
    /// It could have been.
    Failed(DropReason),
}

impl Link {
    /// Cuts a packet into fragments that fit, and hands `each` on. Where they are to fit more than a slot, they are
    /// smaller, as a router may make them (RFC 791 §3.2).
    pub(super) fn cut(
        &mut self,
        packet: &[u8],
        offload: &Offload,
        mtu_bytes: u32,
        mut each: impl FnMut(&mut Self, Slot),
    ) -> Result<(), Uncut> {
        let mtu_bytes = mtu_bytes.min(PACKET_BYTES as u32);
        let mut fragments = match Fragments::finishing(packet, offload, mtu_bytes) {
            Ok(fragments) => fragments,
            Err(FragmentError::Checksum { .. }) => return Err(Uncut::Failed(DropReason::Offload)),
            Err(_) => return Err(Uncut::Forbidden),
        };
        while fragments.next_bytes() > 0 {
            let fragment = self.slab.keep(Offload::default(), |room| fragments.next_into(room));
            each(self, fragment.ok_or(Uncut::Failed(DropReason::NoBuffer))?);
        }
        self.counters.cut += 1;
        Ok(())
    }
}
