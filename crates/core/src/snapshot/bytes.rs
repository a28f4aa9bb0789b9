//! Writing and reading canonical bytes.
use crate::messages::Field;

/// The bytes are not those of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadState;

/// Canonical bytes as they are written.
#[derive(Default)]
pub(crate) struct Out(pub Vec<u8>);

impl Out {
    pub fn put<F: Field>(&mut self, value: F) {
        let at = self.0.len();
        self.0.resize(at + F::SIZE, 0);
        value.write(&mut self.0[at..]);
    }

    pub fn wide(&mut self, value: i128) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub fn list<T>(&mut self, items: impl ExactSizeIterator<Item = T>, mut each: impl FnMut(&mut Self, T)) {
        self.put(items.len() as u64);
        for item in items {
            each(self, item);
        }
    }
}

/// Canonical bytes as they are read.
pub(crate) struct In<'a>(pub &'a [u8]);

impl In<'_> {
    pub fn take<F: Field>(&mut self) -> Result<F, BadState> {
        let (head, rest) = self.0.split_at_checked(F::SIZE).ok_or(BadState)?;
        self.0 = rest;
        Ok(F::read(head))
    }

    pub fn flag(&mut self) -> Result<bool, BadState> {
        Ok(self.take::<u8>()? != 0)
    }

    pub fn wide(&mut self) -> Result<i128, BadState> {
        Ok(i128::from_le_bytes(self.take::<[u8; 16]>()?))
    }

    pub fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> Result<T, BadState>) -> Result<Vec<T>, BadState> {
        let length = self.take::<u64>()?;
        (0..length).map(|_| each(self)).collect()
    }
}
