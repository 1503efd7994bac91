//! A serializer around the writer's, which gives every text the style it looks best in. So a job spec is written as it
//! is, without a copy of it as JSON.
//!
//! It knows the forms that JSON has, structs included, and refuses the others of serde.

use std::fmt::Display;

use serde::ser::{
    Error as _, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer,
};
use serde_saphyr::{DoubleQuoted, LitStr, SingleQuoted};

use super::write::{has_unsafe_within, is_block, is_single_quoted};

/// A value with the style of each of its texts.
pub(super) struct Styled<'a, T: ?Sized>(pub(super) &'a T);

impl<T: Serialize + ?Sized> Serialize for Styled<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(Styler { inner: serializer, is_key: false })
    }
}

/// A key of a map.
struct Key<'a, T: ?Sized>(&'a T);

impl<T: Serialize + ?Sized> Serialize for Key<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(Styler { inner: serializer, is_key: true })
    }
}

struct Styler<S> {
    inner: S,
    is_key: bool,
}

/// What is neither a scalar nor a list, map or struct.
fn foreign<T, E: serde::ser::Error>() -> Result<T, E> {
    Err(E::custom("no form of JSON"))
}

/// Scalars go to the writer as they are.
macro_rules! as_they_are {
    ($($name:ident($kind:ty)),* $(,)?) => {
        $(fn $name(self, value: $kind) -> Result<S::Ok, S::Error> {
            self.inner.$name(value)
        })*
    };
}

impl<S: Serializer> Serializer for Styler<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Items<S::SerializeSeq>;
    type SerializeMap = Items<S::SerializeMap>;
    type SerializeStruct = Items<S::SerializeStruct>;
    type SerializeTuple = Impossible<S::Ok, S::Error>;
    type SerializeTupleStruct = Impossible<S::Ok, S::Error>;
    type SerializeTupleVariant = Impossible<S::Ok, S::Error>;
    type SerializeStructVariant = Impossible<S::Ok, S::Error>;

    as_they_are! {
        serialize_bool(bool), serialize_char(char),
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64),
        serialize_f32(f32), serialize_f64(f64),
    }

    fn serialize_str(self, text: &str) -> Result<S::Ok, S::Error> {
        if self.is_key {
            // The writer quotes no key on request.
            return match has_unsafe_within(text) {
                true => Err(S::Error::custom("a key that needs quotes")),
                false => self.inner.serialize_str(text),
            };
        }
        if has_unsafe_within(text) {
            DoubleQuoted(text).serialize(self.inner)
        } else if is_block(text) {
            LitStr(text).serialize(self.inner)
        } else if is_single_quoted(text) {
            SingleQuoted(text).serialize(self.inner)
        } else {
            self.inner.serialize_str(text)
        }
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.serialize_str(&value.to_string())
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_none()
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.serialize_str(variant)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        self.inner.serialize_seq(length).map(Items)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        self.inner.serialize_map(length).map(Items)
    }

    fn serialize_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        self.inner.serialize_struct(name, length).map(Items)
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<S::Ok, S::Error> {
        foreign()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<S::Ok, S::Error> {
        foreign()
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<S::Ok, S::Error> {
        foreign()
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, S::Error> {
        foreign()
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        foreign()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        foreign()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        foreign()
    }
}

/// The parts of a list, map or struct, each with its style.
struct Items<I>(I);

impl<I: SerializeSeq> SerializeSeq for Items<I> {
    type Ok = I::Ok;
    type Error = I::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), I::Error> {
        self.0.serialize_element(&Styled(value))
    }

    fn end(self) -> Result<I::Ok, I::Error> {
        self.0.end()
    }
}

impl<I: SerializeMap> SerializeMap for Items<I> {
    type Ok = I::Ok;
    type Error = I::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), I::Error> {
        self.0.serialize_key(&Key(key))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), I::Error> {
        self.0.serialize_value(&Styled(value))
    }

    fn end(self) -> Result<I::Ok, I::Error> {
        self.0.end()
    }
}

impl<I: SerializeStruct> SerializeStruct for Items<I> {
    type Ok = I::Ok;
    type Error = I::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), I::Error> {
        self.0.serialize_field(key, &Styled(value))
    }

    fn end(self) -> Result<I::Ok, I::Error> {
        self.0.end()
    }
}
