//! Stricter readings of JSON than serde's own, which takes an array for a struct and an object for a word.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeOwned, Error, IntoDeserializer, MapAccess, Visitor,
        value::{MapAccessDeserializer, StrDeserializer},
    },
};

/// A struct that is written as an object: an array of its values in their order would pass for it otherwise.
pub(super) struct Object<T>(pub T);

/// One of a few words, written as a string.
pub(super) struct Word<T>(pub T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_map(ObjectVisitor(PhantomData))
            .map(Self)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_str(WordVisitor(PhantomData))
            .map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

struct WordVisitor<T>(PhantomData<T>);

impl<T: DeserializeOwned> Visitor<'_> for WordVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let deserializer: StrDeserializer<'_, E> = text.into_deserializer();
        T::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::from_str;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Pair {
        a: u8,
        b: Option<u8>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    enum Colour {
        Red,
    }

    #[test]
    fn an_array_is_no_object() {
        let pair = from_str::<Object<Pair>>(r#"{"a": 1, "c": 2}"#).map(|o| o.0);
        assert_eq!(pair.unwrap(), Pair { a: 1, b: None });
        for bad in ["[1, 2]", "null", "1", r#""a""#] {
            assert!(from_str::<Object<Pair>>(bad).is_err_and(|e| e.is_data()));
        }
    }

    #[test]
    fn a_word_is_a_string_and_one_of_its_kind() {
        assert_eq!(from_str::<Word<Colour>>(r#""Red""#).unwrap().0, Colour::Red);
        assert!(from_str::<Option<Word<Colour>>>("null").unwrap().is_none());
        for bad in ["1", r#"{"Red": null}"#, r#""Blue""#, r#"["Red"]"#] {
            assert!(from_str::<Word<Colour>>(bad).is_err_and(|e| e.is_data()));
        }
    }
}
