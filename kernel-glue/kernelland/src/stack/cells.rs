//! A device's members, which its module, the stack and others that know it write and read whenever they like, without a lock.

use haiku_abi::{net_device, net_hardware_address};
use std::mem::offset_of;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

/// A device's members by their offsets. Whoever has this keeps the device meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cells(*mut net_device);

const ADDRESS: usize = offset_of!(net_device, address);
const OCTETS: usize = ADDRESS + offset_of!(net_hardware_address, data);
const OCTET_COUNT: usize = ADDRESS + offset_of!(net_hardware_address, length);

impl Cells {
    /// # Safety
    /// `raw` is a device that lives as long as this is used.
    pub(crate) unsafe fn new(raw: *mut net_device) -> Self {
        Self(raw)
    }

    pub(crate) fn raw(self) -> *mut net_device {
        self.0
    }

    /// A member of 32 bits.
    pub(crate) fn word<'a>(self, offset: usize) -> &'a AtomicU32 {
        // SAFETY: the member lives with the device, and is aligned.
        unsafe { AtomicU32::from_ptr(self.at(offset).cast()) }
    }

    /// A member of 64 bits.
    pub(crate) fn long<'a>(self, offset: usize) -> &'a AtomicU64 {
        // SAFETY: as above.
        unsafe { AtomicU64::from_ptr(self.at(offset).cast()) }
    }

    /// Bytes of what may follow the frame's header.
    pub(crate) fn mtu(self) -> usize {
        self.long(offset_of!(net_device, mtu)).load(Ordering::Relaxed) as usize
    }

    pub(crate) fn set_mtu(self, bytes: usize) {
        self.long(offset_of!(net_device, mtu)).store(bytes as u64, Ordering::Relaxed);
    }

    /// The hardware address; empty until the device has been up, where only then it is known.
    pub(crate) fn address(self) -> Vec<u8> {
        let octets = usize::from(self.octet(OCTET_COUNT).load(Ordering::Acquire)).min(64);
        (0..octets).map(|at| self.octet(OCTETS + at).load(Ordering::Relaxed)).collect()
    }

    /// The hardware address of an Ethernet device.
    pub(crate) fn mac(self) -> [u8; 6] {
        std::array::from_fn(|at| self.octet(OCTETS + at).load(Ordering::Relaxed))
    }

    pub(crate) fn set_mac(self, mac: [u8; 6]) {
        for (at, octet) in mac.into_iter().enumerate() {
            self.octet(OCTETS + at).store(octet, Ordering::Relaxed);
        }
        self.octet(OCTET_COUNT).store(mac.len() as u8, Ordering::Release);
    }

    fn octet<'a>(self, offset: usize) -> &'a AtomicU8 {
        // SAFETY: the member lives with the device.
        unsafe { AtomicU8::from_ptr(self.at(offset)) }
    }

    fn at(self, offset: usize) -> *mut u8 {
        self.0.cast::<u8>().wrapping_add(offset)
    }
}
