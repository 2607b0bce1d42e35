//! `cargo xtask haiku-userland`: the program `trestle` for Haiku, linked without a Haiku.
//!
//! A program of Haiku is a position-independent executable that its runtime loader maps. What it imports is in four
//! libraries, for which stubs stand in here; what every program has besides, its start code and the two numbers that say
//! for which Haiku it was made, is in an object file of ours.

use crate::failure::{Failure, at, run};
use crate::haiku::{place, remove, root, target_folder};
use crate::lld::Lld;
use crate::stub;
use crate::toolchain::Toolchain;
use libraries::Libraries;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

mod check;
mod libraries;
mod start;

/// Builds the program into `out`, or into `haiku-userland` of the target folder, checks it, and returns where it
/// is.
pub(crate) fn build(out: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let out = out.unwrap_or_else(|| target_folder().join("haiku-userland"));
    let work = target_folder().join("haiku-userland-build");
    for folder in [&out, &work] {
        fs::create_dir_all(folder).map_err(at(folder))?;
    }
    let file = out.join(NAME);
    match make(&work) {
        Ok(linked) => place(&linked, &file)?,
        Err(failure) => {
            // No older file passes for this build's.
            remove(&file)?;
            return Err(failure);
        }
    }
    Ok(file)
}

fn make(work: &Path) -> Result<PathBuf, Failure> {
    let toolchain = Toolchain::find(TARGET)?;
    eprintln!("haiku-userland: {}", toolchain.describe());
    let lld = Lld::find(&toolchain)?;
    let libraries = Libraries::of_haiku()?;
    let stubs = work.join(format!("stubs-{:016x}", Libraries::digest()));
    fs::create_dir_all(&stubs).map_err(at(&stubs))?;
    prepare(&lld, &libraries, &stubs)?;

    let flags: Vec<_> = FLAGS.map(OsString::from).into_iter().chain(toolchain.remap(root())).collect();
    let mut linker = OsString::from("-Clinker=");
    linker.push(lld.program());
    let link_arguments = arguments(&stubs).into_iter().map(|argument| {
        let mut flag = OsString::from("-Clink-arg=");
        flag.push(argument);
        flag
    });
    // Behind the dashes, they are for the program alone: when a stub changes, the library need not be built again.
    let built = run(toolchain
        .cargo("rustc", "std,panic_abort", &flags)
        .args(["--package", NAME, "--bin", NAME, "--profile", PROFILE, "--"])
        .arg(linker)
        .args(link_arguments)
        .env("CARGO_TARGET_DIR", work)
        .current_dir(root()));
    if built.is_err() {
        eprintln!("haiku-userland: what lld calls undefined belongs into {LIBRARIES}, if Haiku's libraries have it");
    }
    built?;

    let linked = work.join(TARGET).join(PROFILE).join(NAME);
    check::print(&linked, &libraries)?;
    Ok(linked)
}

/// Puts what is linked besides the program itself into `folder`.
fn prepare(lld: &Lld, libraries: &Libraries, folder: &Path) -> Result<(), Failure> {
    for (soname, exports) in libraries.each() {
        // The linker looks for `libNAME.so`, whatever the library calls itself.
        let stem = soname.split(".so").next().unwrap_or(soname);
        stub::library(lld, &folder.join(format!("{stem}.so")), soname, &exports)?;
    }
    // The compiler names it although nothing is taken from it.
    stub::library(lld, &folder.join("libgnu.so"), "libgnu.so", &[])?;
    let object = folder.join(START);
    fs::write(&object, start::object()?).map_err(at(&object))
}

/// The linker's arguments beyond those of the compiler.
fn arguments(stubs: &Path) -> Vec<OsString> {
    let mut search = OsString::from("-L");
    search.push(stubs);
    let exported = start::EXPORTED.map(|name| OsString::from(format!("--export-dynamic-symbol={name}")));
    LINK.map(OsString::from).into_iter().chain(exported).chain([search, stubs.join(START).into()]).collect()
}

/// The package, the program and the file.
const NAME: &str = "trestle";
/// The profile of the root manifest.
const PROFILE: &str = "haiku-program";
const TARGET: &str = "x86_64-unknown-haiku";
const START: &str = "start.o";
const LIBRARIES: &str = "xtask/src/userland/libraries.csv";

/// No read-only-after-relocation segment: Haiku's runtime loader ignores it.
const FLAGS: [&str; 3] = ["-Clinker-flavor=gnu-lld", "-Zunstable-options", "-Crelro-level=off"];

/// What Haiku's own toolchain has as its defaults. The runtime loader needs `DT_HASH`, as the kernel does.
const LINK: [&str; 9] = [
    "--dynamic-linker=/system/runtime_loader",
    "--hash-style=sysv",
    "--no-undefined",
    "-zmax-page-size=0x1000",
    "-znoseparate-code",
    "--no-rosegment",
    "--build-id=none",
    "--strip-debug",
    "-ztext",
];

#[cfg(test)]
mod tests;
