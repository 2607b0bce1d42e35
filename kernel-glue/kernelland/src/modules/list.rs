//! Lists of modules: a lazy walk through the directories, which loads one file after the other and initialises none.

use super::image::{self, ModuleImage, built_in};
use super::{ModulesLock, search};
use haiku_abi::{B_ENTRY_NOT_FOUND, status_t};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A walk through the modules whose names begin with a prefix.
#[derive(Debug)]
pub(crate) struct ModuleList {
    prefix: String,
    suffix: Option<String>,
    /// Directories to visit, the next one last, each with its root.
    directories: Vec<(PathBuf, PathBuf)>,
    /// Files of the directory that is being visited.
    files: VecDeque<PathBuf>,
    built_in: VecDeque<PathBuf>,
    /// The file at hand, and how many of its modules were looked at.
    at: Option<(Arc<ModuleImage>, usize)>,
}

/// Begins a walk.
pub(crate) fn open_list(prefix: &str, suffix: Option<&str>) -> ModuleList {
    let directories = search::roots().into_iter().rev().map(|root| (root.clone(), root)).collect();
    ModuleList {
        prefix: prefix.to_owned(),
        suffix: suffix.filter(|suffix| !suffix.is_empty()).map(str::to_owned),
        directories,
        files: VecDeque::new(),
        built_in: built_in().into(),
        at: None,
    }
}

impl ModuleList {
    /// Returns the next name.
    pub(crate) fn next(&mut self) -> Result<String, status_t> {
        let _lock = ModulesLock::lock();
        loop {
            if let Some((image, looked_at)) = &mut self.at {
                let Some(info) = image.modules().get(*looked_at) else {
                    image::put(image);
                    self.at = None;
                    continue;
                };
                *looked_at = looked_at.saturating_add(1);
                let name = info.name();
                if name.starts_with(&self.prefix) && self.ends_right(&name) {
                    return Ok(name);
                }
                continue;
            }
            let path = self.next_file().ok_or(B_ENTRY_NOT_FOUND)?;
            if let Ok(image) = image::get(&path) {
                self.at = Some((image, 0));
            }
        }
    }

    fn ends_right(&self, name: &str) -> bool {
        let Some(suffix) = &self.suffix else { return true };
        name.strip_suffix(suffix).is_some_and(|before| before.ends_with('/'))
    }

    fn next_file(&mut self) -> Option<PathBuf> {
        loop {
            if let Some(file) = self.files.pop_front() {
                return Some(file);
            }
            if let Some((directory, root)) = self.directories.pop() {
                self.visit(&directory, &root);
                continue;
            }
            let file = self.built_in.pop_front()?;
            if self.leads_there(&file) && !search::overridden(&file) {
                return Some(file);
            }
        }
    }

    /// Sorts the directory's entries into files to load and directories to visit later; an unreadable one has none.
    fn visit(&mut self, directory: &Path, root: &Path) {
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let below = path.strip_prefix(root).unwrap_or(&path);
            let skipped = path.file_name().is_some_and(|name| name == "bin" || name == "dev");
            if skipped || !self.leads_there(below) {
                continue;
            }
            if path.is_dir() {
                self.directories.push((path, root.to_owned()));
            } else if path.is_file() {
                self.files.push_back(path);
            }
        }
    }

    /// Whether what lies at `below` can have modules with the prefix.
    fn leads_there(&self, below: &Path) -> bool {
        let below = below.to_string_lossy();
        below.starts_with(&self.prefix) || self.prefix.starts_with(&*below)
    }
}

impl Drop for ModuleList {
    fn drop(&mut self) {
        if let Some((image, _)) = self.at.take() {
            let _lock = ModulesLock::lock();
            image::put(&image);
        }
    }
}
