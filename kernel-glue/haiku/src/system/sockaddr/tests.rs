extern crate std;
use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn addresses_there_and_back() {
    for text in ["10.1.2.3", "255.255.255.255", "fd00::1", "ff02::1:ff00:1"] {
        let mut storage = NONE;
        write(ip(text), &mut storage);
        assert_eq!(read(&storage), Some(ip(text)), "{text}");
        let short = short(ip(text));
        assert_eq!((short.sa_len, short.sa_family), (storage.ss_len, storage.ss_family), "{text}");
        assert_eq!(short.sa_data[..], storage.ss_data[..30], "{text}");
    }
    assert_eq!(read(&NONE), None);
}

#[test]
fn octets_are_where_haiku_looks() {
    let mut v4 = NONE;
    write(ip("10.1.2.3"), &mut v4);
    assert_eq!((v4.ss_len, v4.ss_family, &v4.ss_data[..7]), (32, 1, &[0, 0, 10, 1, 2, 3, 0][..]));
    let mut v6 = NONE;
    write(ip("fd00::1"), &mut v6);
    assert_eq!((v6.ss_len, v6.ss_family, &v6.ss_data[..8]), (28, 5, &[0, 0, 0, 0, 0, 0, 0xfd, 0][..]));
    assert_eq!(v6.ss_data[21], 1);
}

#[test]
fn masks() {
    for (address, prefix, want) in [
        ("10.0.0.1", 0, "0.0.0.0"),
        ("10.0.0.1", 8, "255.0.0.0"),
        ("10.0.0.1", 31, "255.255.255.254"),
        ("10.0.0.1", 32, "255.255.255.255"),
        ("fd00::1", 0, "::"),
        ("fd00::1", 64, "ffff:ffff:ffff:ffff::"),
        ("fd00::1", 128, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ] {
        let mut mask = NONE;
        write_mask(ip(address), prefix, &mut mask);
        assert_eq!(read(&mask), Some(ip(want)), "{address}/{prefix}");
        assert_eq!(inet(ip(address), read(&mask), None, Far::All).prefix, prefix, "{address}/{prefix}");
    }
}

#[test]
fn what_haiku_shows_as_an_operator_says_it() {
    let point = InetAddress::point_to_point;
    let plain = InetAddress::new;
    #[rustfmt::skip]
    let rows = [
        ("10.0.0.1", Some("255.255.255.0"),   Some("10.0.0.255"), Far::All, plain(ip("10.0.0.1"), 24)),
        ("10.0.0.1", Some("255.255.255.0"),   Some("10.0.0.0"),   Far::All, InetAddress { broadcast: Some(ip("10.0.0.0")), ..plain(ip("10.0.0.1"), 24) }),
        ("10.0.0.1", Some("255.255.255.255"), Some("10.0.0.2"),   Far::One, point(ip("10.0.0.1"), ip("10.0.0.2"))),
        ("10.0.0.1", Some("255.255.255.0"),   Some("10.0.0.255"), Far::One, plain(ip("10.0.0.1"), 24)),
        ("10.0.0.1", Some("255.255.255.255"), Some("10.0.0.1"),   Far::One, plain(ip("10.0.0.1"), 32)),
        ("10.0.0.1", None,                    None,               Far::One, plain(ip("10.0.0.1"), 32)),
        ("fd00::1",  None,                    None,               Far::All, plain(ip("fd00::1"), 128)),
        ("fd00::1",  None,                    Some("fd00::2"),    Far::One, point(ip("fd00::1"), ip("fd00::2"))),
    ];
    for (address, mask, destination, far, want) in rows {
        assert_eq!(
            inet(ip(address), mask.map(ip), destination.map(ip), far),
            want,
            "{address} {mask:?} {destination:?}"
        );
    }
}
