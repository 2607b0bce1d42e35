//! Requests and replies, as the bytes that a program sends and gets.

use super::Answer;
use super::book::Book;
use super::look::Cause;
use super::weight;
use crate::control::Access;
use crate::kernel::{Status, clock, heap};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use haiku_abi::admin::{CHANGE_REPLY_BYTES, MAX_REPLY_BYTES};
use kernel_glue::admin::{AdminError, Change, Errno, Question, Reply, Request, answer};

impl Book {
    /// Carries out a request of a user.
    pub(super) fn exchange(&mut self, access: Access, user: u32, request: &[u8]) -> Result<Answer, Status> {
        let parsed = request.len().saturating_mul(PARSED_BYTES);
        let bytes = parsed.saturating_add(self.weight());
        let Ok(_aside) = heap::set_aside(bytes) else { return starved(bytes) };
        let request = match read(request) {
            Ok(request) => request,
            Err(error) => return answer_with(&Reply::Refused(unreadable(&error)), Some(Status::B_BAD_DATA)),
        };
        self.look(Cause::Call);
        match *request {
            Request::Change(change) => {
                let bytes = parsed.saturating_add(self.weight()).saturating_add(weight::of_change(&change));
                let Ok(_aside) = heap::set_aside(bytes) else { return starved(bytes) };
                self.exchange_change(access, user, &change)
            }
            Request::Ask(question) => match self.weight_of(&question) {
                Ok(bytes) => {
                    let Ok(_aside) = heap::set_aside(bytes) else { return starved(bytes) };
                    self.answer(&question)
                }
                Err(refused) => answer_with(&Reply::Refused(refused), None),
            },
        }
    }

    /// Returns a bound of what an answer takes.
    ///
    /// # Errors
    /// It would be longer than an answer can be.
    #[inline(never)]
    fn weight_of(&self, question: &Question) -> Result<usize, AdminError> {
        let listed = match question {
            Question::Show(_) => 0,
            Question::Addresses(name) => match self.ground.bridge(name) {
                Some(served) => weight::of_addresses(name, served.addresses())?,
                None => 0,
            },
            Question::Neighbours(_) => weight::of_neighbours(self.ground.neighbours_known()),
        };
        Ok(self.weight().saturating_add(listed))
    }

    #[inline(never)]
    fn answer(&self, question: &Question) -> Result<Answer, Status> {
        answer_with(&answer(&self.state, &self.picture, &self.ground, question, clock::now()), None)
    }

    #[inline(never)]
    fn exchange_change(&mut self, access: Access, user: u32, change: &Change) -> Result<Answer, Status> {
        if access == Access::Ask || user != ROOT {
            return answer_with(&Reply::Refused(not_permitted(change, user)), Some(Status::B_NOT_ALLOWED));
        }
        match self.change(change) {
            Ok(created) => answer_with(&Reply::Changed { created }, None),
            Err(error) => answer_with(&Reply::Refused(brief(error)), None),
        }
    }
}

// Each is in a frame of its own: the stacks of the kernel are small.
#[inline(never)]
fn read(request: &[u8]) -> Result<Box<Request>, serde_json::Error> {
    serde_json::from_slice(request)
}

#[inline(never)]
fn answer_with(reply: &Reply, status: Option<Status>) -> Result<Answer, Status> {
    let json = serde_json::to_vec(reply).map_err(|_| Status::B_ERROR)?;
    match json.len() {
        fits if fits <= MAX_REPLY_BYTES as usize => Ok(Answer { json, status }),
        bytes => answer_with(&Reply::Refused(weight::too_long(bytes)), status),
    }
}

#[inline(never)]
fn starved(bytes: usize) -> Result<Answer, Status> {
    answer_with(&Reply::Refused(weight::starved(bytes)), Some(Status::B_NO_MEMORY))
}

fn unreadable(error: &serde_json::Error) -> AdminError {
    AdminError {
        operation: "the request can not be read".into(),
        errno: Some(Errno::Invalid),
        detail: format!("{error}; use the trestle that came with the add-on"),
    }
}

/// Says who may do what was tried.
fn not_permitted(change: &Change, user: u32) -> AdminError {
    let detail = match user {
        ROOT => "changes are made by SIOCSDRVSPEC".into(),
        user => format!("user {user} may only read; root may change"),
    };
    let interface = cut(change.interface.clone());
    AdminError { operation: format!("ifconfig {interface}"), errno: Some(Errno::NotPermitted), detail }
}

/// Cuts what was said of a change to what fits into the reply for which every program has room.
fn brief(error: AdminError) -> AdminError {
    AdminError { operation: cut(error.operation), detail: cut(error.detail), ..error }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(TEXT_BYTES));
    text
}

/// A third of what a program has room for: JSON writes a quotation mark as two octets, and a control character, which no
/// name has, as six.
const TEXT_BYTES: usize = CHANGE_REPLY_BYTES as usize / 6;

/// What the octets of a request become when they are read: the shortest verb, of 13 octets, is one [`Verb`] in a list that
/// doubles its room as it grows.
///
/// [`Verb`]: kernel_glue::admin::Verb
const PARSED_BYTES: usize = 16;

/// `B_SYSTEM_USER`.
const ROOT: u32 = 0;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use kernel_glue::admin::Verb;

    #[test]
    fn a_verb_weighs_no_more_than_is_permitted() {
        let shortest = r#"{"verb":"up"},"#.len();
        assert!(2 * size_of::<Verb>() <= shortest * PARSED_BYTES);
    }

    #[test]
    fn a_refusal_fits_however_long_its_words() {
        let text = "\"".repeat(64 * 1024);
        let long = AdminError { operation: text.clone(), errno: Some(Errno::Io), detail: text };
        let answer = answer_with(&Reply::Refused(brief(long)), None).unwrap();
        assert!(answer.json.len() <= CHANGE_REPLY_BYTES as usize, "{}", answer.json.len());
    }

    #[test]
    fn an_answer_that_is_too_long_says_what_to_do() {
        let error = AdminError { operation: "x".repeat(MAX_REPLY_BYTES as usize), errno: None, detail: String::new() };
        let answer = answer_with(&Reply::Refused(error), None).unwrap();
        let said = String::from_utf8(answer.json).unwrap();
        assert!(said.contains("a reply holds 4194304; ask for one interface by its name"), "{said}");
    }

    #[test]
    fn who_may_not_change_is_told_who_may() {
        let change = Change { interface: "bridge0".into(), verbs: Vec::new() };
        let error = not_permitted(&change, 1000);
        assert_eq!((error.operation.as_str(), error.errno), ("ifconfig bridge0", Some(Errno::NotPermitted)));
        assert_eq!(error.detail, "user 1000 may only read; root may change");
    }
}
