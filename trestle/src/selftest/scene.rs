//! What the parts share: the devices, and how they are administered and opened.

use super::Options;
use crate::administer::{Door, execute};
use crate::haiku::AddOn;
use kernel_glue::admin::{InterfaceReport, Question, Reply, Request, Which};
use kernel_glue::clock;
use kernel_glue::haiku_user::{Blocking, Calls, Socket};
use std::ffi::OsString;
use std::thread;
use std::time::Duration;

/// How long anything may take that has to happen. A guess: a busy machine needs a fraction of it.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// The devices, by name.
pub(super) struct Scene<'c, C: Calls> {
    pub(super) calls: &'c C,
    /// Interfaces that the system had before.
    before: Vec<String>,
    /// What was made and is to be destroyed.
    made: Vec<String>,
    pub(super) devices: Option<Devices>,
}

/// What [`make`] made.
#[derive(Clone)]
pub(super) struct Devices {
    pub(super) bridge: String,
    pub(super) taps: [String; 2],
    pub(super) tun: String,
}

impl<'c, C: Calls> Scene<'c, C> {
    pub(super) fn new(calls: &'c C) -> Self {
        let before = Socket::open(calls).and_then(|socket| socket.interfaces()).unwrap_or_default();
        Self { calls, before, made: Vec::new(), devices: None }
    }

    /// Runs a line of `ifconfig`, and returns what it prints.
    pub(super) fn ifconfig(&self, line: &str) -> Result<String, String> {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let printed = execute(&words, || AddOn::open(self.calls));
        printed.map(|text| text.trim().to_owned()).map_err(|error| format!("ifconfig {line}: {error}"))
    }

    /// Runs the line that takes back what a part did, and returns what came of the part; where both failed, both are said.
    pub(super) fn after<T>(&self, line: &str, result: Result<T, String>) -> Result<T, String> {
        match (result, self.ifconfig(line)) {
            (result, Ok(_)) => result,
            (Ok(_), Err(trouble)) => Err(trouble),
            (Err(why), Err(trouble)) => Err(format!("{why}; {trouble}")),
        }
    }

    /// Creates an interface with a free unit, which goes at the end at the latest.
    pub(super) fn create(&mut self, kind: &str) -> Result<String, String> {
        let name = self.ifconfig(&format!("{kind} create"))?;
        self.made.push(name.clone());
        Ok(name)
    }

    /// Destroys what [`Self::create`] created.
    pub(super) fn destroy(&mut self, name: &str) -> Result<(), String> {
        self.ifconfig(&format!("{name} destroy"))?;
        self.made.retain(|made| made != name);
        Ok(())
    }

    /// Returns what was made, or that it was not.
    pub(super) fn devices(&self) -> Result<Devices, String> {
        self.devices.clone().ok_or_else(|| "there are no devices to try it with".into())
    }

    /// Opens the node of a device.
    pub(super) fn open(&self, device: &str, blocking: Blocking) -> Result<C::Descriptor, String> {
        let path = node_of(device);
        self.calls.open(&path, blocking).map_err(|status| format!("open {path}: {status}"))
    }

    /// Waits until a port of the bridge carries frames: that its device was opened is followed a moment later.
    pub(super) fn await_link(&self, bridge: &str, port: &str) -> Result<(), String> {
        let end = clock::monotonic().plus(PATIENCE);
        loop {
            let members = self.show(bridge)?.bridge.map(|bridge| bridge.members).unwrap_or_default();
            match members.into_iter().find(|member| member.interface == port) {
                None => return Err(format!("{port} is no member of {bridge}")),
                Some(member) if member.trouble.is_empty() => return Ok(()),
                Some(member) if clock::monotonic() >= end => return Err(format!("{port}: {}", member.trouble)),
                Some(_) => thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Reports an interface.
    pub(super) fn show(&self, name: &str) -> Result<InterfaceReport, String> {
        let failed = |error: &dyn std::fmt::Display| format!("ifconfig {name}: {error}");
        let mut door = AddOn::open(self.calls).map_err(|error| failed(&error))?;
        let which = Request::Ask(Question::Show(Which::Named(name.into())));
        match door.exchange(&which).map_err(|error| failed(&error))? {
            Reply::Interfaces(mut found) => found.pop().ok_or_else(|| failed(&"nothing")),
            Reply::Refused(error) => Err(failed(&error)),
            Reply::Changed { .. } | Reply::Addresses(_) | Reply::Neighbours(_) => Err(failed(&"another answer")),
        }
    }

    /// Lists the interfaces of the system that were not there in the beginning.
    pub(super) fn others(&self) -> Result<Vec<String>, String> {
        let list = Socket::open(self.calls).and_then(|socket| socket.interfaces());
        let list = list.map_err(|status| format!("list interfaces: {status}"))?;
        Ok(list.into_iter().filter(|name| !self.before.contains(name)).collect())
    }

    /// Destroys everything, newest first, and looks for what is left.
    pub(super) fn leave(&mut self) -> Result<String, String> {
        let mut troubles = Vec::new();
        while let Some(name) = self.made.pop() {
            troubles.extend(self.ifconfig(&format!("{name} destroy")).err());
        }
        self.devices = None;
        match self.others() {
            Ok(others) => troubles.extend(others.iter().map(|name| format!("{name} is still there"))),
            Err(why) => troubles.push(why),
        }
        if troubles.is_empty() { Ok(String::new()) } else { Err(troubles.join("; ")) }
    }
}

impl<C: Calls> Drop for Scene<'_, C> {
    /// Where a part panicked, what it made goes here.
    fn drop(&mut self) {
        if !self.made.is_empty() {
            let _ = self.leave();
        }
    }
}

/// Makes a bridge with two taps, and a tun.
pub(super) fn make<C: Calls>(scene: &mut Scene<'_, C>, _: &Options) -> Option<Result<String, String>> {
    let mut made = || {
        let taps = [scene.create("tap")?, scene.create("tap")?];
        let tun = scene.create("tun")?;
        let bridge = scene.create("bridge")?;
        let [first, second] = &taps;
        scene.ifconfig(&format!("{bridge} addm {first} addm {second} up"))?;
        for device in [first, second, &tun] {
            scene.ifconfig(&format!("{device} up"))?;
        }
        let report = scene.show(&bridge)?;
        let members = report.bridge.map(|bridge| bridge.members.len()).unwrap_or_default();
        if members != 2 {
            return Err(format!("{bridge} has {members} members of 2"));
        }
        let said = format!("{bridge} {first} {second} {tun}");
        scene.devices = Some(Devices { bridge, taps, tun });
        Ok(said)
    };
    Some(made())
}

/// Returns the path of a device's node.
pub(super) fn node_of(device: &str) -> String {
    let unit = device.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let kind = device.strip_suffix(unit).unwrap_or(device);
    format!("/dev/{kind}/{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel_glue::haiku_user::Status;
    use kernel_glue::haiku_user::testkit::{Driver, FakeStack};

    #[test]
    fn what_is_taken_back_hides_no_cause() {
        let driver = Driver { makes: |_| false, answers: Box::new(|_, _, _, _| Err(Status::NO_MEMORY)) };
        let stack = FakeStack::new(&[], driver);
        let mut scene = Scene::new(&stack);
        let trouble = scene.ifconfig("tap0 down").unwrap_err();
        assert_eq!(scene.after("tap0 down", Ok(())), Err(trouble.clone()));
        assert_eq!(scene.after("tap0 down", Err::<(), _>("no answer".into())), Err(format!("no answer; {trouble}")));
        assert_eq!(scene.after("-l", Err::<(), _>("no answer".into())), Err("no answer".into()));
        // There is a list in the beginning, and none in the end.
        scene.made.push("tap0".into());
        stack.refuse_lists();
        let left = scene.leave().unwrap_err();
        assert!(left.starts_with("ifconfig tap0 destroy: ") && left.contains("; list interfaces: "), "{left}");
    }

    #[test]
    fn nodes() {
        assert_eq!(node_of("tap0"), "/dev/tap/0");
        assert_eq!(node_of("tun32767"), "/dev/tun/32767");
    }
}
