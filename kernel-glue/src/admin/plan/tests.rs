use super::*;
use crate::admin::Carrier;
use crate::admin::picture::{Life, LinkWish, Mtu};
use alloc::collections::BTreeMap;
use alloc::vec;

/// A system that is nothing but the picture it shows, and refuses the step it is told to refuse.
#[derive(Clone, Default)]
struct Canvas {
    shown: Picture,
    /// MTUs of interfaces of others.
    foreign: BTreeMap<String, u32>,
    /// How many steps succeed before one is refused.
    patience: Option<usize>,
}

impl Perform for Canvas {
    fn perform(&mut self, step: &Step) -> Result<Option<Step>, SystemError> {
        if let Some(left) = &mut self.patience {
            if *left == 0 {
                self.patience = None;
                return Err(SystemError { errno: Errno::Io, detail: "out of patience".into() });
            }
            *left -= 1;
        }
        Ok(self.draw(step.clone()))
    }
}

impl Canvas {
    fn own(&mut self, name: &str) -> &mut Interface {
        self.shown.interfaces.get_mut(name).expect("the step is about an interface that exists")
    }

    fn draw(&mut self, step: Step) -> Option<Step> {
        match step {
            Step::Detach { bridge, port, what } => {
                assert_eq!(self.shown.ports.remove(&(bridge.clone(), port)), Some(what.clone()));
                Some(Step::Attach { bridge, port, what })
            }
            Step::Attach { bridge, port, what } => {
                assert!(self.shown.bridges.contains(&bridge), "an engine comes before its ports");
                assert!(!self.shown.ports.values().any(|other| *other == what), "{what:?} is attached elsewhere");
                assert!(!self.shown.wires.contains(what.interface()), "{what:?} is joined to the host");
                assert!(self.shown.ports.insert((bridge.clone(), port), what.clone()).is_none());
                Some(Step::Detach { bridge, port, what })
            }
            Step::CreateInterface { name, mac } => {
                let fresh = Interface {
                    mac,
                    mtu_bytes: 1500,
                    admin: AdminStatus::Down,
                    description: String::new(),
                    addresses: BTreeSet::new(),
                };
                assert!(self.shown.interfaces.insert(name.clone(), fresh).is_none());
                Some(Step::DestroyInterface { name })
            }
            Step::CreateDevice { name, mac, device } => {
                assert!(self.shown.devices.insert(name.clone(), device).is_none());
                self.draw(Step::CreateInterface { name, mac })
            }
            Step::ConfigureDevice { name, device } => {
                let device = self.shown.devices.insert(name.clone(), device).expect("a device that exists");
                Some(Step::ConfigureDevice { name, device })
            }
            Step::Join { device } => {
                assert!(self.shown.devices.contains_key(&device));
                let elsewhere = Attached::Application(device.clone());
                assert!(!self.shown.ports.values().any(|what| *what == elsewhere), "{device} is in a bridge");
                assert!(self.shown.wires.insert(device.clone()));
                Some(Step::Part { device })
            }
            Step::Part { device } => {
                assert!(self.shown.wires.remove(&device));
                Some(Step::Join { device })
            }
            Step::DestroyInterface { name } => {
                assert!(!self.shown.wires.contains(&name), "{name} is still joined");
                self.shown.devices.remove(&name);
                assert!(!self.shown.ports.values().any(|what| what.interface() == name), "{name} is still attached");
                assert!(self.shown.interfaces.remove(&name).is_some());
                None
            }
            Step::SetMac { interface, mac } => {
                let mac = core::mem::replace(&mut self.own(&interface).mac, mac);
                Some(Step::SetMac { interface, mac })
            }
            Step::SetMtu { interface, bytes } => {
                let place = match self.shown.interfaces.get_mut(&interface) {
                    Some(own) => &mut own.mtu_bytes,
                    None => self.foreign.get_mut(&interface).expect("a foreign interface that exists"),
                };
                let bytes = core::mem::replace(place, bytes);
                Some(Step::SetMtu { interface, bytes })
            }
            Step::SetDescription { interface, text } => {
                let text = core::mem::replace(&mut self.own(&interface).description, text);
                Some(Step::SetDescription { interface, text })
            }
            Step::AddEngine { bridge } => {
                assert!(self.shown.bridges.insert(bridge.clone()));
                Some(Step::RemoveEngine { bridge })
            }
            Step::RemoveEngine { bridge } => {
                assert!(!self.shown.ports.keys().any(|(of, _)| *of == bridge), "{bridge} still has ports");
                assert!(self.shown.bridges.remove(&bridge));
                None
            }
            Step::SetAdmin { interface, status } => {
                let status = core::mem::replace(&mut self.own(&interface).admin, status);
                Some(Step::SetAdmin { interface, status })
            }
            Step::AddAddress { interface, address } => {
                assert!(self.own(&interface).addresses.insert(address));
                Some(Step::DeleteAddress { interface, address })
            }
            Step::DeleteAddress { interface, address } => {
                assert!(self.own(&interface).addresses.remove(&address));
                Some(Step::AddAddress { interface, address })
            }
        }
    }
}

fn interface(mac: u8, admin: AdminStatus, addresses: &[&str]) -> Interface {
    let address = |text: &&str| match text.split_once(" --> ") {
        Some((near, far)) => InetAddress::point_to_point(near.parse().unwrap(), far.parse().unwrap()),
        None => InetAddress::new(text.parse().unwrap(), 24),
    };
    Interface {
        mac: Mac([2, 0, 0, 0, 0, mac]),
        mtu_bytes: 1400 + u32::from(mac),
        admin,
        description: if mac > 3 { "noted".into() } else { String::new() },
        addresses: addresses.iter().map(address).collect(),
    }
}

fn device(kind: tap::Kind, queue_packets: u16) -> Device {
    Device {
        kind,
        owner: 0,
        group: None,
        mode: 0o600,
        multi_queue: false,
        carrier: Carrier::Auto,
        queue_packets,
        life: Life::Persistent,
        link: (kind == tap::Kind::Tun).then(Box::<LinkWish>::default),
    }
}

/// Pictures that differ in every way a picture can.
fn pictures() -> Vec<Picture> {
    let port = |n| PortId::new(n).unwrap();
    let key = |bridge: &str, n| (bridge.to_owned(), port(n));
    let (own, foreign) = (|n: &str| Attached::Own(n.into()), |n: &str| Attached::Foreign(n.into()));
    let up = interface(1, AdminStatus::Up, &["10.0.0.1", "fd00::1"]);
    let host = |bridge: &str| (key(bridge, 0), own(bridge));
    let bare = Picture {
        interfaces: [("bridge0".to_owned(), up.clone())].into(),
        bridges: ["bridge0".to_owned()].into(),
        ports: [host("bridge0")].into(),
        ..Picture::default()
    };
    let mut busy = bare.clone();
    busy.interfaces.insert("bridge0".into(), interface(5, AdminStatus::Down, &["10.0.0.2"]));
    busy.interfaces.insert("vport0".into(), interface(2, AdminStatus::Up, &[]));
    busy.ports.insert(key("bridge0", 1), own("vport0"));
    busy.ports.insert(key("bridge0", 2), foreign("eth1"));
    busy.borrowed.insert("eth1".into(), Mtu { member: 1400, before: 1500 });
    let mut moved = bare.clone();
    moved.bridges.insert("bridge1".into());
    moved.interfaces.insert("bridge1".into(), interface(9, AdminStatus::Up, &[]));
    moved.interfaces.insert("vport0".into(), interface(2, AdminStatus::Down, &["10.1.0.1"]));
    moved.ports.extend([host("bridge1"), (key("bridge1", 1), foreign("eth1")), (key("bridge1", 2), own("vport0"))]);
    moved.borrowed.insert("eth1".into(), Mtu { member: 9000, before: 1500 });
    let mut renumbered = busy.clone();
    renumbered.ports.remove(&key("bridge0", 2));
    renumbered.ports.insert(key("bridge0", 7), foreign("eth1"));
    let mut opened = moved.clone();
    opened.interfaces.insert("tap0".into(), interface(3, AdminStatus::Up, &["10.2.0.1"]));
    opened.devices.insert("tap0".into(), device(tap::Kind::Tap, 512));
    opened.wires.insert("tap0".into());
    let links = ["10.8.0.2 --> 10.8.0.1", "fd00::2 --> fd00::1"];
    opened.interfaces.insert("tun0".into(), interface(4, AdminStatus::Down, &links));
    opened.devices.insert("tun0".into(), device(tap::Kind::Tun, 16));
    opened.wires.insert("tun0".into());
    let mut bridged = opened.clone();
    bridged.wires.remove("tap0");
    bridged.ports.insert(key("bridge0", 3), Attached::Application("tap0".into()));
    bridged.devices.insert("tun0".into(), device(tap::Kind::Tun, 4096));
    let moved_away = ["10.8.0.2 --> 10.8.0.5", "fd00::2"];
    bridged.interfaces.insert("tun0".into(), interface(4, AdminStatus::Down, &moved_away));
    bridged.wires.remove("tun0");
    bridged.ports.insert(key("bridge0", 4), Attached::Application("tun0".into()));
    vec![Picture::default(), bare, busy, moved, renumbered, opened, bridged]
}

fn showing(picture: &Picture) -> Canvas {
    let mtu = picture.borrowed.get("eth1").map_or(1500, |mtu| mtu.member);
    let mut shown = picture.clone();
    shown.borrowed.clear();
    Canvas { shown, foreign: [("eth1".to_owned(), mtu)].into(), patience: None }
}

#[test]
fn a_plan_turns_any_picture_into_any_other() {
    for old in &pictures() {
        for new in &pictures() {
            let mut canvas = showing(old);
            let steps = plan(old, new);
            let _undo = attempt(&mut canvas, &steps.attempt).unwrap();
            for step in &steps.conclude {
                canvas.perform(step).unwrap();
            }
            let want = showing(new);
            assert_eq!((canvas.shown, canvas.foreign), (want.shown, want.foreign), "{steps:#?}");
        }
    }
}

#[test]
fn wherever_it_fails_the_old_picture_comes_back() {
    for old in &pictures() {
        for new in &pictures() {
            let steps = plan(old, new);
            for patience in 0..steps.attempt.len() {
                let mut canvas = showing(old);
                canvas.patience = Some(patience);
                let failed = attempt(&mut canvas, &steps.attempt).unwrap_err();
                assert_eq!(failed.stuck, []);
                assert_eq!((&failed.step, failed.error.errno), (&steps.attempt[patience], Errno::Io));
                let want = showing(old);
                assert_eq!(
                    (canvas.shown, canvas.foreign),
                    (want.shown, want.foreign),
                    "after {patience} of {steps:#?}"
                );
            }
        }
    }
}

#[test]
fn what_stays_down_for_a_refusal_is_brought_up_the_next_time() {
    for (was, wanted) in [(AdminStatus::Down, AdminStatus::Up), (AdminStatus::Up, AdminStatus::Down)] {
        let picture = |admin| {
            let interfaces = [("tap0".to_owned(), interface(1, admin, &[]))].into();
            Picture { interfaces, ..Picture::default() }
        };
        let mut system = Canvas { patience: Some(0), ..showing(&picture(was)) };
        let mut shown = picture(wanted);
        follow(&mut system, &picture(was), &mut shown, &mut |_, _| {});
        assert_eq!((&system.shown, &shown), (&picture(was), &picture(was)));
        let mut again = picture(wanted);
        follow(&mut system, &shown, &mut again, &mut |_, _| {});
        assert_eq!((&system.shown, &again), (&picture(wanted), &picture(wanted)));
    }
}

#[test]
fn the_same_picture_needs_no_step() {
    for picture in &pictures() {
        assert_eq!(plan(picture, picture), Plan::default());
    }
}
