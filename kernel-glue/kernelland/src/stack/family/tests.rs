use super::*;

fn four(text: &str) -> Sockaddr {
    Sockaddr::v4(text.parse().unwrap(), 0)
}

fn six(text: &str) -> Sockaddr {
    Sockaddr::v6(text.parse().unwrap(), 0)
}

#[test]
fn masks_sort_by_their_end_in_one_family_and_by_their_front_in_the_other() {
    let bit = |family: Family, mask: &Sockaddr| family.first_mask_bit(Some(mask));
    assert_eq!(bit(Family::Inet, &four("255.255.255.0")), 8);
    assert_eq!(bit(Family::Inet, &four("0.0.0.0")), 32);
    assert_eq!(bit(Family::Inet6, &six("ffff:ffff:ffff::")), 48);
    assert_eq!(Family::Inet6.first_mask_bit(None), 0);
    assert!(Family::Inet.is_mask(Some(&four("255.255.254.0"))) && !Family::Inet.is_mask(Some(&four("255.0.255.0"))));
    assert!(Family::Inet6.is_mask(Some(&six("::"))) && !Family::Inet6.is_mask(Some(&six("ffff::ffff"))));
}

#[test]
fn defaults_are_those_of_address_classes() {
    let mask = |address: &str| Family::Inet.default_mask(&four(address)).address();
    assert_eq!(mask("10.9.0.2"), "255.0.0.0".parse().ok());
    assert_eq!(mask("172.16.0.1"), "255.255.0.0".parse().ok());
    assert_eq!(mask("192.168.3.4"), "255.255.255.0".parse().ok());
    let broadcast = Family::Inet.default_broadcast(&four("10.9.0.2"), &four("255.255.255.0"));
    assert_eq!(broadcast.unwrap().address(), "10.9.0.255".parse().ok());
}

#[test]
fn nothing_equals_the_empty_address() {
    assert!(Family::Inet.equal(None, Some(&four("0.0.0.0"))) && Family::Inet.equal(None, None));
    assert!(!Family::Inet.equal(None, Some(&four("10.0.0.1"))));
    assert!(Family::Inet6.equal(Some(&Sockaddr::EMPTY), None));
    assert!(!Family::Inet6.is_empty(Some(&Sockaddr::v6(Ipv6Addr::UNSPECIFIED, 9)), Port::Counts));
}

#[test]
fn what_is_missing_is_filled_in_and_nothing_else() {
    let from = Sockaddr::v4([10, 0, 0, 1].into(), 7);
    let done = Family::Inet.completed(Sockaddr::EMPTY, &from).unwrap();
    assert_eq!((done.address(), done.port(), done.len()), ("10.0.0.1".parse().ok(), 7, 32));
    let own = Sockaddr::v4([10, 0, 0, 2].into(), 9);
    let done = Family::Inet.completed(own, &from).unwrap();
    assert_eq!((done.address(), done.port()), ("10.0.0.2".parse().ok(), 9));
    assert_eq!(Family::Inet6.completed(own, &from).err(), Some(B_BAD_VALUE));
}
