//! The options before the interface.

use crate::ifconfig::command::{Style, Verbosity};
use crate::ifconfig::error::UsageError;
use lexopt::{Arg, Parser};
use std::ffi::OsString;

/// The options of a line.
pub(super) struct Options {
    /// `-v`.
    pub(super) verbosity: Verbosity,
    /// `-j`.
    pub(super) style: Style,
    /// `-g GROUP`.
    pub(super) group: Option<String>,
    /// `-a` or `-l`; the latter wins.
    pub(super) list: Option<List>,
    /// `-h`, `--help`.
    pub(super) help: bool,
}

/// What is listed of many interfaces.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum List {
    /// Everything, `-a`.
    All,
    /// Names, `-l`.
    Names,
}

impl Options {
    /// Reads `arguments` up to the first that is no option, and returns the rest, of `words` that are the same.
    pub(super) fn split<'a>(arguments: &[OsString], words: &'a [&'a str]) -> Result<(Self, &'a [&'a str]), UsageError> {
        let mut options =
            Self { verbosity: Verbosity::Brief, style: Style::Text, group: None, list: None, help: false };
        let mut parser = Parser::from_args(arguments);
        let option = |error: lexopt::Error| UsageError::Option(error.to_string());
        while let Some(argument) = parser.next().map_err(option)? {
            match argument {
                Arg::Short('v') => options.verbosity = Verbosity::Verbose,
                Arg::Short('j') => options.style = Style::Json,
                // FreeBSD: loads no module. There is none to load.
                Arg::Short('n') => {}
                Arg::Short('a') => options.list = options.list.or(Some(List::All)),
                Arg::Short('l') => options.list = Some(List::Names),
                Arg::Short('g') => {
                    let group = parser.value().map_err(option)?;
                    options.group = Some(group.to_string_lossy().into_owned());
                }
                Arg::Short('h') | Arg::Long("help") => options.help = true,
                Arg::Value(_) => {
                    let rest = parser.raw_args().map_err(option)?.count();
                    let from = words.len().saturating_sub(rest.saturating_add(1));
                    return Ok((options, words.get(from..).unwrap_or_default()));
                }
                Arg::Short(_) | Arg::Long(_) => return Err(option(argument.unexpected())),
            }
        }
        Ok((options, &[]))
    }

    /// Returns the option that asks for many interfaces.
    pub(super) fn many(&self) -> Option<&'static str> {
        match (self.list, &self.group) {
            (Some(List::All), _) => Some("-a"),
            (Some(List::Names), _) => Some("-l"),
            (None, Some(_)) => Some("-g <group>"),
            (None, None) => None,
        }
    }
}
