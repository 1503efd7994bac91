//! The places of a YAML text: a tree of byte ranges in the shape of the values.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy, Spanned};

/// Where a value stands.
#[derive(Debug)]
pub(super) struct Place {
    /// First byte and one past the last.
    pub(super) range: (usize, usize),
    /// The places inside it.
    pub(super) inside: Inside,
}

/// The places inside a value.
#[derive(Debug)]
pub(super) enum Inside {
    /// A scalar.
    Nothing,
    /// The items of a list.
    List(Vec<Place>),
    /// The entries of a map, repeated keys included.
    Map(Vec<(KeyPlace, Place)>),
}

/// Where a key stands.
#[derive(Debug)]
pub(super) struct KeyPlace {
    /// The key as text.
    pub(super) text: String,
    /// First byte and one past the last.
    pub(super) range: (usize, usize),
    /// Whether it is a bare `<<`.
    pub(super) merges: bool,
}

/// The places of each YAML document that is not empty; `None` where this reader refuses the text.
pub(super) fn read(text: &str) -> Option<Vec<Place>> {
    let options = serde_saphyr::options! {
        // Bounds are those of serde_yaml, which reads the same text for its values.
        budget: None,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    };
    let documents: Vec<Spanned<Raw>> =
        serde_saphyr::from_multiple_with_options(text, options).ok()?;
    Some(documents.into_iter().map(|document| place(document, text)).collect())
}

/// What is read before the byte ranges are taken out of it.
enum Raw {
    Scalar,
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<RawKey>, Spanned<Raw>)>),
}

struct RawKey(String);

fn range<T>(spanned: &Spanned<T>) -> (usize, usize) {
    let at = spanned.referenced.span();
    let number = |offset: Option<u64>| usize::try_from(offset.unwrap_or(0)).unwrap_or(usize::MAX);
    let start = number(at.byte_offset());
    (start, start.saturating_add(number(at.byte_len())))
}

fn place(raw: Spanned<Raw>, text: &str) -> Place {
    let range = range(&raw);
    let inside = match raw.value {
        Raw::Scalar => Inside::Nothing,
        Raw::List(items) => Inside::List(items.into_iter().map(|item| place(item, text)).collect()),
        Raw::Map(entries) => Inside::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key_place(key, text), place(value, text)))
                .collect(),
        ),
    };
    Place { range, inside }
}

fn key_place(key: Spanned<RawKey>, text: &str) -> KeyPlace {
    let range = range(&key);
    let merges = key.value.0 == "<<" && text.get(range.0..range.1) == Some("<<");
    KeyPlace { text: key.value.0, range, merges }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

/// Every scalar is the same to a tree of places.
macro_rules! scalars {
    ($($method:ident: $type:ty),*) => {
        $(fn $method<E: de::Error>(self, _: $type) -> Result<Raw, E> { Ok(Raw::Scalar) })*
    };
}

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    scalars!(
        visit_bool: bool, visit_i64: i64, visit_i128: i128, visit_u64: u64, visit_u128: u128,
        visit_f64: f64, visit_str: &str, visit_bytes: &[u8]
    );

    fn visit_unit<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar)
    }

    fn visit_none<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Raw, D::Error> {
        Raw::deserialize(inner)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

impl<'de> Deserialize<'de> for RawKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeyVisitor)
    }
}

struct KeyVisitor;

/// Keys that are not text are refused later; here they only have to differ from each other.
macro_rules! texts {
    ($($method:ident: $type:ty),*) => {
        $(fn $method<E: de::Error>(self, key: $type) -> Result<RawKey, E> { Ok(RawKey(key.to_string())) })*
    };
}

impl Visitor<'_> for KeyVisitor {
    type Value = RawKey;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar key")
    }

    texts!(
        visit_bool: bool, visit_i64: i64, visit_i128: i128, visit_u64: u64, visit_u128: u128,
        visit_f64: f64, visit_str: &str
    );

    fn visit_unit<E: de::Error>(self) -> Result<RawKey, E> {
        Ok(RawKey("null".to_owned()))
    }
}
