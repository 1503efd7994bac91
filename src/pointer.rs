//! JSON pointers (RFC 6901): how every part of podlift names a place in a job spec or a pod.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::ops::Range;

/// A step from a value to a value inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The value of a key.
    Key(String),
    /// An item of a list.
    Index(usize),
}

/// A place in a JSON value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pointer(pub Vec<Step>);

impl Pointer {
    /// The place of a key in this place.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    /// The place of an item in this place.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The keys up to the first list.
    pub fn first_keys(&self) -> Vec<&str> {
        let keys = self.0.iter().map_while(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        });
        keys.collect()
    }
}

impl fmt::Display for Pointer {
    /// `/run/base_pod_spec/containers/0`, as RFC 6901 writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                Step::Key(key) => write!(f, "/{}", escape(key))?,
                Step::Index(index) => write!(f, "/{index}")?,
            }
        }
        Ok(())
    }
}

/// A place on the way through a value, as its last step and the places above: whoever seldom asks for a pointer need
/// not write one for every value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trail<'a> {
    /// Where the way begins, as a pointer.
    Start(&'a str),
    /// The value of a key.
    Key(&'a Self, &'a str),
    /// An item of a list.
    Index(&'a Self, usize),
}

impl fmt::Display for Trail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trail::Start(pointer) => f.write_str(pointer),
            Trail::Key(above, key) => write!(f, "{above}/{}", escape(key)),
            Trail::Index(above, index) => write!(f, "{above}/{index}"),
        }
    }
}

/// A key as a token of a pointer.
pub(crate) fn escape(key: &str) -> Cow<'_, str> {
    if key.bytes().any(|byte| matches!(byte, b'~' | b'/')) {
        Cow::Owned(key.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(key)
    }
}

/// Adds a key to a pointer for as long as `work` takes: whoever walks through a whole value needs one text for all of
/// its places.
pub(crate) fn within<T>(pointer: &mut String, key: &str, work: impl FnOnce(&mut String) -> T) -> T {
    let above = pointer.len();
    pointer.push('/');
    pointer.push_str(&escape(key));
    let done = work(pointer);
    pointer.truncate(above);
    done
}

/// The same for an item of a list.
pub(crate) fn within_item<T>(
    pointer: &mut String,
    index: usize,
    work: impl FnOnce(&mut String) -> T,
) -> T {
    let above = pointer.len();
    // Writing to a String cannot fail.
    let _ = write!(pointer, "/{index}");
    let done = work(pointer);
    pointer.truncate(above);
    done
}

/// Many pointers, one after the other in a single text: most of them are never asked for.
#[derive(Debug, Default)]
pub(crate) struct Pointers(String);

impl Pointers {
    /// None yet, with room for so many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    /// Adds a pointer and gives its place.
    pub(crate) fn add(&mut self, pointer: &str) -> Range<usize> {
        let start = self.0.len();
        self.0.push_str(pointer);
        start..self.0.len()
    }

    /// The pointer at a place.
    pub(crate) fn at(&self, place: &Range<usize>) -> &str {
        self.0.get(place.clone()).unwrap_or_default()
    }
}
