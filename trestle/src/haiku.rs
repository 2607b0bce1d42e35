//! The way to the add-on in Haiku's kernel: ioctls on a socket, to an interface of ours.
//!
//! A unit exists while the stack has an interface for it, so `create` makes the interface first. What is destroyed, the
//! add-on removes from the stack itself. While there is no interface of ours, the add-on has no state, and what the rules
//! say of an empty state is the answer.

mod arguments;
mod trouble;

pub use arguments::{OWN_IFCONFIG, is_for_own};

use crate::administer::{Door, Failure, execute};
use crate::neighbours;
use arguments::as_called;
use frame::Instant;
use kernel_glue::admin::{
    Blank, Change, InterfaceKind, MAX_UNIT, Name, Picture, Platform, Question, Reply, Request, State, Verb, answer,
};
use kernel_glue::haiku_user::{Asked, Calls, Descriptor, Socket, Status};
use std::ffi::OsString;
use std::thread;
use std::time::Duration;
use trouble::Trouble;

/// Runs one command line of `ifconfig` and returns what is to be printed, or why it came to nothing.
///
/// # Errors
/// In words.
pub fn ifconfig(calls: &impl Calls, arguments: &[OsString]) -> Result<String, String> {
    execute(arguments, || AddOn::open(calls)).map_err(|failure| as_called(&failure.to_string()))
}

/// Prints who has which IP address.
///
/// # Errors
/// In words.
pub fn neighbours(calls: &impl Calls, arguments: Vec<OsString>) -> Result<(), String> {
    neighbours::run(arguments, || AddOn::open(calls)).map_err(|error| as_called(&error))
}

/// The add-on, asked by a socket.
#[derive(Debug)]
pub struct AddOn<D> {
    socket: Socket<D>,
    /// Whether it has published nodes, which it does once and for all.
    has_nodes: bool,
}

impl<D: Descriptor> AddOn<D> {
    /// Opens the way to it. Whether it is there shows when it is asked.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] when the system has no network stack.
    pub fn open(calls: &impl Calls<Descriptor = D>) -> Result<Self, Failure> {
        let socket = Socket::open(calls).map_err(|status| Trouble::NoStack { status })?;
        Ok(Self { socket, has_nodes: calls.has_node(CLONE_NODE) })
    }

    /// Asks by whichever interface answers: others' drivers may have interfaces whose names are like ours.
    fn ask(&self, question: &Question) -> Result<Reply, Failure> {
        let json = serde_json::to_vec(&Request::Ask(question.clone()))?;
        let mut silent: Option<Trouble> = None;
        for interface in self.like_ours()? {
            let answered = match self.has(&interface) {
                Ok(true) => self.send(&interface, Asked::Question, &json),
                Ok(false) => continue,
                Err(trouble) => Err(trouble),
            };
            match answered {
                Ok(reply) => return Ok(serde_json::from_slice(&reply)?),
                // What else is wrong says more than that an interface is another driver's.
                Err(trouble) if silent.as_ref().is_none_or(Trouble::is_of_another_driver) => silent = Some(trouble),
                Err(_) => {}
            }
        }
        match silent {
            Some(trouble) => Err(trouble.into()),
            None => Ok(answer(&State::default(), &Picture::default(), &NOTHING, question, Instant::default())),
        }
    }

    fn change(&self, change: &Change) -> Result<Reply, Failure> {
        let mut change = change.clone();
        Platform::Haiku.spell(&mut change);
        let creates = change.verbs.first() == Some(&Verb::Create);
        match Name::parse(&change.interface) {
            Ok(Name::Any(kind)) if creates && can_exist(kind) => self.create_any(kind, change),
            Ok(Name::Unit(kind, unit)) if creates && can_exist(kind) => {
                self.create(&Name::Unit(kind, unit).to_string(), change)
            }
            Ok(_) | Err(_) => match self.found(&change.interface)? {
                Some(interface) => self.change_existing(&interface, change),
                None => Ok(State::default().apply(&change, &NOTHING).map_or_else(Reply::Refused, unchanged)),
            },
        }
    }

    /// Creates the lowest unit that is free, and takes the next one if somebody else was faster, or the add-on has no device
    /// of that name for now.
    fn create_any(&self, kind: InterfaceKind, change: Change) -> Result<Reply, Failure> {
        let names = (0..=MAX_UNIT).map(|unit| Name::Unit(kind, unit).to_string());
        let mut last = Ok(Reply::Changed { created: None });
        for name in names.filter(|name| matches!(self.found(name), Ok(None))).take(RIVALS) {
            match self.make(&name) {
                Ok(()) => {}
                Err(trouble) if trouble.is_of_this_name() => {
                    last = Err(trouble.into());
                    continue;
                }
                Err(trouble) => return Err(trouble.into()),
            }
            match self.fill(&name, Change { interface: name.clone(), ..change.clone() })? {
                Reply::Changed { .. } => return Ok(Reply::Changed { created: Some(name) }),
                Reply::Refused(error) if error.is_taken(&name) => last = Ok(Reply::Refused(error)),
                other @ (Reply::Refused(_) | Reply::Interfaces(_) | Reply::Addresses(_) | Reply::Neighbours(_)) => {
                    return Ok(other);
                }
            }
        }
        last
    }

    fn create(&self, name: &str, change: Change) -> Result<Reply, Failure> {
        if let Some(interface) = self.found(name)? {
            return self.change_existing(&interface, change);
        }
        let mut made = self.make(name);
        for _ in 0..LOOKS {
            if !made.as_ref().is_err_and(Trouble::is_of_this_name) {
                break;
            }
            // The last one of the name may be just going.
            thread::sleep(BETWEEN_LOOKS);
            made = self.make(name);
        }
        made?;
        self.fill(name, change)
    }

    /// Makes an interface.
    fn make(&self, name: &str) -> Result<(), Trouble> {
        let interface = name.to_owned();
        self.socket.add_interface(name).map_err(|status| match status {
            // What the driver said, the stack does not tell.
            Status::NO_DEVICE if self.is_loaded() => Trouble::NoDevice { interface },
            Status::NO_DEVICE => Trouble::NotInstalled { interface },
            // One that was removed takes its ties to the device along, when whoever looks at it has done.
            Status::NAME_IN_USE | Status::ERROR => Trouble::Busy { interface },
            status => Trouble::Interface { interface, status },
        })
    }

    /// Lets the add-on work on an interface that was just made. What it refuses leaves no interface behind.
    fn fill(&self, name: &str, change: Change) -> Result<Reply, Failure> {
        let destroys = change.verbs.last() == Some(&Verb::Destroy);
        let reply = self.change_existing(name, change);
        let keeps = match &reply {
            // Somebody else made the unit at the same time, and it is theirs.
            Ok(Reply::Refused(error)) => error.is_taken(name),
            Ok(Reply::Changed { .. }) => !destroys,
            Ok(Reply::Interfaces(_) | Reply::Addresses(_) | Reply::Neighbours(_)) | Err(_) => false,
        };
        if !keeps {
            self.remove(name)?;
        }
        reply
    }

    /// Sends a change to an interface that the stack has.
    fn change_existing(&self, interface: &str, change: Change) -> Result<Reply, Failure> {
        let json = serde_json::to_vec(&Request::Change(change))?;
        Ok(serde_json::from_slice(&self.send(interface, Asked::Change, &json)?)?)
    }

    fn remove(&self, interface: &str) -> Result<(), Trouble> {
        match self.socket.remove_interface(interface) {
            Err(status) if self.socket.has_interface(interface) => {
                Err(Trouble::Interface { interface: interface.into(), status })
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn send(&self, interface: &str, asked: Asked, json: &[u8]) -> Result<Vec<u8>, Trouble> {
        self.socket.exchange(interface, asked, json).map_err(|status| {
            let interface = interface.to_owned();
            if !status.is_unknown_request() {
                Trouble::NoAnswer { interface, status }
            } else if self.socket.has_interface(&interface) {
                Trouble::AnotherDriver { interface, status }
            } else {
                Trouble::Busy { interface }
            }
        })
    }

    /// Returns the stack's name of one of our interfaces, if it has it, by either spelling.
    fn found(&self, name: &str) -> Result<Option<String>, Trouble> {
        let other = match Name::parse(name) {
            Ok(Name::Unit(kind @ (InterfaceKind::Tap | InterfaceKind::Tun), unit)) => {
                Some(format!("{}/{unit}", kind.group()))
            }
            Ok(Name::Unit(InterfaceKind::Bridge, _)) => None,
            Ok(_) | Err(_) => return Ok(None),
        };
        for spelling in std::iter::once(name.to_owned()).chain(other) {
            if self.has(&spelling)? {
                return Ok(Some(spelling));
            }
        }
        Ok(None)
    }

    /// Returns whether the stack has an interface. While somebody brings one up, it is listed and yet not found.
    fn has(&self, name: &str) -> Result<bool, Trouble> {
        for _ in 0..LOOKS {
            if self.socket.has_interface(name) {
                return Ok(true);
            }
            let listed = self.socket.interfaces().map_err(|status| Trouble::NoStack { status })?;
            if !listed.iter().any(|listed| listed == name) {
                return Ok(false);
            }
            thread::sleep(BETWEEN_LOOKS);
        }
        Err(Trouble::Busy { interface: name.into() })
    }

    /// Returns whether the add-on has shown that it is in the kernel.
    fn is_loaded(&self) -> bool {
        let question = Request::Ask(Question::Neighbours(None));
        let answers = |json: &[u8]| {
            let like_ours = self.like_ours().unwrap_or_default();
            like_ours.iter().any(|interface| self.socket.exchange(interface, Asked::Question, json).is_ok())
        };
        self.has_nodes || serde_json::to_vec(&question).is_ok_and(|json| answers(&json))
    }

    /// Lists the interfaces whose names are like ours.
    fn like_ours(&self) -> Result<Vec<String>, Trouble> {
        let mut all = self.socket.interfaces().map_err(|status| Trouble::NoStack { status })?;
        all.retain(|name| is_ours(name));
        Ok(all)
    }
}

impl<D: Descriptor> Door for AddOn<D> {
    fn exchange(&mut self, request: &Request) -> Result<Reply, Failure> {
        match request {
            Request::Change(change) => self.change(change),
            Request::Ask(question) => self.ask(question),
        }
    }
}

/// Returns whether the stack's name of an interface is of a unit of ours.
fn is_ours(interface: &str) -> bool {
    Platform::Haiku.own_name(interface).is_some()
        || matches!(Name::parse(interface), Ok(Name::Unit(kind, _)) if can_exist(kind))
}

const fn can_exist(kind: InterfaceKind) -> bool {
    match kind {
        InterfaceKind::Bridge | InterfaceKind::Tap | InterfaceKind::Tun => true,
        InterfaceKind::Vport => false,
    }
}

/// What an empty state lets pass has no interface to be about, as a line without verbs.
fn unchanged<T>(_: T) -> Reply {
    Reply::Changed { created: None }
}

/// How many units others may take while we look for one.
const RIVALS: usize = 16;

/// A system without interfaces of ours.
const NOTHING: Blank = Blank(Platform::Haiku);

/// How often, and how far apart, to look for an interface that somebody brings up, or to make one whose name is not free
/// yet. Guesses: a card takes milliseconds.
const LOOKS: usize = 50;
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// A node that the add-on has from its first tap or tun on.
const CLONE_NODE: &str = "/dev/tap/clone";

#[cfg(test)]
mod tests;
