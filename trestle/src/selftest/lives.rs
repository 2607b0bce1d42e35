//! Devices that end while somebody has them open, and come again.

use super::Options;
use super::node::SETTLE;
use super::scene::{PATIENCE, Scene, node_of};
use kernel_glue::clock;
use kernel_glue::haiku_user::{Blocking, Calls, Descriptor, Ready, Status};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// Destroys a device in whose node a thread is reading.
pub(super) fn read_ends<C: Calls>(scene: &mut Scene<'_, C>, _: &Options) -> Option<Result<String, String>> {
    let mut tried = || {
        let tap = scene.create("tap")?;
        scene.ifconfig(&format!("{tap} up"))?;
        let node = scene.open(&tap, Blocking::Yes)?;
        let (done, ended) = channel();
        let spawned = thread::Builder::new().spawn(move || {
            let mut frame = [0; 2048];
            let mut last = Ok(1);
            // What the system says by itself, to a device that is up, may come before.
            for _ in 0..1000 {
                last = node.read(&mut frame);
                if !matches!(last, Ok(1..)) {
                    break;
                }
            }
            // Nobody listens only where this took too long.
            let _ = done.send(last);
        });
        spawned.map_err(|error| format!("thread: {error}"))?;
        thread::sleep(SETTLE);
        scene.destroy(&tap)?;
        match ended.recv_timeout(PATIENCE) {
            Ok(Ok(0)) => Ok("it ends with nothing".into()),
            Ok(Ok(bytes)) => Err(format!("{tap}: {bytes} octets, again and again")),
            Ok(Err(status)) => Ok(format!("it ends with '{status}'")),
            Err(_) => Err(format!("{tap} is destroyed, and its reader still waits")),
        }
    };
    Some(tried())
}

/// Destroys a device that is open, uses the descriptor, and creates the device again.
pub(super) fn destroyed_while_open<C: Calls>(scene: &mut Scene<'_, C>, _: &Options) -> Option<Result<String, String>> {
    let mut tried = || {
        let tap = scene.create("tap")?;
        scene.ifconfig(&format!("{tap} up"))?;
        let node = scene.open(&tap, Blocking::No)?;
        scene.destroy(&tap)?;
        let mut frame = [0; 2048];
        let read = node.read(&mut frame);
        if let Err(Status::WOULD_BLOCK) | Ok(1..) = read {
            return Err(format!("{tap} is destroyed, and a read says {read:?}"));
        }
        if let Ok(bytes) = node.write(&[0xff; 60]) {
            return Err(format!("{tap} is destroyed, and takes {bytes} octets"));
        }
        // Whether it is said by an event or by an error: it does not wait.
        let start = clock::monotonic();
        let _ = node.poll(Ready::READ, PATIENCE);
        if clock::monotonic().since(start) >= PATIENCE {
            return Err(format!("{tap} is destroyed, and a poll waits"));
        }
        let again = scene.create("tap")?;
        let second = scene.open(&again, Blocking::No).map(drop);
        drop(node);
        let third = scene.open(&again, Blocking::No).map(drop);
        scene.destroy(&again)?;
        second.and(third)?;
        if again == tap { Ok(String::new()) } else { Err(format!("{tap} is free, and {again} was taken")) }
    };
    Some(tried())
}

/// Opens a clone node, finds the device that this made, and closes it.
pub(super) fn clone_node<C: Calls>(scene: &mut Scene<'_, C>, _: &Options) -> Option<Result<String, String>> {
    let tried = || {
        let before = scene.others()?;
        let node = scene.calls.open(CLONE, Blocking::No).map_err(|status| format!("open {CLONE}: {status}"))?;
        let made: Vec<_> = scene.others()?.into_iter().filter(|name| !before.contains(name)).collect();
        drop(node);
        let [name] = &made[..] else { return Err(format!("{CLONE} made {made:?}")) };
        let end = clock::monotonic().plus(PATIENCE);
        while scene.others()?.contains(name) {
            if clock::monotonic() >= end {
                return Err(format!("{name} is still there after its descriptor was closed"));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(name.clone())
    };
    Some(tried())
}

/// Creates, opens and destroys a device again and again.
pub(super) fn cycles<C: Calls>(scene: &mut Scene<'_, C>, options: &Options) -> Option<Result<String, String>> {
    let mut tried = || {
        let before = scene.others()?.len();
        let start = clock::monotonic();
        for cycle in 0..options.cycles {
            once(scene, cycle).map_err(|why| format!("cycle {cycle}: {why}"))?;
        }
        let took = clock::monotonic().since(start);
        match scene.others()?.len() {
            after if after == before => Ok(format!("{} times in {} ms", options.cycles, took.as_millis())),
            after => Err(format!("{after} interfaces instead of {before}")),
        }
    };
    Some(tried())
}

fn once<C: Calls>(scene: &mut Scene<'_, C>, cycle: u32) -> Result<(), String> {
    let kind = if cycle.is_multiple_of(2) { "tap" } else { "tun" };
    let device = scene.create(kind)?;
    scene.ifconfig(&format!("{device} up"))?;
    // Open over the end of the device in some rounds, and not at all in others.
    let node = match cycle % 3 {
        0 => None,
        _ => Some(scene.open(&device, Blocking::No)?),
    };
    scene.destroy(&device)?;
    drop(node);
    match scene.calls.open(&node_of(&device), Blocking::No) {
        Ok(_) => Err(format!("{device} is destroyed, and its node opens")),
        Err(_) => Ok(()),
    }
}

const CLONE: &str = "/dev/tap/clone";
