//! Which command lines are Haiku's own `ifconfig`'s, and how ours is called there.

use crate::ifconfig::is_verb;
use kernel_glue::admin::{Name, Platform};
use std::ffi::OsString;

/// Haiku's own program.
pub const OWN_IFCONFIG: &str = "/bin/ifconfig";

/// Returns whether a command line is for Haiku's own program: it is about an interface that is not ours, or deletes one in
/// Haiku's words.
pub fn is_for_own(arguments: &[OsString]) -> bool {
    let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
    if let Some("--delete" | "--del" | "-d" | "del" | "delete") = words.first().map(|word| &**word) {
        return true;
    }
    match words.iter().find(|word| !word.starts_with('-')) {
        // A list is of ours, and so is the help.
        None => false,
        Some(word) => !is_ours(word) && *word != "help" && !is_verb(word),
    }
}

fn is_ours(interface: &str) -> bool {
    Name::parse(interface).is_ok() || Platform::Haiku.own_name(interface).is_some()
}

/// Calls commands in a text by the name under which this program has them: what remedies call `ifconfig` is `trestle
/// ifconfig` on Haiku.
pub(super) fn as_called(text: &str) -> String {
    let mut called = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("ifconfig ") {
        called.push_str(before);
        if !before.ends_with('/') && !before.ends_with("trestle ") {
            called.push_str("trestle ");
        }
        called.push_str("ifconfig ");
        rest = after;
    }
    called + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_line_it_is() {
        for (line, own) in [
            ("", false),
            ("-a", false),
            ("-l -v", false),
            ("--help", false),
            ("help addm", false),
            ("bridge0", false),
            ("-v bridge0", false),
            ("-g tap", false),
            ("tap create", false),
            ("tap/0 up", false),
            ("tun7 10.8.0.2 10.8.0.1", false),
            ("vport create", false),
            ("addm tap0", false),
            ("/dev/net/virtio/0", true),
            ("loop", true),
            ("/dev/net/virtio/0 inet 10.0.0.2", true),
            ("--delete bridge0", true),
            ("delete tap/0", true),
            ("bridgework", true),
            ("eth0", true),
        ] {
            let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            assert_eq!(is_for_own(&words), own, "{line}");
        }
    }

    #[test]
    fn commands_by_the_name_that_runs_them() {
        for (text, want) in [
            ("create it first: ifconfig tap0 create", "create it first: trestle ifconfig tap0 create"),
            ("remove it: /bin/ifconfig --delete tap0", "remove it: /bin/ifconfig --delete tap0"),
            ("ifconfig a or ifconfig b", "trestle ifconfig a or trestle ifconfig b"),
            ("see 'trestle ifconfig help'", "see 'trestle ifconfig help'"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(as_called(text), want);
        }
    }
}
