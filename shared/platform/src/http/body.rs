//! Reading request bodies: size, type, shape; each refusal says what to change.

use convoke_domain::error::Error;
use http::{HeaderMap, header};
use percent_encoding::percent_decode;
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};

use super::problem::Refusal;

/// Largest body that a function reads; the directory's bulk import needs most.
pub const BODY_MAX: usize = 2 * 1024 * 1024;

/// A command.
pub(super) const JSON: &str = "application/json";
/// What a page's form sends.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// Refuses what is too large, or by its own account of another type than `takes`.
pub(super) fn check(takes: &'static str, headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
    if body.len() > BODY_MAX {
        return Err(Refusal::PayloadTooLarge { most: BODY_MAX });
    }
    if body.is_empty() {
        return Ok(());
    }
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let is_json = || essence.starts_with("application/") && essence.ends_with("+json");
    if essence == takes || (takes == JSON && is_json()) {
        return Ok(());
    }
    Err(Refusal::UnsupportedMediaType { takes })
}

/// Reads a command; an absent body reads as `{}`.
///
/// Text that is no JSON is malformed (400); JSON of the wrong shape is invalid
/// (422), with a pointer to the place. Unknown fields are refused by name.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let body = if body.is_empty() { b"{}" } else { body };
    require_object(body)?;
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| refusal(&error))?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// Reads a page's form (`application/x-www-form-urlencoded`): texts by name.
pub(super) fn read_form<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let fields = body.split(|octet| *octet == b'&');
    let pairs = fields.filter(|field| !field.is_empty()).map(|field| {
        let mut parts = field.splitn(2, |octet| *octet == b'=').map(form_text);
        (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        )
    });
    let reader = MapDeserializer::<_, serde::de::value::Error>::new(pairs);
    T::deserialize(reader).map_err(|error| Error::invalid("", "invalid_value", error.to_string()))
}

fn form_text(octets: &[u8]) -> String {
    let spaced: Vec<u8> = octets
        .iter()
        .map(|octet| if *octet == b'+' { b' ' } else { *octet })
        .collect();
    percent_decode(&spaced).decode_utf8_lossy().into_owned()
}

/// A list of values would read as a command by position.
fn require_object(body: &[u8]) -> Result<(), Error> {
    if body.trim_ascii_start().first() == Some(&b'{') {
        return Ok(());
    }
    serde_json::from_slice::<IgnoredAny>(body).map_err(|error| malformed(&error))?;
    Err(Error::invalid(
        "",
        "invalid_value",
        "the body is a JSON object",
    ))
}

/// Reads a part of a body that was kept as it is, such as an entry of a list
/// whose entries stand for themselves; pointers begin at that part.
pub fn read_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Error> {
    serde_path_to_error::deserialize(value).map_err(|error| refusal(&error))
}

fn refusal(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let cause = error.inner();
    if !cause.is_data() {
        return malformed(cause);
    }
    let pointer = pointer_to(error.path());
    let text = cause.to_string();
    let message = text
        .split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned();
    let (pointer, code) = match unknown_field(&message) {
        Some(name) => (
            format!("{}/{}", parent_of(&pointer, name), escape(name)),
            "unknown_field",
        ),
        None => (pointer, "invalid_value"),
    };
    Error::invalid(pointer, code, message)
}

fn malformed(error: &serde_json::Error) -> Error {
    Error::Malformed {
        code: "malformed_json",
        message: format!("the body is no JSON: {error}"),
    }
}

fn unknown_field(message: &str) -> Option<&str> {
    message.strip_prefix("unknown field `")?.split('`').next()
}

/// The path may or may not end in the unknown field's own name.
fn parent_of<'a>(pointer: &'a str, name: &str) -> &'a str {
    pointer
        .strip_suffix(&format!("/{}", escape(name)))
        .unwrap_or(pointer)
}

fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

fn pointer_to(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |mut pointer, segment| {
        match segment {
            Segment::Seq { index } => pointer.extend(["/", &index.to_string()]),
            Segment::Map { key } => pointer.extend(["/", &escape(key)]),
            Segment::Enum { variant } => pointer.extend(["/", &escape(variant)]),
            Segment::Unknown => {}
        }
        pointer
    })
}

/// A field of a PATCH: absent stays, `null` clears, a value sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch<T>(pub Option<Option<T>>);

impl<T> Default for Patch<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(|value| Self(Some(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Command {
        title: String,
        note: Patch<String>,
        list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        a: u8,
    }

    /// XC-3: a route takes bodies of its one type, however that is spelled.
    #[test]
    fn only_the_routes_own_type_is_taken() {
        let takes = |takes, sent: &'static str, body: &[u8]| {
            let sent = http::HeaderValue::from_static(sent);
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, sent)]);
            check(takes, &headers, body).is_ok()
        };
        for json in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/merge-patch+json",
        ] {
            assert!(
                takes(JSON, json, b"{}") && !takes(FORM, json, b"{}"),
                "{json}"
            );
            assert!(takes(FORM, json, b""), "nothing has no type");
        }
        for form in [FORM, "application/x-www-form-urlencoded;charset=UTF-8"] {
            assert!(
                takes(FORM, form, b"a=b") && !takes(JSON, form, b"a=b"),
                "{form}"
            );
        }
        for other in ["text/plain", "multipart/form-data; boundary=x", ""] {
            assert!(
                !takes(FORM, other, b"a=b") && !takes(JSON, other, b"{}"),
                "{other}"
            );
        }
    }

    /// IV-7: a form's fields read as a browser means them; none twice, none more.
    #[test]
    fn a_form_is_read_by_name() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Form {
            a: String,
        }
        let read = |body: &str| read_form::<Form>(body.as_bytes()).map(|form| form.a);
        assert_eq!(read("a=b%20c+d%C3%A4&").unwrap(), "b c d\u{e4}");
        assert_eq!(read("%61=x=y").unwrap(), "x=y");
        assert_eq!(read("a").unwrap(), "");
        assert_eq!(read("a=%ff%zz").unwrap(), "\u{fffd}%zz");
        for wrong in ["", "b=c", "a=b&a=c", "a=b&c=d", "{\"a\":\"b\"}"] {
            assert_eq!(read(wrong).unwrap_err().code(), "invalid_input", "{wrong}");
        }
    }

    fn violation(body: &str) -> (String, &'static str) {
        match read::<Command>(body.as_bytes()) {
            Err(Error::Invalid { violations }) => {
                (violations[0].pointer.clone(), violations[0].code)
            }
            other => panic!("{body}: {other:?}"),
        }
    }

    /// XC-3: unknown fields are refused with their name, wrong types with their place.
    #[test]
    fn the_place_of_what_is_wrong_is_named() {
        assert_eq!(
            violation(r#"{"titel":"x"}"#),
            ("/titel".into(), "unknown_field")
        );
        assert_eq!(
            violation(r#"{"list":[{"a":1},{"a":2,"b/c":3}]}"#),
            ("/list/1/b~1c".into(), "unknown_field")
        );
        assert_eq!(
            violation(r#"{"title":7}"#),
            ("/title".into(), "invalid_value")
        );
        assert_eq!(
            violation(r#"{"list":[{"a":1},{"a":"x"}]}"#),
            ("/list/1/a".into(), "invalid_value")
        );
    }

    #[test]
    fn a_list_is_no_command() {
        assert_eq!(violation(r#"["x"]"#), (String::new(), "invalid_value"));
        assert_eq!(violation("null"), (String::new(), "invalid_value"));
    }

    /// XC-3: what is no JSON is malformed, not invalid.
    #[test]
    fn text_that_is_no_json_is_malformed() {
        for body in [
            "{",
            "",
            "{}{}",
            "\u{feff}{}",
            "[1,]",
            r#"{"title":"\ud800"}"#,
        ] {
            let result = read::<Command>(body.as_bytes());
            if body.is_empty() {
                assert_eq!(result, Ok(Command::default()));
            } else {
                assert_eq!(result.unwrap_err().code(), "malformed_json", "{body:?}");
            }
        }
        for deep in ["[".repeat(100_000), "{\"a\":".repeat(100_000)] {
            let error = read::<serde_json::Value>(deep.as_bytes()).unwrap_err();
            assert_eq!(error.code(), "malformed_json");
        }
    }

    #[test]
    fn a_patch_tells_absent_from_null() {
        assert_eq!(read::<Command>(b"{}").unwrap().note, Patch(None));
        assert_eq!(
            read::<Command>(br#"{"note":null}"#).unwrap().note,
            Patch(Some(None))
        );
        assert_eq!(
            read::<Command>(br#"{"note":"x"}"#).unwrap().note,
            Patch(Some(Some("x".into())))
        );
    }
}
