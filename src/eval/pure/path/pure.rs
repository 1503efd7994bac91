//! `pathlib.PurePosixPath`, which is also what `Path` knows without looking at files.

use std::fmt;

use super::fnmatch;
use crate::eval::pure::Failure;
use crate::eval::pure::text::repr_str;

/// A path in pieces: no empty ones and no single dots.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PurePath {
    /// `""`, `"/"`, or `"//"`.
    root: String,
    /// The pieces below the root.
    tail: Vec<String>,
}

impl PurePath {
    /// `PurePosixPath(*segments)`.
    pub fn new(segments: &[&str]) -> Self {
        let joined = match segments.split_first() {
            Some((first, rest)) => super::join(first, rest),
            None => String::new(),
        };
        let slashes = joined.len() - joined.trim_start_matches('/').len();
        let root = match slashes {
            0 => "",
            2 => "//",
            _ => "/",
        };
        let pieces = joined.split('/').filter(|piece| !matches!(*piece, "" | "."));
        Self { root: root.to_owned(), tail: pieces.map(str::to_owned).collect() }
    }

    /// `path / other`.
    #[must_use]
    pub fn join(&self, other: &str) -> Self {
        Self::new(&[&self.to_string(), other])
    }

    /// `path.parts`.
    pub fn parts(&self) -> Vec<String> {
        let root = (!self.root.is_empty()).then(|| self.root.clone());
        root.into_iter().chain(self.tail.iter().cloned()).collect()
    }

    /// `path.is_absolute()`.
    pub fn is_absolute(&self) -> bool {
        !self.root.is_empty()
    }

    /// `path.root`, which on POSIX is `path.anchor` too.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// `path.name`.
    pub fn name(&self) -> &str {
        self.tail.last().map_or("", String::as_str)
    }

    /// `path.parent`; a root and the empty path are their own parents.
    #[must_use]
    pub fn parent(&self) -> Self {
        let above = self.tail.split_last().map_or(&[][..], |(_, above)| above);
        Self { root: self.root.clone(), tail: above.to_vec() }
    }

    /// `path.parents`, the nearest first.
    pub fn parents(&self) -> Vec<Self> {
        let mut parents = Vec::with_capacity(self.tail.len());
        let mut path = self.clone();
        while !path.tail.is_empty() {
            path = path.parent();
            parents.push(path.clone());
        }
        parents
    }

    /// Where the last suffix begins in the name.
    fn last_dot(&self) -> Option<usize> {
        let name = self.name();
        name.rfind('.').filter(|dot| *dot > 0 && *dot < name.len() - 1)
    }

    /// `path.suffix`.
    pub fn suffix(&self) -> &str {
        self.last_dot().and_then(|dot| self.name().get(dot..)).unwrap_or_default()
    }

    /// `path.suffixes`.
    pub fn suffixes(&self) -> Vec<String> {
        if self.name().ends_with('.') {
            return Vec::new();
        }
        let name = self.name().trim_start_matches('.');
        name.split('.').skip(1).map(|suffix| format!(".{suffix}")).collect()
    }

    /// `path.stem`.
    pub fn stem(&self) -> &str {
        self.last_dot().and_then(|dot| self.name().get(..dot)).unwrap_or(self.name())
    }

    /// `path.with_name(name)`.
    ///
    /// # Errors
    /// `ValueError` for a path without a name, and for a name that is none.
    pub fn with_name(&self, name: &str) -> Result<Self, Failure> {
        self.refuse_empty_name()?;
        if name.is_empty() || name.contains('/') || name == "." {
            return Err(Failure::value(format!("Invalid name {}", repr_str(name))));
        }
        let mut path = self.parent();
        path.tail.push(name.to_owned());
        Ok(path)
    }

    /// `path.with_stem(stem)`.
    ///
    /// # Errors
    /// As [`Self::with_name`].
    pub fn with_stem(&self, stem: &str) -> Result<Self, Failure> {
        self.with_name(&format!("{stem}{}", self.suffix()))
    }

    /// `path.with_suffix(suffix)`; an empty one takes the suffix away.
    ///
    /// # Errors
    /// `ValueError` for a path without a name, and for a suffix that is none.
    pub fn with_suffix(&self, suffix: &str) -> Result<Self, Failure> {
        let wrong = suffix.contains('/')
            || (!suffix.is_empty() && !suffix.starts_with('.'))
            || suffix == ".";
        if wrong {
            return Err(Failure::value(format!("Invalid suffix {}", repr_str(suffix))));
        }
        self.refuse_empty_name()?;
        self.with_name(&format!("{}{suffix}", self.stem()))
    }

    fn refuse_empty_name(&self) -> Result<(), Failure> {
        if self.name().is_empty() {
            return Err(Failure::value(format!("{} has an empty name", self.repr())));
        }
        Ok(())
    }

    /// `path.relative_to(other)`.
    ///
    /// # Errors
    /// `ValueError` when the path is not below the other.
    pub fn relative_to(&self, other: &Self) -> Result<Self, Failure> {
        if !self.is_relative_to(other) {
            return Err(Failure::value(format!(
                "{} is not in the subpath of {}",
                repr_str(&self.to_string()),
                repr_str(&other.to_string())
            )));
        }
        let tail = self.tail.iter().skip(other.tail.len()).cloned().collect();
        Ok(Self { root: String::new(), tail })
    }

    /// `path.is_relative_to(other)`.
    pub fn is_relative_to(&self, other: &Self) -> bool {
        self.root == other.root && self.tail.starts_with(&other.tail)
    }

    /// `path.match(pattern)`: an absolute pattern is for the whole path, any other for its end.
    ///
    /// # Errors
    /// `ValueError` for an empty pattern.
    pub fn matches(&self, pattern: &str) -> Result<bool, Failure> {
        let pattern = Self::new(&[pattern]);
        let wanted = pattern.parts();
        let parts = self.parts();
        if wanted.is_empty() {
            return Err(Failure::value("empty pattern"));
        }
        if wanted.len() > parts.len() || (pattern.is_absolute() && wanted.len() != parts.len()) {
            return Ok(false);
        }
        for (part, wanted) in parts.iter().rev().zip(wanted.iter().rev()) {
            if !fnmatch(part, wanted)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// `repr(path)` of a `Path`.
    pub fn repr(&self) -> String {
        format!("PosixPath({})", repr_str(&self.to_string()))
    }
}

/// `str(path)`.
impl fmt::Display for PurePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.root.is_empty() && self.tail.is_empty() {
            return formatter.write_str(".");
        }
        write!(formatter, "{}{}", self.root, self.tail.join("/"))
    }
}
