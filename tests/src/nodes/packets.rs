//! Packets with a number in their last bytes, by which each is known again.

use crate::etherframe::{EtherFrame, mac};

/// Returns the frame number `n`, `bytes` long with its Ethernet header (at least 60).
pub fn numbered(n: u32, bytes: usize) -> Vec<u8> {
    let mut frame = EtherFrame::new(mac(9), mac(8), "").payload_bytes(bytes - 14).bytes();
    sign(&mut frame, n);
    frame
}

/// Returns the IPv4 or IPv6 packet number `n`, `bytes` long with its header, from one address for documentation to
/// another. `flow` tells its conversation from others.
pub fn numbered_ip(version: u8, n: u32, bytes: usize, flow: u16) -> Vec<u8> {
    let length = u16::try_from(bytes).expect("no packet is longer").to_be_bytes();
    let mut packet = match version {
        4 => {
            let mut header = vec![0x45, 0, length[0], length[1], 0, 0, 0x40, 0, 64, UDP, 0, 0];
            header.extend([192, 0, 2, 1, 198, 51, 100, 1]);
            let sum = header.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum::<u32>();
            let folded = !u16::try_from((sum & 0xffff) + (sum >> 16)).expect("twenty bytes carry once");
            header[10..12].copy_from_slice(&folded.to_be_bytes());
            header
        }
        6 => {
            let payload = u16::try_from(bytes - 40).expect("no packet is longer").to_be_bytes();
            let mut header = vec![0x60, 0, 0, 0, payload[0], payload[1], UDP, 64];
            for last in [1, 2] {
                header.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
            }
            header
        }
        _ => panic!("no such version of IP: {version}"),
    };
    let udp = u16::try_from(bytes - packet.len()).expect("no packet is longer").to_be_bytes();
    packet.extend(flow.to_be_bytes());
    packet.extend([0x10, 0x00, udp[0], udp[1], 0, 0]);
    packet.resize(bytes, 0x5a);
    sign(&mut packet, n);
    packet
}

/// Returns the numbers of those of `packets` that have one.
pub fn numbers<'p>(packets: impl IntoIterator<Item = &'p Vec<u8>>) -> Vec<u32> {
    let number = |packet: &Vec<u8>| {
        let (rest, number) = packet.split_last_chunk::<4>()?;
        rest.ends_with(MARK).then(|| u32::from_be_bytes(*number))
    };
    packets.into_iter().filter_map(number).collect()
}

/// Returns hexadecimal digits, as Python's `bytes.fromhex` takes them.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sign(packet: &mut [u8], n: u32) {
    let at = packet.len() - 8;
    packet[at..at + 4].copy_from_slice(MARK);
    packet[at + 4..].copy_from_slice(&n.to_be_bytes());
}

/// What lies before the number, here and in `app.py`.
const MARK: &[u8] = b"TRST";

/// IANA's number of UDP.
const UDP: u8 = 17;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_again() {
        let packets = [numbered(7, 60), vec![0; 60], numbered_ip(4, 8, 100, 1), numbered_ip(6, 9, 1280, 1), vec![1]];
        assert_eq!(numbers(&packets), [7, 8, 9]);
        assert_eq!(packets.map(|packet| packet.len()), [60, 60, 100, 1280, 1]);
    }

    #[test]
    fn the_ipv4_header_sums_to_nothing() {
        let packet = numbered_ip(4, 1, 64, 1);
        let sum = packet[..20].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum::<u32>();
        assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff);
    }
}
