//! What there is in the kernel, and what is left of it at the end.

use crate::thread::{self, ThreadKind};
use crate::{cache, devfs, fault, heap, loader, modules, sem, syscalls, team};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// How many objects of each kind there are.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Threads of `spawn_kernel_thread` that have not ended.
    pub threads: usize,
    /// Semaphores.
    pub semaphores: usize,
    /// Object caches.
    pub caches: usize,
    /// Objects of object caches.
    pub objects: usize,
    /// Blocks of the heap.
    pub blocks: usize,
    /// Descriptors, of the kernel and of programs.
    pub descriptors: usize,
    /// Nodes below `/dev`.
    pub nodes: usize,
    /// Files that are mapped.
    pub images: usize,
    /// References of modules.
    pub module_references: usize,
    /// Generic system calls.
    pub system_calls: usize,
}

impl Counts {
    pub(super) fn now() -> Self {
        let caches = cache::all();
        Self {
            threads: kernel_threads().count(),
            semaphores: sem::all().len(),
            caches: caches.len(),
            objects: caches.iter().map(|(_, objects)| objects).sum(),
            blocks: heap::live().len(),
            descriptors: team::open().len(),
            nodes: devfs::nodes().len(),
            images: loader::mapped().len(),
            module_references: modules::references().iter().map(|(_, references)| *references as usize).sum(),
            system_calls: syscalls::all().len(),
        }
    }
}

/// What was left when the kernel was shut down, and the faults that were found before.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Threads, by number and name.
    pub threads: Vec<String>,
    /// Semaphores, by name.
    pub semaphores: Vec<String>,
    /// Object caches, with how many objects each still has.
    pub caches: Vec<(String, usize)>,
    /// Descriptors: team, number and path.
    pub descriptors: Vec<String>,
    /// Nodes below `/dev`, wires of the test too.
    pub nodes: Vec<String>,
    /// Files that are mapped.
    pub images: Vec<PathBuf>,
    /// Modules with their references.
    pub modules: Vec<(String, u32)>,
    /// Blocks of the heap and their bytes, by the file whose code allocated them.
    pub blocks: BTreeMap<String, (usize, usize)>,
    /// Orders of locks that can deadlock, waits that a lock forbids, and the like.
    pub faults: Vec<String>,
    /// How many there are more than when the kernel was booted.
    pub counts: Counts,
    /// How deep a kernel stack has been at most, in bytes.
    pub deepest_stack: usize,
}

impl Report {
    pub(super) fn new(before: &Counts) -> Self {
        let mut blocks = BTreeMap::<String, (usize, usize)>::new();
        for block in heap::live() {
            let file = loader::file_of(block.caller).or_else(|| loader::unloaded(block.caller).map(PathBuf::from));
            let file = file.map_or_else(|| "the kernel".to_owned(), |file| file.display().to_string());
            let (count, bytes) = blocks.entry(file).or_default();
            *count = count.saturating_add(1);
            *bytes = bytes.saturating_add(block.size);
        }
        let open = team::open().into_iter();
        Self {
            threads: kernel_threads().map(|thread| thread.to_string()).collect(),
            semaphores: sem::all().into_iter().map(|(_, name)| name).collect(),
            caches: cache::all(),
            descriptors: open.map(|(team, fd, path)| format!("team {team}: {fd} is /dev/{path}")).collect(),
            nodes: devfs::nodes(),
            images: loader::mapped(),
            modules: modules::references(),
            blocks,
            faults: fault::reports(),
            counts: difference(&Counts::now(), before),
            deepest_stack: thread::deepest_stack(),
        }
    }

    /// Whether nothing is left and no fault was found.
    ///
    /// A module that stays loaded leaves its file, its own reference and what it holds.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty() && self.counts == Counts::default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.faults {
            writeln!(f, "fault: {fault}")?;
        }
        for (what, left) in [
            ("threads", &self.threads),
            ("semaphores", &self.semaphores),
            ("descriptors", &self.descriptors),
            ("nodes", &self.nodes),
        ] {
            if !left.is_empty() {
                writeln!(f, "{what} left: {}", left.join(", "))?;
            }
        }
        for (name, objects) in &self.caches {
            writeln!(f, "object cache left: {name}, {objects} objects")?;
        }
        for image in &self.images {
            writeln!(f, "file left: {}", image.display())?;
        }
        for (module, references) in &self.modules {
            writeln!(f, "module left: {module}, {references} references")?;
        }
        for (file, (count, bytes)) in &self.blocks {
            writeln!(f, "memory left: {count} blocks, {bytes} bytes, of {file}")?;
        }
        writeln!(f, "deepest kernel stack: {} bytes", self.deepest_stack)
    }
}

fn kernel_threads() -> impl Iterator<Item = &'static thread::Thread> {
    thread::all().into_iter().filter(|thread| thread.kind == ThreadKind::Kernel && thread.is_alive())
}

fn difference(now: &Counts, before: &Counts) -> Counts {
    Counts {
        threads: now.threads.saturating_sub(before.threads),
        semaphores: now.semaphores.saturating_sub(before.semaphores),
        caches: now.caches.saturating_sub(before.caches),
        objects: now.objects.saturating_sub(before.objects),
        blocks: now.blocks.saturating_sub(before.blocks),
        descriptors: now.descriptors.saturating_sub(before.descriptors),
        nodes: now.nodes.saturating_sub(before.nodes),
        images: now.images.saturating_sub(before.images),
        module_references: now.module_references.saturating_sub(before.module_references),
        system_calls: now.system_calls.saturating_sub(before.system_calls),
    }
}
