//! Nodes: opening, reading, waiting.

use super::Options;
use super::frames::{Marked, mark};
use super::scene::{PATIENCE, Scene};
use kernel_glue::clock;
use kernel_glue::haiku_user::{Blocking, Calls, Descriptor, Ready, Status};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Opens both taps and the tun without waiting, where nothing can be read yet.
pub(super) fn open<C: Calls>(scene: &mut Scene<'_, C>, _: &Options) -> Option<Result<String, String>> {
    let tried = || {
        let devices = scene.devices()?;
        for device in devices.taps.iter().chain([&devices.tun]) {
            let node = scene.open(device, Blocking::No)?;
            drain(&node, device)?;
            let ready = node.poll(Ready::READ | Ready::WRITE, Duration::from_millis(200));
            match ready {
                Ok(ready) if ready.contains(Ready::HUNG_UP) => return Err(format!("{device}: hung up")),
                Ok(ready) if !ready.contains(Ready::WRITE) => return Err(format!("{device}: cannot be written")),
                Ok(_) => {}
                Err(status) => return Err(format!("{device}: poll: {status}")),
            }
        }
        Ok("B_WOULD_BLOCK where nothing waits".into())
    };
    Some(tried())
}

/// Reads until there is nothing, which has to be said instead of waited for.
pub(super) fn drain(node: &impl Descriptor, device: &str) -> Result<(), String> {
    let mut frame = [0; 2048];
    for _ in 0..10_000 {
        match node.read(&mut frame) {
            Ok(_) => {}
            Err(Status::WOULD_BLOCK) => return Ok(()),
            Err(status) => return Err(format!("{device}: read: {status}")),
        }
    }
    Err(format!("{device}: there is always more to read"))
}

/// Polls one tap until a frame comes that is written to the other meanwhile.
pub(super) fn poll_waits<C: Calls>(scene: &mut Scene<'_, C>, _: &Options) -> Option<Result<String, String>> {
    let wait = |node: &C::Descriptor| {
        let end = clock::monotonic().plus(PATIENCE);
        while clock::monotonic() < end {
            match node.poll(Ready::READ, PATIENCE) {
                Ok(ready) if ready.contains(Ready::HUNG_UP) => return Err("poll: hung up".to_owned()),
                Ok(_) => {}
                Err(status) => return Err(format!("poll: {status}")),
            }
            let mut frame = [0; 2048];
            match node.read(&mut frame) {
                Ok(bytes) if frame.get(..bytes).and_then(Marked::of) == Some(Marked(POLLED)) => return Ok(()),
                // What the system says by itself.
                Ok(_) | Err(Status::WOULD_BLOCK) => {}
                Err(status) => return Err(format!("read: {status}")),
            }
        }
        Err("nothing came".to_owned())
    };
    Some(waits(scene, Blocking::No, POLLED, wait))
}

/// Reads one tap, where nothing is yet, until a frame comes that is written to the other meanwhile.
pub(super) fn read_waits<C: Calls>(scene: &mut Scene<'_, C>, _: &Options) -> Option<Result<String, String>> {
    let wait = |node: &C::Descriptor| {
        for _ in 0..1000 {
            let mut frame = [0; 2048];
            match node.read(&mut frame) {
                Ok(bytes) if frame.get(..bytes).and_then(Marked::of) == Some(Marked(READ)) => return Ok(()),
                Ok(_) => {}
                Err(status) => return Err(format!("read: {status}")),
            }
        }
        Err("the frame never came".to_owned())
    };
    Some(waits(scene, Blocking::Yes, READ, wait))
}

/// Lets a thread wait on the second tap, writes a marked frame to the first, and expects the thread back.
fn waits<C: Calls>(
    scene: &Scene<'_, C>,
    blocking: Blocking,
    number: u32,
    wait: impl Fn(&C::Descriptor) -> Result<(), String> + Send + 'static,
) -> Result<String, String> {
    let devices = scene.devices()?;
    let [first, second] = &devices.taps;
    let writer = scene.open(first, Blocking::No)?;
    let reader = Arc::new(scene.open(second, blocking)?);
    let (done, waited) = channel();
    let waiting = Arc::clone(&reader);
    let spawned = thread::Builder::new().spawn(move || {
        let outcome = (wait(&waiting), clock::monotonic());
        // The next part opens the node: whoever is told of the end finds it closed when its own descriptor goes.
        drop(waiting);
        // Nobody listens only where this took too long.
        let _ = done.send(outcome);
    });
    spawned.map_err(|error| format!("thread: {error}"))?;
    // The thread is to be waiting by then; if it is not, the part is easier.
    thread::sleep(SETTLE);
    let written = clock::monotonic();
    writer.write(&mark(number, 100)).map_err(|status| format!("{first}: write: {status}"))?;
    match waited.recv_timeout(PATIENCE) {
        Ok((Ok(()), woken)) => Ok(format!("{} us from write to read", woken.since(written).as_micros())),
        Ok((Err(why), _)) => Err(format!("{second}: {why}")),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            Err(format!("{second}: the frame did not wake who waited for it"))
        }
    }
}

/// How long a thread is given to come to its call.
pub(super) const SETTLE: Duration = Duration::from_millis(100);
const POLLED: u32 = 0x7011_0001;
const READ: u32 = 0x4ead_0001;
