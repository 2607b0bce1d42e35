//! The Rust toolchain that builds for a target for which rustup ships no programs.
//!
//! Two will do: the caller's own, where it has the target's libraries, and Debian's, which brings the library's
//! source and builds it along. The second needs nothing but packages, so continuous integration uses it.

use crate::failure::{Failure, ask};
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A compiler and the way it gets the libraries of the target.
#[derive(Debug)]
pub(crate) struct Toolchain {
    cargo: PathBuf,
    rustc: PathBuf,
    target: &'static str,
    library: Library,
}

#[derive(Debug)]
enum Library {
    /// Compiled, in the toolchain.
    Compiled,
    /// To be compiled from the source in this folder.
    Source(PathBuf),
}

impl Toolchain {
    /// Finds the caller's toolchain if it has compiled libraries for `target`, else Debian's.
    pub(crate) fn find(target: &'static str) -> Result<Self, Failure> {
        let own = Self { cargo: "cargo".into(), rustc: "rustc".into(), target, library: Library::Compiled };
        let sysroot = own.sysroot();
        if let Ok(sysroot) = &sysroot
            && sysroot.join("lib/rustlib").join(target).join("lib").is_dir()
        {
            return Ok(own);
        }
        let library = Library::Source(DEBIAN_SOURCE.into());
        let debian = Self { cargo: DEBIAN_CARGO.into(), rustc: DEBIAN_RUSTC.into(), target, library };
        let missing = [DEBIAN_CARGO, DEBIAN_RUSTC, DEBIAN_SOURCE].into_iter().find(|path| !Path::new(path).exists());
        match (missing, sysroot) {
            (None, _) => Ok(debian),
            (Some(missing), Ok(sysroot)) => {
                let why = format!("{} lacks the target, and there is no {missing}", sysroot.display());
                Err(Failure::NoToolchain { target, why })
            }
            (Some(missing), Err(error)) => {
                Err(Failure::NoToolchain { target, why: format!("{error}, and there is no {missing}") })
            }
        }
    }

    /// Returns `cargo COMMAND` for the target, with `flags` for every crate and the library among them.
    ///
    /// `parts` are the crates of the library that are needed, as `-Z build-std` takes them.
    pub(crate) fn cargo(&self, command: &str, parts: &str, flags: &[OsString]) -> Command {
        let mut cargo = Command::new(&self.cargo);
        cargo.arg(command).args(["--target", self.target]);
        for name in ["RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_BUILD_RUSTFLAGS"] {
            cargo.env_remove(name);
        }
        if let Library::Source(_) = self.library {
            // What rustup's proxies and cargo put there is for the caller's toolchain.
            for name in ["RUSTUP_TOOLCHAIN", "RUSTDOC", "RUSTC_WRAPPER", "LD_LIBRARY_PATH", "CARGO"] {
                cargo.env_remove(name);
            }
            cargo.env("RUSTC", &self.rustc).env("RUSTC_BOOTSTRAP", "1").args(["-Z", &format!("build-std={parts}")]);
        }
        // This variable takes flags with spaces in them.
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f".as_ref()));
        cargo
    }

    /// The folders whose names must not get into what is built, and what stands there instead.
    pub(crate) fn remapped(&self) -> Vec<(PathBuf, &'static str)> {
        let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
        let mut folders: Vec<_> = home.into_iter().map(|home| (home, "/cargo")).collect();
        if let Library::Source(source) = &self.library {
            folders.push((source.clone(), "/rust"));
            folders.extend(source.canonicalize().map(|source| (source, "/rust")));
        }
        folders
    }

    /// Returns the linker that the toolchain carries, if it does.
    pub(crate) fn own_linker(&self) -> Option<PathBuf> {
        let host = ask(Command::new(&self.rustc).arg("-vV")).ok()?;
        let host = host.lines().find_map(|line| line.strip_prefix("host: "))?;
        let path = self.sysroot().ok()?.join("lib/rustlib").join(host).join("bin/rust-lld");
        path.is_file().then_some(path)
    }

    /// Names the toolchain in a line.
    pub(crate) fn describe(&self) -> String {
        let version = ask(Command::new(&self.rustc).arg("--version")).unwrap_or_else(|error| error.to_string());
        match &self.library {
            Library::Compiled => format!("{version}, with the libraries of {}", self.target),
            Library::Source(source) => format!("{version}, with the library's source in {}", source.display()),
        }
    }

    fn sysroot(&self) -> Result<PathBuf, Failure> {
        ask(Command::new(&self.rustc).args(["--print", "sysroot"])).map(PathBuf::from)
    }
}

const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
/// Where `rust-web-src`, like `rust-src`, puts the library's source.
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust";
