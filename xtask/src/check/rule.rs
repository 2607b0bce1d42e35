//! The rules, by name, each with what to do when it is broken.

use std::fmt;

/// One demand on the file.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Rule {
    Header,
    Truncated,
    Segments,
    Gap,
    Tls,
    Hash,
    SymbolTable,
    Relr,
    Initialisers,
    Versions,
    RelocationKind,
    RelocationPlace,
    ImportType,
    ImportBinding,
    ImportName,
    ImportRelease,
    Needed,
    Exports,
    Modules,
    Unique,
    Indirect,
    Code,
    RedZone,
    Frame,
    Chain,
    StackPointer,
    Probe,
}

/// A rule that a file breaks, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Breach {
    pub(crate) rule: Rule,
    /// The thing that breaks it, with its numbers.
    pub(crate) what: String,
}

impl Rule {
    /// Returns the word for the rule, as `docs/haiku-build.md` lists it.
    pub(crate) fn name(self) -> &'static str {
        self.texts().0
    }

    /// Returns what to do so that a file keeps the rule.
    pub(crate) fn remedy(self) -> &'static str {
        self.texts().1
    }

    fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Header => ("header", "build for x86_64 and link with -shared"),
            Self::Truncated => ("truncated", "link it again; the file is damaged"),
            Self::Segments => {
                ("segments", "link with -z noseparate-code --no-rosegment -z norelro -z max-page-size=0x1000")
            }
            Self::Gap => ("gap", "link with -z max-page-size=0x1000 and without an image base"),
            Self::Tls => {
                ("tls", "keep the state in the thread's own structures; the kernel has no thread-local storage")
            }
            Self::Hash => ("hash", "link with --hash-style=sysv; the kernel reads DT_HASH alone"),
            Self::SymbolTable => ("symbol table", "link with -shared, which writes DT_SYMTAB and DT_STRTAB"),
            Self::Relr => ("relr", "link without -z pack-relative-relocs and --pack-dyn-relocs"),
            Self::Initialisers => {
                ("initialisers", "the kernel runs no initialisers: do the work in std_ops or at the first use")
            }
            Self::Versions => ("versions", "link against libraries without symbol versions"),
            Self::RelocationKind => (
                "relocation kind",
                "compile with -C relocation-model=pic; the kernel knows 64, GLOB_DAT, JUMP_SLOT, RELATIVE",
            ),
            Self::RelocationPlace => ("relocation place", "link with -z text, so that only data is relocated"),
            Self::ImportType => {
                ("import type", "link against the stub of the kernel; the kernel binds an import only to its own type")
            }
            Self::ImportBinding => {
                ("import binding", "import strongly: what the kernel lacks would be an address of 0 otherwise")
            }
            Self::ImportName => (
                "import name",
                "add the symbol to kernel-glue/haiku-abi/symbols.csv once it is known for every release",
            ),
            Self::ImportRelease => ("import release", "use what beta5, beta6 and master all export"),
            Self::Needed => ("needed", "link against the stub of the kernel alone; the kernel loads nothing else"),
            Self::Exports => ("exports", "link with the version script that exports `modules` alone"),
            Self::Modules => {
                ("modules", "define `modules` as an array of pointers to module_info that ends with a null pointer")
            }
            Self::Unique => ("unique", "the kernel does not resolve STB_GNU_UNIQUE; link no C++ with inline statics"),
            Self::Indirect => ("indirect", "the kernel does not resolve STT_GNU_IFUNC; choose at run time instead"),
            Self::Code => ("code", "keep section headers and .symtab in the file, so that functions can be measured"),
            Self::RedZone => {
                ("red zone", "build for x86_64-unknown-none; an interrupt writes below the stack pointer at any time")
            }
            Self::Frame => {
                ("frame", "box what is large, and move cold parts into functions of their own, never inlined")
            }
            Self::Chain => ("chain", "make the frames that the report lists smaller; a kernel stack is 16 KiB"),
            Self::StackPointer => ("stack pointer", "give the function a frame of fixed size"),
            Self::Probe => ("probe", "keep frames under a page; there is nothing to probe for on a kernel stack"),
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.rule.name(), self.what, self.rule.remedy())
    }
}
