//! A node of a tap as the end of a cable.

use crate::wire::Wire;
use kernelland::user::Node;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair};
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// Plugs a cable into an open node: what is sent at the other end is written, and what is read comes out there. The node
/// is closed when the wire is dropped.
#[must_use]
pub fn plug(node: Node) -> Wire {
    let node = Arc::new(node);
    let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
    let (ours, theirs) = pair.expect("a pair of sockets");
    let ours = Arc::new(ours);
    let (reader, out) = (Arc::clone(&node), Arc::clone(&ours));
    std::thread::spawn(move || read(&reader, &out));
    std::thread::spawn(move || write(&node, &ours));
    Wire::over(theirs)
}

fn read(node: &Node, out: &OwnedFd) {
    let mut frame = vec![0; LARGEST];
    // Ends with the node, or with whoever listens.
    while let Ok(bytes) = node.read(&mut frame) {
        if send(out, &frame[..bytes], SendFlags::NOSIGNAL).is_err() {
            return;
        }
    }
}

fn write(node: &Node, from: &OwnedFd) {
    let mut frame = vec![0; LARGEST];
    while let Ok((_, bytes @ 1..)) = recv(from, &mut frame[..], RecvFlags::empty()) {
        // A node refuses what is no frame, and is down at times, as a cable is unplugged.
        let _ = node.write(&frame[..bytes]);
    }
    let _ = node.close();
}

/// More than any frame.
const LARGEST: usize = 1 << 17;
