//! `trestle selftest`: a trial of the add-on in the kernel that runs.
//!
//! It makes devices with units that are free, does with them what virtual machines and VPNs do, and says of each part whether it
//! held. What it makes it removes, whatever fails. The addresses are of networks that are not routed anywhere: 198.18.0.0/15
//! (RFC 2544) and a unique local one (RFC 4193).

mod frames;
mod hosts;
mod lives;
mod nic;
mod node;
mod scene;
mod tunnel;

use kernel_glue::haiku_user::Calls;
use scene::Scene;
use std::ffi::OsString;

/// What to try beside what is always tried.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Options {
    /// A network card to make a member.
    pub nic: Option<String>,
    /// How often a device is created and destroyed.
    pub cycles: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { nic: None, cycles: 100 }
    }
}

/// What became of one part.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// What was tried.
    pub part: &'static str,
    /// What else there is to say, or why it failed.
    pub result: Result<String, String>,
}

impl std::fmt::Display for Line {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.result {
            Ok(said) if said.is_empty() => write!(out, "ok      {}", self.part),
            Ok(said) => write!(out, "ok      {}: {said}", self.part),
            Err(why) => write!(out, "FAILED  {}: {why}", self.part),
        }
    }
}

/// Runs the command with its arguments.
///
/// # Errors
/// In words: the arguments are wrong, or how many parts failed.
pub fn main<C: Calls>(calls: &C, arguments: Vec<OsString>) -> Result<(), String> {
    let options = parse(arguments).map_err(|error| format!("selftest: {error}; see 'trestle help'"))?;
    let (mut parts, mut failed) = (0_u32, 0_u32);
    run(calls, &options, &mut |line| {
        parts = parts.saturating_add(1);
        failed = failed.saturating_add(u32::from(line.result.is_err()));
        println!("{line}");
    });
    if failed == 0 { Ok(()) } else { Err(format!("selftest: {failed} of {parts} parts failed")) }
}

fn parse(arguments: Vec<OsString>) -> Result<Options, lexopt::Error> {
    use lexopt::prelude::*;
    let mut options = Options::default();
    let mut words = lexopt::Parser::from_args(arguments);
    while let Some(word) = words.next()? {
        match word {
            Long("nic") => options.nic = Some(words.value()?.string()?),
            Long("cycles") => options.cycles = words.value()?.parse()?,
            Short(_) | Long(_) | Value(_) => return Err(word.unexpected()),
        }
    }
    Ok(options)
}

/// Tries one part after the other, and tells of each when it is over. Parts that need what an earlier one made are told as failed
/// where that is not there.
pub fn run<C: Calls>(calls: &C, options: &Options, told: &mut dyn FnMut(Line)) {
    let mut scene = Scene::new(calls);
    let parts: [(&'static str, Part<C>); 14] = [
        ("devices are made", scene::make),
        ("nodes open, and are empty", node::open),
        ("frames cross a bridge of two taps", frames::cross),
        ("a poll waits for a frame", node::poll_waits),
        ("a blocked read waits for a frame", node::read_waits),
        ("two hosts on taps ping, and send over TCP", hosts::talk),
        ("the host answers on the bridge", hosts::ping_host),
        ("a tun carries IPv4", tunnel::ipv4),
        ("a tun carries IPv6", tunnel::ipv6),
        ("a network card is a member", nic::is_member),
        ("a blocked read ends with its device", lives::read_ends),
        ("a device that is open can be destroyed", lives::destroyed_while_open),
        ("a clone node makes a device that goes with it", lives::clone_node),
        ("devices come and go", lives::cycles),
    ];
    for (part, try_it) in parts {
        if let Some(result) = try_it(&mut scene, options) {
            told(Line { part, result });
        }
    }
    told(Line { part: "nothing is left", result: scene.leave() });
}

/// A part, which returns nothing where it was not asked for.
type Part<C> = fn(&mut Scene<'_, C>, &Options) -> Option<Result<String, String>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments() {
        let read = |words: &str| parse(words.split_whitespace().map(OsString::from).collect());
        let nic = Some("/dev/net/virtio/0".to_owned());
        assert_eq!(read("").unwrap(), Options { nic: None, cycles: 100 });
        assert_eq!(read("--nic /dev/net/virtio/0 --cycles=7").unwrap(), Options { nic, cycles: 7 });
        for wrong in ["--nic", "--cycles x", "--cycles -1", "all"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lines() {
        for (result, want) in [
            (Ok(String::new()), "ok      it holds"),
            (Ok("3 of 3".into()), "ok      it holds: 3 of 3"),
            (Err("no".into()), "FAILED  it holds: no"),
        ] {
            assert_eq!(Line { part: "it holds", result }.to_string(), want);
        }
    }
}
