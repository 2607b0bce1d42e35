//! Interfaces are made by anybody, and taken in charge by an operator's `create` or a program's clone node: by the first.

use super::book::Book;
use super::look::Cause;
use crate::unit::{self, Unit};
use alloc::sync::Arc;
use kernel_glue::admin::{AdminError, Change, Verb};

impl Book {
    /// Takes the unit in charge that a change creates. `None` where it creates none that there is, or one that an operator
    /// has.
    ///
    /// # Errors
    /// It is a program's, whose clone node made it.
    #[inline(never)]
    pub(super) fn claim(&mut self, change: &Change) -> Result<Option<Arc<Unit>>, AdminError> {
        let name = &change.interface;
        let is_an_operators = self.state.kind_of(name).is_some() && !self.adopted.contains(name);
        if change.verbs.first() != Some(&Verb::Create) || is_an_operators {
            return Ok(None);
        }
        let Some(unit) = name.parse().ok().and_then(unit::find) else { return Ok(None) };
        if !unit.claim() {
            let remedy = "a program has made it, through a clone node, or it is just going; choose another unit".into();
            return Err(AdminError::exists(name, remedy));
        }
        // It may not have been found before, when somebody brought it up, and may have forgotten an interface before it.
        self.look(Cause::Call);
        Ok(Some(unit))
    }
}
