//! The deployment with the real functions, and with their policies evaluated: an appointment from the client's wish to
//! the mail that takes it back.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what surrounds the tests fails like the tests"
)]

use std::time::{Duration, Instant};

use convoke_local::{LogBook, Mail, MsGraphProfile, Stack, StackOptions, TokenClaims};
use reqwest::{Client, Method};
use serde_json::{Value, json};

const ORG: &str = "acme";
const REQUESTS: &str = "/api/v1/appointment-requests";
const STAFF: &str = "directory:write appointments:read user_schedule:read user_schedule:update \
                     tenant_integrations:read tenant_integrations:update";
/// Whether this edition makes Teams meetings.
const TEAMS: bool = cfg!(feature = "enterprise");

struct Caller<'a> {
    stack: &'a Stack,
    token: String,
}

impl Caller<'_> {
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}{path}", self.stack.api_url.as_deref().unwrap());
        let mut request = Client::builder()
            .build()
            .unwrap()
            .request(method.clone(), url)
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }
}

/// The directory, and the Teams integration where there is one.
async fn set_up(staff: &Caller<'_>) {
    let person = |name: &str, email: &str| json!({ "name": name, "email": email, "timezone": "Europe/Berlin" });
    let mut contact = person("Cleo Carter", "cleo@globex.example");
    contact["client_id"] = json!("globex");
    for (path, body) in [
        ("users/tess", person("Tess Tanner", "tess@acme.example")),
        ("clients/globex", json!({ "name": "Globex" })),
        ("contacts/cleo", contact),
    ] {
        let path = format!("/api/v1/{path}");
        staff.call(Method::PUT, &path, Some(body)).await;
    }
    if TEAMS {
        let profile = MsGraphProfile::demo(ORG);
        let settings = json!({
            "profile": {
                "tenant_id": profile.tenant_id,
                "client_id": profile.client_id,
                "client_secret": profile.client_secret,
            },
            "install_status": "active",
            "default_meeting_organizer_upn": profile.organizer_email,
        });
        let path = "/api/v1/teams-integration";
        let saved = staff.call(Method::PUT, path, Some(settings)).await;
        assert!(
            saved["default_meeting_organizer_object_id"].is_string(),
            "{saved}"
        );
    }
}

/// The mails of one step, once both readers' have left.
async fn mails_of(stack: &Stack, method: &str, sequence: u32) -> Vec<Mail> {
    let since = Instant::now();
    loop {
        let sent = stack.mails().await.unwrap();
        let of_step: Vec<_> = sent
            .iter()
            .filter(|mail| {
                let note = mail.ics.as_ref().unwrap();
                note.method == method && note.sequence == sequence
            })
            .cloned()
            .collect();
        if of_step.len() >= 2 {
            return of_step;
        }
        assert!(
            since.elapsed() < Duration::from_secs(30),
            "no {method} {sequence} among {sent:?}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// AP-4, AP-6, AP-7, AP-8, XC-1, XC-10, XC-13: saving a secret, using it, and telling both sides by mail needs only
/// what the template's roles grant.
#[tokio::test]
async fn an_appointments_whole_life_needs_only_the_roles_of_the_template() {
    let logs = LogBook::default();
    let stack = Stack::start(StackOptions {
        enforce_iam: true,
        logs: logs.sink(),
        ..StackOptions::temporary()
    })
    .expect("the stack starts");
    let caller = |claims: TokenClaims| Caller {
        stack: &stack,
        token: stack.issuer.token(&claims).unwrap(),
    };
    let staff = caller(TokenClaims::internal(ORG, "bob", STAFF));
    let scope = "appointments:request appointments:read";
    let client = caller(TokenClaims::portal(ORG, "cleo", scope, "globex", "cleo"));
    set_up(&staff).await;

    let wish = json!({
        "service_name": "Security review", "requested_date": "2050-03-01", "requested_time": "10:00",
        "requested_duration": 60, "timezone": "America/New_York", "preferred_assigned_user_id": "tess",
    });
    let made = client.call(Method::POST, REQUESTS, Some(wish)).await;
    let path = format!(
        "{REQUESTS}/{}",
        made["appointment_request_id"].as_str().unwrap()
    );
    let step = async |name: &str, body: Value| {
        let path = format!("{path}/{name}");
        let mut done = staff.call(Method::POST, &path, Some(body)).await;
        if TEAMS {
            assert_eq!(done["teams_meeting_warning"], Value::Null, "{name}");
        }
        done["request"].take()
    };

    let approved = step("approve", json!({ "generate_teams_meeting": true })).await;
    assert_eq!(approved["online_meeting_url"].is_string(), TEAMS);
    for mail in mails_of(&stack, "REQUEST", 0).await {
        assert_eq!(mail.join_link, TEAMS, "{}", mail.subject);
    }
    let file = client.call(Method::GET, &format!("{path}/ics"), None).await;
    assert_eq!(
        file.as_str().unwrap().contains("\r\nURL:https://teams."),
        TEAMS
    );

    step(
        "reschedule",
        json!({ "new_date": "2050-03-02", "new_time": "15:00" }),
    )
    .await;
    mails_of(&stack, "REQUEST", 1).await;
    let entries = "/api/v1/schedule-entries?from=2050-03-02T00:00:00Z&to=2050-03-03T00:00:00Z";
    let entries = staff.call(Method::GET, entries, None).await;
    assert_eq!(
        entries["items"][0]["start"], "2050-03-02T20:00:00Z",
        "{entries}"
    );

    let cancelled = step("cancel", json!({ "reason": "Not needed any more" })).await;
    assert_eq!(cancelled["status"], "cancelled");
    for mail in mails_of(&stack, "CANCEL", 2).await {
        assert!(!mail.join_link, "{}", mail.subject);
    }

    let denied: Vec<_> = logs
        .lines()
        .into_iter()
        .filter(|line| line.text.contains("AccessDenied") || line.text.contains("not authorized"))
        .collect();
    assert!(denied.is_empty(), "{denied:?}");
}
