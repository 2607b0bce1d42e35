//! VLANs, frame by frame and between end hosts.
//!
//! The kernels that these tests meet need no 802.1Q of their own: who tags is a machine of ours or a frame written by
//! hand. A kernel takes the outermost tag off what it hands to a packet socket, so that every tagged frame that enters
//! by a member here has come to the daemon stripped.

use std::time::Duration;
use tests::{BROADCAST, Daemon, EtherFrame, Host, Lab, Limit, Switch, Tagging, Vm, Wire, mac, run, scenario};

/// Who hears what: one row is a frame sent on one port, and the frames then heard on trunk, `a`, `b` and `open`.
struct Row {
    name: &'static str,
    from: usize,
    frame: EtherFrame,
    heard: [Option<EtherFrame>; 4],
}

const TRUNK: usize = 0;
const A: usize = 1;
const B: usize = 2;
const OPEN: usize = 3;

/// Makes four TAPs members, sets them up by `line`, and compares every row to the byte.
///
/// All ports are in VLAN 4000 besides, by which the sender of a row says that nothing more will come of it.
fn check(name: &str, line: &str, rows: &[Row]) {
    let Some(lab) = Lab::open(name) else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let names = ["trunk", "a", "b", "open"];
    let wires = names.map(|name| Wire::tap(daemon.ns(), name));
    daemon.ok("bridge0 create addm trunk addm a addm b addm open up");
    scenario::settle(&wires.iter().collect::<Vec<_>>());
    daemon.ok(&format!("bridge0 {line}"));
    names.iter().for_each(|name| drop(daemon.ok(&format!("bridge0 +iftagged {name} 4000"))));
    for (n, row) in rows.iter().enumerate() {
        let last = EtherFrame::new(BROADCAST, mac(2), &format!("last {n}")).vlan(4000).bytes();
        wires[row.from].send(&row.frame.bytes());
        wires[row.from].send(&last);
        for (port, wire) in wires.iter().enumerate() {
            let heard = match port == row.from {
                true => std::iter::from_fn(|| wire.receive(Limit::after(Duration::ZERO))).collect(),
                false => wire.until(&last),
            };
            let want: Vec<_> = row.heard[port].iter().map(EtherFrame::bytes).collect();
            assert_eq!(heard, want, "{}: on {}", row.name, names[port]);
        }
    }
}

fn row(name: &'static str, from: usize, frame: EtherFrame, heard: [Option<EtherFrame>; 4]) -> Row {
    Row { name, from, frame, heard }
}

fn frame() -> EtherFrame {
    EtherFrame::new(BROADCAST, mac(1), "a frame")
}

#[test]
fn tags_pass_unfiltered() {
    let Some(lab) = Lab::open("tags_pass_unfiltered") else { return };
    scenario::tags_pass(&Daemon::start(&lab, lab.ns("switch")));
}

#[test]
fn access_and_trunk_ports() {
    check(
        "access_and_trunk_ports",
        "vlanfilter iftagged trunk 10,20 ifuntagged a 10 ifuntagged b 20",
        &[
            row("access to trunk: tag pushed", A, frame(), [Some(frame().vlan(10)), None, None, None]),
            row("the other access", B, frame(), [Some(frame().vlan(20)), None, None, None]),
            row("trunk to access: tag popped", TRUNK, frame().vlan(10), [None, Some(frame()), None, None]),
            row("trunk to the other", TRUNK, frame().vlan(20), [None, None, Some(frame()), None]),
            row("untagged on a trunk without PVID", TRUNK, frame(), [None, None, None, None]),
            row("a VLAN that the trunk has not", TRUNK, frame().vlan(30), [None, None, None, None]),
            row("tagged into an access port", A, frame().vlan(10), [None, None, None, None]),
            row("a port of no VLAN, untagged", OPEN, frame(), [None, None, None, None]),
            row("a port of no VLAN, tagged", OPEN, frame().vlan(10), [None, None, None, None]),
            row(
                "priority of the tag is kept in VLAN 10",
                A,
                frame().tag(0x8100, 0xa000),
                [Some(frame().vlan(0xa00a)), None, None, None],
            ),
            row("VLAN ID 4095", TRUNK, frame().vlan(4095), [None, None, None, None]),
            row("double tag", TRUNK, frame().vlan(10).vlan(20), [None, None, None, None]),
            row("double tag into an access port", A, frame().vlan(20), [None, None, None, None]),
            row("double tag, the inner one 802.1ad", TRUNK, frame().vlan(10).tag(0x88a8, 20), [None, None, None, None]),
        ],
    );
}

#[test]
fn stacked_tags_pass_where_allowed() {
    check(
        "stacked_tags_pass_where_allowed",
        "vlanfilter iftagged trunk 10 ifuntagged a 10 ifuntagged b 10 qinq trunk qinq a",
        &[
            row("a tagged frame becomes the customer's", A, frame().vlan(7), [None, None, None, None]),
            row(
                "popped down to the customer's tag",
                TRUNK,
                frame().vlan(10).vlan(7),
                [None, Some(frame().vlan(7)), None, None],
            ),
        ],
    );
}

#[test]
fn the_bridge_inserts_the_tag_protocol_of_the_port() {
    check(
        "the_bridge_inserts_the_tag_protocol_of_the_port",
        "vlanfilter iftagged trunk 10 ifuntagged a 10 ifvlanproto a 802.1ad ifuntagged b 10",
        &[
            row("service tag", A, frame(), [Some(frame().tag(0x88a8, 10)), None, Some(frame()), None]),
            row("customer tag", B, frame(), [Some(frame().vlan(10)), Some(frame()), None, None]),
        ],
    );
}

#[test]
fn without_the_filter_tags_pass_and_a_pvid_tags() {
    let to_all = |frame: EtherFrame| [None, Some(frame.clone()), Some(frame.clone()), Some(frame)];
    check(
        "without_the_filter_tags_pass_and_a_pvid_tags",
        "ifuntagged a 10",
        &[
            row("tagged", TRUNK, frame().vlan(20), to_all(frame().vlan(20))),
            row("untagged", TRUNK, frame(), to_all(frame())),
            row("priority-tagged leaves as it came", TRUNK, frame().vlan(0xe000), to_all(frame().vlan(0xe000))),
            row("PVID", A, frame(), [Some(frame().vlan(10)), None, Some(frame().vlan(10)), Some(frame().vlan(10))]),
            row(
                "tag of the PVID removed",
                TRUNK,
                frame().vlan(10),
                [None, Some(frame()), Some(frame().vlan(10)), Some(frame().vlan(10))],
            ),
        ],
    );
}

/// Two tagging machines on trunks, a kernel on an access port, the host in the same VLAN.
#[test]
fn end_hosts_of_one_vlan_reach_each_other_and_no_others() {
    let Some(lab) = Lab::open("end_hosts_of_one_vlan_reach_each_other_and_no_others") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let ten = Vm::start(Wire::tap(daemon.ns(), "tap10"), 10, Tagging::Vlan(10));
    let twenty = Vm::start(Wire::tap(daemon.ns(), "tap20"), 20, Tagging::Vlan(20));
    let lan = Host::by_veth(lab.ns("lan"), daemon.ns(), "eth1", 2);
    daemon.ok("vport3 create");
    daemon.ok("bridge0 create vlanfilter addm tap10 tagged 10,20 addm tap20 tagged 10,20 addm eth1 untagged 10 up");
    daemon.ok("bridge0 addm vport3 untagged 20");
    let other = Host::by_move(lab.ns("other"), daemon.ns(), "vport3", 3);
    assert!(ten.reaches(lan.address) && lan.reaches(ten.address));
    assert!(twenty.reaches(other.address) && other.reaches(twenty.address));
    assert!(ten.is_cut_from(twenty.address));
    assert!(lan.is_cut_from(other.address) && other.is_cut_from(lan.address));
    tests::echo(&lan, ten.address, 4);
    tests::echo(&other, twenty.address, 4);
    assert_eq!(lan.bad_checksums() + other.bad_checksums(), 0);

    daemon.ok("bridge0 ifuntagged bridge0 10 inet 10.0.0.1/24");
    assert!(lan.reaches(Host::address(1)), "{}", daemon.ok("-v bridge0"));
    assert!(ten.reaches(Host::address(1)), "{}", daemon.ok("-v bridge0"));
    assert!(other.is_cut_from(Host::address(1)));
    let table = daemon.ok("bridge0 addr");
    assert!(table.lines().any(|line| line.starts_with(&format!("{} Vlan10 eth1 ", lan.mac()))), "{table}");
    assert!(table.lines().any(|line| line.starts_with(&format!("{} Vlan20 tap20 ", twenty.mac))), "{table}");
}

/// Kernels that segment and checksum through a change of tags.
#[test]
fn streams_through_access_and_trunk_with_offloads() {
    let Some(lab) = Lab::open("streams_through_access_and_trunk_with_offloads") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let lan = Host::by_veth(lab.ns("lan"), daemon.ns(), "eth1", 2);
    daemon.ok("vport3 create");
    daemon.ok("bridge0 create vlanfilter addm eth1 untagged 10 addm vport3 untagged 10 up");
    let other = Host::by_move(lab.ns("other"), daemon.ns(), "vport3", 3);
    let vm = Vm::start(Wire::tap(daemon.ns(), "tap4"), 4, Tagging::Vlan(10));
    daemon.ok("bridge0 addm tap4 tagged 10");
    tests::transfer(&lan, &other, 32);
    tests::transfer(&other, &lan, 32);
    tests::echo(&lan, vm.address, 8);
    tests::echo(&other, vm.address, 8);
    assert_eq!(vm.largest_frame(), 1518, "a full frame and its tag");
    assert_eq!(lan.bad_checksums() + other.bad_checksums(), 0);
}

/// A tag reaches an interface whose kernel takes it off before anyone can look: seen through tcpdump, which puts it
/// back.
#[test]
fn tags_leave_and_enter_by_kernel_interfaces_and_vports() {
    let Some(lab) = Lab::open("tags_leave_and_enter_by_kernel_interfaces_and_vports") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let lan = Host::by_veth(lab.ns("lan"), daemon.ns(), "eth1", 2);
    daemon.ok("vport3 create");
    let tap = Wire::tap(daemon.ns(), "tap4");
    daemon.ok("bridge0 create vlanfilter addm eth1 tagged 10 addm vport3 tagged 10 addm tap4 untagged 10 up");
    let container = Host::by_move(lab.ns("container"), daemon.ns(), "vport3", 3);
    for host in [&lan, &container] {
        let cable = Wire::tapping(&host.ns, &host.interface);
        let sent = EtherFrame::new(BROADCAST, mac(5), "out of a kernel");
        cable.send(&sent.clone().vlan(10).bytes());
        assert!(tap.hears(&sent.bytes()), "from {}", host.interface);

        let mut tcpdump = host.ns.command("tcpdump");
        tcpdump.args([
            "-i",
            &host.interface,
            "-n",
            "-l",
            "-e",
            "-c",
            "1",
            "-Q",
            "in",
            "ether",
            "src",
            "02:7e:00:00:00:06",
        ]);
        let into = EtherFrame::new(BROADCAST, mac(6), "into a kernel").tag(0x8100, 0x6000).bytes();
        let seen = std::thread::scope(|scope| {
            let watch = scope.spawn(|| run(tcpdump, Duration::from_secs(10)).ok());
            while !watch.is_finished() {
                tap.send(&into);
                std::thread::sleep(Duration::from_millis(50));
            }
            watch.join().expect("it has ended")
        });
        assert!(seen.contains("vlan 10, p 3,"), "{}: {seen}", host.interface);
    }
}
