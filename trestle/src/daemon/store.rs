//! The file that keeps what operators asked for across restarts.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::marker::PhantomData;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A TOML file that is replaced as a whole, so that a reader finds the old state or the new one, whenever the writer
/// is killed.
#[derive(Debug)]
pub(crate) struct Store<T> {
    path: PathBuf,
    content: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned + Default> Store<T> {
    /// Names the file; nothing is read yet.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path, content: PhantomData }
    }

    /// Reads the file; one that does not exist holds the default.
    pub(crate) fn load(&self) -> Result<T, StoreError> {
        match fs::read_to_string(&self.path) {
            Ok(text) => parse(&self.path, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(T::default()),
            Err(error) => Err(StoreError::Read { path: self.path.clone(), error }),
        }
    }

    /// Replaces the file. On return the content is on the disk.
    pub(crate) fn save(&self, content: &T) -> Result<(), StoreError> {
        let fail = |error| StoreError::Write { path: self.path.clone(), error };
        let text = toml::to_string(content).map_err(|error| fail(io::Error::other(error)))?;
        let dir = match self.path.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => dir,
            Some(_) | None => Path::new("."),
        };
        fs::create_dir_all(dir).map_err(fail)?;
        let aside = self.path.with_extension("toml.new");
        write_through(&aside, text.as_bytes()).map_err(fail)?;
        fs::rename(&aside, &self.path).map_err(fail)?;
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(fail)
    }
}

/// Reads a file that an operator wrote; it must exist.
pub(crate) fn read_config<T: DeserializeOwned>(path: &Path) -> Result<T, StoreError> {
    let text = fs::read_to_string(path).map_err(|error| StoreError::Read { path: path.to_owned(), error })?;
    parse(path, &text)
}

fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, StoreError> {
    toml::from_str(text).map_err(|error| StoreError::Parse { path: path.to_owned(), error: Box::new(error) })
}

fn write_through(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Why state could not be kept or read.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum StoreError {
    /// The file cannot be read.
    Read { path: PathBuf, error: io::Error },
    /// The file is not what it should be; the error names line and key.
    Parse { path: PathBuf, error: Box<toml::de::Error> },
    /// The file cannot be replaced.
    Write { path: PathBuf, error: io::Error },
}

impl fmt::Display for StoreError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, error } => write!(out, "cannot read {}: {error}", path.display()),
            Self::Parse { path, error } => {
                write!(out, "{}: {}", path.display(), error.to_string().trim_end())
            }
            Self::Write { path, error } => {
                write!(out, "cannot write {}: {error}; name a file that can be written with --state", path.display())
            }
        }
    }
}

impl std::error::Error for StoreError {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Content {
        #[serde(default)]
        names: BTreeMap<String, u32>,
    }

    fn file(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("trestle-store-{}-{name}", std::process::id())).join("state.toml")
    }

    #[test]
    fn what_was_saved_is_loaded_and_nothing_is_left_beside_it() {
        let path = file("round");
        let store = Store::<Content>::at(path.clone());
        assert_eq!(store.load().unwrap(), Content::default());
        for value in 0..3 {
            let content = Content { names: BTreeMap::from([("a".into(), value)]) };
            store.save(&content).unwrap();
            assert_eq!(store.load().unwrap(), content);
        }
        let dir = path.parent().unwrap();
        assert_eq!(fs::read_dir(dir).unwrap().count(), 1);
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_writer_killed_half_way_leaves_the_old_state() {
        let path = file("killed");
        let store = Store::<Content>::at(path.clone());
        let old = Content { names: BTreeMap::from([("old".into(), 1)]) };
        store.save(&old).unwrap();
        fs::write(path.with_extension("toml.new"), "names = {ne").unwrap();
        assert_eq!(store.load().unwrap(), old);
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn a_mistake_is_named_with_file_line_and_key() {
        let path = file("mistake");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "[names]\na = 1\n[nmaes]\nb = 2\n").unwrap();
        let error = Store::<Content>::at(path.clone()).load().unwrap_err().to_string();
        assert!(error.contains("state.toml") && error.contains("line 3") && error.contains("nmaes"), "{error}");
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}
