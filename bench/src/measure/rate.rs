//! Small frames at the highest rate that a packet socket sends, counted where they arrive.

use crate::Fault;
use crate::bed::{Bed, Host};
use kernel_glue::linux::generator::Generator;
use kernel_glue::linux::{Interface, InterfaceName};
use rustix::thread::{CpuSet, sched_setaffinity};
use std::fs::File;
use std::io::{Read, Seek};
use std::sync::Barrier;
use std::time::Duration;

/// Returns millions of frames a second from the left host to the right one, the sender on the first core.
pub(super) fn one_sender(bed: &Bed, length: Duration) -> Result<f64, Fault> {
    let start = Barrier::new(1);
    Flow::new(&bed.left, &bed.right, 0)?.run(&start, length)
}

/// Returns millions of frames a second in both directions together, a sender on each of the first two cores.
pub(super) fn both_ways(bed: &Bed, length: Duration) -> Result<f64, Fault> {
    let start = Barrier::new(2);
    let (forth, back) = (Flow::new(&bed.left, &bed.right, 0)?, Flow::new(&bed.right, &bed.left, 1)?);
    std::thread::scope(|scope| {
        let back = scope.spawn(|| back.run(&start, length));
        let forth = forth.run(&start, length);
        match back.join() {
            Ok(back) => Ok(forth? + back?),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Frames of one direction.
struct Flow<'a> {
    from: &'a Host,
    to: &'a Host,
    core: usize,
    frame: Vec<u8>,
}

impl<'a> Flow<'a> {
    /// Prepares known unicast between the hosts.
    fn new(from: &'a Host, to: &'a Host, core: usize) -> Result<Self, Fault> {
        let mut frame = [to.mac()?, from.mac()?].concat();
        frame.extend(ETHERTYPE);
        frame.resize(FRAME_BYTES, 0);
        Ok(Self { from, to, core, frame })
    }

    /// Sends for `length` once all flows are ready. The count ends with the sending: what queues hold then is lost.
    fn run(&self, start: &Barrier, length: Duration) -> Result<f64, Fault> {
        let mut counters = self.to.counters();
        let (received, sent) = self.from.ns.enter(|| {
            let generator = self.open();
            start.wait();
            let counters = counters.as_mut().map_err(|_| Fault::Late("the counters"))?;
            let before = self.received(counters)?;
            let sent = generator?.send_for(&[&self.frame], length).map_err(Fault::system("send frames"))?;
            Ok::<_, Fault>((self.received(counters)?.wrapping_sub(before), sent))
        })??;
        Ok(received as f64 / sent.elapsed.as_secs_f64() / 1e6)
    }

    fn open(&self) -> Result<Generator, Fault> {
        let mut cores = CpuSet::new();
        cores.set(self.core);
        sched_setaffinity(None, &cores).map_err(Fault::system("choose a core"))?;
        let name = InterfaceName::new(&self.from.interface).map_err(Fault::refused("name an interface"))?;
        let interface = Interface { name, index: self.from.index()? };
        Generator::open(interface).map_err(Fault::refused("open a packet socket"))
    }

    /// Reads how many frames the receiver has counted.
    fn received(&self, counters: &mut File) -> Result<u64, Fault> {
        let mut text = String::new();
        counters.rewind().and_then(|()| counters.read_to_string(&mut text)).map_err(Fault::system("read counters"))?;
        let line = text.lines().find_map(|line| line.trim().strip_prefix(&self.to.interface)?.strip_prefix(':'));
        // `bytes packets errs …` (proc(5), /proc/net/dev).
        let packets = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
        packets.ok_or(Fault::Output { of: "/proc/net/dev", text })
    }
}

/// The smallest frame, without its check sequence (IEEE 802.3).
const FRAME_BYTES: usize = 60;

/// Local Experimental EtherType 1 (IEEE 802): no host listens to it.
const ETHERTYPE: [u8; 2] = [0x88, 0xb5];
