//! The notation of what is kept: numbers in as few bytes as they need, texts with their length.
//!
//! What is read back may be damaged, so a [`Reader`] gives `None` instead of anything that does not fit.

use std::hash::Hasher as _;

use rustc_hash::FxHasher;

/// Writes values one after the other.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// A number, seven bits to a byte.
    pub fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.bytes.push(number.to_le_bytes()[0]);
    }

    /// A count or a size.
    pub fn size(&mut self, size: usize) {
        self.number(size as u64);
    }

    /// A yes or a no.
    pub fn flag(&mut self, flag: bool) {
        self.number(u64::from(flag));
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        self.size(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// A text that may be missing.
    pub fn maybe_text(&mut self, text: Option<&str>) {
        self.flag(text.is_some());
        if let Some(text) = text {
            self.text(text);
        }
    }

    /// Bytes whose number the reader knows.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Several values.
    pub fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        let items = items.into_iter();
        self.size(items.len());
        items.for_each(|item| write(self, item));
    }
}

/// Reads values in the order in which they were written.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader of these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether nothing is left.
    pub fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// A number.
    pub fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A count or a size.
    pub fn size(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    /// A number of 32 bits.
    pub fn number32(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    /// A yes or a no.
    pub fn flag(&mut self) -> Option<bool> {
        match self.number()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// A text.
    pub fn text(&mut self) -> Option<&'a str> {
        let length = self.size()?;
        std::str::from_utf8(self.raw(length)?).ok()
    }

    /// A text of one's own.
    pub fn string(&mut self) -> Option<String> {
        self.text().map(str::to_owned)
    }

    /// A text that may be missing.
    pub fn maybe_text(&mut self) -> Option<Option<String>> {
        if self.flag()? { self.string().map(Some) } else { Some(None) }
    }

    /// So many bytes.
    pub fn raw(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }

    /// Bytes of a fixed number.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.raw(N)?.try_into().ok()
    }

    /// Several values.
    pub fn list<T, C: FromIterator<T>>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<C> {
        let count = self.size()?;
        // Every value takes a byte at least, so a damaged count cannot ask for more memory than there are bytes.
        if count > self.rest.len() {
            return None;
        }
        (0..count).map(|_| read(self)).collect()
    }
}

/// A number that tells damaged bytes from those that were written. It is no protection against somebody who means
/// harm; whoever may write to the folder of a cache may as well write to the DAGs.
pub(super) fn check(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.write_usize(bytes.len());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(numbers: Vec<u64>, text: String, other: Option<String>, flag: bool) {
            let mut out = Writer::default();
            out.list(&numbers, |out, number| out.number(*number));
            out.text(&text);
            out.maybe_text(other.as_deref());
            out.flag(flag);
            let bytes = out.into_bytes();
            let mut from = Reader::new(&bytes);
            prop_assert_eq!(from.list::<u64, Vec<u64>>(Reader::number), Some(numbers));
            prop_assert_eq!(from.string(), Some(text));
            prop_assert_eq!(from.maybe_text(), Some(other));
            prop_assert_eq!(from.flag(), Some(flag));
            prop_assert!(from.is_done());
        }

        #[test]
        fn a_changed_bit_changes_the_check(bytes in prop::collection::vec(any::<u8>(), 1..300), at: usize, bit in 0..8) {
            let mut damaged = bytes.clone();
            let at = at % bytes.len();
            *damaged.get_mut(at).unwrap() ^= 1_u8 << bit;
            prop_assert_ne!(check(&bytes), check(&damaged));
        }

        #[test]
        fn any_bytes_can_be_read(bytes: Vec<u8>) {
            let mut from = Reader::new(&bytes);
            _ = from.list::<String, Vec<String>>(Reader::string);
            _ = from.maybe_text();
            _ = from.number32();
        }
    }
}
