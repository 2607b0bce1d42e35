//! `cargo xtask haiku`: the kernel add-on, from source to a checked file.

use crate::check;
use crate::failure::{Failure, at, run};
use crate::lld::Lld;
use crate::stub::{self, Export};
use crate::symbols::Symbols;
use crate::toolchain::Toolchain;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Builds the add-on into `out`, or into `haiku` of the target folder, checks it, and returns where it is.
pub(crate) fn build(out: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let out = out.unwrap_or_else(|| target_folder().join("haiku"));
    let work = target_folder().join("haiku-build");
    for folder in [&out, &work] {
        fs::create_dir_all(folder).map_err(at(folder))?;
    }
    let files = [NAME.to_owned(), format!("{NAME}.debug")];
    let made = make(&work);
    for name in &files {
        match &made {
            Ok(()) => place(&work.join(name), &out.join(name))?,
            // No older file passes for this build's.
            Err(_) => remove(&out.join(name))?,
        }
    }
    made?;
    Ok(out.join(NAME))
}

fn make(work: &Path) -> Result<(), Failure> {
    let toolchain = Toolchain::find(TARGET)?;
    eprintln!("haiku: {}", toolchain.describe());
    let archive = compile(&toolchain, work)?;

    let symbols = Symbols::of_this_tree()?;
    let lld = Lld::find(&toolchain)?;
    let kernel = work.join(KERNEL);
    let exports: Vec<_> = symbols.importable().map(|(name, kind)| Export { name, kind, version: "" }).collect();
    stub::library(&lld, &kernel, KERNEL, &exports)?;
    let script = work.join("exports");
    fs::write(&script, EXPORTS).map_err(at(&script))?;
    let linked = work.join(NAME);
    lld.link(arguments(&archive, &kernel, &script, &linked, Debug::Strip))?;
    lld.link(arguments(&archive, &kernel, &script, &work.join(format!("{NAME}.debug")), Debug::Keep))?;
    check::print(&linked, &symbols)
}

/// Copies `from` to `to` in one step: who reads `to` meanwhile reads the old file or the new one.
pub(crate) fn place(from: &Path, to: &Path) -> Result<(), Failure> {
    let aside = to.with_extension(format!("new{}", std::process::id()));
    fs::copy(from, &aside).map_err(at(&aside))?;
    fs::rename(&aside, to).map_err(at(to))
}

/// Removes `file`, if it is there.
pub(crate) fn remove(file: &Path) -> Result<(), Failure> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(at(file)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether what debuggers read stays in the file. The names of functions stay in any case: Haiku's kernel reads them
/// if it is told to (`load_symbols` in its settings), and then they are in its back traces.
#[derive(Clone, Copy)]
pub(crate) enum Debug {
    Keep,
    Strip,
}

/// The folder that cargo builds into.
pub(crate) fn target_folder() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// The root of this tree.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

fn compile(toolchain: &Toolchain, work: &Path) -> Result<PathBuf, Failure> {
    let flags: Vec<_> = FLAGS.map(OsString::from).into_iter().chain(toolchain.remap(root())).collect();
    run(toolchain
        .cargo("rustc", "core,alloc", &flags)
        .args(["--package", "haiku", "--lib", "--profile", PROFILE, "--crate-type", "staticlib"])
        .env("CARGO_TARGET_DIR", work)
        .current_dir(root()))?;
    Ok(work.join(TARGET).join(PROFILE).join("libhaiku.a"))
}

pub(crate) fn arguments(archive: &Path, kernel: &Path, script: &Path, out: &Path, debug: Debug) -> Vec<OsString> {
    let mut version_script = OsString::from("--version-script=");
    version_script.push(script);
    let mut all: Vec<OsString> = LINK.map(OsString::from).into();
    all.extend([version_script, archive.into(), kernel.into(), "-o".into(), out.into()]);
    match debug {
        Debug::Keep => (),
        Debug::Strip => all.push("--strip-debug".into()),
    }
    all
}

/// The add-on's file name and `DT_SONAME`.
const NAME: &str = "trestle";
/// What Haiku calls the library that its kernel stands for at link time.
pub(crate) const KERNEL: &str = "_KERNEL_";
/// No red zone, no SSE, panic is abort: as kernel code has to be.
const TARGET: &str = "x86_64-unknown-none";
/// The profile of the root manifest.
const PROFILE: &str = "haiku";

/// An add-on is position-independent, unlike a kernel, for which the target is meant; Haiku's debugger walks frame
/// pointers; and a function that takes much of the stack does so only while it runs, not all the time that its caller
/// does.
const FLAGS: [&str; 4] = [
    "-Crelocation-model=pic",
    "-Ccode-model=small",
    "-Cforce-frame-pointers=yes",
    "-Cllvm-args=-inline-max-stacksize=256",
];

/// Nothing is exported but the table of modules: the kernel's loader looks names up in the kernel first, so an
/// exported name that the kernel has too would silently be the kernel's.
pub(crate) const EXPORTS: &str = "{ global: modules; local: *; };\n";

/// How Haiku links its own add-ons when it uses lld; `docs/haiku-build.md` says what each is for.
const LINK: [&str; 19] = [
    "-shared",
    "-nostdlib",
    "--no-undefined",
    "-soname",
    NAME,
    "-z",
    "max-page-size=0x1000",
    "-z",
    "noseparate-code",
    "-z",
    "norelro",
    "--no-rosegment",
    "--hash-style=sysv",
    "-z",
    "text",
    "--gc-sections",
    "--build-id=none",
    "-u",
    "modules",
];
