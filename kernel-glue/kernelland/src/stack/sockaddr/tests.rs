use super::*;
use std::mem::offset_of;

#[test]
fn fields_lie_where_the_structures_have_them() {
    let four = Sockaddr::v4([10, 9, 0, 2].into(), 0x1234);
    assert_eq!((four.len(), four.family()), (32, abi::AF_INET));
    assert_eq!(four.bytes()[offset_of!(abi::sockaddr_in, sin_port)..][..6], [0x12, 0x34, 10, 9, 0, 2]);
    let six = Sockaddr::v6("fd00::7".parse().unwrap(), 5);
    assert_eq!((six.len(), six.family()), (28, abi::AF_INET6));
    assert_eq!(six.bytes()[offset_of!(abi::sockaddr_in6, sin6_addr)], 0xfd);
    assert_eq!((six.address(), six.port()), ("fd00::7".parse().ok(), 5));
    let link = Sockaddr::ether(7, 0x86dd, [2, 0, 0, 0, 0, 9]);
    assert_eq!((link.len(), link.family(), link.link_type()), (60, abi::AF_LINK, 6));
    assert_eq!((link.ethertype(), link.link_index(), link.mac()), (0x86dd, 7, [2, 0, 0, 0, 0, 9]));
    assert_eq!(link.bytes()[offset_of!(abi::sockaddr_dl, sdl_data)], 2);
}

#[test]
fn a_devices_address_has_its_name_before_its_hardware_address() {
    let link = Sockaddr::device(3, abi::IFT_ETHER, b"/dev/net/a/0", &[2, 1, 1, 1, 1, 1]);
    assert_eq!((link.len(), link.link_name(), link.hardware()), (30, &b"/dev/net/a/0"[..], &[2, 1, 1, 1, 1, 1][..]));
    assert_eq!(link.mac(), [2, 1, 1, 1, 1, 1]);
}
