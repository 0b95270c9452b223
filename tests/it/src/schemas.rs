//! What `docs/schemas` says of published events, checked: other systems read
//! them by these files.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

/// Fails the test unless an event's detail is what the schema of its type says:
/// whatever is required is there, and nothing that is not described.
pub fn assert_fits_schema(kind: &str, detail: &Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas");
    let file = std::fs::read_to_string(folder.join(format!("{kind}.json")));
    let file = file.unwrap_or_else(|error| panic!("{kind} has no schema: {error}"));
    let schema: Value = serde_json::from_str(&file).unwrap();
    for required in schema["required"].as_array().unwrap() {
        assert!(
            !detail[required.as_str().unwrap()].is_null(),
            "{kind} lacks {required}: {detail}"
        );
    }
    for (name, value) in detail.as_object().unwrap() {
        let rule = &schema["properties"][name];
        assert!(rule.is_object(), "{kind}.{name} is not in its schema");
        assert_fits(rule, value, &format!("{kind}.{name}"));
    }
}

fn assert_fits(rule: &Value, value: &Value, place: &str) {
    if let Some(words) = rule["enum"].as_array() {
        assert!(
            words.contains(value),
            "{place}: {value} is none of {words:?}"
        );
    }
    match rule["type"].as_str() {
        Some("integer") => assert!(
            value.as_i64() >= rule["minimum"].as_i64(),
            "{place}: {value}"
        ),
        Some("array") => {
            let items = value
                .as_array()
                .unwrap_or_else(|| panic!("{place}: {value}"));
            for item in items {
                assert_fits(&rule["items"], item, place);
            }
        }
        Some("string") => {
            let text = value.as_str().unwrap_or_else(|| panic!("{place}: {value}"));
            assert_text_fits(rule, text, place);
        }
        other => panic!("{place} is of a type that this check does not know ({other:?})"),
    }
}

fn assert_text_fits(rule: &Value, text: &str, place: &str) {
    let length = text.chars().count() as u64;
    let shortest = rule["minLength"].as_u64().unwrap_or(1);
    let longest = rule["maxLength"].as_u64().unwrap_or(u64::MAX);
    assert!((shortest..=longest).contains(&length), "{place}: {text}");
    match rule["format"].as_str() {
        Some("uuid") => assert!(Uuid::parse_str(text).is_ok(), "{place}: {text}"),
        Some("date-time") => {
            let is_instant = text.ends_with('Z') && text.parse::<DateTime<Utc>>().is_ok();
            assert!(is_instant, "{place}: {text}");
        }
        Some("date") => assert!(text.parse::<chrono::NaiveDate>().is_ok(), "{place}: {text}"),
        Some(other) => panic!("{place} has a format that this check does not know ({other})"),
        None => {}
    }
}
