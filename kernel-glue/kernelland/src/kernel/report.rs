//! What there is in the kernel, and what is left of it at the end.

use crate::fault::Fault;
use crate::thread::{self, Thread, ThreadKind};
use crate::{cache, devfs, fault, heap, loader, modules, sem, syscalls, team};
use std::collections::BTreeMap;
use std::fmt;

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
            objects: caches.iter().map(|(_, objects, _)| objects).sum(),
            blocks: heap::live().len(),
            descriptors: team::open().len(),
            nodes: devfs::nodes().len(),
            images: loader::mapped().len(),
            module_references: modules::references().iter().map(|(_, references)| *references as usize).sum(),
            system_calls: syscalls::all().len(),
        }
    }
}

/// Something that is left.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Left {
    /// The add-on whose code made it, by its file's name; "the kernel" for everything else.
    pub maker: String,
    /// What it is.
    pub what: String,
}

/// What was left when the kernel was shut down, and the faults that were found before.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Threads, semaphores, caches, nodes, descriptors, memory, loaded files and referenced modules.
    pub left: Vec<Left>,
    /// Orders of locks that can deadlock, waits that a lock forbids, and the like.
    pub faults: Vec<Fault>,
    /// How many there are of everything.
    pub counts: Counts,
    /// How deep a kernel stack has been at most, in bytes.
    pub deepest_stack: usize,
}

impl Report {
    /// Says what there is. Memory that was written to by those who may not ends the process here.
    pub(super) fn new() -> Self {
        heap::check();
        Self { left: left(), faults: fault::reports(), counts: Counts::now(), deepest_stack: thread::deepest_stack() }
    }

    /// Whether nothing is left and no fault was found.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty() && self.left.is_empty()
    }

    /// Returns the part that concerns an add-on, by its file's name: what its code made, and faults with its code in them. Those of
    /// a stack that is not ours stay out of it.
    #[must_use]
    pub fn concerning(&self, file: &str) -> Self {
        Self {
            left: self.left.iter().filter(|left| left.maker == file).cloned().collect(),
            faults: self.faults.iter().filter(|fault| fault.concerns(file)).cloned().collect(),
            counts: self.counts.clone(),
            deepest_stack: self.deepest_stack,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.faults {
            writeln!(f, "fault: {fault}")?;
        }
        for Left { maker, what } in &self.left {
            writeln!(f, "left of {maker}: {what}")?;
        }
        writeln!(f, "deepest kernel stack: {} bytes", self.deepest_stack)
    }
}

fn left() -> Vec<Left> {
    let mut left = Vec::new();
    let mut add = |caller: usize, what: String| left.push(Left { maker: maker(caller), what });
    for thread in kernel_threads() {
        let ThreadKind::Kernel(caller) = thread.kind else { continue };
        add(caller, thread.to_string());
    }
    for (name, caller) in sem::all() {
        add(caller, format!("semaphore \"{name}\""));
    }
    for (name, objects, caller) in cache::all() {
        add(caller, format!("object cache \"{name}\" with {objects} objects"));
    }
    for node in devfs::nodes() {
        add(node.caller, format!("/dev/{}", node.path));
    }
    for (team, fd, path) in team::open() {
        add(0, format!("descriptor {fd} of team {team}, /dev/{path}"));
    }
    for (name, references) in modules::references() {
        add(0, format!("module {name} with {references} references"));
    }
    for path in loader::mapped() {
        add(0, format!("file {}", path.display()));
    }
    let mut memory = BTreeMap::<usize, (usize, usize)>::new();
    for block in heap::live() {
        let (count, bytes) = memory.entry(block.caller).or_default();
        *count = count.saturating_add(1);
        *bytes = bytes.saturating_add(block.size);
    }
    for (caller, (count, bytes)) in memory {
        add(caller, format!("{count} blocks, {bytes} bytes, of {}", fault::place(caller)));
    }
    left
}

/// Returns the name of the file in which an address of code lies, or lay.
fn maker(caller: usize) -> String {
    modules::file_name(caller).unwrap_or_else(|| "the kernel".to_owned())
}

pub(super) fn kernel_threads() -> impl Iterator<Item = &'static Thread> {
    let threads = thread::all().into_iter();
    threads.filter(|thread| matches!(thread.kind, ThreadKind::Kernel(_)) && thread.is_alive())
}
