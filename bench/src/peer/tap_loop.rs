//! The plainest user-space bridge: two TAPs, two threads, read and write. It learns nothing and looks nothing up.

use crate::Fault;
use crate::bed::Bed;
use crate::clock::within;
use kernel_glue::linux::{InterfaceName, PlainTap};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, read, write};
use std::os::fd::AsFd;
use std::time::Duration;

/// Starts the loop as a process of its own, this program with the argument [`COMMAND`].
pub(crate) fn build(bed: &mut Bed) -> Result<(), Fault> {
    let program = std::env::current_exe().map_err(Fault::system("find this program"))?;
    let mut command = bed.middle.command(&program.display().to_string());
    command.args([COMMAND, LEFT, RIGHT]);
    bed.start(command)?;
    let made = || [LEFT, RIGHT].iter().all(|name| bed.middle.ip(&format!("link show {name}")).is_ok());
    if !within(Duration::from_secs(10), made) {
        return Err(Fault::Late("the making of two TAPs"));
    }
    bed.hand_over(LEFT, RIGHT)
}

/// Makes two TAPs and copies between them until killed.
///
/// # Errors
/// When a TAP cannot be made, or reading fails.
pub fn run(left: &str, right: &str) -> Result<(), Fault> {
    let (left, right) = (open(left)?, open(right)?);
    std::thread::scope(|scope| {
        let back = scope.spawn(|| copy(&right, &left));
        let forth = copy(&left, &right);
        back.join().unwrap_or(Ok(())).and(forth)
    })
    .map_err(Fault::system("read from a TAP"))
}

/// Makes a TAP whose reads wait for a frame.
fn open(name: &str) -> Result<PlainTap, Fault> {
    let name = InterfaceName::new(name).map_err(Fault::refused("name a TAP"))?;
    let tap = PlainTap::create(name).map_err(Fault::refused("make a TAP"))?;
    let blocking = fcntl_getfl(&tap).and_then(|flags| fcntl_setfl(&tap, flags - OFlags::NONBLOCK));
    blocking.map_err(Fault::system("make a TAP wait"))?;
    Ok(tap)
}

/// Copies one direction. A frame that cannot be written, as when the interface is down, is lost.
fn copy(from: impl AsFd, to: impl AsFd) -> Result<(), Errno> {
    let mut frame = vec![0; FRAME_BYTES];
    loop {
        match read(&from, frame.as_mut_slice()) {
            Ok(length) => {
                let _ = write(&to, frame.get(..length).unwrap_or_default());
            }
            // A TAP that is down answers so.
            Err(Errno::IO | Errno::BADFD) => std::thread::sleep(Duration::from_millis(1)),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// The argument that makes this program the loop.
pub const COMMAND: &str = "tap-loop";

const LEFT: &str = "tap0";
const RIGHT: &str = "tap1";

/// Without a virtio-net header the kernel finishes every frame, so that none is larger than its MTU.
const FRAME_BYTES: usize = 2048;
