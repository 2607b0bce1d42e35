//! What the stack knows of a device.

use super::UnitKind;
use crate::stack::InterfaceName;
use core::cell::UnsafeCell;
use core::mem::offset_of;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU8, AtomicU32, AtomicUsize, Ordering};
use frame::Mac;
use haiku_abi::{
    IFF_BROADCAST, IFF_LINK, IFF_MULTICAST, IFF_POINTOPOINT, IFM_1000_T, IFM_ACTIVE, IFM_ETHER, IFM_FULL_DUPLEX,
    IFT_ETHER, net_device,
};
use tap::Link;

/// The device of a unit. The stack reads it whenever it likes, and writes its flags and counts; so everything here is
/// touched word by word, and never borrowed.
#[repr(transparent)]
pub(crate) struct Record(UnsafeCell<net_device>);

// SAFETY: every access is atomic, on either side; the stack's own members are left alone.
unsafe impl Sync for Record {}
// SAFETY: what it points to is the stack's.
unsafe impl Send for Record {}

impl Record {
    /// Makes what an Ethernet device has.
    #[inline(never)]
    pub(super) fn new(interface: &InterfaceName, kind: UnitKind, mac: Mac) -> Self {
        // SAFETY: it is plain data, of which any member may be zero.
        let mut device: net_device = unsafe { core::mem::zeroed() };
        device.name = interface.field();
        // A device of two points that could broadcast would have its peer taken for the broadcast address.
        let reach = match kind {
            UnitKind::Bridge | UnitKind::Tap => IFF_BROADCAST,
            UnitKind::Tun => IFF_POINTOPOINT,
        };
        device.flags = reach | IFF_MULTICAST;
        device.r#type = IFT_ETHER;
        device.mtu = super::FIRST_MTU_BYTES as usize;
        device.media = MEDIA;
        // Routes by default are chosen by speed: a tunnel that is up is meant to be used.
        device.link_speed = 10_000_000_000;
        device.link_quality = 1000;
        device.header_length = frame::HEADER_BYTES;
        if let Some(octets) = device.address.data.first_chunk_mut() {
            *octets = mac.0;
        }
        device.address.length = mac.0.len() as u8;
        Self(UnsafeCell::new(device))
    }

    /// Returns what follows the Ethernet header at most, in bytes.
    pub(crate) fn mtu_bytes(&self) -> usize {
        self.mtu().load(Ordering::Relaxed)
    }

    /// Sets [`Self::mtu_bytes`].
    pub(crate) fn set_mtu_bytes(&self, bytes: usize) {
        self.mtu().store(bytes, Ordering::Relaxed);
    }

    /// Returns the hardware address.
    pub(crate) fn mac(&self) -> Mac {
        Mac(core::array::from_fn(|at| self.octet(at).load(Ordering::Relaxed)))
    }

    /// Sets the hardware address. Hosts that know the old one may take half an hour to notice: Haiku's own are such.
    pub(crate) fn set_mac(&self, mac: Mac) {
        for (at, octet) in mac.0.into_iter().enumerate() {
            self.octet(at).store(octet, Ordering::Relaxed);
        }
    }

    /// Sets whether there is a carrier.
    pub(crate) fn set_carrier(&self, carrier: Link) {
        // The stack changes flags of its own without a lock; ours lose at worst, and are set again with the next change.
        match carrier {
            Link::Up => self.flags().fetch_or(IFF_LINK, Ordering::AcqRel),
            Link::Down => self.flags().fetch_and(!IFF_LINK, Ordering::AcqRel),
        };
        match carrier {
            Link::Up => self.media().fetch_or(IFM_ACTIVE, Ordering::AcqRel),
            Link::Down => self.media().fetch_and(!IFM_ACTIVE, Ordering::AcqRel),
        };
    }

    /// Counts a frame that the stack was to receive.
    pub(crate) fn count_receive_drop(&self) {
        self.word(offset_of!(net_device, stats.receive.dropped)).fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a frame that the stack has sent, and that is lost.
    pub(crate) fn count_send_drop(&self) {
        self.word(offset_of!(net_device, stats.send.dropped)).fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the stack's pointer.
    pub(crate) fn device(&self) -> NonNull<net_device> {
        NonNull::from(&self.0).cast()
    }

    fn flags(&self) -> &AtomicU32 {
        self.word(offset_of!(net_device, flags))
    }

    fn media(&self) -> &AtomicU32 {
        self.word(offset_of!(net_device, media))
    }

    fn mtu(&self) -> &AtomicUsize {
        let member = self.0.get().wrapping_byte_add(offset_of!(net_device, mtu)).cast();
        // SAFETY: the member is aligned and lives as long as `self`; the stack reads and writes it as a word.
        unsafe { AtomicUsize::from_ptr(member) }
    }

    fn octet(&self, at: usize) -> &AtomicU8 {
        // The index is that of one of six octets, of 64.
        let member = self.0.get().wrapping_byte_add(offset_of!(net_device, address.data) + at % 64).cast();
        // SAFETY: as above, of an octet.
        unsafe { AtomicU8::from_ptr(member) }
    }

    /// Returns a member of four bytes.
    fn word(&self, offset: usize) -> &AtomicU32 {
        let member = self.0.get().wrapping_byte_add(offset).cast();
        // SAFETY: as above: callers give the offset of a member of this size.
        unsafe { AtomicU32::from_ptr(member) }
    }
}

/// As fast Ethernet is called that `ifconfig` has a word for.
pub(crate) const MEDIA: u32 = IFM_ETHER | IFM_1000_T | IFM_FULL_DUPLEX;
