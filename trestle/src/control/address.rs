//! Where the control socket is.

use std::env;
use std::path::PathBuf;

/// Returns the path of the control socket: `$TRESTLE_SOCKET`, else `/run/trestle/control`, else, for a daemon or
/// client that is not root, `$XDG_RUNTIME_DIR/trestle/control`.
///
/// A client that is not root prefers the system's daemon when there is one, since reading is free to all.
pub fn socket_path() -> PathBuf {
    if let Some(path) = env::var_os("TRESTLE_SOCKET") {
        return path.into();
    }
    let system = PathBuf::from("/run/trestle/control");
    match env::var_os("XDG_RUNTIME_DIR") {
        Some(own) if !is_system_root() && !system.exists() => PathBuf::from(own).join("trestle/control"),
        Some(_) | None => system,
    }
}

/// Returns whether this process is root of the whole system, not only of a user namespace.
pub(crate) fn is_system_root() -> bool {
    // user_namespaces(7): only the initial namespace maps every user to itself.
    let whole = |map: String| map.split_whitespace().eq(["0", "0", "4294967295"]);
    rustix::process::geteuid().is_root() && std::fs::read_to_string("/proc/self/uid_map").is_ok_and(whole)
}

/// Returns the directory of nodes: `$TRESTLE_DEV`, else `dev` beside the control socket.
pub fn node_directory() -> PathBuf {
    env::var_os("TRESTLE_DEV").map_or_else(|| socket_path().with_file_name("dev"), PathBuf::from)
}
