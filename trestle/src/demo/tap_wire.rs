//! A kernel TAP in the hands of the demonstration's VM, as QEMU would hold one.

use crate::daemon::wait_readable;
use crate::embedded::Wire;
use kernel_glue::linux::{InterfaceName, PlainTap};
use std::io;
use std::time::Duration;

/// The device, one Ethernet frame a read or write.
pub(super) struct TapWire(PlainTap);

impl TapWire {
    pub(super) fn create(name: &str) -> io::Result<Self> {
        let name = InterfaceName::new(name).map_err(io::Error::other)?;
        PlainTap::create(name).map(Self).map_err(|error| io::Error::new(io::Error::from(error.errno).kind(), error))
    }
}

impl Wire for TapWire {
    fn send(&mut self, frame: &[u8]) {
        // An interface that is down, or a full queue, loses the frame.
        let _ = rustix::io::write(&self.0, frame);
    }

    fn receive(&mut self, patience: Duration) -> Option<Vec<u8>> {
        let mut frame = vec![0; 2048];
        let read = rustix::io::read(&self.0, &mut frame).or_else(|_| {
            wait_readable(&self.0, patience);
            rustix::io::read(&self.0, &mut frame)
        });
        frame.truncate(read.ok()?);
        Some(frame)
    }
}
