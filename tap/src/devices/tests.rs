extern crate std;

use super::*;
use crate::ioctl::{Answer, Attach, AttachFlags, Request, Wanted, decode, encode};
use crate::ioctl::{Dialect, name as ioctl_name};
use crate::{Families, Mode, Node, ReadError, Ready, VnetBytes};
use std::boxed::Box;
use std::vec::Vec;

type Books = Devices<u32, &'static str>;

const TAP0: DeviceName = DeviceName { kind: Kind::Tap, unit: 0 };
const TUN0: DeviceName = DeviceName { kind: Kind::Tun, unit: 0 };

fn root() -> Credentials {
    Credentials::root()
}

fn user(uid: u32) -> Credentials {
    Credentials { uid, gid: uid, groups: Box::new([50]), standing: Standing::User }
}

fn by(node: Node) -> Opening {
    Opening { node, transport: Transport::Socket, meant: None }
}

fn wake(_: &'static str) {}

fn open(books: &mut Books, node: Node) -> Result<HandleId, ControlError> {
    books.open(by(node), &root(), &mut wake)
}

fn control(books: &mut Books, id: HandleId, request: Request) -> Result<Answer, ControlError> {
    books.control(id, request, &root(), &mut wake)
}

fn attach(name: DeviceName, flags: AttachFlags) -> Request {
    Request::Attach(Attach { kind: name.kind, wanted: Wanted::Named(name), flags })
}

fn effects(books: &mut Books) -> Vec<Effect> {
    std::iter::from_fn(|| books.poll_effect()).collect()
}

/// Books with a device of each kind.
fn books() -> Books {
    let mut books = Devices::new();
    for name in [TAP0, TUN0] {
        books.create(name, DeviceSettings { mac: Mac([2, 0, 0, 0, 0, 1]), ..DeviceSettings::default() }).unwrap();
    }
    books
}

/// An initialisation that failed left its slot taken.
#[test]
fn defect_05_a_failed_creation_leaves_nothing() {
    let mut books = Books::new();
    let bad = DeviceSettings { mtu_bytes: 67, ..DeviceSettings::default() };
    assert_eq!(books.create(TAP0, bad).err(), Some(ControlError::Invalid));
    assert!(books.device(TAP0).is_none());
    assert!(books.create(TAP0, DeviceSettings::default()).is_ok());
    assert_eq!(books.create(TAP0, DeviceSettings::default()).err(), Some(ControlError::DeviceExists(TAP0)));
}

/// An open that failed after it was counted made the device busy for ever.
#[test]
fn defect_06_open_fails_half_way() {
    let mut books = books();
    assert_eq!(books.open(by(Node::Unit(TAP0)), &user(7), &mut wake), Err(ControlError::NotPermitted));
    let id = open(&mut books, Node::Unit(TAP0)).unwrap();
    for _ in 0..1000 {
        assert_eq!(open(&mut books, Node::Unit(TAP0)), Err(ControlError::Busy(TAP0)));
    }
    books.close(id, &mut wake).unwrap();
    assert!(!books.device(TAP0).unwrap().is_open());
    assert!(open(&mut books, Node::Unit(TAP0)).is_ok());
    assert_eq!(books.close(id, &mut wake), Err(ControlError::NoHandle(id)), "names are not used twice");
}

/// Ten devices of both kinds were all there could be.
#[test]
fn defect_08_devices_without_a_fixed_count() {
    let mut books = Books::new();
    for unit in 0..MAX_DEVICES as u16 {
        books.create(DeviceName { kind: Kind::Tun, unit }, DeviceSettings::default()).unwrap();
    }
    assert_eq!(books.create(TAP0, DeviceSettings::default()).err(), Some(ControlError::TooManyDevices));
    books.destroy(TUN0, &mut wake).unwrap();
    assert!(books.create(TAP0, DeviceSettings::default()).is_ok());
}

/// A TUN carried no IPv6.
#[test]
fn defect_09_a_tun_carries_both_versions() {
    let packet = [0x60; 40];
    assert_eq!(crate::check_write(Kind::Tun, &packet, &frame::offload::Offload::default(), 1500), Ok(()));
}

/// IPv6 packets came with a family and an address that were not theirs.
#[test]
fn defect_10_the_family_is_the_packets() {
    let mut books = books();
    let id = open(&mut books, Node::Unit(TUN0)).unwrap();
    control(&mut books, id, Request::AddressFamily(Some(Families::FreeBsd))).unwrap();
    let header = books.handle(id).unwrap().header();
    let written = header.write(&[0x60; 40], Kind::Tun, crate::Cut::Whole, &frame::offload::Offload::default());
    assert_eq!(*written, [0, 0, 0, 28]);
}

/// The MTU of a TAP was 1514, and its frames too long for anyone else.
#[test]
fn defect_11_the_mtu_is_that_of_ethernet() {
    let mut books = books();
    let id = open(&mut books, Node::Unit(TAP0)).unwrap();
    assert_eq!(control(&mut books, id, Request::GetMtu), Ok(Answer::Number(1500)));
    assert_eq!(control(&mut books, id, Request::GetFrameSize), Ok(Answer::Number(1514)));
    assert_eq!(control(&mut books, id, Request::SetMtu(65_536)), Err(ControlError::Invalid));
}

/// The link was always up, whoever had the device open.
#[test]
fn defect_15_the_carrier_follows_open_and_close() {
    let mut books = books();
    let id = open(&mut books, Node::Unit(TAP0)).unwrap();
    assert_eq!(effects(&mut books), [Effect::FirstOpened(TAP0), Effect::Carrier(TAP0, Link::Up)]);
    control(&mut books, id, Request::Carrier(Carrier::Down)).unwrap();
    assert_eq!(effects(&mut books), [Effect::Carrier(TAP0, Link::Down)]);
    control(&mut books, id, Request::Carrier(Carrier::Up)).unwrap();
    assert_eq!(effects(&mut books), [Effect::Carrier(TAP0, Link::Up)]);
    books.close(id, &mut wake).unwrap();
    let last = [Effect::LastClosed(TAP0, Lifetime::Persistent), Effect::Carrier(TAP0, Link::Down)];
    assert_eq!(effects(&mut books), last, "what the application said goes with it");
    let always = DeviceSettings { carrier: Carrier::Up, ..books.settings(TAP0).unwrap().clone() };
    books.set(TAP0, always).unwrap();
    assert_eq!(effects(&mut books), [Effect::Carrier(TAP0, Link::Up)]);
    open(&mut books, Node::Unit(TAP0)).unwrap();
    assert_eq!(effects(&mut books), [Effect::FirstOpened(TAP0)]);
}

/// A node answered no ioctl: neither name nor address, MTU, carrier, persistence, nor offloads.
#[test]
fn defect_18_ioctls_are_answered() {
    let mut books = books();
    let id = open(&mut books, Node::Any).unwrap();
    let mut ask = |number: u32, value: u64, memory: &mut [u8]| -> Result<usize, ControlError> {
        let request = decode(Dialect::Linux, number, value, memory).map_err(|_| ControlError::Invalid)?;
        let answer = control(&mut books, id, request)?;
        assert!(ioctl_name(Dialect::Linux, number).is_some());
        Ok(encode(Dialect::Linux, number, &answer, memory))
    };
    let mut ifreq = [0; 40];
    ifreq[..4].copy_from_slice(b"tap0");
    ifreq[16..18].copy_from_slice(&0x5002u16.to_ne_bytes());
    #[rustfmt::skip]
    let rows: &[(&str, u32, u64, Result<usize, ControlError>)] = &[
        ("TUNGETIFF, too early",  0x8004_54d2, 0,       Err(ControlError::Detached)),
        ("TUNGETFEATURES",        0x8004_54cf, 0,       Ok(4)),
        ("TUNSETIFF",             0x4004_54ca, 0,       Ok(40)),
        ("TUNSETIFF, again",      0x4004_54ca, 0,       Err(ControlError::Attached)),
        ("TUNGETIFF",             0x8004_54d2, 0,       Ok(40)),
        ("TUNSETPERSIST",         0x4004_54cb, 1,       Ok(0)),
        ("TUNSETOWNER",           0x4004_54cc, 1000,    Ok(0)),
        ("TUNSETOFFLOAD",         0x4004_54d0, 7,       Ok(0)),
        ("TUNGETVNETHDRSZ",       0x8004_54d7, 0,       Ok(4)),
        ("TUNGETSNDBUF",          0x8004_54d3, 0,       Ok(4)),
        ("SIOCGIFHWADDR",         0x8927,      0,       Ok(40)),
        ("SIOCGIFMTU",            0x8921,      0,       Ok(40)),
        ("SIOCGIFNAME",           0x8910,      0,       Ok(40)),
        ("FIONBIO",               0x5421,      0,       Ok(0)),
    ];
    for &(case, number, value, want) in rows {
        let mut memory = ifreq;
        assert_eq!(ask(number, value, &mut memory), want, "{case}");
    }
    let done = effects(&mut books);
    assert!(done.contains(&Effect::Owner(TAP0, 1000)) && done.contains(&Effect::Lifetime(TAP0, Lifetime::Persistent)));
    assert!(done.contains(&Effect::Header(id, Header::Vnet(VnetBytes::Ten))));
}

/// The address was neither stable nor to be set.
#[test]
fn defect_19_the_address_is_set_and_told() {
    let mut books = books();
    let id = open(&mut books, Node::Unit(TAP0)).unwrap();
    let mac = Mac([2, 9, 9, 9, 9, 9]);
    control(&mut books, id, Request::SetMac(mac)).unwrap();
    assert_eq!(control(&mut books, id, Request::GetMac), Ok(Answer::Hardware(Some(mac))));
    assert_eq!(effects(&mut books).last(), Some(&Effect::Mac(TAP0, mac)));
    for bad in [Mac::ZERO, Mac::BROADCAST] {
        assert_eq!(control(&mut books, id, Request::SetMac(bad)), Err(ControlError::Invalid), "{bad}");
    }
    let tun = open(&mut books, Node::Unit(TUN0)).unwrap();
    assert_eq!(control(&mut books, tun, Request::GetMac), Ok(Answer::Hardware(None)));
    assert_eq!(control(&mut books, tun, Request::SetMac(mac)), Err(ControlError::Invalid));
}

/// There was no clone node, and a device stayed when its application was gone.
#[test]
fn defect_22_clones_live_as_long_as_their_descriptor() {
    let mut books = books();
    let tap1 = DeviceName { kind: Kind::Tap, unit: 1 };
    assert_eq!(open(&mut books, Node::Clone(Kind::Tap)), Err(ControlError::NoDevice(tap1)));
    books.create(tap1, DeviceSettings { lifetime: Lifetime::Transient, ..DeviceSettings::default() }).unwrap();
    let id = open(&mut books, Node::Unit(tap1)).unwrap();
    books.close(id, &mut wake).unwrap();
    assert!(effects(&mut books).contains(&Effect::LastClosed(tap1, Lifetime::Transient)));
    assert_eq!(books.open(by(Node::Clone(Kind::Tap)), &user(7), &mut wake), Err(ControlError::NotPermitted));
}

/// The rows of Linux's `tun_set_iff`, each on books of its own.
#[test]
fn attachments_by_linux_rules() {
    let (none, queues, exclusive) = (AttachFlags::empty(), AttachFlags::MULTI_QUEUE, AttachFlags::EXCLUSIVE);
    let shared = DeviceName { kind: Kind::Tap, unit: 5 };
    let tap9 = DeviceName { kind: Kind::Tap, unit: 9 };
    let held = DeviceName { kind: Kind::Tap, unit: 6 };
    let as_tun = |wanted| Request::Attach(Attach { kind: Kind::Tun, wanted, flags: none });
    #[rustfmt::skip]
    let rows = [
        ("one that is there",       attach(TAP0, none),               root(),   Ok(TAP0)),
        ("one that is not",         attach(tap9, none),               root(),   Err(ControlError::NoDevice(tap9))),
        ("nor may be",              attach(tap9, none),               user(7),  Err(ControlError::NotPermitted)),
        ("of the other kind",       as_tun(Wanted::Named(TAP0)),      root(),   Err(ControlError::Invalid)),
        ("of a foreign name",       as_tun(Wanted::Foreign),          root(),   Err(ControlError::Invalid)),
        ("another's",               attach(TAP0, none),               user(7),  Err(ControlError::NotPermitted)),
        ("one's own",               attach(shared, queues),           user(8),  Ok(shared)),
        ("one's group's",           attach(held, none),               user(9),  Err(ControlError::Busy(held))),
        ("with queues, exclusive",  attach(TAP0, queues),             root(),   Err(ControlError::Invalid)),
        ("without, of several",     attach(shared, none),             root(),   Err(ControlError::Invalid)),
        ("one that is open",        attach(held, none),               root(),   Err(ControlError::Busy(held))),
        ("exclusive, just made",    attach(TAP0, exclusive),          root(),   Ok(TAP0)),
        ("exclusive, used before",  attach(held, exclusive),          root(),   Err(ControlError::Busy(held))),
    ];
    for (case, request, who, want) in rows {
        let mut books = books();
        let several = DeviceSettings { sharing: Sharing::MultiQueue, owner: 8, ..DeviceSettings::default() };
        books.create(shared, several).unwrap();
        books.create(held, DeviceSettings { group: 50, mode: 0o660, ..DeviceSettings::default() }).unwrap();
        open(&mut books, Node::Unit(held)).unwrap();
        let id = open(&mut books, Node::Any).unwrap();
        let answer = books.control(id, request, &who, &mut wake);
        let flags = if want == Ok(shared) { queues } else { none };
        assert_eq!(answer, want.map(|name| Answer::Attached(name, flags)), "{case}");
        assert_eq!(books.handle(id).unwrap().device().is_some(), want.is_ok(), "{case}");
    }
}

#[test]
fn an_attachment_that_leaves_the_choice_gets_what_was_made_for_it() {
    let mut books = books();
    let id = open(&mut books, Node::Any).unwrap();
    let any = Request::Attach(Attach { kind: Kind::Tun, wanted: Wanted::Any, flags: AttachFlags::EXCLUSIVE });
    let tun1 = DeviceName { kind: Kind::Tun, unit: 1 };
    assert_eq!(control(&mut books, id, any), Err(ControlError::NoDevice(tun1)));
    // The system has a tun1 of its own: the platform made the next.
    let tun2 = books.free_name(Kind::Tun, |name| name == tun1).unwrap();
    assert_eq!(tun2.unit, 2);
    books.create(tun2, DeviceSettings { lifetime: Lifetime::Transient, ..DeviceSettings::default() }).unwrap();
    books.reserve(id, tun2).unwrap();
    assert_eq!(control(&mut books, id, any), Ok(Answer::Attached(tun2, AttachFlags::empty())));
}

#[test]
fn what_the_operator_means_is_what_is_attached() {
    let mut books = books();
    let meant = Opening { meant: Some(TUN0), ..by(Node::Any) };
    let id = books.open(meant, &root(), &mut wake).unwrap();
    let foreign = Attach { kind: Kind::Tun, wanted: Wanted::Foreign, flags: AttachFlags::empty() };
    assert_eq!(control(&mut books, id, Request::Attach(foreign)), Ok(Answer::Attached(TUN0, AttachFlags::empty())));
}

#[test]
fn a_node_attaches_to_its_own_device() {
    let mut books = books();
    let id = open(&mut books, Node::Unit(TAP0)).unwrap();
    let other = attach(DeviceName { kind: Kind::Tap, unit: 44 }, AttachFlags::PACKET_INFO);
    assert_eq!(control(&mut books, id, other), Ok(Answer::Attached(TAP0, AttachFlags::PACKET_INFO)), "renames nothing");
    assert_eq!(books.handle(id).unwrap().header(), Header::PacketInfo);
    assert_eq!(control(&mut books, id, other), Err(ControlError::Attached));
}

#[test]
fn a_node_offers_no_virtio_net_header() {
    let mut books = books();
    for (transport, want) in [(Transport::Socket, true), (Transport::Node, false)] {
        let id = books.open(Opening { transport, ..by(Node::Any) }, &root(), &mut wake).unwrap();
        let Ok(Answer::Features(features)) = control(&mut books, id, Request::Features) else { panic!() };
        assert_eq!(features.contains(AttachFlags::VNET), want);
        control(&mut books, id, attach(TAP0, AttachFlags::VNET)).unwrap();
        let Ok(Answer::Attached(_, flags)) = control(&mut books, id, Request::Attachment) else { panic!() };
        assert_eq!(flags.contains(AttachFlags::VNET), want);
        assert_eq!(books.handle(id).unwrap().header().vnet().is_some(), want);
        let offload = control(&mut books, id, Request::Offload(Offloads::CSUM));
        assert_eq!(offload.is_ok(), want, "no work is left undone where no header tells of it");
        books.close(id, &mut wake).unwrap();
    }
}

#[test]
fn headers_follow_what_is_set() {
    let mut books = books();
    let id = open(&mut books, Node::Any).unwrap();
    control(&mut books, id, Request::Mode(Mode::NonBlocking)).unwrap();
    control(&mut books, id, attach(TUN0, AttachFlags::PACKET_INFO | AttachFlags::VNET)).unwrap();
    control(&mut books, id, Request::VnetLength(VnetBytes::Twelve)).unwrap();
    let handle = books.handle(id).unwrap();
    assert_eq!(handle.header(), Header::PacketInfoVnet(VnetBytes::Twelve));
    assert_eq!(handle.mode(), Mode::NonBlocking);
    let headers: Vec<_> =
        effects(&mut books).into_iter().filter(|effect| matches!(effect, Effect::Header(..))).collect();
    let told = [VnetBytes::Ten, VnetBytes::Twelve].map(|bytes| Effect::Header(id, Header::PacketInfoVnet(bytes)));
    assert_eq!(headers, told);
}

#[test]
fn queues_stand_aside_and_step_in() {
    for transport in [Transport::Node, Transport::Socket] {
        let mut books = queues();
        let id = books.open(Opening { transport, ..by(Node::Any) }, &root(), &mut wake).unwrap();
        control(&mut books, id, attach(TAP0, AttachFlags::MULTI_QUEUE)).unwrap();
        assert_eq!(control(&mut books, id, Request::Queue(Part::In)), Err(ControlError::Invalid), "it is");
        assert_eq!(control(&mut books, id, Request::Queue(Part::Aside)), Ok(Answer::Done));
        if transport == Transport::Node {
            assert_eq!(books.handle(id).unwrap().read(), Err(ReadError::Detached));
        }
        assert!(
            effects(&mut books).contains(&Effect::Queue(id, Part::Aside)),
            "behind a socket the platform sees to it"
        );
        assert_eq!(control(&mut books, id, Request::Queue(Part::Aside)), Err(ControlError::Invalid), "it does");
        assert_eq!(control(&mut books, id, Request::Queue(Part::In)), Ok(Answer::Done));
        assert!(effects(&mut books).contains(&Effect::Queue(id, Part::In)));
        assert!(books.device(TAP0).unwrap().is_open());
    }
}

fn queues() -> Books {
    let mut books = Books::new();
    books.create(TAP0, DeviceSettings { sharing: Sharing::MultiQueue, ..DeviceSettings::default() }).unwrap();
    books
}

#[test]
fn queues_are_bounded() {
    let mut books = queues();
    open(&mut books, Node::Unit(TAP0)).unwrap();
    for _ in 1..MAX_QUEUES {
        open(&mut books, Node::Unit(TAP0)).unwrap();
    }
    assert_eq!(open(&mut books, Node::Unit(TAP0)), Err(ControlError::TooManyQueues(TAP0)));
}

#[test]
fn another_length_of_the_queue_holds_for_later_descriptors() {
    let mut books = books();
    let device = Arc::clone(books.device(TAP0).unwrap());
    device.set_link(crate::Link::Up, &mut wake);
    let fill = |books: &mut Books| {
        let id = open(books, Node::Unit(TAP0)).unwrap();
        let taken = (0..5000).take_while(|&packet| device.offer(0, packet, &mut wake).is_ok()).count();
        books.close(id, &mut wake).unwrap();
        taken
    };
    assert_eq!(fill(&mut books), 512);
    books.set(TAP0, DeviceSettings { queue_packets: 32, ..books.settings(TAP0).unwrap().clone() }).unwrap();
    assert_eq!(fill(&mut books), 32);
}

#[test]
fn who_may_give_a_device_away() {
    let mut books = books();
    books.set(TAP0, DeviceSettings { owner: 8, mode: 0o666, ..DeviceSettings::default() }).unwrap();
    let id = books.open(by(Node::Unit(TAP0)), &user(7), &mut wake).unwrap();
    let give = Request::Owner(9);
    assert_eq!(books.control(id, give, &user(7), &mut wake), Err(ControlError::NotPermitted));
    assert_eq!(books.control(id, give, &user(8), &mut wake), Ok(Answer::Done));
    assert_eq!(books.control(id, give, &user(8), &mut wake), Err(ControlError::NotPermitted), "given");
    assert_eq!(books.control(id, Request::Group(50), &root(), &mut wake), Ok(Answer::Done));
    books.close(id, &mut wake).unwrap();
    let settings = books.settings(TAP0).unwrap();
    assert_eq!((settings.owner, settings.group), (9, 50));
}

#[test]
fn a_device_made_again_is_not_the_one_that_was_open() {
    let mut books = books();
    let id = open(&mut books, Node::Unit(TAP0)).unwrap();
    books.destroy(TAP0, &mut wake).unwrap();
    assert_eq!(books.destroy(TAP0, &mut wake), Err(ControlError::NoDevice(TAP0)));
    books.create(TAP0, DeviceSettings::default()).unwrap();
    effects(&mut books);
    assert_eq!(control(&mut books, id, Request::GetMtu), Err(ControlError::Dead));
    assert_eq!(books.handle(id).unwrap().ready(), Ready::ERROR | Ready::HANGUP);
    let second = open(&mut books, Node::Unit(TAP0)).unwrap();
    assert_eq!(books.opens(TAP0).map(|(id, _)| id).collect::<Vec<_>>(), [second]);
    effects(&mut books);
    books.close(id, &mut wake).unwrap();
    assert_eq!(effects(&mut books), [], "the end of the old one is none of the new one's");
}

#[test]
fn descriptors_are_bounded() {
    let mut books = books();
    for _ in 0..MAX_HANDLES {
        open(&mut books, Node::Any).unwrap();
    }
    assert_eq!(open(&mut books, Node::Any), Err(ControlError::TooManyHandles));
}
