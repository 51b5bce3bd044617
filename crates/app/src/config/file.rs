//! The optional TOML file: `port = 8080`, the names of the settings in lower case.

use std::path::Path;

use super::{
    fault::{Fault, Origin},
    setting::{Kind, Setting},
    sources::{Value, Values},
    table,
};

/// The values of a file. What is wrong with it goes to `faults`, unknown keys too.
pub(super) fn values(text: &str, path: &Path, faults: &mut Vec<Fault>) -> Values {
    let mut keys = match text.parse::<toml::Table>() {
        Ok(keys) => keys,
        Err(error) => {
            faults.push(Fault {
                setting: format!("configuration file {}", path.display()),
                origin: Origin::File(path.to_owned(), line_of(&error, text)),
                // Not the error's own display: it quotes the line, where a secret may stand.
                reason: error.message().replace('\n', ", "),
            });
            return Values::new();
        }
    };
    let mut values = Values::new();
    for setting in table::settings() {
        for name in setting.names() {
            let key = name.to_ascii_lowercase();
            let Some(value) = keys.remove(&key) else {
                continue;
            };
            let origin = Origin::File(path.to_owned(), key);
            match as_text(value, setting) {
                Ok(text) => {
                    values.entry(setting.name).or_insert(Value { text, origin });
                }
                Err(reason) => faults.push(Fault {
                    setting: setting.name.to_owned(),
                    origin,
                    reason: reason.to_owned(),
                }),
            }
        }
    }
    faults.extend(keys.into_iter().map(|(key, _)| Fault {
        setting: key.clone(),
        origin: Origin::File(path.to_owned(), key),
        reason: "is no setting".to_owned(),
    }));
    values
}

/// Only numbers may stand without quotes, so that no text loses a zero or a sign on its way through another type.
fn as_text(value: toml::Value, setting: &Setting) -> Result<String, &'static str> {
    match (value, setting.kind) {
        (toml::Value::String(text), _) => Ok(text),
        (toml::Value::Integer(number), Kind::Integer { .. } | Kind::Limit { .. }) => {
            Ok(number.to_string())
        }
        (toml::Value::Boolean(on), Kind::Switch) => Ok(if on { "on" } else { "off" }.to_owned()),
        (toml::Value::Array(items), Kind::Origins) => items
            .iter()
            .map(toml::Value::as_str)
            .collect::<Option<Vec<_>>>()
            .map(|items| items.join(","))
            .ok_or("must be a list of texts in quotes"),
        (_, Kind::Integer { .. }) => Err("must be a whole number"),
        (_, Kind::Limit { .. }) => Err("must be a whole number, or off in quotes"),
        _ => Err("must be a text in quotes"),
    }
}

fn line_of(error: &toml::de::Error, text: &str) -> String {
    let before = error
        .span()
        .and_then(|span| text.get(..span.start))
        .unwrap_or_default();
    format!("line {}", before.matches('\n').count() + 1)
}
