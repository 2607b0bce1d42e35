//! Add-ons that tests compile from C, linked as Haiku's are.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A directory laid out as `add-ons/kernel`, which goes when it is dropped.
#[derive(Debug)]
pub(crate) struct Root(PathBuf);

impl Root {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("add-ons-{}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
        let root = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&root).unwrap();
        Self(root)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Compiles an add-on, with Haiku's linker options and `more` of them; `imports` are functions of the kernel's.
    pub(crate) fn add(&self, path: &str, source: &str, imports: &[&str], more: &[&str]) -> PathBuf {
        let file = self.0.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let kernel = self.0.join("kernel.so");
        let stub = imports.iter().map(|name| format!(".globl {name}\n.type {name},@function\n{name}: ret\n"));
        let stub = stub.collect::<String>();
        compile(
            &["-xassembler", "-shared", "-nostdlib", "-Wl,-soname,_KERNEL_"],
            &format!(".text\n{stub}"),
            &kernel,
            &[],
        );
        let options = [
            "-xc",
            "-shared",
            "-nostdlib",
            "-fPIC",
            "-O1",
            "-ffreestanding",
            "-fvisibility=hidden",
            "-fno-stack-protector",
            "-fno-asynchronous-unwind-tables",
            "-fno-omit-frame-pointer",
            "-mno-red-zone",
            "-Wl,-z,noseparate-code,-z,norelro,-z,max-page-size=0x1000,--hash-style=sysv,--build-id=none",
        ];
        let kernel = kernel.to_string_lossy().into_owned();
        let after = [&["-xnone", kernel.as_str()], more].concat();
        compile(&options, &format!("{HEADER}{source}"), &file, &after);
        file
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn compile(options: &[&str], source: &str, to: &Path, after: &[&str]) {
    let input = to.with_extension("source");
    std::fs::write(&input, source).unwrap();
    let output = Command::new("cc").args(options).arg(&input).args(after).arg("-o").arg(to).output().unwrap();
    std::fs::remove_file(input).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

const HEADER: &str = r#"
struct module_info { const char *name; unsigned flags; int (*std_ops)(int, ...); };
struct module_dependency { const char *name; struct module_info **info; };
#define EXPORT __attribute__((visibility("default")))
int dprintf(const char *, ...);
int snooze(long long);
"#;
