//! The Rust toolchain that builds for a target for which rustup ships no programs.
//!
//! Three will do: the caller's own, where it has the target's libraries or their source, and Debian's, which brings
//! the source. The last needs nothing but packages, so continuous integration uses it.

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
    origin: Origin,
    target: &'static str,
    library: Library,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Origin {
    /// What the PATH and rustup's variables choose.
    Caller,
    Debian,
}

#[derive(Debug)]
enum Library {
    /// Compiled, in the toolchain.
    Compiled,
    /// To be compiled from the source in this folder.
    Source(PathBuf),
}

impl Toolchain {
    /// Finds the caller's toolchain if it can build for `target`, else Debian's.
    pub(crate) fn find(target: &'static str) -> Result<Self, Failure> {
        let caller =
            |library| Self { cargo: "cargo".into(), rustc: "rustc".into(), origin: Origin::Caller, target, library };
        let sysroot = ask(Command::new("rustc").args(["--print", "sysroot"])).map(PathBuf::from);
        if let Ok(sysroot) = &sysroot {
            let libraries = sysroot.join("lib/rustlib");
            if libraries.join(target).join("lib").is_dir() {
                return Ok(caller(Library::Compiled));
            }
            let source = libraries.join("src/rust");
            if source.join("library").is_dir() && *sysroot != Path::new("/usr") {
                return Ok(caller(Library::Source(source)));
            }
        }
        let Some(missing) = DEBIAN.into_iter().find(|path| !Path::new(path).exists()) else {
            let [cargo, rustc, source] = DEBIAN.map(PathBuf::from);
            return Ok(Self { cargo, rustc, origin: Origin::Debian, target, library: Library::Source(source) });
        };
        let own = match sysroot {
            Ok(sysroot) => format!("{} has neither its libraries nor their source", sysroot.display()),
            Err(error) => error.to_string(),
        };
        Err(Failure::NoToolchain { target, why: format!("{own}, and there is no {missing}") })
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
        if self.origin == Origin::Debian {
            // What rustup's proxies and cargo put there is for the caller's toolchain.
            for name in ["RUSTUP_TOOLCHAIN", "RUSTDOC", "RUSTC_WRAPPER", "LD_LIBRARY_PATH", "CARGO"] {
                cargo.env_remove(name);
            }
            cargo.env("RUSTC", &self.rustc);
        }
        if let Library::Source(_) = self.library {
            // No part of the library is wanted that only unwinding and back traces need.
            cargo.args(["-Z", &format!("build-std={parts}"), "-Z", "build-std-features="]).env("RUSTC_BOOTSTRAP", "1");
        }
        // This variable takes flags with spaces in them.
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f".as_ref()));
        cargo
    }

    /// Returns the flags that keep the names of folders out of what is built, `root` being this tree's.
    pub(crate) fn remap(&self, root: &Path) -> Vec<OsString> {
        let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
        let mut folders: Vec<_> = home.into_iter().map(|home| (home, "/cargo")).collect();
        if let Library::Source(source) = &self.library {
            folders.extend(source.canonicalize().map(|source| (source, "/rust")));
            folders.push((source.clone(), "/rust"));
        }
        folders.push((root.to_owned(), "/trestle"));
        let flag = |(folder, name): (PathBuf, &str)| {
            let mut flag = OsString::from("--remap-path-prefix=");
            flag.push(folder);
            flag.push("=");
            flag.push(name);
            flag
        };
        folders.into_iter().map(flag).collect()
    }

    /// Returns the linker that the toolchain carries, if it does.
    pub(crate) fn own_linker(&self) -> Option<PathBuf> {
        let host = ask(Command::new(&self.rustc).arg("-vV")).ok()?;
        let host = host.lines().find_map(|line| line.strip_prefix("host: "))?;
        let sysroot = PathBuf::from(ask(Command::new(&self.rustc).args(["--print", "sysroot"])).ok()?);
        let path = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
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
}

/// What the packages `cargo-web`, `rustc-web` and `rust-web-src` put there.
const DEBIAN: [&str; 3] = ["/usr/bin/cargo", "/usr/bin/rustc", "/usr/lib/rustlib/src/rust"];
