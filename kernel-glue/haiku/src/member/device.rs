//! The device of another driver, as a member uses it.
//!
//! Nobody locks a device: the stack and its driver write its members whenever they like, so each is read as a word.

use super::Condition;
use crate::kernel::Status;
use crate::net_buffer::{self, NetBuf};
use crate::stack::Cells;
use crate::stack::{self, Interface};
use core::ffi::CStr;
use core::ptr::NonNull;
use core::sync::atomic::Ordering;
use frame::{DropReason, EtherType, FrameBuf, HEADER_BYTES, Mac, TAG_BYTES};
use haiku_abi::{
    B_BAD_VALUE, B_DEVICE_NOT_FOUND, EMSGSIZE, ENOBUFS, IFF_LOOPBACK, IFF_UP, IFM_ACTIVE, IFM_IEEE80211, IFM_NMASK,
    IFT_ETHER, net_device, net_device_module_info, net_device_monitor, status_t,
};

/// A device, which lives as long as this: a reference to its interface is held.
pub(super) struct Device {
    raw: NonNull<net_device>,
    module: &'static net_device_module_info,
    send: unsafe extern "C" fn(*mut net_device, *mut haiku_abi::net_buffer) -> status_t,
    /// The reference by which the device lives, and its module with it.
    _interface: Interface,
}

// SAFETY: the pointer is valid in every thread; what is behind it is touched word by word.
unsafe impl Send for Device {}

/// What a device is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Frames of any source may leave by it.
    Ethernet,
    /// It carries frames of its own address alone.
    Wireless,
    /// Anything else.
    Other,
}

impl Device {
    /// Takes an interface's device; `None` if it does not send.
    pub(super) fn new(interface: Interface) -> Option<Self> {
        let raw = NonNull::new(interface.device())?;
        // SAFETY: the device lives as long as `interface`, and is the stack's and its driver's, who write words.
        let cells = unsafe { raw.cast::<Cells>().as_ref() };
        let module = NonNull::new(cells.module.load(Ordering::Acquire))?;
        // SAFETY: the stack set the module before it gave the interface away; it stays loaded as long as the device
        // lives, and its table never changes.
        let module = unsafe { module.as_ref() };
        Some(Self { raw, module, send: module.send_data?, _interface: interface })
    }

    /// Returns the name of the driver's module.
    pub(super) fn module_name(&self) -> &CStr {
        let name = self.module.info.name;
        if name.is_null() {
            return c"";
        }
        // SAFETY: a module's name is a string of its image, which stays as long as the device lives.
        unsafe { CStr::from_ptr(name) }
    }

    /// Returns what identifies the device while it lives.
    pub(super) fn identity(&self) -> usize {
        self.raw.as_ptr().addr()
    }

    /// Returns what it is.
    pub(super) fn kind(&self) -> Kind {
        let cells = self.cells();
        let is_loop = cells.flags.load(Ordering::Relaxed) & IFF_LOOPBACK != 0;
        if cells.interface_type.load(Ordering::Relaxed) != IFT_ETHER || is_loop {
            Kind::Other
        } else if cells.media.load(Ordering::Relaxed) & IFM_NMASK == IFM_IEEE80211 {
            Kind::Wireless
        } else {
            Kind::Ethernet
        }
    }

    /// Returns whether it passes frames.
    pub(super) fn run(&self) -> Condition {
        if !self.is_up() {
            Condition::Down
        } else if self.cells().media.load(Ordering::Relaxed) & IFM_ACTIVE == 0 {
            Condition::NoCarrier
        } else {
            Condition::Running
        }
    }

    /// Returns the hardware address. A driver may tell it only once it is up.
    pub(super) fn mac(&self) -> Mac {
        let [a, b, c, d, e, f, ..] = &self.cells().address;
        Mac([a, b, c, d, e, f].map(|octet| octet.load(Ordering::Relaxed)))
    }

    /// Returns what may follow the Ethernet header, in bytes.
    pub(super) fn mtu_bytes(&self) -> u32 {
        u32::try_from(self.cells().mtu.load(Ordering::Relaxed)).unwrap_or(u32::MAX)
    }

    /// Returns the link's speed in bits a second.
    pub(super) fn speed(&self) -> u64 {
        self.cells().link_speed.load(Ordering::Relaxed)
    }

    /// Sends a frame out on the wire, past every monitor.
    ///
    /// It may wait for the driver: only the worker calls it, which holds no lock.
    ///
    /// # Errors
    /// Why it did not leave; it is freed.
    pub(super) fn transmit(&self, frame: NetBuf) -> Result<(), DropReason> {
        if !self.is_up() {
            return Err(DropReason::PortDown);
        }
        let bytes = frame.bytes();
        if bytes > self.mtu_bytes() as usize + HEADER_BYTES + tag_bytes(&frame) {
            return Err(DropReason::TooBig);
        }
        let raw = frame.into_raw();
        // SAFETY: the device lives, and its module with it; the frame is ours, and the driver's if it says so.
        let status = unsafe { (self.send)(self.raw.as_ptr(), raw.as_ptr()) };
        if status >= 0 {
            return Ok(());
        }
        // SAFETY: a driver that fails leaves the frame to the caller.
        unsafe { net_buffer::free(raw) };
        Err(match status {
            // It went down just now.
            haiku_abi::EBADF | B_DEVICE_NOT_FOUND => DropReason::PortDown,
            B_BAD_VALUE | EMSGSIZE => DropReason::TooBig,
            ENOBUFS => DropReason::QueueFull,
            _ => DropReason::TransmitError,
        })
    }

    /// Has the host receive a frame as if it had come from the wire. No monitor sees it.
    ///
    /// It takes the stack's list of devices: only the worker calls it, which holds no lock.
    ///
    /// # Errors
    /// Why it is not received; it is freed.
    pub(super) fn give_host(&self, frame: NetBuf) -> Result<(), DropReason> {
        if !self.is_up() {
            return Err(DropReason::PortDown);
        }
        // The stack writes to what it receives, and loses a reference to the device for a frame without a header.
        let frame = frame.into_fresh().ok_or(DropReason::NoBuffer)?;
        if frame.bytes() < HEADER_BYTES {
            return Err(DropReason::Malformed);
        }
        let raw = frame.into_raw();
        // SAFETY: the device lives; the frame is ours alone. The deframer is there: it came with the datalink chain that
        // the stack made when the interface was looked up, and goes with the interface.
        let status = unsafe { stack::enqueue(self.raw.as_ptr(), raw) };
        if status >= 0 {
            return Ok(());
        }
        // SAFETY: the stack frees what its deframer refuses, which are frames without a header alone; whatever else
        // fails leaves the frame to the caller.
        unsafe { net_buffer::free(raw) };
        Err(if status == ENOBUFS { DropReason::QueueFull } else { DropReason::TransmitError })
    }

    /// Has the card receive what is for others, or no more. A driver that is down forgets it.
    ///
    /// # Errors
    /// The driver cannot, as several native ones cannot.
    pub(super) fn set_promiscuous(&self, on: bool) -> Result<(), Status> {
        let set = self.module.set_promiscuous.ok_or(Status::B_NOT_SUPPORTED)?;
        // SAFETY: the device lives, and its module with it.
        Status::check(unsafe { set(self.raw.as_ptr(), on) })
    }

    /// Corrects the stack's counts, which take each frame that a monitor consumed for a bad one.
    pub(super) fn count_taken(&self, frames: u32, bytes: u64) {
        let received = &self.cells().received;
        received.dropped.fetch_sub(frames, Ordering::Relaxed);
        received.packets.fetch_add(frames, Ordering::Relaxed);
        received.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Has a monitor see what the device receives and sends.
    ///
    /// # Safety
    /// The monitor stays where it is until [`Self::unregister`] has returned.
    ///
    /// # Errors
    /// The device is gone.
    pub(super) unsafe fn register(&self, monitor: NonNull<net_device_monitor>) -> Result<(), Status> {
        // SAFETY: the device lives; the rest is the caller's condition.
        unsafe { stack::register_monitor(self.raw.as_ptr(), monitor) }
    }

    /// Ends that, and waits for calls that are under way.
    pub(super) fn unregister(&self, monitor: NonNull<net_device_monitor>) {
        // SAFETY: the device lives.
        let ended = unsafe { stack::unregister_monitor(self.raw.as_ptr(), monitor) };
        // A device that was removed has forgotten its monitors, which is as good.
        let _ = ended;
    }

    fn is_up(&self) -> bool {
        self.cells().flags.load(Ordering::Relaxed) & IFF_UP != 0
    }

    fn cells(&self) -> &Cells {
        // SAFETY: as in `new`.
        unsafe { self.raw.cast::<Cells>().as_ref() }
    }
}

/// A tag is beyond the MTU; whether the card takes it is the driver's word.
fn tag_bytes(frame: &NetBuf) -> usize {
    let kind = frame.head().get(HEADER_BYTES - 2..).and_then(|rest| rest.first_chunk::<2>());
    let tagged = kind.is_some_and(|&kind| EtherType(u16::from_be_bytes(kind)).is_tag());
    if tagged { TAG_BYTES } else { 0 }
}
