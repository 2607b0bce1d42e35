//! A virtual machine whose network is a node of the kernel's.

use super::reads;
use crate::clock::Limit;
use crate::vm::{Tagging, Vm};
use crate::wire::Wire;
use kernelland::user::{Interest, Node, WRITE, poll};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A [`Vm`] and the threads that carry its frames from and to a node, as a program does that runs one.
#[derive(Debug)]
pub struct Machine {
    /// The machine. Gone before the threads end.
    vm: Option<Vm>,
    over: Arc<AtomicBool>,
    carriers: Vec<JoinHandle<()>>,
}

impl Machine {
    /// Starts machine number `n` at a node that is open.
    pub fn start(node: Node, n: u8) -> Self {
        let (ours, theirs) = Wire::pair();
        let (node, ours, over) = (Arc::new(node), Arc::new(ours), Arc::new(AtomicBool::new(false)));
        let carrier = |carry: fn(&Node, &Wire)| {
            let (node, ours, over) = (Arc::clone(&node), Arc::clone(&ours), Arc::clone(&over));
            std::thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    carry(&node, &ours);
                }
            })
        };
        let carriers = vec![carrier(inward), carrier(outward)];
        Self { vm: Some(Vm::start(theirs, n, Tagging::None)), over, carriers }
    }

    /// Returns the machine.
    pub fn vm(&self) -> &Vm {
        self.vm.as_ref().expect("it is there until this is dropped")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.vm = None;
        self.over.store(true, Ordering::Relaxed);
        for carrier in self.carriers.drain(..) {
            let _ = carrier.join();
        }
    }
}

/// Carries frames of the machine to the node, for a moment at least.
fn inward(node: &Node, wire: &Wire) {
    let Some(frame) = wire.receive(Limit::after(MOMENT)) else { return };
    // A node that is gone has no room for ever.
    for _ in 0..ATTEMPTS {
        match node.write(&frame) {
            Ok(_) => return,
            Err(_) => drop(poll(&[Interest::Node(node, WRITE)], 1000)),
        }
    }
}

/// Carries frames of the node to the machine, for a moment at least.
fn outward(node: &Node, wire: &Wire) {
    // The machine may be gone.
    let _ = reads(node, MOMENT, |frame| wire.try_send(frame).is_err().then_some(()));
}

const MOMENT: Duration = Duration::from_millis(20);
const ATTEMPTS: usize = 1000;
