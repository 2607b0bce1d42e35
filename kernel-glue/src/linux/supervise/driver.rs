//! Linux's TUN/TAP driver as a program uses it.

use crate::linux::tap::last_errno;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// An open descriptor of the driver, or of what takes its place.
///
/// Not for devices of ours: it stands for the program on the other side in tests and benchmarks.
#[derive(Debug)]
pub struct TunFile(OwnedFd);

impl TunFile {
    /// Opens a node.
    ///
    /// # Errors
    /// The system's.
    pub fn open(path: &str, flags: OFlags) -> Result<Self, Errno> {
        rustix::fs::open(path, flags, Mode::empty()).map(Self)
    }

    /// `TUNSETIFF`: attaches to a device, and returns the name that it got.
    ///
    /// # Errors
    /// The driver's; the same for all of the following.
    pub fn attach(&self, name: &str, flags: u16) -> Result<String, Errno> {
        let mut request = Request::default();
        for (to, from) in request.name.iter_mut().zip(name.bytes()) {
            *to = from;
        }
        request.flags = flags;
        // SAFETY: `TUNSETIFF` reads and writes one `struct ifreq`, whose size `request` has.
        let status = unsafe { libc::ioctl(self.0.as_raw_fd(), libc::TUNSETIFF, &raw mut request) };
        succeed(status)?;
        Ok(request.text())
    }

    /// `TUNGETIFF`: returns the name and the flags.
    ///
    /// # Errors
    /// The driver's.
    pub fn query(&self) -> Result<(String, u16), Errno> {
        let mut request = Request::default();
        // SAFETY: `TUNGETIFF` writes one `struct ifreq`, whose size `request` has.
        let status = unsafe { libc::ioctl(self.0.as_raw_fd(), libc::TUNGETIFF, &raw mut request) };
        succeed(status)?;
        Ok((request.text(), request.flags))
    }

    /// `TUNSETPERSIST`: 1 keeps the device when the last descriptor is closed, 0 does not.
    ///
    /// # Errors
    /// The driver's.
    pub fn set_persistent(&self, value: u32) -> Result<(), Errno> {
        // SAFETY: `TUNSETPERSIST` takes its argument by value and touches no memory.
        let status = unsafe { libc::ioctl(self.0.as_raw_fd(), libc::TUNSETPERSIST, libc::c_ulong::from(value)) };
        succeed(status)
    }

    /// `SIOCGIFHWADDR`: returns the address of a TAP device.
    ///
    /// # Errors
    /// The driver's.
    pub fn hardware_address(&self) -> Result<[u8; 6], Errno> {
        let mut request = Request::default();
        // SAFETY: `SIOCGIFHWADDR` writes one `struct ifreq`, whose size `request` has.
        let status = unsafe { libc::ioctl(self.0.as_raw_fd(), libc::SIOCGIFHWADDR, &raw mut request) };
        succeed(status)?;
        // After the address family, which shares the place of the flags.
        Ok(request.rest.first_chunk().copied().unwrap_or_default())
    }

    /// `TUNGETFEATURES`: returns the flags that the driver knows.
    ///
    /// # Errors
    /// The driver's.
    pub fn features(&self) -> Result<u32, Errno> {
        let mut features: libc::c_uint = 0;
        // SAFETY: `TUNGETFEATURES` writes one `unsigned int`.
        let status = unsafe { libc::ioctl(self.0.as_raw_fd(), libc::TUNGETFEATURES, &raw mut features) };
        succeed(status).map(|()| features)
    }

    /// `FIONREAD`: returns how many bytes wait to be read.
    ///
    /// # Errors
    /// The driver has no such request.
    pub fn waiting_bytes(&self) -> Result<u64, Errno> {
        rustix::io::ioctl_fionread(&self.0)
    }
}

impl From<OwnedFd> for TunFile {
    fn from(descriptor: OwnedFd) -> Self {
        Self(descriptor)
    }
}

impl AsFd for TunFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// `struct ifreq`.
#[repr(C)]
#[derive(Default)]
struct Request {
    name: [u8; 16],
    flags: u16,
    rest: [u8; 22],
}

const _: () = assert!(size_of::<Request>() == size_of::<libc::ifreq>());

impl Request {
    fn text(&self) -> String {
        String::from_utf8_lossy(self.name.split(|&byte| byte == 0).next().unwrap_or_default()).into_owned()
    }
}

fn succeed(status: libc::c_int) -> Result<(), Errno> {
    if status < 0 { Err(last_errno()) } else { Ok(()) }
}
