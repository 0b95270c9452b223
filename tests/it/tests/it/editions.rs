//! XC-11, CM-11: what an edition, or a deployment, without Microsoft's cloud can
//! do, and how it says what it cannot.

use http::Method;
use it::api::{Answer, Api};
use it::deployed;
use serde_json::{Value, json};

const KEYS: [&str; 4] = [
    "MS_GRAPH_TENANT_ID",
    "MS_GRAPH_CLIENT_ID",
    "MS_GRAPH_CLIENT_SECRET",
    "MS_GRAPH_ORGANIZER_EMAIL",
];

/// The organisation that the stack's Graph is configured for, in the edition
/// that has it; without it, nobody's Graph is configured.
fn unconfigured() -> Api {
    if cfg!(feature = "enterprise") {
        Api::admin(&deployed::new_org())
    } else {
        Api::admin(convoke_local::DEMO_ORG)
    }
}

async fn create(api: &Api, provider: &str) -> Value {
    let body = json!({ "title": "PCI Scope Review", "frequency": "QUARTERLY", "provider": provider,
        "start": "2027-01-15T09:00", "duration_minutes": 60, "timezone": "Europe/Berlin", "is_online": true,
        "join_url": "https://meet.example.com/pci", "attendees": [{ "email": "ann@example.com", "name": "Ann" }] });
    api.post(&api.org_path("/controls/pci-1/meetings"), &body)
        .await
        .expect(201)
}

async fn act(api: &Api, meeting: &Value, action: &str) -> Answer {
    let id = meeting["meeting_id"].as_str().unwrap();
    api.call(
        Method::POST,
        &api.org_path(&format!("/meetings/{id}/{action}")),
        &[],
        None,
    )
    .await
}

/// CM-11: scheduling on a Graph that is not there answers 503 with what is missing.
#[tokio::test]
async fn an_unconfigured_graph_says_what_is_missing() {
    let api = unconfigured();
    let meeting = create(&api, "graph").await;
    let refused = act(&api, &meeting, "schedule").await;
    assert_eq!(refused.problem(503), "provider_not_configured");
    assert_eq!(refused.json()["missing_keys"], json!(KEYS));
    assert_eq!(
        refused.json()["required_permissions"],
        json!(["Calendars.ReadWrite"])
    );
    let id = meeting["meeting_id"].as_str().unwrap();
    assert_eq!(
        api.get(&api.org_path(&format!("/meetings/{id}/slots")))
            .await
            .problem(503),
        "provider_not_configured"
    );
    let after = api
        .get(&api.org_path(&format!("/meetings/{id}")))
        .await
        .expect(200);
    assert_eq!(
        (&after["status"], &after["version"]),
        (&json!("planned"), &meeting["version"])
    );
}

/// CM-7: the matrix says which calendars can be used.
#[tokio::test]
async fn the_matrix_says_what_is_configured() {
    let api = unconfigured();
    let matrix = api
        .get(&api.org_path("/meeting-providers"))
        .await
        .expect(200);
    let configured: Vec<_> = matrix
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["provider"].as_str().unwrap(),
                one["configured"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        configured,
        [("mock", true), ("ics", true), ("graph", false)]
    );
    assert_eq!(matrix[2]["missing_keys"], json!(KEYS));
    assert!(matrix[0].get("missing_keys").is_none());
    let words = matrix[2]["behaviour"].as_str().unwrap();
    assert_eq!(
        words.contains("community edition"),
        !cfg!(feature = "enterprise"),
        "{words}"
    );
}

/// XC-11: everything else works: mock, ics, the file, a stored join link, changing and cancelling.
#[tokio::test]
async fn everything_but_graph_works() {
    let api = unconfigured();
    for provider in ["mock", "ics", "graph"] {
        let meeting = create(&api, provider).await;
        let path = api.org_path(&format!(
            "/meetings/{}",
            meeting["meeting_id"].as_str().unwrap()
        ));
        if provider != "graph" {
            let scheduled = act(&api, &meeting, "schedule").await.expect(200);
            assert!(scheduled["external_event_id"].is_string(), "{scheduled}");
        }
        let file = api.get(&format!("{path}/ics")).await;
        assert_eq!(file.status, 200);
        let text = String::from_utf8(file.body).unwrap().replace("\r\n ", "");
        assert!(
            text.contains("https://meet.example.com/pci")
                && text.contains("FREQ=MONTHLY;INTERVAL=3"),
            "{text}"
        );
        let signed = api
            .call(Method::GET, meeting["ics_url"].as_str().unwrap(), &[], None)
            .await;
        assert_eq!(signed.status, 200, "{provider}");
        api.patch(&path, &json!({ "title": "Another" }))
            .await
            .expect(200);
        let cancelled = act(&api, &meeting, "cancel").await.expect(200);
        assert_eq!(cancelled["status"], "cancelled");
        assert!(cancelled.get("warning").is_none(), "{cancelled}");
    }
}

/// CM-7: a meeting can leave a Graph that is not there.
#[tokio::test]
async fn a_meeting_can_change_to_a_calendar_that_is_there() {
    let api = unconfigured();
    let meeting = create(&api, "graph").await;
    let path = api.org_path(&format!(
        "/meetings/{}",
        meeting["meeting_id"].as_str().unwrap()
    ));
    api.patch(&path, &json!({ "provider": "ics" }))
        .await
        .expect(200);
    assert_eq!(
        act(&api, &meeting, "schedule").await.expect(200)["provider"],
        "ics"
    );
}

/// XC-11, IV-2: a meeting with invitees is planned, changed and called off without
/// Teams: its link is the deployment's page, the answer says why, and it has a file.
#[tokio::test]
async fn a_meeting_with_invitees_needs_no_teams() {
    let api = Api::admin(&deployed::new_org());
    let plan = json!({ "title": "Kick-off", "start": "2037-01-15T09:00", "duration_minutes": 60,
        "timezone": "Europe/Berlin", "generate_teams_meeting": true,
        "invitees": { "emails": ["ann@example.com"] } });
    let planned = api.post("/api/v1/meetings", &plan).await.expect(201);
    let reason = if cfg!(feature = "enterprise") {
        "not_configured"
    } else {
        "ee_disabled"
    };
    assert_eq!(planned["teams_meeting_warning"]["reason"], reason);
    let id = planned["meeting_id"].as_str().unwrap();
    let link = planned["join_url"].as_str().unwrap();
    assert!(link.ends_with(id), "{planned}");
    let path = format!("/api/v1/meetings/{id}");
    let file = api.get(&format!("{path}/invitation")).await;
    let text = String::from_utf8(file.body).unwrap().replace("\r\n ", "");
    assert!(text.contains(link), "{text}");
    let moved = json!({ "start": "2037-01-16T09:00" });
    let changed = api.patch(&path, &moved).await.expect(200);
    assert_eq!(changed["changes"], json!(["start"]));
    let cancel = format!("{path}/cancel");
    let cancelled = api.call(Method::POST, &cancel, &[], None).await;
    assert_eq!(cancelled.expect(200)["status"], "cancelled");
}

/// XC-11, IV-6: which calendars can be connected, and how what cannot is said.
#[tokio::test]
async fn calendars_of_the_other_edition_say_so() {
    let api = Api::admin(&deployed::new_org());
    let path = "/api/v1/calendar-connections/microsoft";
    let body = json!({ "refresh_token": "nobody-gave-this" });
    let refused = api.call(Method::PUT, path, &[], Some(&body)).await;
    if cfg!(feature = "enterprise") {
        assert_eq!(refused.problem(422), "invalid_input");
        assert_eq!(refused.json()["errors"][0]["code"], "grant_refused");
    } else {
        assert_eq!(refused.problem(501), "ee_disabled");
    }
}
