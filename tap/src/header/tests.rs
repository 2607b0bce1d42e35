use super::*;
use frame::offload::Gso;

const V4: [u8; 20] = [0x45; 20];
const V6: [u8; 40] = [0x60; 40];
const ARP: [u8; 14] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x06];

type Row<'a> = (&'static str, Header, Kind, &'a [u8], Cut, &'a [u8]);

fn strip_flag() -> [u8; 4] {
    let [a, b] = 1u16.to_ne_bytes();
    [a, b, 0x08, 0x00]
}

#[test]
fn what_an_application_reads() {
    let plain = Offload::default();
    let cut = strip_flag();
    let (free, open) = (Header::AddressFamily(Families::FreeBsd), Header::AddressFamily(Families::OpenBsd));
    #[rustfmt::skip]
    let rows: &[Row] = &[
        ("none",           Header::None,       Kind::Tun, &V4,  Cut::Whole,     &[]),
        ("info, IPv4",     Header::PacketInfo, Kind::Tun, &V4,  Cut::Whole,     &[0, 0, 0x08, 0x00]),
        ("info, IPv6",     Header::PacketInfo, Kind::Tun, &V6,  Cut::Whole,     &[0, 0, 0x86, 0xdd]),
        ("info, cut",      Header::PacketInfo, Kind::Tun, &V4,  Cut::Truncated, &cut),
        ("info, Ethernet", Header::PacketInfo, Kind::Tap, &ARP, Cut::Whole,     &[0, 0, 0x08, 0x06]),
        ("info, no type",  Header::PacketInfo, Kind::Tap, &[2], Cut::Whole,     &[0, 0, 0, 0]),
        ("FreeBSD, IPv4",  free,               Kind::Tun, &V4,  Cut::Whole,     &[0, 0, 0, 2]),
        ("FreeBSD, IPv6",  free,               Kind::Tun, &V6,  Cut::Whole,     &[0, 0, 0, 28]),
        ("OpenBSD, IPv6",  open,               Kind::Tun, &V6,  Cut::Whole,     &[0, 0, 0, 24]),
        ("vnet 10",        Header::Vnet(VnetBytes::Ten),    Kind::Tap, &ARP, Cut::Whole, &[0; 10]),
        ("vnet 12",        Header::Vnet(VnetBytes::Twelve), Kind::Tap, &ARP, Cut::Whole, &[0; 12]),
        ("both",           Header::PacketInfoVnet(VnetBytes::Twelve), Kind::Tun, &V4, Cut::Whole,
                           &[0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ];
    for &(name, header, kind, packet, cut, want) in rows {
        let bytes = header.write(packet, kind, cut, &plain);
        assert_eq!(&*bytes, want, "{name}");
        assert_eq!(bytes.len(), header.bytes(), "{name}");
    }
}

#[test]
fn what_is_written_is_what_was_read() {
    let state =
        Offload { needs_checksum: true, csum_start: 34, csum_offset: 16, gso: Gso::TcpV4, ..Offload::default() };
    for header in Header::ALL {
        assert_eq!(Header::from_code(header.code()), header);
        let mut whole = [0; HeaderBytes::MAX + V6.len()];
        let bytes = header.write(&V6, Kind::Tun, Cut::Whole, &state);
        let total = bytes.len() + V6.len();
        whole[..bytes.len()].copy_from_slice(&bytes);
        whole[bytes.len()..total].copy_from_slice(&V6);
        let carried = if header.vnet().is_some() { state } else { Offload::default() };
        assert_eq!(header.strip(&whole[..total]), Ok((carried, &V6[..])), "{header:?}");
        for short in 0..header.bytes() {
            assert_eq!(header.strip(&whole[..short]), Err(PacketError::Short(short)), "{header:?}");
        }
    }
}

#[test]
fn headers_that_say_what_no_packet_is() {
    let open = Header::AddressFamily(Families::OpenBsd);
    assert_eq!(open.strip(&[0, 0, 0, 28, 0x60]), Err(PacketError::Family(28)));
    assert_eq!(Header::Vnet(VnetBytes::Ten).strip(&[0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1]), Err(PacketError::Offload));
}

/// Haiku's driver dropped a packet's tail without a word (defect 16).
#[test]
fn defect_16_a_short_read_is_reported() {
    let info = Header::PacketInfo;
    let fit = |packet_bytes, cut| Some(Fit { packet_bytes, cut });
    assert_eq!(info.fit(104, 100), fit(100, Cut::Whole));
    assert_eq!(info.fit(103, 100), fit(99, Cut::Truncated));
    assert_eq!(info.fit(4, 100), fit(0, Cut::Truncated));
    assert_eq!(info.fit(3, 100), None);
    let flags = info.write(&V4, Kind::Tun, Cut::Truncated, &Offload::default());
    assert_eq!(flags[..2], TUN_PKT_STRIP.to_ne_bytes());
}
