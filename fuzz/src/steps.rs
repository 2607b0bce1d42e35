//! The bytes of the fuzzer, taken as steps.

/// The rest of the bytes.
pub struct Steps<'a>(pub &'a [u8]);

impl<'a> Steps<'a> {
    /// The next byte, zero at the end.
    pub fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        byte
    }

    /// So many bytes, or what is left.
    pub fn take(&mut self, bytes: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(self.0.len().min(bytes));
        self.0 = rest;
        taken
    }
}
