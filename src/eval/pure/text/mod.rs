//! The methods of `str`, on text without holes. Positions count code points, as in Python.
//!
//! Rust's text cannot hold lone surrogates; the parser already refuses them, so none arrive here.

mod case;
mod classify;
mod edit;
mod padding;
mod quote;
mod search;
mod slicing;
mod splitting;

pub use case::{capitalize, casefold, lower, swapcase, title, upper};
pub use classify::{
    is_space, isalnum, isalpha, isascii, isdecimal, isdigit, isidentifier, islower, isnumeric,
    isprintable, isspace, istitle, isupper,
};
pub use edit::{
    lstrip, maketrans, removeprefix, removesuffix, repeat, replace, rstrip, strip, translate,
};
pub use padding::{center, expandtabs, ljust, rjust, zfill};
pub use quote::{ascii, escape_non_ascii, repr_bytes, repr_str};
pub use search::{count, endswith, find, partition, rfind, rpartition, startswith};
pub use slicing::{index, slice, slice_indices};
pub use splitting::{rsplit, split, splitlines};

/// The number of code points: `len(text)`.
pub fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests;
