//! "Schedule now" on each provider, configured or not (CM-7, CM-8, CM-11).

use convoke_platform::config::Environment;
use convoke_platform::http::Edge;
use convoke_platform::secrets::Secrets;
use convoke_platform::store::Store;
use convoke_services::core::Core;
use it::api::{ALL_SCOPES, Answer};
use it::clock::TestClock;
use it::deployed::{self, new_org};
use it::gateway::{Event, answer_of};
use it::office::{OPENING, Office};
use it::process::{meeting_api_app, microsoft, sdk_config};
use it::requests::{id_of, meeting_body};
use serde_json::{Value, json};

/// CM-7, CM-8: mock mints an id once and says that nobody was contacted.
#[tokio::test]
async fn scheduling_a_mock_meeting_again_keeps_its_id() {
    let office = Office::open().await;
    for provider in [Value::Null, json!("mock"), json!("zoom"), json!("Graph")] {
        let made = office.plan("c", &json!({ "provider": provider })).await;
        assert_eq!(
            made["provider"], "mock",
            "{provider}: an unknown provider falls back to mock"
        );
        let id = id_of(&made, "meeting_id");
        let first = office.schedule(&id).await.expect(200);
        let event_id = id_of(&first, "external_event_id");
        let uuid = event_id.strip_prefix("mock-").expect("mock-<uuid>");
        assert_eq!(uuid.len(), 36, "{uuid}");
        assert!(id_of(&first, "note").contains("No external calendar was contacted"));
        assert_eq!(first["provider"], "mock");
        assert_eq!(
            first["last_occurrence"], "2027-01-15T08:00:00Z",
            "the occurrence just materialised"
        );
        assert_eq!(
            first["next_occurrence"], "2027-01-15T08:00:00Z",
            "the next one stays"
        );
        assert_eq!(
            office.schedule(&id).await.expect(200)["external_event_id"],
            first["external_event_id"]
        );
        let read = office.meeting(&id).await;
        assert_eq!(
            (&read["status"], &read["external_event_id"]),
            (&json!("scheduled"), &first["external_event_id"])
        );
        assert_eq!(read["last_occurrence"], first["last_occurrence"]);
    }
    assert_eq!(office.graph.received().len(), 0);
}

/// CM-7, CM-8: of an ics meeting the event's id is the file's UID.
#[tokio::test]
async fn an_ics_meetings_event_id_is_its_files_uid() {
    let office = Office::open().await;
    let made = office.plan("c", &json!({ "provider": "ics" })).await;
    let id = id_of(&made, "meeting_id");
    let scheduled = office.schedule(&id).await.expect(200);
    let path = format!("/api/v1/orgs/{}/meetings/{id}/ics", office.org);
    let file = String::from_utf8(
        office
            .process
            .ics(office.event("GET", &path, None))
            .await
            .body,
    )
    .unwrap();
    assert_eq!(
        scheduled["external_event_id"],
        format!("{id}@convoke.example")
    );
    assert!(
        file.replace("\r\n ", "")
            .contains(&format!("\r\nUID:{id}@convoke.example\r\n")),
        "{file}"
    );
    assert_eq!(
        office.schedule(&id).await.expect(200)["external_event_id"],
        scheduled["external_event_id"]
    );
}

/// A deployment with these `MS_GRAPH_*` variables.
fn deployment(variables: &[(&str, &str)]) -> Edge<meeting_api::App> {
    let stack = deployed::resources();
    let sdk = sdk_config(&stack.aws_endpoint);
    let all = [
        ("CONVOKE_DOMAIN", "convoke.example"),
        ("GRAPH_BASE_URL", "http://127.0.0.1:9"),
        ("LOGIN_BASE_URL", "http://127.0.0.1:9"),
    ];
    let all = all
        .iter()
        .chain(variables)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment = Environment::of(all);
    let ports = TestClock::at(OPENING).ports();
    let client = |sdk| aws_sdk_secretsmanager::Client::new(sdk);
    let secrets = Secrets::new(client(&sdk), &stack.outputs.root_secret_arn);
    let store = Store::new(
        aws_sdk_dynamodb::Client::new(&sdk),
        &stack.outputs.table_name,
    );
    let microsoft = microsoft(stack, &environment);
    let core = Core::new(store, ports.clone());
    let app = meeting_api_app(stack, &environment, core, microsoft, secrets);
    meeting_api::edge(app, &environment, ports).unwrap()
}

async fn ask(
    edge: &Edge<meeting_api::App>,
    org: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Answer {
    let event = Event::new(method, &format!("/api/v1/orgs/{org}{path}"))
        .internal(org, "u-admin", ALL_SCOPES);
    let event = body.into_iter().fold(event, Event::json);
    answer_of(edge.handle(event.into_request()).await)
}

/// Settings of a whole profile, and the key that is missing without each.
const SETTINGS: [(&str, &str, &str); 4] = [
    ("MS_GRAPH_TENANT_ID", "t", "MS_GRAPH_TENANT_ID"),
    ("MS_GRAPH_CLIENT_ID", "c", "MS_GRAPH_CLIENT_ID"),
    (
        "MS_GRAPH_CLIENT_SECRET_ARN",
        "arn:aws:secretsmanager:us-east-1:000000000000:secret:x",
        "MS_GRAPH_CLIENT_SECRET",
    ),
    (
        "MS_GRAPH_ORGANIZER_EMAIL",
        "o@example.org",
        "MS_GRAPH_ORGANIZER_EMAIL",
    ),
];

/// A profile for an organisation, without some of its settings.
fn profile(org: &str, left_out: impl Fn(&str) -> bool) -> Vec<(&'static str, &str)> {
    let kept = SETTINGS.iter().filter(|(_, _, key)| !left_out(key));
    let settings = kept.map(|(name, value, _)| (*name, *value));
    [("MS_GRAPH_ORG_ID", org)]
        .into_iter()
        .chain(settings)
        .collect()
}

/// CM-11, CM-7: each missing key is named, with the permission; nothing else breaks.
#[tokio::test]
async fn an_unconfigured_graph_names_what_is_missing_and_breaks_nothing_else() {
    let org = new_org();
    let all = SETTINGS.map(|(_, _, key)| key).to_vec();
    check_unconfigured(&org, &[], &all).await;
    check_unconfigured(&org, &profile(&org, |_| true), &all).await;
    check_unconfigured(&org, &profile("somebody-else", |_| false), &all).await;
    for missing in &all {
        // The community edition has none of it, whatever is set (XC-11).
        let expected = if cfg!(feature = "enterprise") {
            vec![*missing]
        } else {
            all.clone()
        };
        check_unconfigured(&org, &profile(&org, |key| key == *missing), &expected).await;
    }
}

async fn check_unconfigured(org: &str, variables: &[(&str, &str)], missing: &[&str]) {
    let edge = deployment(variables);
    let body = meeting_body(&json!({ "provider": "graph" }));
    let made = ask(&edge, org, "POST", "/controls/c/meetings", Some(&body))
        .await
        .expect(201);
    let path = format!("/meetings/{}", id_of(&made, "meeting_id"));
    let refused = ask(&edge, org, "POST", &format!("{path}/schedule"), None).await;
    assert_eq!(refused.problem(503), "provider_not_configured");
    assert_eq!(refused.json()["missing_keys"], json!(missing));
    assert_eq!(
        refused.json()["required_permissions"],
        json!(["Calendars.ReadWrite"])
    );
    let matrix = ask(&edge, org, "GET", "/meeting-providers", None)
        .await
        .expect(200);
    for (row, (provider, configured)) in [("mock", true), ("ics", true), ("graph", false)]
        .iter()
        .enumerate()
    {
        assert_eq!(
            (&matrix[row]["provider"], &matrix[row]["configured"]),
            (&json!(provider), &json!(configured))
        );
    }
    assert_eq!(matrix[2]["missing_keys"], json!(missing));
    assert_eq!(
        ask(&edge, org, "GET", &path, None).await.expect(200)["status"],
        "planned"
    );
    let moved = json!({ "provider": "mock" });
    assert_eq!(
        ask(&edge, org, "PATCH", &path, Some(&moved))
            .await
            .expect(200)["provider"],
        "mock"
    );
    ask(&edge, org, "POST", &format!("{path}/schedule"), None)
        .await
        .expect(200);
    let cancelled = ask(&edge, org, "POST", &format!("{path}/cancel"), None)
        .await
        .expect(200);
    assert_eq!(cancelled["status"], "cancelled");
}

/// CM-7: with all four the matrix says configured.
#[cfg(feature = "enterprise")]
#[tokio::test]
async fn the_provider_matrix_says_what_is_configured() {
    let office = Office::open().await;
    let matrix = office
        .call("GET", "/meeting-providers", None)
        .await
        .expect(200);
    for row in matrix.as_array().unwrap() {
        assert_eq!(row["configured"], true, "{row}");
        assert!(row.get("missing_keys").is_none(), "{row}");
        assert!(!id_of(row, "behaviour").is_empty());
    }
}
