//! Packets that are too long for where they go, and may be cut.

use super::{Link, Slot};
use frame::DropReason;
use frame::offload::Offload;
use ppp_shim::fragment::Fragments;
use ppp_shim::shim::{Version, header};

/// Why a packet is not cut.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Uncut {
    /// Its sender forbids it, or its version does.
    Forbidden,
    /// It could have been.
    Failed(DropReason),
}

impl Link {
    /// Cuts a packet into fragments that fit, and hands `each` on.
    pub(super) fn cut(
        &mut self,
        packet: &[u8],
        offload: &Offload,
        version: Version,
        mtu_bytes: u32,
        each: impl FnMut(&mut Self, Slot),
    ) -> Result<(), Uncut> {
        // Whether it may be cut does not depend on its checksum, which is finished in a copy.
        let summed = Offload { needs_checksum: false, ..*offload };
        if Fragments::new(packet, &summed, mtu_bytes).is_err() {
            return Err(Uncut::Forbidden);
        }
        let whole = self.slab.copy(packet, *offload).ok_or(Uncut::Failed(DropReason::NoBuffer))?;
        let cut = self.cut_copy(&whole, version, mtu_bytes, each);
        self.slab.give_back(whole);
        cut.map_err(Uncut::Failed)
    }

    fn cut_copy(
        &mut self,
        whole: &Slot,
        version: Version,
        mtu_bytes: u32,
        mut each: impl FnMut(&mut Self, Slot),
    ) -> Result<(), DropReason> {
        let peer = self.config.peer_mac;
        self.slab.finish_checksum(whole, header(peer, peer, version)).map_err(|_| DropReason::Offload)?;
        self.counters.cut += 1;
        for number in 0.. {
            let mut left = 0;
            // Few packets have more than two fragments: each is found from the beginning.
            let fragment = self.slab.keep_from(whole, |packet, room| {
                let mut fragments = Fragments::new(packet, &Offload::default(), mtu_bytes).ok()?;
                (0..number).try_for_each(|_| fragments.next_into(room).map(drop))?;
                let written = fragments.next_into(room);
                left = fragments.next_bytes();
                written
            });
            each(self, fragment.ok_or(DropReason::NoBuffer)?);
            if left == 0 {
                break;
            }
        }
        Ok(())
    }
}
