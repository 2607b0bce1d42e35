//! Whether Haiku's kernel can load a file, and whether its code can run there.
//!
//! A file that breaks these rules is not refused by the kernel in a civil way: one with the wrong segments makes it
//! fault, and one whose frames are too large overruns a kernel stack some day. So all of them are errors here.

use crate::failure::{Failure, at};
use crate::image::{Image, ImageError};
use crate::symbols::Symbols;
use std::fmt;
use std::fs;
use std::path::Path;

mod frames;
mod layout;
mod linkage;
mod rule;

use frames::Frames;
pub(crate) use rule::{Breach, Rule};

/// What is known of a file after it was checked.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) breaches: Vec<Breach>,
    frames: Frames,
    imports: Vec<String>,
    /// Bytes in memory of the segment with the code, and of the one with the data.
    code_bytes: u64,
    data_bytes: u64,
}

/// Checks the bytes of an add-on.
pub(crate) fn check(bytes: &[u8], symbols: &Symbols) -> Report {
    let mut report = Report::default();
    let image = match Image::parse(bytes) {
        Ok(image) => image,
        Err(error @ ImageError::Header(_)) => {
            report.breaches.push(Breach { rule: Rule::Header, what: error.to_string() });
            return report;
        }
        Err(error @ ImageError::Outside(_)) => {
            report.breaches.push(Breach { rule: Rule::Truncated, what: error.to_string() });
            return report;
        }
    };
    layout::check(&image, &mut report.breaches);
    linkage::check(&image, symbols, &mut report.breaches);
    report.frames = frames::check(&image, &mut report.breaches);
    report.imports = linkage::imports(&image).map(|symbol| symbol.name.clone()).collect();
    report.imports.sort();
    for segment in image.loads() {
        *if segment.executable { &mut report.code_bytes } else { &mut report.data_bytes } += segment.memory_bytes;
    }
    report
}

/// Checks the file at `path`, prints what was found, and fails if there is a breach.
pub(crate) fn print(path: &Path, symbols: &Symbols) -> Result<(), Failure> {
    let bytes = fs::read(path).map_err(at(path))?;
    let report = check(&bytes, symbols);
    eprint!("{report}");
    match report.breaches.len() {
        0 => Ok(()),
        breaches => Err(Failure::Refused { path: path.to_owned(), breaches }),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "segments: {} bytes read-only with the code, {} bytes of data", self.code_bytes, self.data_bytes)?;
        writeln!(f, "imports ({}): {}", self.imports.len(), self.imports.join(" "))?;
        writeln!(f, "largest stack frames of {} functions, in bytes:", self.frames.all.len())?;
        for frame in self.frames.all.iter().take(SHOWN) {
            writeln!(f, "{:8}  {}", frame.bytes, frame.name)?;
        }
        writeln!(f, "deepest chain of direct calls, {} bytes:", self.frames.chain.bytes)?;
        for (name, bytes) in &self.frames.chain.links {
            writeln!(f, "{bytes:8}  {name}")?;
        }
        for breach in &self.breaches {
            writeln!(f, "error: {breach}")?;
        }
        Ok(())
    }
}

/// How many frames a report lists.
const SHOWN: usize = 10;

#[cfg(test)]
mod tests;
