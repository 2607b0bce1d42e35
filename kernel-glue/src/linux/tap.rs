//! TAP devices whose descriptors this process holds.

use super::error::{Action, DeviceError};
use super::name::InterfaceName;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::sync::Arc;

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
        let kind = if queues > 1 { libc::IFF_MULTI_QUEUE } else { 0 };
        let queues = (0..queues.max(1)).map(|_| open_queue(name, kind)).collect::<Result<Vec<_>, _>>()?;
        for queue in &queues {
            set_offload(queue.as_fd()).map_err(Action::SetOffload.on(name))?;
        }
        Ok(Self { name, queues })
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
        open_device(name, 0).map(Self)
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
    let kind = libc::IFF_TAP | libc::IFF_NO_PI | kind;
    let mut request = InterfaceRequest { name: name.padded(), flags: kind as u16, unused: [0; 22] };
    // SAFETY: `TUNSETIFF` reads and writes one `struct ifreq`, whose size and layout `request` has.
    let status = unsafe { libc::ioctl(fd.as_raw_fd(), libc::TUNSETIFF, &raw mut request) };
    succeed(status).map_err(Action::CreateTap.on(name))?;
    Ok(fd)
}

/// Asks for every offload, or without UDP segmentation where the kernel has none (before Linux 6.2).
///
/// The mask belongs to the device, not to the descriptor, and a header size set by a former holder would stay
/// with a persistent device, so both are always set.
fn set_offload(queue: BorrowedFd<'_>) -> Result<(), Errno> {
    let header_bytes = frame::offload::VNET_BYTES as libc::c_int;
    // SAFETY: `TUNSETVNETHDRSZ` reads one `int`.
    let status = unsafe { libc::ioctl(queue.as_raw_fd(), libc::TUNSETVNETHDRSZ, &raw const header_bytes) };
    succeed(status)?;
    let base = libc::TUN_F_CSUM | libc::TUN_F_TSO4 | libc::TUN_F_TSO6 | libc::TUN_F_TSO_ECN;
    offload_mask(queue, base | libc::TUN_F_USO4 | libc::TUN_F_USO6).or_else(|_| offload_mask(queue, base))
}

fn offload_mask(queue: BorrowedFd<'_>, mask: libc::c_uint) -> Result<(), Errno> {
    // SAFETY: `TUNSETOFFLOAD` takes its argument by value and touches no memory.
    let status = unsafe { libc::ioctl(queue.as_raw_fd(), libc::TUNSETOFFLOAD, libc::c_ulong::from(mask)) };
    succeed(status)
}

fn succeed(status: libc::c_int) -> Result<(), Errno> {
    if status < 0 { Err(last_errno()) } else { Ok(()) }
}

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
