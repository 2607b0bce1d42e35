//! Who may open a device: its owner, its group, root.

use serde_json::json;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;
use tests::nodes::{Answer, App, Rig, numbered};
use tests::within;

tests::on_faces! {
    owner_and_mode_decide_who_opens: node exec;
    a_group_opens_where_the_mode_says_so: node exec;
    a_node_shows_its_owner: node;
    who_is_not_root_makes_no_device: node exec;
}

/// Users and a group that nobody on the machine is.
const ONE: &str = "61234";
const OTHER: &str = "61235";
const GROUP: &str = "61300";

const SOON: Duration = Duration::from_secs(3);

fn owner_and_mode_decide_who_opens(rig: &Rig) {
    rig.create(&format!("tap0 owner {ONE}"));
    let (one, other) = (user(rig, ONE, "--clear-groups"), user(rig, OTHER, "--clear-groups"));
    let open = rig.opening("tap0", "IFF_NO_PI");
    assert!(is_refused(&other.call(&open)), "{:?}", other.call(&open));
    let fd = rig.open_device(&one, "tap0");
    let wire = rig.wire("tap0");
    one.value(&format!("read_all({fd})"));
    wire.send(&numbered(1, 60));
    assert_eq!(one.value(&format!("[wait({fd}, 'poll'), read_all({fd})]")), json!([["IN"], [1]]));
    one.run(&format!("os.close({fd})"));
    assert!(within(SOON, || !rig.has_flags("tap0", &["LOWER_UP"])));
    rig.set("tap0", &format!("owner {OTHER}"));
    assert!(is_refused(&one.call(&open)), "no longer its owner");
    let fd = other.number(&open);
    other.run(&format!("os.close({fd})"));
    assert!(within(SOON, || !rig.has_flags("tap0", &["LOWER_UP"])));
    rig.set("tap0", "mode 0");
    assert!(is_refused(&other.call(&open)), "the mode forbids even its owner");
    rig.open_device(&rig.app(), "tap0");
    rig.create("tap1 mode 666");
    let open = rig.opening("tap1", "IFF_NO_PI");
    assert!(within(SOON, || matches!(one.call(&open), Answer::Value(_))), "everybody may");
}

fn a_group_opens_where_the_mode_says_so(rig: &Rig) {
    rig.create(&format!("tap0 group {GROUP}"));
    let member = user(rig, ONE, &format!("--groups={GROUP}"));
    let stranger = user(rig, OTHER, "--clear-groups");
    let open = rig.opening("tap0", "IFF_NO_PI");
    assert!(is_refused(&member.call(&open)), "0600 is for the owner");
    rig.set("tap0", "mode 660");
    assert!(is_refused(&stranger.call(&open)));
    rig.open_device(&member, "tap0");
}

fn a_node_shows_its_owner(rig: &Rig) {
    let node = |name: &str| {
        let meta = rig.nodes().join(name).metadata().unwrap_or_else(|error| panic!("{name}: {error}"));
        (meta.uid().to_string(), meta.gid().to_string(), meta.mode() & 0o7777)
    };
    rig.create("tap0");
    assert_eq!(node("tap0").2, 0o600);
    assert_eq!(node("tap0").0, "0");
    rig.set("tap0", &format!("owner {ONE} group {GROUP} mode 640"));
    let shown = || node("tap0") == (ONE.to_owned(), GROUP.to_owned(), 0o640);
    assert!(within(SOON, shown), "{:?}", node("tap0"));
    rig.daemon().stop();
    rig.serve();
    assert!(within(SOON, shown), "after a restart: {:?}", node("tap0"));
    rig.destroy("tap0");
    assert!(within(SOON, || !rig.nodes().join("tap0").exists()));
}

fn who_is_not_root_makes_no_device(rig: &Rig) {
    let one = user(rig, ONE, "--clear-groups");
    let links = rig.ns().links();
    let clone = match rig.face {
        tests::nodes::Face::Node => "os.open(DEV + '/tap', os.O_RDWR)",
        _ => "open_device('/dev/net/tun', 'tap3', IFF_TAP | IFF_NO_PI)",
    };
    assert!(is_refused(&one.call(clone)), "{:?}", one.call(clone));
    assert_eq!(rig.ns().links(), links);
}

/// Starts an application as a user, with `groups` as an option of `setpriv`.
fn user(rig: &Rig, uid: &str, groups: &str) -> App {
    rig.app_by(&["setpriv", "--reuid", uid, "--regid", uid, groups])
}

fn is_refused(answer: &Answer) -> bool {
    matches!(answer, Answer::Errno(name) if name == "EACCES" || name == "EPERM")
}
