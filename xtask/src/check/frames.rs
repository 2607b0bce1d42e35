//! How much stack each function takes, and whether any writes below the stack pointer.
//!
//! Kernel threads of Haiku have 16 KiB of stack, of which an interrupt may take nearly 3 at any time, from the stack
//! pointer down: so no frame is large, and nothing lives below the pointer.

use super::{Breach, Rule};
use crate::image::{Code, Image};
use rustc_demangle::demangle;
use std::collections::{BTreeMap, HashMap};

mod chains;
mod walk;

pub(crate) use chains::Chain;
use chains::Node;
use walk::{Fault, walk};

/// The stack that a function takes between its entry and its calls.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Frame {
    pub(crate) name: String,
    pub(crate) bytes: u64,
}

/// The stack of the whole file.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// Every function, largest first.
    pub(crate) all: Vec<Frame>,
    /// Those that take most when they call each other.
    pub(crate) chain: Chain<String>,
}

/// Measures every function.
pub(super) fn check(image: &Image<'_>, breaches: &mut Vec<Breach>) -> Frames {
    let mut broken = |rule, what| breaches.push(Breach { rule, what });
    if image.code.is_empty() {
        broken(Rule::Code, "no section of code".into());
    } else if !image.named.iter().any(|symbol| symbol.is_function()) {
        broken(Rule::Code, "no function in .symtab".into());
    }
    let (mut frames, mut nodes, mut names) = (Vec::new(), HashMap::new(), HashMap::new());
    for code in &image.code {
        for (name, part) in functions(image, code) {
            let address = part.address;
            let walked = walk(part);
            for fault in walked.faults {
                let (rule, at, what) = match fault {
                    Fault::BelowStackPointer(at) => (Rule::RedZone, at, "touches memory below the stack pointer"),
                    Fault::StackPointer(at) => (Rule::StackPointer, at, "moves the stack pointer by an unknown amount"),
                    Fault::NotCode(at) => (Rule::Code, at, "is no instruction"),
                };
                broken(rule, format!("{at:#x} in {name} {what}"));
            }
            if walked.frame >= LIMIT {
                broken(Rule::Frame, format!("{name} takes {} bytes of stack, {LIMIT} are too many", walked.frame));
            }
            nodes.insert(address, Node { frame: walked.frame, calls: walked.calls });
            names.insert(address, name.clone());
            frames.push(Frame { name, bytes: walked.frame });
        }
    }
    for symbol in image.named.iter().filter(|symbol| symbol.name.contains("probestack")) {
        broken(Rule::Probe, symbol.name.clone());
    }
    frames.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    let found = chains::deepest(&nodes);
    if found.bytes >= CHAIN_LIMIT {
        let what = format!("direct calls take {} bytes of stack, {CHAIN_LIMIT} are too many", found.bytes);
        breaches.push(Breach { rule: Rule::Chain, what });
    }
    let name = |(address, bytes)| (names.remove(&address).unwrap_or_else(|| format!("{address:#x}")), bytes);
    Frames { all: frames, chain: Chain { bytes: found.bytes, links: found.links.into_iter().map(name).collect() } }
}

/// Cuts `code` at the functions that `.symtab` names. What lies between them, unless it is padding, is a function too,
/// called by its address: assembly without symbols, or the linker's call stubs.
fn functions<'a>(image: &Image<'_>, code: &Code<'a>) -> Vec<(String, Code<'a>)> {
    let inside = |address: u64| address.checked_sub(code.address).filter(|into| *into < code.bytes.len() as u64);
    // By offset: the length and the name. Identical functions share an address; the longest name says most.
    let mut named: BTreeMap<u64, (u64, String)> = BTreeMap::new();
    for symbol in image.named.iter().filter(|symbol| symbol.is_function()) {
        let Some(into) = inside(symbol.address) else { continue };
        let slot = named.entry(into).or_default();
        *slot = std::mem::take(slot).max((symbol.bytes, format!("{:#}", demangle(&symbol.name))));
    }
    let cut = |from: u64, to: u64| {
        let bytes = code.bytes.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)?;
        Some(Code { address: code.address.saturating_add(from), bytes })
    };
    let mut found = Vec::new();
    let mut covered = 0;
    let ends = named.keys().skip(1).copied().chain([code.bytes.len() as u64]);
    for ((&from, (bytes, name)), next) in named.iter().zip(ends.collect::<Vec<_>>()) {
        found.extend(cut(covered, from).map(|gap| (format!("{:#x}", gap.address), gap)));
        // Assembly often has no size: then the function ends where the next one begins.
        let end = if *bytes == 0 { next } else { from.saturating_add(*bytes).min(next) };
        found.extend(cut(from, end).map(|part| (name.clone(), part)));
        covered = covered.max(end);
    }
    found.extend(cut(covered, code.bytes.len() as u64).map(|gap| (format!("{:#x}", gap.address), gap)));
    found.retain(|(_, part)| !walk::is_padding(part.bytes));
    found
}

/// A frame has to be smaller than this: a sixteenth of a kernel stack.
pub(super) const LIMIT: u64 = 1024;

/// A chain has to be smaller than this: what is left of a kernel stack when an interrupt has taken its 3 KiB and the
/// kernel, before it calls the add-on and when the add-on calls it, as much again. The last is a guess.
const CHAIN_LIMIT: u64 = 10 * 1024;
