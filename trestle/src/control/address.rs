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
        Some(own) if !rustix::process::geteuid().is_root() && !system.exists() => {
            PathBuf::from(own).join("trestle/control")
        }
        Some(_) | None => system,
    }
}
