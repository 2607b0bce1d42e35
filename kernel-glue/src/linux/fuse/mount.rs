//! Mounting the directory of nodes, and taking it away.

use super::channel::Channel;
use core::fmt;
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags};
use std::ffi::CString;
use std::fs::DirBuilder;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// A step of mounting that the system refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}: {step}: {errno}", path.display())]
pub struct MountError {
    /// What it was done to.
    pub path: PathBuf,
    /// What was tried.
    pub step: MountStep,
    /// What the system said.
    pub errno: Errno,
}

/// What mounting takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum MountStep {
    /// Create the directory.
    Create,
    /// Open the FUSE device; the kernel has no FUSE, or the device is closed to this user or container.
    OpenDevice,
    /// Take a dead mount away that is in the way.
    Unmount,
    /// Mount; takes CAP_SYS_ADMIN.
    Mount,
    /// Another daemon serves nodes there.
    Free,
    /// Open the mounted directory.
    OpenRoot,
    /// Start the program that keeps the mount when the daemon is gone.
    StartKeeper,
    /// Start a thread.
    StartThread,
}

impl fmt::Display for MountStep {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Create => "create directory",
            Self::OpenDevice => "open FUSE device",
            Self::Unmount => "unmount dead nodes",
            Self::Mount => "mount nodes",
            Self::Free => "nodes are served there already",
            Self::OpenRoot => "open mounted directory",
            Self::StartKeeper => "start keeper of nodes",
            Self::StartThread => "start thread",
        })
    }
}

impl MountStep {
    pub(super) fn on(self, path: &Path) -> impl Fn(Errno) -> MountError {
        move |errno| MountError { path: path.to_owned(), step: self, errno }
    }
}

/// A mounted directory.
#[derive(Debug)]
pub(super) struct Mount {
    pub(super) channel: Channel,
    /// The root of the mount as a descriptor that serves for nothing but to name it: the path may be someone else's
    /// mount by the time this one is to go.
    pub(super) root: OwnedFd,
}

impl Mount {
    /// Takes the mount away again, after a later step failed.
    pub(super) fn undo(&self) {
        let _ = detach(&self.root);
    }
}

/// Mounts a connection at `directory`, which is created where it is missing.
///
/// # Errors
/// [`MountError`].
pub(super) fn mount(directory: &Path) -> Result<Mount, MountError> {
    clear(directory)?;
    let create = DirBuilder::new().recursive(true).mode(0o755).create(directory);
    create.map_err(|error| MountStep::Create.on(directory)(errno(&error)))?;
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    let device = Path::new("/dev/fuse");
    let fuse = rustix::fs::open(device, flags, Mode::empty()).map_err(MountStep::OpenDevice.on(device))?;
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let options =
        format!("fd={},rootmode=40000,user_id={uid},group_id={gid},allow_other,default_permissions", fuse.as_raw_fd());
    let options = CString::new(options).unwrap_or_default();
    let safe = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOATIME;
    rustix::mount::mount(SOURCE, directory, FILE_SYSTEM, safe, Some(options.as_c_str()))
        .map_err(MountStep::Mount.on(directory))?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = rustix::fs::open(directory, flags, Mode::empty());
    let root = root.inspect_err(|_| {
        let _ = rustix::mount::unmount(directory, UnmountFlags::DETACH);
    });
    Ok(Mount { channel: Channel::new(fuse), root: root.map_err(MountStep::OpenRoot.on(directory))? })
}

/// Takes a mount out of the tree of directories: no name leads to it, and it ends with its last open file.
///
/// `root` must be closed for that end; it counts as open.
///
/// # Errors
/// `EPERM` without CAP_SYS_ADMIN, `EINVAL` if it is out of the tree already.
pub(in crate::linux) fn detach(root: &OwnedFd) -> Result<(), Errno> {
    // A magic link: it leads to the mount itself and asks no file system on the way.
    let path = format!("/proc/self/fd/{}", root.as_raw_fd());
    rustix::mount::unmount(path, UnmountFlags::DETACH)
}

/// Makes way at `directory`: a mount that a daemon left there is detached, however many times it was stacked.
fn clear(directory: &Path) -> Result<(), MountError> {
    for _ in 0..STACKED {
        if !is_ours(directory) {
            return Ok(());
        }
        // Served, it has attributes. Left, it has errors: ENOTCONN when nobody holds it, EIO from a keeper.
        if rustix::fs::stat(directory).is_ok() {
            return Err(MountStep::Free.on(directory)(Errno::BUSY));
        }
        match rustix::mount::unmount(directory, UnmountFlags::DETACH) {
            // EINVAL: a keeper was faster.
            Ok(()) | Err(Errno::INVAL) => {}
            Err(errno) => return Err(MountStep::Unmount.on(directory)(errno)),
        }
    }
    Err(MountStep::Unmount.on(directory)(Errno::BUSY))
}

/// Returns whether `directory` is a mount of nodes, without asking who serves it.
fn is_ours(directory: &Path) -> bool {
    let Ok(directory) = std::path::absolute(directory) else { return false };
    // The parent is no part of the mount, so its name can be made whole; the table has names without links.
    let whole = directory.parent().and_then(|parent| Some(parent.canonicalize().ok()?.join(directory.file_name()?)));
    let Some(whole) = whole else { return false };
    let Ok(table) = std::fs::read_to_string("/proc/thread-self/mountinfo") else {
        return rustix::fs::stat(&directory).is_err_and(|errno| errno == Errno::NOTCONN);
    };
    table.lines().any(|line| {
        let mut fields = line.split(' ');
        let point = fields.nth(4).map(unescape);
        let kind = fields.skip_while(|&field| field != "-").nth(1);
        point.as_deref() == Some(whole.as_os_str().as_bytes()) && kind == Some(FILE_SYSTEM)
    })
}

/// Undoes the octal escapes of the mount table: space, tab, line feed and backslash.
fn unescape(field: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let octal = after.get(..3).and_then(|digits| core::str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if first == b'\\' => {
                bytes.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            Some(_) | None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    bytes
}

/// Returns the error number of an error, `EIO` if it has none.
pub(in crate::linux) fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

/// How many dead mounts may lie on each other, one for each daemon that died without a keeper.
const STACKED: usize = 16;
/// What the mount table shows as the device.
const SOURCE: &str = "trestle";
const FILE_SYSTEM: &str = "fuse.trestle";
