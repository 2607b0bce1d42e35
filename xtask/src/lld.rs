//! The linker. It has to be lld: the flags that make two segments are spelled for it.

use crate::failure::{Failure, ask, run};
use crate::toolchain::Toolchain;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An lld that was found to run.
#[derive(Debug)]
pub(crate) struct Lld {
    program: PathBuf,
    /// Arguments that make it behave as `ld.lld`.
    flavor: &'static [&'static str],
}

impl Lld {
    /// Finds `ld.lld`, or the lld inside `toolchain`.
    pub(crate) fn find(toolchain: &Toolchain) -> Result<Self, Failure> {
        Self::installed()
            .or_else(|| Some(Self { program: toolchain.own_linker()?, flavor: &["-flavor", "gnu"] }))
            .ok_or(Failure::NoLinker)
    }

    /// Finds `ld.lld` on the PATH.
    pub(crate) fn installed() -> Option<Self> {
        let program = PathBuf::from("ld.lld");
        ask(Command::new(&program).arg("--version")).ok().map(|_| Self { program, flavor: &[] })
    }

    /// Returns the program, for a compiler that runs it itself.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Links with `arguments`.
    pub(crate) fn link<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Result<(), Failure> {
        run(Command::new(&self.program).args(self.flavor).args(arguments))
    }
}
