//! `docs/openapi.yaml` is what the code says (issue 2, item 9).

use std::collections::BTreeSet;
use std::path::Path;

use http::header::CONTENT_TYPE;
use it::api::Answer;
use it::described::assert_described;
use it::openapi;
use serde_json::{Value, json};

/// Every route is described, and nothing else is.
#[test]
fn the_document_describes_every_route_and_no_other() {
    let described: BTreeSet<String> = openapi::document()
        .paths
        .paths
        .iter()
        .flat_map(|(path, item)| {
            openapi::operations(item)
                .into_iter()
                .map(move |(method, operation)| {
                    format!(
                        "{method} {path} {}",
                        operation.operation_id.as_deref().unwrap_or_default()
                    )
                })
        })
        .collect();
    let meeting_api = meeting_api::routes::ROUTES
        .iter()
        .map(|r| format!("{} {} {}", r.method, r.path, r.operation));
    let ics_download = ics_download::ROUTES
        .iter()
        .map(|r| format!("{} {} {}", r.method, r.path, r.operation));
    let settings = settings::routes::ROUTES
        .iter()
        .map(|r| format!("{} {} {}", r.method, r.path, r.operation));
    let approval = approval::routes::ROUTES
        .iter()
        .map(|r| format!("{} {} {}", r.method, r.path, r.operation));
    let recording_proxy = recording_proxy::routes::ROUTES
        .iter()
        .map(|r| format!("{} {} {}", r.method, r.path, r.operation));
    let graph_webhook = graph_webhook::ROUTES
        .iter()
        .map(|r| format!("{} {} {}", r.method, r.path, r.operation));
    let routes = meeting_api
        .chain(ics_download)
        .chain(settings)
        .chain(approval)
        .chain(recording_proxy)
        .chain(graph_webhook);
    assert_eq!(described, routes.collect());
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
    let generated = openapi::document().to_yaml().unwrap();
    if std::env::var_os("CONVOKE_UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "docs/openapi.yaml is old: CONVOKE_UPDATE_OPENAPI=1 cargo test -p it openapi"
    );
}
