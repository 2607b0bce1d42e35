//! The packets that are sent, and the time that they carry.

use super::side::Kind;

/// Bytes of every packet, with its Ethernet header if it has one.
pub(super) const BYTES: usize = 1400;

/// Returns a packet that no host answers.
pub(super) fn packet(kind: Kind) -> Vec<u8> {
    let mut packet = match kind {
        // To and from local unicast addresses, with Local Experimental EtherType 1 (IEEE 802).
        Kind::Tap => vec![2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 0x88, 0xb5],
        // From 192.0.2.1 to 198.51.100.1 (RFC 5737), of a protocol for experiments (253, RFC 3692).
        Kind::Tun => {
            let [high, low] = (BYTES as u16).to_be_bytes();
            vec![0x45, 0, high, low, 0, 0, 0x40, 0, 64, 253, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1]
        }
    };
    if kind == Kind::Tun {
        let words = packet.chunks_exact(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]));
        let sum = words.sum::<u32>();
        // RFC 1071; the carries of ten words fit into one more addition.
        let [high, low] = (!((sum & 0xffff) + (sum >> 16)) as u16).to_be_bytes();
        (packet[10], packet[11]) = (high, low);
    }
    packet.resize(BYTES, 0);
    packet
}

/// Writes a time into the last bytes of a packet.
pub(super) fn stamp(packet: &mut [u8], nanoseconds: u64) {
    if let Some(last) = packet.last_chunk_mut() {
        *last = nanoseconds.to_le_bytes();
    }
}

/// Returns the time in the last bytes of a packet of ours, `None` of others.
pub(super) fn stamped(packet: &[u8]) -> Option<u64> {
    (packet.len() == BYTES).then(|| packet.last_chunk().map(|last| u64::from_le_bytes(*last)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back() {
        for kind in [Kind::Tap, Kind::Tun] {
            let mut packet = packet(kind);
            stamp(&mut packet, 123_456_789_012);
            assert_eq!((packet.len(), stamped(&packet)), (BYTES, Some(123_456_789_012)));
            assert_eq!(stamped(&packet[1..]), None);
        }
    }
}
