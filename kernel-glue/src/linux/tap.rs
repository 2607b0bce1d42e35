//! TAP devices whose descriptors this process holds.

use super::error::{Action, DeviceError};
use super::name::InterfaceName;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::sync::Arc;
use tap::ioctl::Offloads;

/// A kernel TAP device: one descriptor a queue, each non-blocking and with a 10-byte virtio-net header.
///
/// The device is not persistent: it goes with the last descriptor, those that workers hold included.
#[derive(Clone, Debug)]
pub struct TapDevice {
    name: InterfaceName,
    queues: Vec<Arc<OwnedFd>>,
}

impl TapDevice {
    /// Creates the device in the network namespace of the calling thread, with one queue for each worker.
    ///
    /// # Errors
    /// `EBUSY` if another process holds a device of that name, `EINVAL` if an interface of another kind has it.
    pub fn create(name: InterfaceName, queues: usize) -> Result<Self, DeviceError> {
        let flags = libc::IFF_TAP | if queues > 1 { libc::IFF_MULTI_QUEUE } else { 0 };
        let queues = (0..queues.max(1)).map(|_| open_queue(name, flags)).collect::<Result<Vec<_>, _>>()?;
        for queue in &queues {
            set_header_bytes(queue.as_fd()).map_err(Action::SetOffload.on(name))?;
        }
        // Fragments of UDP are never asked for.
        let (device, every) = (Self { name, queues }, Offloads::all() - Offloads::UFO);
        // Linux before 6.2 has no UDP segmentation.
        device.set_offload(every).or_else(|_| device.set_offload(every - Offloads::USO4 - Offloads::USO6))?;
        Ok(device)
    }

    /// Chooses the work that the kernel leaves to us on what it sends, all there is at first; what we send to it may
    /// always be unfinished.
    ///
    /// Workers finish what a port does not take, and for less: one large frame passes the device for many. A relay of
    /// TCP between two devices took 4.8 ms of processor time a megabyte so, and 5.6 ms where the kernel did it.
    ///
    /// # Errors
    /// `EINVAL` for work that the kernel does not leave to anyone, as UDP segmentation before Linux 6.2.
    pub fn set_offload(&self, offloads: Offloads) -> Result<(), DeviceError> {
        // The mask is the device's, whichever queue is asked.
        let queue = self.queues.first().ok_or(Action::SetOffload.on(self.name)(Errno::BADF))?;
        offload_mask(queue.as_fd(), offloads.bits()).map_err(Action::SetOffload.on(self.name))
    }

    /// Tells the users of the interface whether somebody is at the other end.
    ///
    /// # Errors
    /// `EINVAL` before Linux 5.0.
    pub fn set_carrier(&self, carrier: Carrier) -> Result<(), DeviceError> {
        let queue = self.queues.first().ok_or(Action::SetCarrier.on(self.name)(Errno::BADF))?;
        let on = match carrier {
            Carrier::Present => 1,
            Carrier::Absent => 0,
        };
        carrier_bit(queue.as_fd(), on).map_err(Action::SetCarrier.on(self.name))
    }

    /// Returns the name of the device.
    pub fn name(&self) -> InterfaceName {
        self.name
    }

    /// Returns the queue that a worker reads, `None` when there are more workers than queues.
    pub(crate) fn queue(&self, worker: usize) -> Option<&Arc<OwnedFd>> {
        self.queues.get(worker)
    }

    /// Returns the queue that a worker writes: any queue can be written by any thread.
    pub(crate) fn queue_for_writing(&self, worker: usize) -> Option<&Arc<OwnedFd>> {
        self.queues.get(worker % self.queues.len().max(1))
    }
}

/// Whether somebody is at the other end of a device.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Carrier {
    /// Somebody is.
    Present,
    /// Nobody is: the interface shows NO-CARRIER, and nothing is queued for us.
    Absent,
}

/// A kernel TAP device as a virtual machine without offloads holds it: bare Ethernet frames, one a read or write.
///
/// Not for ports of ours: it stands for the other side in demonstrations, benchmarks and tests.
#[derive(Debug)]
pub struct PlainTap(OwnedFd);

impl PlainTap {
    /// Creates the device, non-blocking, in the network namespace of the calling thread.
    ///
    /// # Errors
    /// As [`TapDevice::create`].
    pub fn create(name: InterfaceName) -> Result<Self, DeviceError> {
        open_device(name, libc::IFF_TAP).map(Self)
    }
}

impl AsFd for PlainTap {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn open_queue(name: InterfaceName, kind: libc::c_int) -> Result<Arc<OwnedFd>, DeviceError> {
    open_device(name, libc::IFF_VNET_HDR | kind).map(Arc::new)
}

fn open_device(name: InterfaceName, kind: libc::c_int) -> Result<OwnedFd, DeviceError> {
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let fd = rustix::fs::open("/dev/net/tun", flags, Mode::empty()).map_err(Action::OpenTun.on(name))?;
    let kind = libc::IFF_NO_PI | kind;
    let mut request = InterfaceRequest { name: name.padded(), flags: kind as u16, unused: [0; 22] };
    // SAFETY: `TUNSETIFF` reads and writes one `struct ifreq`, whose size and layout `request` has.
    let status = unsafe { libc::ioctl(fd.as_raw_fd(), libc::TUNSETIFF, &raw mut request) };
    succeed(status).map_err(Action::CreateTap.on(name))?;
    Ok(fd)
}

/// A header size set by a former holder would stay with a persistent device, so it is always set.
fn set_header_bytes(queue: BorrowedFd<'_>) -> Result<(), Errno> {
    let header_bytes = frame::offload::VNET_BYTES as libc::c_int;
    // SAFETY: `TUNSETVNETHDRSZ` reads one `int`.
    let status = unsafe { libc::ioctl(queue.as_raw_fd(), libc::TUNSETVNETHDRSZ, &raw const header_bytes) };
    succeed(status)
}

fn carrier_bit(queue: BorrowedFd<'_>, on: libc::c_int) -> Result<(), Errno> {
    // SAFETY: `TUNSETCARRIER` reads one `int`.
    let status = unsafe { libc::ioctl(queue.as_raw_fd(), TUNSETCARRIER, &raw const on) };
    succeed(status)
}

fn offload_mask(queue: BorrowedFd<'_>, mask: libc::c_uint) -> Result<(), Errno> {
    // SAFETY: `TUNSETOFFLOAD` takes its argument by value and touches no memory.
    let status = unsafe { libc::ioctl(queue.as_raw_fd(), libc::TUNSETOFFLOAD, libc::c_ulong::from(mask)) };
    succeed(status)
}

fn succeed(status: libc::c_int) -> Result<(), Errno> {
    if status < 0 { Err(last_errno()) } else { Ok(()) }
}

/// `_IOW('T', 226, int)` of `linux/if_tun.h`, which no crate has.
const TUNSETCARRIER: libc::c_ulong = 0x4004_54e2;

/// Returns what the last failed call of libc in this thread left.
pub(crate) fn last_errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

/// `struct ifreq` as `TUNSETIFF` uses it.
#[repr(C)]
struct InterfaceRequest {
    name: [u8; 16],
    flags: u16,
    unused: [u8; 22],
}

const _: () = assert!(size_of::<InterfaceRequest>() == size_of::<libc::ifreq>());
const _: () = assert!(core::mem::offset_of!(InterfaceRequest, flags) == core::mem::offset_of!(libc::ifreq, ifr_ifru));

#[cfg(test)]
mod tests;
