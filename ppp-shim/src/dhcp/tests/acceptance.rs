//! Which messages a client takes, and why not the others.

use super::*;
use Received::{Elsewhere, Refused, Taken};

/// What is wrong with a DHCPACK. A DHCPOFFER is judged alike, but for the address and the server being those asked for.
#[test]
fn options_and_addresses() {
    use Count::{BadAddress, BadDuration, BadMask, BadServer, BadType};
    type Row = (&'static str, u8, &'static [u8], Result<(), Count>);
    #[rustfmt::skip]
    let rows: &[Row] = &[
        // name                            option value                      verdict
        ("nothing",                        0,     &[],                       Ok(())),
        ("no type",                        53,    &[],                       Err(BadType)),
        ("a type of clients",              53,    &[3],                      Err(BadType)),
        ("no type that there is",          53,    &[200],                    Err(BadType)),
        ("a type of two octets",           53,    &[5, 5],                   Err(BadType)),
        ("no server",                      54,    &[],                       Err(BadServer)),
        ("server 0.0.0.0",                 54,    &[0, 0, 0, 0],             Err(BadServer)),
        ("server broadcast",               54,    &[255, 255, 255, 255],     Err(BadServer)),
        ("server multicast",               54,    &[224, 0, 0, 1],           Err(BadServer)),
        ("server of three octets",         54,    &[192, 168, 30],           Err(BadServer)),
        ("a server behind a relay",        54,    &[10, 1, 2, 3],            Ok(())),
        ("no mask",                        1,     &[],                       Err(BadMask)),
        ("mask of no bits",                1,     &[0, 0, 0, 0],             Err(BadMask)),
        ("mask with a hole",               1,     &[255, 0, 255, 0],         Err(BadMask)),
        ("mask upside down",               1,     &[0, 0, 0, 255],           Err(BadMask)),
        ("mask of three octets",           1,     &[255, 255, 255],          Err(BadMask)),
        ("the shortest mask",              1,     &[128, 0, 0, 0],           Ok(())),
        ("a mask of two addresses",        1,     &[255, 255, 255, 254],     Ok(())),
        ("a mask of one address",          1,     &[255, 255, 255, 255],     Ok(())),
        ("no duration",                    51,    &[],                       Err(BadDuration)),
        ("no time",                        51,    &[0, 0, 0, 0],             Err(BadDuration)),
        ("duration of two octets",         51,    &[14, 16],                 Err(BadDuration)),
        ("a mask of few addresses       ", 1,     &[255, 255, 255, 192],     Ok(())),
        ("names of half an address",       6,     &[1, 2, 3, 4, 5, 6],       Ok(())),
    ];
    for &(name, code, value, verdict) in rows {
        let change = |said: Said| if code == 0 { said } else { said.with(code, value) };
        let received = verdict.map_or_else(Refused, |()| Taken);

        let mut desk = Desk::at("selecting");
        assert_eq!(
            desk.hears(change(desk.offer()).with(53, if code == 53 { value } else { &[2] })),
            received,
            "offer: {name}"
        );
        let mut desk = Desk::at("rebinding");
        assert_eq!(desk.hears(change(desk.ack())), received, "ack: {name}");
        assert!(desk.client.lease().is_some(), "{name}: it has its lease in either case");
        if let Err(why) = verdict {
            assert_eq!((desk.count(why), desk.state()), (1, "rebinding"), "{name}");
        }
    }
    for address in [[0, 0, 0, 0], [0, 1, 2, 3], [127, 0, 0, 1], [224, 0, 0, 1], [240, 0, 0, 1], [255; 4]] {
        let mut desk = Desk::at("selecting");
        let said = Said { address: address.into(), ..desk.offer() };
        assert_eq!(desk.hears(said), Refused(BadAddress), "{address:?}");
    }
    for (last, mask, received) in [
        (0, 24, Refused(BadAddress)),
        (255, 24, Refused(BadAddress)),
        (63, 26, Refused(BadAddress)),
        (64, 26, Refused(BadAddress)),
        (65, 26, Taken),
        (64, 31, Taken),
        (65, 31, Taken),
        (64, 32, Taken),
    ] {
        let mut desk = Desk::at("selecting");
        let mask = u32::MAX << (32 - mask);
        let said = Said { address: Ipv4Addr::new(192, 168, 30, last), ..desk.offer() }.with(1, &mask.to_be_bytes());
        assert_eq!(desk.hears(said), received, "{last} {mask:x}");
    }
}

#[test]
fn what_was_not_asked_for_is_not_granted() {
    let another = Ipv4Addr::new(192, 168, 30, 78);
    for state in ["requesting", "renewing", "rebinding"] {
        let mut desk = Desk::at(state);
        let said = Said { address: another, ..desk.ack() };
        assert_eq!((desk.hears(said), desk.state()), (Refused(Count::BadAddress), state));
    }
    let mut desk = Desk::at("requesting");
    let said = desk.ack().with(54, &OTHER_SERVER.octets());
    assert_eq!((desk.hears(said), desk.state()), (Refused(Count::BadServer), "requesting"));
}

#[test]
fn a_router_lies_within_the_network() {
    let [far, broadcast] = [[10, 0, 0, 1], [192, 168, 30, 255]];
    let [one, two] = [[192, 168, 30, 1], [192, 168, 30, 2]];
    type Row = (&'static str, Vec<u8>, Option<[u8; 4]>, u64);
    #[rustfmt::skip]
    let rows: &[Row] = &[
        ("none",                     Vec::new(),                    None,      0),
        ("one",                      one.to_vec(),                  Some(one), 0),
        ("the first of two",         [two, one].concat(),           Some(two), 0),
        ("outside",                  far.to_vec(),                  None,      1),
        ("outside, then inside",     [far, one].concat(),           Some(one), 0),
        ("broadcast",                broadcast.to_vec(),            None,      1),
        ("the station itself",       ADDRESS.octets().to_vec(),     None,      1),
        ("behind too many",          [[far; 4].concat(), one.to_vec()].concat(), None, 1),
        ("three octets",             one[..3].to_vec(),             None,      0),
    ];
    for (name, option, router, counted) in rows {
        let mut desk = Desk::at("renewing");
        assert_eq!(desk.hears(desk.ack().with(3, option)), Taken, "{name}");
        assert_eq!(desk.client.lease().unwrap().router, router.map(Ipv4Addr::from), "{name}");
        assert_eq!(desk.count(Count::BadRouter), *counted, "{name}");
    }
}

#[test]
fn options_may_lie_in_other_fields_and_in_parts() {
    let mut desk = Desk::at("renewing");
    let mut said = desk.ack().with(3, &[]).with(1, &[]).with(52, &[3]);
    said.file = std::vec![0, 0, 3, 4, 192, 168, 30, 9, 255];
    said.sname = std::vec![1, 4, 255, 255, 0, 0, 255];
    assert_eq!(desk.hears(said.clone()), Taken);
    let lease = desk.client.lease().unwrap();
    assert_eq!((lease.router, lease.prefix_len), (Some(Ipv4Addr::new(192, 168, 30, 9)), 16));

    let mut desk = Desk::at("renewing");
    said.transaction = desk.client.transaction;
    assert_eq!(desk.hears(said.with(52, &[1])), Refused(Count::BadMask), "a name of a server is no option");

    let mut desk = Desk::at("renewing");
    let mut said = desk.ack();
    said.options.push((6, std::vec![1, 1, 1, 1, 2, 2, 2, 2]));
    said.options.push((54, std::vec![9, 9, 9, 9]));
    assert_eq!(desk.hears(said), Taken);
    let lease = desk.client.lease().unwrap();
    assert_eq!(lease.dns[..], [SERVER, OTHER_SERVER, Ipv4Addr::new(1, 1, 1, 1)], "as many as there is room for");
    assert_eq!(lease.server, SERVER, "the first of what may be there once");
}

/// What is no message of a server to this client may be for others on the link.
#[test]
fn packets_that_are_for_others() {
    let good = |desk: &Desk| desk.offer().packet();
    type Row = (&'static str, fn(&mut Vec<u8>), Received);
    #[rustfmt::skip]
    let rows: &[Row] = &[
        ("nothing wrong",          |_| {},                    Taken),
        ("padded to a frame",      |p| p.extend([0; 18]),     Taken),
        ("empty",                  |p| p.clear(),             Elsewhere),
        ("cut",                    |p| p.truncate(200),       Elsewhere),
        ("IPv6",                   |p| p[0] = 0x65,           Elsewhere),
        ("a header of 16 bytes",   |p| p[0] = 0x44,           Elsewhere),
        ("a first fragment",       |p| p[6] = 0x20,           Elsewhere),
        ("a last fragment",        |p| p[7] = 1,              Elsewhere),
        ("TCP",                    |p| p[9] = 6,              Elsewhere),
        ("to another port",        |p| p[23] = 69,            Elsewhere),
        ("a UDP length too large", |p| p[24] = 0xff,          Elsewhere),
        ("a request",              |p| p[28] = 1,             Elsewhere),
        ("not Ethernet",           |p| p[29] = 6,             Elsewhere),
        ("addresses of 8 bytes",   |p| p[30] = 8,             Elsewhere),
        ("to another station",     |p| p[56] ^= 1,            Elsewhere),
        ("BOOTP without options",  |p| p[28 + 236] = 0,       Elsewhere),
        ("a wrong IP checksum",    |p| p[10] ^= 1,            Refused(Count::BadChecksum)),
        ("a wrong UDP checksum",   |p| p[26] ^= 1,            Refused(Count::BadChecksum)),
        ("no UDP checksum",        |p| p[26..28].fill(0),     Taken),
        ("a broken byte",          |p| p[50] ^= 1,            Refused(Count::BadChecksum)),
    ];
    for (name, spoil, received) in rows {
        let mut desk = Desk::at("selecting");
        let mut packet = good(&desk);
        spoil(&mut packet);
        assert_eq!(desk.hears_packet(&packet), *received, "{name}");
    }
}

/// A server on the same machine leaves the checksum to hardware that is not there.
#[test]
fn a_checksum_that_is_still_to_be_summed_is_not_wrong() {
    let mut desk = Desk::at("selecting");
    let mut packet = desk.offer().packet();
    packet[26] ^= 1;
    let unsummed = Offload { needs_checksum: true, ..Offload::default() };
    assert_eq!(desk.client.receive(&packet, &unsummed, desk.now), Taken);
}
