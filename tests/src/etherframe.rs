//! Ethernet frames as bytes, for writing by hand.

/// The address of every station.
pub const BROADCAST: [u8; 6] = [0xff; 6];

/// Returns the locally administered unicast address number `n`.
pub const fn mac(n: u32) -> [u8; 6] {
    let [a, b, c, d] = n.to_be_bytes();
    [0x02, 0x7e, a, b, c, d]
}

/// Reads an address as `ip` writes it.
#[track_caller]
pub fn parse_mac(text: &str) -> [u8; 6] {
    let bytes: Result<Vec<u8>, _> = text.split(':').map(|byte| u8::from_str_radix(byte, 16)).collect();
    bytes.ok().and_then(|bytes| bytes.try_into().ok()).unwrap_or_else(|| panic!("no MAC address: {text:?}"))
}

/// A frame in the making: addresses, tags from the outside in, EtherType, payload.
#[derive(Clone, Debug)]
pub struct EtherFrame {
    destination: [u8; 6],
    source: [u8; 6],
    tags: Vec<(u16, u16)>,
    ether_type: u16,
    payload: Vec<u8>,
}

impl EtherFrame {
    /// An untagged frame of an EtherType for experiments (0x88b5, IEEE 802 §9.2.3), which no kernel answers, with
    /// `text` as its payload, filled up to the minimum.
    pub fn new(destination: [u8; 6], source: [u8; 6], text: &str) -> Self {
        let mut payload = text.as_bytes().to_vec();
        payload.resize(payload.len().max(46), 0);
        Self { destination, source, tags: Vec::new(), ether_type: 0x88b5, payload }
    }

    /// Adds a tag inside those it has. `tci` is priority (3 bits), DEI, VLAN ID (12 bits).
    pub fn tag(mut self, tpid: u16, tci: u16) -> Self {
        self.tags.push((tpid, tci));
        self
    }

    /// Adds an 802.1Q tag with priority 0.
    pub fn vlan(self, vid: u16) -> Self {
        self.tag(0x8100, vid)
    }

    /// Makes the payload `bytes` long.
    pub fn payload_bytes(mut self, bytes: usize) -> Self {
        self.payload.resize(bytes, 0x5a);
        self
    }

    /// Returns the frame as it lies on the wire, without a frame check sequence.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = [self.destination, self.source].concat();
        for (tpid, tci) in &self.tags {
            bytes.extend(tpid.to_be_bytes());
            bytes.extend(tci.to_be_bytes());
        }
        bytes.extend(self.ether_type.to_be_bytes());
        bytes.extend(&self.payload);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_lie_between_addresses_and_ether_type() {
        let bytes = EtherFrame::new(BROADCAST, mac(1), "x").tag(0x88a8, 5).vlan(0x6007).bytes();
        assert_eq!(bytes[..6], BROADCAST);
        assert_eq!(bytes[6..12], parse_mac("02:7e:00:00:00:01"));
        assert_eq!(bytes[12..22], [0x88, 0xa8, 0, 5, 0x81, 0, 0x60, 7, 0x88, 0xb5]);
        assert_eq!(bytes.len(), 12 + 8 + 2 + 46);
    }
}
