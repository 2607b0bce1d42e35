//! What the name of an interface says before anybody is asked.

/// Returns whether an interface of that name would be a tap or tun, or any unit of them.
pub(super) fn is_device(interface: &str) -> bool {
    matches!(kind(interface), "tap" | "tun")
}

/// Returns whether an interface of that name would be a tun, or any unit of them.
pub(super) fn is_tun(interface: &str) -> bool {
    kind(interface) == "tun"
}

fn kind(interface: &str) -> &str {
    interface.trim_end_matches(|c: char| c.is_ascii_digit())
}
