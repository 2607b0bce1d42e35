//! Both directions of the wire, by offset: what a server says is written, and what it hears read, without smoltcp.

use super::*;
use std::collections::BTreeMap;
use std::vec;

/// A message of a server.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) transaction: u32,
    pub(super) mac: Mac,
    pub(super) address: Ipv4Addr,
    pub(super) options: Vec<(u8, Vec<u8>)>,
    pub(super) sname: Vec<u8>,
    pub(super) file: Vec<u8>,
}

impl Said {
    /// A grant of [`ADDRESS`] for an hour that nothing is wrong with.
    pub(super) fn new(kind: u8, transaction: u32) -> Self {
        let [server, other] = [SERVER, OTHER_SERVER].map(|address| address.octets());
        let options = vec![
            (53, vec![kind]),
            (54, server.to_vec()),
            (51, 3600_u32.to_be_bytes().to_vec()),
            (1, vec![255, 255, 255, 0]),
            (3, server.to_vec()),
            (6, [server, other].concat()),
        ];
        Self { transaction, mac: MAC, address: ADDRESS, options, sname: vec![], file: vec![] }
    }

    /// With one option changed or added; an empty value takes it out.
    pub(super) fn with(mut self, code: u8, value: &[u8]) -> Self {
        self.options.retain(|(have, _)| *have != code);
        if !value.is_empty() {
            self.options.push((code, value.to_vec()));
        }
        self
    }

    /// With these options only.
    pub(super) fn only(mut self, codes: &[u8]) -> Self {
        self.options.retain(|(code, _)| codes.contains(code));
        self
    }

    pub(super) fn message(&self) -> Vec<u8> {
        let mut message = vec![0; 236];
        message[..4].copy_from_slice(&[2, 1, 6, 0]);
        message[4..8].copy_from_slice(&self.transaction.to_be_bytes());
        message[16..20].copy_from_slice(&self.address.octets());
        message[28..34].copy_from_slice(&self.mac.0);
        message[44..44 + self.sname.len()].copy_from_slice(&self.sname);
        message[108..108 + self.file.len()].copy_from_slice(&self.file);
        message.extend([0x63, 0x82, 0x53, 0x63]);
        for (code, value) in &self.options {
            message.extend([*code, value.len() as u8]);
            message.extend(value);
        }
        message.push(255);
        message
    }

    /// The IP packet, to the address that is granted, as a server sends it to who does not ask for broadcasts.
    pub(super) fn packet(&self) -> Vec<u8> {
        let to = if self.address.is_unspecified() { Ipv4Addr::BROADCAST } else { self.address };
        packet(to, 68, &self.message())
    }
}

/// Puts a payload into UDP from [`SERVER`], and that into IPv4.
pub(super) fn packet(to: Ipv4Addr, port: u16, payload: &[u8]) -> Vec<u8> {
    let udp_bytes = (8 + payload.len()) as u16;
    let mut ip = vec![0x45, 0];
    ip.extend((20 + udp_bytes).to_be_bytes());
    ip.extend([0, 0, 0, 0, 64, 17, 0, 0]);
    ip.extend(SERVER.octets());
    ip.extend(to.octets());
    let header_sum = sum(&ip);
    ip[10..12].copy_from_slice(&header_sum.to_be_bytes());
    let mut udp = 67_u16.to_be_bytes().to_vec();
    udp.extend(port.to_be_bytes());
    udp.extend(udp_bytes.to_be_bytes());
    udp.extend([0, 0]);
    udp.extend(payload);
    let mut pseudo = [SERVER.octets(), to.octets()].concat();
    pseudo.extend([0, 17]);
    pseudo.extend(udp_bytes.to_be_bytes());
    pseudo.extend(&udp);
    udp[6..8].copy_from_slice(&sum(&pseudo).to_be_bytes());
    ip.extend(udp);
    ip
}

/// The Internet checksum (RFC 1071).
fn sum(bytes: &[u8]) -> u16 {
    let pairs = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let mut sum: u32 = pairs.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// A message that a server hears.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) at: Instant,
    pub(super) to: To,
    pub(super) source: Ipv4Addr,
    pub(super) kind: u8,
    pub(super) transaction: u32,
    pub(super) secs: u16,
    pub(super) client: Ipv4Addr,
    pub(super) requested: Option<Ipv4Addr>,
    pub(super) server: Option<Ipv4Addr>,
    pub(super) options: BTreeMap<u8, Vec<u8>>,
}

impl Heard {
    /// Reads a packet that must be right in all that is the same in every one.
    pub(super) fn read(packet: &[u8], to: To, at: Instant) -> Self {
        let address = |at: usize| Ipv4Addr::from(<[u8; 4]>::try_from(&packet[at..at + 4]).unwrap());
        let number = |at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
        assert_eq!((packet[0], usize::from(number(2)), packet[9]), (0x45, packet.len(), 17));
        assert_eq!(sum(&packet[..20]), 0);
        assert_eq!((number(20), number(22), usize::from(number(24))), (68, 67, packet.len() - 20));
        let pseudo = [&packet[12..20], &[0, 17], &packet[24..26], &packet[20..]].concat();
        assert_eq!(sum(&pseudo), 0);
        assert_eq!(address(16), if let To::Unicast(server) = to { server } else { Ipv4Addr::BROADCAST });
        let message = &packet[28..];
        assert!(message.len() >= 300);
        assert_eq!(message[..4], [1, 1, 6, 0]);
        assert_eq!(message[10..12], [0, 0], "no broadcast asked for");
        assert!(message[16..28].iter().all(|&byte| byte == 0), "yiaddr, siaddr, giaddr");
        assert_eq!(message[28..34], MAC.0);
        assert!(message[34..236].iter().all(|&byte| byte == 0), "the rest of chaddr, sname, file");
        assert_eq!(message[236..240], [0x63, 0x82, 0x53, 0x63]);
        let mut options = BTreeMap::new();
        let mut rest = &message[240..];
        while rest[0] != 255 {
            let (value, after) = rest[2..].split_at(rest[1].into());
            assert!(options.insert(rest[0], value.to_vec()).is_none(), "option {} occurs twice", rest[0]);
            rest = after;
        }
        assert!(rest[1..].iter().all(|&byte| byte == 0), "padding");
        let option =
            |code: u8| options.get(&code).map(|value| Ipv4Addr::from(<[u8; 4]>::try_from(&value[..]).unwrap()));
        Self {
            at,
            to,
            source: address(12),
            kind: options[&53][0],
            transaction: u32::from_be_bytes(message[4..8].try_into().unwrap()),
            secs: number(28 + 8),
            client: address(28 + 12),
            requested: option(50),
            server: option(54),
            options,
        }
    }
}
