//! `docs/openapi.yaml` is what the code says (issue 2, item 9), and enough to build a client from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use convoke_platform::http::Access;
use http::header::CONTENT_TYPE;
use it::api::Answer;
use it::described::{assert_described, check, resolved};
use it::openapi;
use serde_json::{Map, Value, json};

/// The document's operations: method and path, and what is said of them.
fn operations() -> Vec<(String, Value)> {
    let document = openapi::document();
    let items = document.paths.paths.iter();
    let described = items.flat_map(|(path, item)| {
        let operations = openapi::operations(item).into_iter();
        operations.map(move |(method, operation)| {
            let json = serde_json::to_value(operation).unwrap();
            (format!("{method} {path}"), json)
        })
    });
    described.collect()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

/// XC-2: every route is described and nothing else is, with the permission that its function asks for.
#[test]
fn the_document_describes_every_route_and_no_other() {
    let described: BTreeSet<String> = operations()
        .iter()
        .map(|(place, one)| {
            let permission = one["x-access"]["permission"].as_str().unwrap_or("-");
            format!("{place} {} {permission}", one["operationId"])
        })
        .collect();
    let routes = openapi::routes().into_iter().map(|route| {
        let permission = match route.access {
            Access::Permission(permission, _) => permission,
            _ => "-",
        };
        let operation = json!(route.operation);
        format!("{} {} {operation} {permission}", route.method, route.path)
    });
    assert_eq!(described, routes.collect());
}

/// Every operation shows what it takes and what it answers; what it shows is as its schemas say, without another field.
#[test]
fn every_operation_has_examples_that_are_valid() {
    let mut wrong = vec![];
    for (_, operation) in operations() {
        let id = operation["operationId"].as_str().unwrap();
        let requests = members(&operation["requestBody"]["content"]).map(|it| ("request", it));
        let successes = members(&operation["responses"])
            .filter(|(status, _)| status.starts_with('2'))
            .flat_map(|(_, answer)| members(&answer["content"]))
            .map(|it| ("response", it));
        for (which, (media, content)) in requests.chain(successes) {
            let example = &content["example"];
            let verdict = match example {
                Value::Null => Err("is missing".to_owned()),
                _ => check(&content["schema"], example),
            };
            if let Err(why) = verdict {
                wrong.push(format!("docs/examples/{id}.{which} ({media}): {why}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// No example is left behind by an operation that is gone.
#[test]
fn every_example_is_an_operations() {
    let ids: BTreeSet<_> = openapi::routes()
        .iter()
        .map(|route| route.operation)
        .collect();
    for entry in fs::read_dir(openapi::examples_folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let mut parts = name.split('.');
        assert!(
            parts.next().is_some_and(|id| ids.contains(id)),
            "{name} is of no operation"
        );
        assert!(
            matches!(parts.next(), Some("request" | "response")),
            "{name}"
        );
    }
}

/// Nothing stands in the document without a word on what it is, and no parameter twice.
#[test]
fn everything_is_described() {
    for (place, operation) in operations() {
        for field in ["summary", "description"] {
            assert!(operation[field].is_string(), "{place} has no {field}");
        }
        let mut seen = BTreeSet::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let (name, kind) = (&parameter["name"], &parameter["in"]);
            assert!(
                parameter["description"].is_string(),
                "{place}: what is {name}?"
            );
            assert!(
                seen.insert((name.to_string(), kind.to_string())),
                "{place}: {name} twice"
            );
        }
        for (status, answer) in members(&operation["responses"]) {
            let text = resolved(answer)["description"].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{place}: what is {status}?");
        }
    }
}

/// A schema's name means one thing, whichever function uses it: merging keeps the first.
#[test]
fn no_two_functions_mean_different_things_by_a_schemas_name() {
    let mut known = BTreeMap::new();
    for part in openapi::parts() {
        for (name, schema) in part.components.unwrap_or_default().schemas {
            let schema = serde_json::to_value(schema).unwrap();
            let first = known.entry(name.clone()).or_insert_with(|| schema.clone());
            assert_eq!(*first, schema, "{name}");
        }
    }
}

/// What `assert_described` lets through is what is described.
#[test]
fn an_answer_that_is_not_described_is_noticed() {
    let whole = json!({ "interaction_id": "0192f5a0-1111-7222-8333-444455556666", "title": "A", "notes": "",
        "type": { "name": "Call", "icon": "phone" }, "client_id": null, "contact_id": "c", "user_id": "u",
        "interaction_date": "2027-01-15T09:00:00Z", "start_time": "2027-01-15T09:00:00Z",
        "end_time": "2027-01-15T09:00:00Z", "duration_minutes": 0, "status": "planned", "version": 1,
        "created_at": "2027-01-15T09:00:00Z", "updated_at": "2027-01-15T09:00:00Z" });
    let check = |status: u16, body: &Value| {
        let answer = Answer {
            status,
            headers: [(CONTENT_TYPE, "application/json".parse().unwrap())]
                .into_iter()
                .collect(),
            body: body.to_string().into_bytes(),
        };
        std::panic::catch_unwind(|| assert_described("get_interaction", &answer)).is_ok()
    };
    assert!(check(200, &whole));
    assert!(!check(299, &whole));
    for (name, value) in [
        ("colour", json!("blue")),
        ("version", json!("1")),
        ("title", Value::Null),
        ("status", json!("done")),
        ("interaction_id", json!("x")),
        ("end_time", json!("2027-01-15T09:00:00+01:00")),
        ("type", json!({ "name": "Call" })),
        ("online_meeting", json!({})),
    ] {
        let mut body = whole.clone();
        body[name] = value;
        assert!(!check(200, &body), "{body}");
    }
    let mut lacking = whole;
    lacking.as_object_mut().unwrap().remove("client_id");
    assert!(!check(200, &lacking));
}

/// The committed file is what the code generates; `CONVOKE_UPDATE_OPENAPI=1`
/// writes it.
#[test]
fn the_committed_document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.yaml");
    let generated = openapi::yaml();
    if std::env::var_os("CONVOKE_UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "docs/openapi.yaml is old: CONVOKE_UPDATE_OPENAPI=1 cargo test -p it openapi"
    );
}
