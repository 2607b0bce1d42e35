//! Offloads that a Linux kernel finished; `captures/linux.py` made them, on Linux 6.18.

extern crate std;
use super::{Offload, VNET_BYTES};
use std::vec::Vec;

/// One offload and what the kernel made of it.
pub(super) struct Capture {
    pub(super) name: &'static str,
    pub(super) state: Offload,
    pub(super) frame: Vec<u8>,
    pub(super) out: Vec<Vec<u8>>,
}

/// Returns every capture.
pub(super) fn linux() -> Vec<Capture> {
    let mut captures: Vec<Capture> = Vec::new();
    for line in include_str!("captures/linux.txt").lines() {
        let (key, value) = line.split_once(' ').unwrap();
        if key == "case" {
            captures.push(Capture { name: value, state: Offload::default(), frame: Vec::new(), out: Vec::new() });
            continue;
        }
        let capture = captures.last_mut().unwrap();
        match key {
            "state" => capture.state = state(&octets(value)),
            "frame" => capture.frame = octets(value),
            "out" => capture.out.push(octets(value)),
            _ => panic!("line of kind {key}"),
        }
    }
    captures
}

/// Reads the state as the capturing machine wrote it, low octet first.
fn state(octets: &[u8]) -> Offload {
    let mut header: [u8; VNET_BYTES] = octets.try_into().unwrap();
    for field in header[2..].chunks_mut(2) {
        let number = u16::from_le_bytes([field[0], field[1]]);
        field.copy_from_slice(&number.to_ne_bytes());
    }
    Offload::from_vnet(&header).unwrap()
}

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}
