//! Keeping the host's own stack off a borrowed interface.
//!
//! A packet socket only copies: the host sees every frame of the member as well. Linux would answer ARP there for
//! addresses that are on the bridge, with the member's MAC address, and take broadcast packets a second time.

use std::fs;
use std::io;

/// What is set while an interface is a member, in `net.ipv4.conf.INTERFACE`: no answer to ARP for any local address;
/// packets only from where an answer would go, which is the bridge.
const SETTINGS: [(&str, &str); 2] = [("arp_ignore", "8"), ("rp_filter", "1")];

/// What an interface's settings were.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    before: Vec<(&'static str, String)>,
}

impl Quiet {
    /// Changes the settings.
    ///
    /// # Errors
    /// The first that could not be changed; those before it stay changed, and are in `self`.
    pub(super) fn impose(&mut self, interface: &str) -> io::Result<()> {
        for (key, value) in SETTINGS {
            let before = fs::read_to_string(path(interface, key))?;
            let before = match before.trim() {
                // Left by a daemon that was killed: what a fresh interface would have is the best guess.
                same if same == value => fs::read_to_string(path("default", key))?.trim().to_owned(),
                other => other.to_owned(),
            };
            fs::write(path(interface, key), value)?;
            self.before.push((key, before));
        }
        Ok(())
    }

    /// Puts the settings back.
    pub(super) fn lift(self, interface: &str) {
        for (key, before) in self.before {
            // An interface that is gone has no settings.
            let _ = fs::write(path(interface, key), before);
        }
    }
}

/// Lets an interface behind which there is one station take IPv6 addresses at once: there is nobody who could have
/// them too, and looking for duplicates takes a second (RFC 4862 §5.4 lets an administrator turn it off).
pub(super) fn let_be_alone(interface: &str) {
    // Without IPv6 there is nothing to set.
    let _ = fs::write(format!("/proc/sys/net/ipv6/conf/{interface}/accept_dad"), "0");
}

fn path(interface: &str, key: &str) -> String {
    format!("/proc/sys/net/ipv4/conf/{interface}/{key}")
}
