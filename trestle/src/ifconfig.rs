//! The `ifconfig` command line: its grammar and its output.
//!
//! One table of keywords drives parsing, `ifconfig help` and the printed verb lists. Text becomes a
//! [`Change`](kernel_glue::admin::Change) or a [`Read`]; reports become text in FreeBSD 15's layout or JSON. Nothing
//! here talks to anyone: the caller sends, prints and exits.

mod accounts;
mod address;
mod arguments;
mod command;
mod device;
mod error;
pub mod format;
mod help;
mod keywords;
mod nearest;
mod netmask;
mod number;
mod parse;
mod verb_text;

pub use command::{Command, Read, Style, Verbosity};
pub use error::{UsageError, What};
pub(crate) use keywords::is_verb;
pub use parse::parse;
pub use verb_text::{change_text, verb_words};

#[cfg(test)]
mod golden;
