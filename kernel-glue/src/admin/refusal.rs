//! Why a rule says no, before it is known which verb or key it answers.

use super::error::{AdminError, Errno};
use alloc::string::String;

/// Class, reason and remedy.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) errno: Errno,
    pub(super) detail: String,
}

impl Refusal {
    /// Names the operation that was refused.
    pub(super) fn of(self, operation: String) -> AdminError {
        AdminError { operation, errno: Some(self.errno), detail: self.detail }
    }
}

pub(super) fn refuse<T>(errno: Errno, detail: String) -> Result<T, Refusal> {
    Err(Refusal { errno, detail })
}
