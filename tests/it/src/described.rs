//! What the API's document says of answers, checked: clients are generated from it.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::api::Answer;
use crate::openapi;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(openapi::document()).expect("a document is JSON"));

/// Fails the test unless an answer is what the document says of the operation:
/// its status is described, whatever is required is there, and nothing else is.
pub fn assert_described(operation: &str, answer: &Answer) {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let mut operations = paths
        .values()
        .filter_map(Value::as_object)
        .flat_map(Map::values);
    let described = operations
        .find(|one| one["operationId"] == operation)
        .unwrap_or_else(|| panic!("{operation} is not described"));
    let response = resolved(&described["responses"][answer.status.to_string()]);
    assert!(
        response.is_object(),
        "{operation} answers {}",
        answer.status
    );
    let media = answer.header("content-type").unwrap_or_default();
    let Some(content) = response["content"].as_object() else {
        return;
    };
    if let Some(content) = content.get(media)
        && media.ends_with("json")
    {
        let body = answer.json();
        if let Err(why) = fits(&content["schema"], &body) {
            panic!("{operation}: {why} in {body}");
        }
    }
}

/// Whether a value is what a schema of the document says, and has nothing besides.
pub fn check(schema: &Value, value: &Value) -> Result<(), String> {
    fits(schema, value)
}

/// What a `$ref` of the document leads to; anything else is itself.
pub fn resolved(schema: &Value) -> &Value {
    match schema["$ref"].as_str() {
        Some(path) => DOCUMENT
            .pointer(path.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{path} leads nowhere")),
        None => schema,
    }
}

fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    let schema = resolved(schema);
    if let Some(one_of) = schema["oneOf"].as_array() {
        let refusals: Vec<String> = one_of
            .iter()
            .filter_map(|one| fits(one, value).err())
            .collect();
        return if refusals.len() < one_of.len() {
            Ok(())
        } else {
            Err(refusals.join(", or "))
        };
    }
    let word = type_of(value);
    let types = &schema["type"];
    let is_listed = types.as_array().is_some_and(|all| {
        all.iter()
            .any(|one| one == word || one == "number" && word == "integer")
    });
    if !types.is_null() && types != word && !is_listed {
        return Err(format!("{value} is no {types}"));
    }
    match value {
        Value::Object(members) => fits_object(schema, members),
        Value::Array(items) => {
            within(schema, ["minItems", "maxItems"], items.len())?;
            items
                .iter()
                .try_for_each(|item| fits(&schema["items"], item))
        }
        Value::String(text) => {
            within(schema, ["minLength", "maxLength"], text.chars().count())?;
            fits_text(schema, text)
        }
        Value::Number(number) => {
            let limits = [&schema["minimum"], &schema["maximum"]].map(Value::as_f64);
            let number = number.as_f64().unwrap_or_default();
            let fits = limits[0].is_none_or(|least| number >= least)
                && limits[1].is_none_or(|most| number <= most);
            fits.then_some(())
                .ok_or_else(|| format!("{number} is out of range"))
        }
        _ => Ok(()),
    }
}

fn within(schema: &Value, limits: [&str; 2], size: usize) -> Result<(), String> {
    let limit = |name: &str| {
        schema[name]
            .as_u64()
            .and_then(|it| usize::try_from(it).ok())
    };
    let fits = limit(limits[0]).is_none_or(|least| size >= least)
        && limit(limits[1]).is_none_or(|most| size <= most);
    fits.then_some(())
        .ok_or_else(|| format!("{size} is not within {limits:?}"))
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn fits_object(schema: &Value, members: &Map<String, Value>) -> Result<(), String> {
    let (mut properties, mut required) = (Map::new(), vec![]);
    let all_of = schema["allOf"].as_array();
    for part in all_of.into_iter().flatten().chain([schema]) {
        let part = resolved(part);
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        required.extend(part["required"].as_array().into_iter().flatten());
    }
    if properties.is_empty() {
        return Ok(());
    }
    let lacking = required
        .iter()
        .find(|name| !members.contains_key(name.as_str().unwrap_or_default()));
    if let Some(name) = lacking {
        return Err(format!("{name} is missing"));
    }
    for (name, value) in members {
        let Some(rule) = properties.get(name) else {
            return Err(format!("{name} is not described"));
        };
        fits(rule, value).map_err(|why| format!("{name}: {why}"))?;
    }
    Ok(())
}

fn fits_text(schema: &Value, text: &str) -> Result<(), String> {
    let is_right = match schema["format"].as_str() {
        Some("uuid") => Uuid::parse_str(text).is_ok(),
        Some("date-time") => text.ends_with('Z') && text.parse::<DateTime<Utc>>().is_ok(),
        Some("date") => text.parse::<NaiveDate>().is_ok(),
        _ => true,
    };
    let words = schema["pattern"]
        .as_str()
        .and_then(|pattern| pattern.strip_prefix("^(")?.strip_suffix(")$"));
    let is_a_word = words.is_none_or(|words| words.split('|').any(|word| word == text));
    if is_right && is_a_word {
        Ok(())
    } else {
        Err(format!("{text} is not as its format or pattern says"))
    }
}
