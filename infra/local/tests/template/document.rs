//! The template as the tests read it.

use std::collections::BTreeMap;

use convoke_local::Workspace;
use serde_json::{Map, Value, json};
use yaml_serde::Value as Yaml;

pub(crate) const FUNCTION: &str = "AWS::Serverless::Function";
pub(crate) const QUEUE: &str = "AWS::SQS::Queue";
pub(crate) const MAPPING: &str = "AWS::Lambda::EventSourceMapping";

/// The template as JSON, CloudFormation's short tags in their long form.
pub(crate) fn template() -> Value {
    let text = std::fs::read_to_string(Workspace::of_this_build().template()).unwrap();
    long_form(yaml_serde::from_str(&text).unwrap())
}

/// A value with CloudFormation's short tags in their long form.
fn long_form(value: Yaml) -> Value {
    match value {
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = tag.trim_start_matches('!');
            let mut inner = long_form(tagged.value);
            if let (Value::String(text), "GetAtt") = (&inner, name) {
                inner = text
                    .split_once('.')
                    .map_or(Value::Null, |(resource, attribute)| {
                        json!([resource, attribute])
                    });
            }
            let name = if matches!(name, "Ref" | "Condition") {
                name.to_owned()
            } else {
                format!("Fn::{name}")
            };
            Value::Object(Map::from_iter([(name, inner)]))
        }
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(long_form).collect()),
        Yaml::Mapping(entries) => Value::Object(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let key = key
                        .as_str()
                        .map_or_else(|| format!("{key:?}"), str::to_owned);
                    (key, long_form(value))
                })
                .collect(),
        ),
        other => serde_json::to_value(other).unwrap(),
    }
}

/// The properties of every resource of a type, by name.
pub(crate) fn of_type<'a>(template: &'a Value, kind: &str) -> BTreeMap<&'a str, &'a Value> {
    let found: BTreeMap<_, _> = template["Resources"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, resource)| resource["Type"] == kind)
        .map(|(name, resource)| (name.as_str(), &resource["Properties"]))
        .collect();
    assert!(
        !found.is_empty(),
        "the template has no {kind}; is this test out of date?"
    );
    found
}

/// The resource that a `Ref` or `GetAtt` names.
pub(crate) fn target(value: &Value) -> &str {
    value["Ref"]
        .as_str()
        .or_else(|| value["Fn::GetAtt"][0].as_str())
        .unwrap_or_else(|| panic!("no reference: {value}"))
}

/// Every value of this key, at any depth.
pub(crate) fn every<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(entries) => {
            for (name, inner) in entries {
                if name == key {
                    found.push(inner);
                }
                every(inner, key, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| every(item, key, found)),
        _ => {}
    }
}

/// A text, or every text of a list.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

/// The mappings that read a queue: name, properties, queue.
pub(crate) fn queue_mappings(template: &Value) -> Vec<(&str, &Value, &str)> {
    let queues = of_type(template, QUEUE);
    of_type(template, MAPPING)
        .into_iter()
        .map(|(name, mapping)| (name, mapping, target(&mapping["EventSourceArn"])))
        .filter(|(_, _, source)| queues.contains_key(source))
        .collect()
}
