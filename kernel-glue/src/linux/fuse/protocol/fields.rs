//! Structures of the kernel, field by field.

/// Takes fields off the front of bytes; `None` once they end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_ne_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_ne_bytes)
    }

    pub(super) fn skip(&mut self, bytes: usize) -> Option<()> {
        self.0 = self.0.get(bytes..)?;
        Some(())
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }
}

/// A structure of the kernel as it is put together, at most 144 bytes long.
#[derive(Clone, Debug, Default)]
pub(in crate::linux) struct Record(heapless::Vec<u8, 144>);

impl Record {
    pub(super) fn u16(self, value: u16) -> Self {
        self.bytes(&value.to_ne_bytes())
    }

    pub(super) fn u32(self, value: u32) -> Self {
        self.bytes(&value.to_ne_bytes())
    }

    pub(super) fn u64(self, value: u64) -> Self {
        self.bytes(&value.to_ne_bytes())
    }

    pub(super) fn zeros(self, count: usize) -> Self {
        self.bytes([0; 144].get(..count).unwrap_or_default())
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        // The lengths of all records are tested; none reaches the capacity.
        let _ = self.0.extend_from_slice(bytes);
        self
    }
}

impl core::ops::Deref for Record {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
