//! Arguments to a [`Command`].

mod options;
mod verbs;

use super::command::{Command, Read};
use super::error::UsageError;
use super::{help, keywords};
use kernel_glue::admin::{Change, Verb, Which};
use options::{List, Options};
use std::ffi::OsString;
use verbs::Parsed;

/// Reads a command line, without the name of the program.
///
/// # Errors
/// The first word, from the left, that means nothing.
pub fn parse(arguments: &[OsString]) -> Result<Command, UsageError> {
    let words: Vec<&str> = arguments.iter().map(utf8).collect::<Result<_, _>>()?;
    let (options, words) = Options::split(arguments, &words)?;
    let style = options.style;
    if options.help {
        return help::topic(words).map(Command::Help);
    }
    let Some((&interface, rest)) = words.split_first() else {
        return Ok(Command::Read { read: read_many(options), style });
    };
    if interface == "help" {
        return help::topic(rest).map(Command::Help);
    }
    if let Some(after) = options.many() {
        return Err(UsageError::Unexpected { word: interface.to_owned(), after });
    }
    if keywords::find(interface).is_some() {
        return Err(UsageError::InterfaceFirst(interface.to_owned()));
    }
    one(interface, &options, verbs::parse(interface, rest)?)
}

fn utf8(argument: &OsString) -> Result<&str, UsageError> {
    argument.to_str().ok_or_else(|| UsageError::NotUtf8(argument.clone()))
}

fn read_many(options: Options) -> Read {
    let which = options.group.map_or(Which::All, Which::Group);
    match options.list {
        Some(List::Names) => Read::Names { which },
        Some(List::All) | None => Read::Show { which, verbosity: options.verbosity },
    }
}

fn one(interface: &str, options: &Options, parsed: Parsed) -> Result<Command, UsageError> {
    let style = parsed.style.unwrap_or(options.style);
    let read = if parsed.addresses {
        Read::Addresses { bridge: interface.to_owned() }
    } else {
        let verbosity = parsed.verbosity.unwrap_or(options.verbosity);
        Read::Show { which: Which::Named(interface.to_owned()), verbosity }
    };
    if parsed.verbs.is_empty() {
        return Ok(Command::Read { read, style });
    }
    // Only `-v` after the interface shows what a change made; before it, a change prints nothing, as in FreeBSD.
    let reads = parsed.addresses || parsed.verbosity.is_some();
    let clone = parsed.verbs.contains(&Verb::Create) && !interface.ends_with(|c: char| c.is_ascii_digit());
    if reads && clone {
        return Err(UsageError::Unnamed(interface.to_owned()));
    }
    let change = Change { interface: interface.to_owned(), verbs: parsed.verbs };
    Ok(Command::Change { change, then: reads.then_some(read), style })
}

#[cfg(test)]
mod tests;
