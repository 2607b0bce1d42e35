//! A device's members, each as the word it is.

use core::mem::offset_of;
use core::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize};
use haiku_abi::{net_device, net_device_module_info};

/// `net_device`, whose members the stack and a driver write whenever they like, without a lock.
#[repr(C)]
pub(crate) struct Cells {
    pub(crate) module: AtomicPtr<net_device_module_info>,
    name: [AtomicU8; 32],
    index: AtomicU32,
    pub(crate) flags: AtomicU32,
    pub(crate) interface_type: AtomicU32,
    pub(crate) mtu: AtomicUsize,
    pub(crate) media: AtomicU32,
    pub(crate) link_speed: AtomicU64,
    link_quality: AtomicU32,
    header_length: AtomicUsize,
    pub(crate) address: [AtomicU8; 64],
    pub(crate) address_length: AtomicU8,
    pub(crate) received: Counts,
}

/// `ifreq_stream_stats`.
#[repr(C)]
pub(crate) struct Counts {
    pub(crate) packets: AtomicU32,
    errors: AtomicU32,
    pub(crate) bytes: AtomicU64,
    multicast_packets: AtomicU32,
    pub(crate) dropped: AtomicU32,
}

const _: () = {
    assert!(offset_of!(Cells, module) == offset_of!(net_device, module));
    assert!(offset_of!(Cells, name) == offset_of!(net_device, name));
    assert!(offset_of!(Cells, index) == offset_of!(net_device, index));
    assert!(offset_of!(Cells, flags) == offset_of!(net_device, flags));
    assert!(offset_of!(Cells, interface_type) == offset_of!(net_device, r#type));
    assert!(offset_of!(Cells, mtu) == offset_of!(net_device, mtu));
    assert!(offset_of!(Cells, media) == offset_of!(net_device, media));
    assert!(offset_of!(Cells, link_speed) == offset_of!(net_device, link_speed));
    assert!(offset_of!(Cells, link_quality) == offset_of!(net_device, link_quality));
    assert!(offset_of!(Cells, header_length) == offset_of!(net_device, header_length));
    assert!(offset_of!(Cells, address) == offset_of!(net_device, address.data));
    assert!(offset_of!(Cells, address_length) == offset_of!(net_device, address.length));
    assert!(offset_of!(Cells, received.packets) == offset_of!(net_device, stats.receive.packets));
    assert!(offset_of!(Cells, received.errors) == offset_of!(net_device, stats.receive.errors));
    assert!(offset_of!(Cells, received.bytes) == offset_of!(net_device, stats.receive.bytes));
    assert!(offset_of!(Cells, received.multicast_packets) == offset_of!(net_device, stats.receive.multicast_packets));
    assert!(offset_of!(Cells, received.dropped) == offset_of!(net_device, stats.receive.dropped));
    assert!(size_of::<Cells>() <= size_of::<net_device>());
    assert!(align_of::<Cells>() <= align_of::<net_device>());
};
