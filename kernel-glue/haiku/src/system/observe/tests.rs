extern crate std;
use super::*;
use alloc::string::String;
use kernel_glue::admin::{Blank, Carrier, Change, Platform, Step, Verb, plan};
use tap::Sharing;
use tap::ioctl::Lifetime;

const OWN: Mac = Mac([2, 0, 0, 0, 0, 1]);

const NOTHING: Blank = Blank(Platform::Haiku);

fn draw(state: &State) -> Picture {
    Picture::of(state, &NOTHING, &|_| OWN, &|_| false)
}

fn adopted(names: &[(&str, InterfaceKind)]) -> (State, Picture) {
    let mut state = State::default();
    let down = seen(AdminStatus::Down, 1500, &[]);
    names.iter().for_each(|(name, kind)| adopt(&mut state, name, *kind, OWN, &down));
    let picture = draw(&state);
    (state, picture)
}

fn seen(admin: AdminStatus, mtu_bytes: u32, inet: &[&str]) -> Seen {
    let inet = inet.iter().map(|text| {
        let (address, prefix) = text.split_once('/').unwrap();
        InetAddress::new(address.parse().unwrap(), prefix.parse().unwrap())
    });
    Seen { admin, mtu_bytes, mac: OWN, inet: inet.collect(), settings: None }
}

fn change(state: &State, interface: &str, verbs: Vec<Verb>) -> State {
    let change = Change { interface: String::from(interface), verbs };
    state.apply(&change, &NOTHING).unwrap().0
}

#[test]
fn an_interface_of_haikus_ifconfig_is_entered_with_defaults_and_then_as_it_is() {
    let (mut state, mut picture) = adopted(&[("bridge0", InterfaceKind::Bridge), ("tap0", InterfaceKind::Tap)]);
    assert_eq!(observe(&mut state, &mut picture, "tap0", &seen(AdminStatus::Down, 1500, &[])), Changed::No);
    let up = seen(AdminStatus::Up, 1400, &["10.0.0.1/24", "fe80::1/64", "fd00::1/64"]);
    assert_eq!(observe(&mut state, &mut picture, "tap0", &up), Changed::Yes);
    assert_eq!(state.taps["tap0"].up, Some(true));
    assert_eq!(state.taps["tap0"].mtu_bytes, 1400);
    assert_eq!(state.taps["tap0"].inet, [up.inet[0], up.inet[2]]);
    assert_eq!(
        observe(&mut state, &mut picture, "bridge0", &seen(AdminStatus::Up, 9000, &["10.1.0.1/16"])),
        Changed::Yes
    );
    assert_eq!((state.bridges["bridge0"].up, state.bridges["bridge0"].mtu_bytes), (true, Some(9000)));
    assert_eq!(observe(&mut state, &mut picture, "tap0", &up), Changed::No);
    // Nothing is to be done about what is so already.
    assert_eq!(plan(&picture, &draw(&state)), kernel_glue::admin::Plan::default());
}

#[test]
fn what_a_change_says_later_is_the_only_difference() {
    let (mut state, mut picture) = adopted(&[("tap0", InterfaceKind::Tap)]);
    observe(&mut state, &mut picture, "tap0", &seen(AdminStatus::Up, 1400, &["10.0.0.1/24"]));
    let state = change(&state, "tap0", [Verb::Mtu { bytes: 1300 }].into());
    let steps = plan(&picture, &draw(&state));
    assert_eq!(steps.attempt, [Step::SetMtu { interface: "tap0".into(), bytes: 1300 }]);
}

#[test]
fn a_member_gets_back_the_mtu_of_its_bridge() {
    let (state, _) = adopted(&[("bridge0", InterfaceKind::Bridge), ("tap0", InterfaceKind::Tap)]);
    let member = Verb::AddMember { member: "tap0".into(), untagged: None, tagged: None };
    let mut state = change(&state, "bridge0", [member].into());
    let mut picture = draw(&state);
    let before = state.clone();
    assert_eq!(observe(&mut state, &mut picture, "tap0", &seen(AdminStatus::Down, 576, &[])), Changed::Yes);
    assert_eq!(state, before);
    let steps = plan(&picture, &draw(&state));
    assert_eq!(steps.attempt, [Step::SetMtu { interface: "tap0".into(), bytes: 1500 }]);
}

#[test]
fn an_address_that_somebody_removed_is_forgotten_and_one_of_the_link_that_was_said_is_kept() {
    let (state, _) = adopted(&[("tun0", InterfaceKind::Tun)]);
    let inet = |text: &str, prefix| Verb::AddAddress { address: InetAddress::new(text.parse().unwrap(), prefix) };
    let mut state = change(&state, "tun0", [inet("10.0.0.1", 24), inet("fe80::7", 64)].into());
    let mut picture = draw(&state);
    let now = seen(AdminStatus::Up, 1500, &["fe80::1/64", "fe80::7/64"]);
    assert_eq!(observe(&mut state, &mut picture, "tun0", &now), Changed::Yes);
    assert_eq!(state.tuns["tun0"].inet, [now.inet[1]]);
}

#[test]
fn an_interface_is_adopted_as_it_is() {
    let mut state = State::default();
    let settings = DeviceSettings {
        owner: 7,
        group: 8,
        mode: 0o660,
        sharing: Sharing::MultiQueue,
        lifetime: Lifetime::Transient,
        carrier: tap::Carrier::Up,
        queue_packets: 64,
        ..DeviceSettings::default()
    };
    let mac = Mac([2, 0, 0, 0, 0, 9]);
    let up = Seen { mac, settings: Some(settings), ..seen(AdminStatus::Up, 9000, &["10.0.0.1/24", "fe80::1/64"]) };
    adopt(&mut state, "tap3", InterfaceKind::Tap, OWN, &up);
    let want = TapState {
        up: Some(true),
        mtu_bytes: 9000,
        ether: Some(mac),
        inet: [up.inet[0]].into(),
        owner: 7,
        group: Some(8),
        mode: 0o660,
        multi_queue: true,
        carrier: Carrier::Up,
        queue_packets: 64,
        transient: true,
        ..TapState::default()
    };
    assert_eq!(state.taps["tap3"], want);
    let mut picture = draw(&state);
    assert_eq!(observe(&mut state, &mut picture, "tap3", &up), Changed::No);
    adopt(&mut state, "bridge0", InterfaceKind::Bridge, OWN, &seen(AdminStatus::Down, 1500, &[]));
    assert_eq!(*state.bridges["bridge0"], BridgeState::default());
}

#[test]
fn what_a_program_sets_of_its_device_is_kept() {
    let (mut state, mut picture) = adopted(&[("tap0", InterfaceKind::Tap)]);
    let settings = DeviceSettings { owner: 1000, ..DeviceSettings::default() };
    let now = Seen { settings: Some(settings), ..seen(AdminStatus::Down, 1500, &[]) };
    assert_eq!(observe(&mut state, &mut picture, "tap0", &now), Changed::Yes);
    assert_eq!((state.taps["tap0"].owner, picture.devices["tap0"].owner), (1000, 1000));
    assert_eq!(observe(&mut state, &mut picture, "tap0", &now), Changed::No);
}
