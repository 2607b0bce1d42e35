//! Devices that programs make and take away themselves: `openvpn --mktun`, `--rmtun`, and names that nobody made before.

use rustix::process::Signal;
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::time::Duration;
use tests::{Attachment, Lab, Running, Site, run, within};

const NOBODY: u32 = 65_534;
const SOON: Duration = Duration::from_secs(15);

fn open(name: &str) -> Option<Lab> {
    Lab::with_programs(name, &["openvpn", "nsenter"])
}

fn tunctl(site: &Site, arguments: &str) {
    let mut command = site.command("openvpn");
    command.args(arguments.split(' '));
    run(command, SOON).ok();
}

fn names(site: &Site) -> BTreeSet<String> {
    site.ns().links().into_keys().collect()
}

/// Returns a command for an OpenVPN that opens a device and waits for a peer that never comes.
fn idle(lab: &Lab, site: &Site, dev: &str) -> Command {
    let key = lab.directory().join("key");
    if !key.exists() {
        let mut make = Command::new("openvpn");
        make.args(["--genkey", "secret"]).arg(&key);
        run(make, SOON).ok();
    }
    let mut command = site.command("openvpn");
    command.args(["--dev", dev, "--port", "0", "--verb", "3", "--disable-dco", "--cipher", "AES-256-CBC"]);
    command.args(["--ignore-unknown-option", "allow-deprecated-insecure-static-crypto"]);
    command.arg("--allow-deprecated-insecure-static-crypto").arg("--secret").arg(key);
    command
}

fn start(lab: &Lab, command: Command) -> Running {
    let mut running = Running::start(command, lab.directory().join("openvpn.log"));
    running.says(" opened", SOON);
    running
}

/// What `--mktun` made stays, also when a program has used it, until `--rmtun`.
fn a_made_device_stays_until_removed(lab: &Lab, attachment: Attachment) {
    let site = Site::new(lab, attachment);
    let before = names(&site);
    for (device, more) in [("tap5", ""), ("tun3", " --user nobody --group nogroup")] {
        tunctl(&site, &format!("--mktun --dev {device}{more}"));
        assert!(site.exists(device), "{device} was not made");
        if attachment != Attachment::Kernel {
            assert_eq!(site.daemon().report(device).name, device);
            assert!(site.node(device).exists(), "{device} has no node");
            site.daemon().stop();
            site.restart();
            assert!(site.exists(device), "{device} did not survive the daemon");
            let owner = std::fs::metadata(site.node(device)).expect("it has a node").uid();
            assert_eq!(owner, if more.is_empty() { 0 } else { NOBODY }, "{device}");
        }
        let mut user = start(lab, idle(lab, &site, device));
        user.signal(Signal::TERM);
        assert!(user.ends(SOON).success(), "{}", user.log());
        assert!(site.exists(device), "{device} went with its user");
        tunctl(&site, &format!("--rmtun --dev {device}"));
        assert!(within(SOON, || names(&site) == before), "left: {:?}", names(&site));
        assert!(!site.node(device).exists(), "{device} still has a node");
    }
    site.ends(lab);
}

#[test]
fn control_a_made_kernel_device_stays_until_removed() {
    let Some(lab) = open("control_a_made_kernel_device_stays_until_removed") else { return };
    a_made_device_stays_until_removed(&lab, Attachment::Kernel);
}

#[test]
fn a_device_made_under_exec_stays_until_removed() {
    let Some(lab) = open("a_device_made_under_exec_stays_until_removed") else { return };
    a_made_device_stays_until_removed(&lab, Attachment::Exec);
}

/// A device that nobody made before the program opened it goes with the program, however that ends.
fn an_unmade_device_goes_with_its_program(lab: &Lab, attachment: Attachment) {
    let site = Site::new(lab, attachment);
    let before = names(&site);
    let rows: &[&str] = match attachment {
        Attachment::Node => &["tap", "tun"], // By the clone nodes, which name the device.
        Attachment::Kernel | Attachment::Exec => &["tap7", "tun7", "tap", "tun"],
        Attachment::Bound | Attachment::Plug => &[], // Where the device must be there already.
    };
    for &dev in rows {
        for signal in [Signal::TERM, Signal::KILL] {
            let mut command = idle(lab, &site, dev);
            if attachment == Attachment::Node {
                command.arg("--dev-node").arg(site.node(dev)).args(["--dev-type", dev]);
            }
            let mut user = start(lab, command);
            let made: Vec<_> = names(&site).difference(&before).cloned().collect();
            assert!(matches!(&made[..], [one] if one.starts_with(dev)), "{dev}: {made:?}");
            assert!(user.log().contains(&format!("device {} opened", made[0])), "{made:?}: {}", user.log());
            user.signal(signal);
            user.ends(SOON);
            assert!(within(SOON, || names(&site) == before), "{dev}, {signal:?}: left {:?}", names(&site));
        }
    }
    site.ends(lab);
}

#[test]
fn control_an_unmade_kernel_device_goes_with_its_program() {
    let Some(lab) = open("control_an_unmade_kernel_device_goes_with_its_program") else { return };
    an_unmade_device_goes_with_its_program(&lab, Attachment::Kernel);
}

#[test]
fn an_unmade_device_goes_with_its_program_under_exec() {
    let Some(lab) = open("an_unmade_device_goes_with_its_program_under_exec") else { return };
    an_unmade_device_goes_with_its_program(&lab, Attachment::Exec);
}

#[test]
fn the_device_of_a_clone_node_goes_with_its_program() {
    let Some(lab) = open("the_device_of_a_clone_node_goes_with_its_program") else { return };
    an_unmade_device_goes_with_its_program(&lab, Attachment::Node);
}
