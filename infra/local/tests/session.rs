//! The deployment with the real functions, and with their policies evaluated: a session from its plan to the mails that
//! take it back, with an answer by a mail's link and the host's own calendars.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what surrounds the tests fails like the tests"
)]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use convoke_local::{LogBook, Mail, MsGraphProfile, Stack, StackOptions, TokenClaims};
use google_simulator::{Seed, StoredEvent, User, demo as google};
use graph_simulator::demo as microsoft;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

const ORG: &str = "acme";
const MEETINGS: &str = "/api/v1/meetings";
const STAFF: &str =
    "directory:write meetings:write tenant_integrations:read tenant_integrations:update";
const CLEO: &str = "cleo@globex.example";
/// Whose refresh tokens are good for one use: every one that follows is sealed by whoever was given it.
const HANA: &str = "hana@acme.example";
/// Whether this edition knows Microsoft's cloud.
const MICROSOFT: bool = cfg!(feature = "enterprise");
const PATIENCE: Duration = Duration::from_secs(30);

struct Caller<'a> {
    stack: &'a Stack,
    token: String,
}

impl Caller<'_> {
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, text) = self.try_call(method.clone(), path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }

    async fn try_call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, String) {
        let url = format!("{}{path}", self.stack.api_url.as_deref().unwrap());
        let mut request = Client::builder().build().unwrap().request(method, url);
        request = request.bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }
}

/// The directory, the Teams integration where there is one, and the host's calendars.
async fn set_up(host: &Caller<'_>) {
    let person = |name: &str, email: &str| json!({ "name": name, "email": email, "timezone": "Europe/Berlin" });
    let mut contact = person("Cleo Carter", CLEO);
    contact["client_id"] = json!("globex");
    let mut entries = vec![
        ("users/hana", person("Hana Host", HANA)),
        ("users/bob", person("Bob Baker", "bob@acme.example")),
        ("users/tess", person("Tess Tanner", "tess@acme.example")),
        ("clients/globex", json!({ "name": "Globex" })),
        ("contacts/cleo", contact),
        (
            "calendar-connections/google",
            json!({ "refresh_token": "hanas-first-refresh-token" }),
        ),
    ];
    if MICROSOFT {
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
        let consent = json!({ "refresh_token": microsoft::CALENDAR_REFRESH_TOKEN });
        entries.push(("teams-integration", settings));
        entries.push(("calendar-connections/microsoft", consent));
    }
    for (path, body) in entries {
        let path = format!("/api/v1/{path}");
        host.call(Method::PUT, &path, Some(body)).await;
    }
}

/// Six are named; one of the addresses is a colleague's who is named already.
fn wish() -> Value {
    json!({
        "title": "Firewall kick-off", "start": "2050-03-01T10:00", "duration_minutes": 45,
        "timezone": "Europe/Berlin", "generate_teams_meeting": MICROSOFT,
        "invitees": {
            "contact_ids": ["cleo"], "user_ids": ["bob", "tess"],
            "emails": ["Tess@acme.example", "ada@auditors.example", "eve@initech.example"],
        },
    })
}

/// Waits until something is so.
async fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(since.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The mails of one step, once each of these readers has one; nobody else has, and nobody two.
async fn mails_of(stack: &Stack, method: &str, sequence: u32, readers: &[&str]) -> Vec<Mail> {
    let of_step = async || {
        let sent = stack.mails().await.unwrap();
        let fits = |mail: &Mail| {
            let note = mail.ics.as_ref().expect("a calendar file");
            note.method == method && note.sequence == sequence
        };
        let found: Vec<_> = sent.into_iter().filter(fits).collect();
        (found.len() >= readers.len()).then_some(found)
    };
    let found = eventually(&format!("{method} {sequence}"), of_step).await;
    let to: Vec<_> = found.iter().map(|mail| mail.to.join(", ")).collect();
    assert_eq!(found.len(), readers.len(), "{method} {sequence}: {to:?}");
    let to: BTreeSet<_> = to.iter().map(String::as_str).collect();
    assert_eq!(to, readers.iter().copied().collect(), "{method} {sequence}");
    found
}

/// The host's event at Google, once it is as it should be.
async fn event_at_google(stack: &Stack, wanted: impl Fn(&StoredEvent) -> bool) -> StoredEvent {
    let google = stack.google().unwrap();
    let look = async || google.all_events(HANA).into_iter().find(&wanted);
    eventually("the event at Google", look).await
}

/// The host's event at Microsoft, once it is as it should be. It invites nobody: Exchange would send mails of its own.
async fn event_at_microsoft(stack: &Stack, start: &str, is_removed: bool) {
    if !MICROSOFT {
        return;
    }
    let graph = stack.graph().unwrap();
    let look = async || {
        graph.events(microsoft::ANN_UPN).into_iter().find(|event| {
            event.start.to_rfc3339().starts_with(start) && event.removed.is_some() == is_removed
        })
    };
    let event = eventually("the event at Microsoft", look).await;
    assert_eq!(event.subject, "Firewall kick-off");
    let attendees = event.graph["attendees"].as_array().map_or(0, Vec::len);
    assert_eq!(attendees, 0, "{}", event.graph);
}

/// IV-7: the link in a mail shows a page, and takes one answer.
async fn answer_by_mail(mails: &[Mail]) {
    let mail = mails.iter().find(|mail| mail.to == [CLEO]).unwrap();
    let link = mail
        .text
        .split_whitespace()
        .find(|word| word.contains("/rsvp/"))
        .unwrap();
    let client = Client::builder().build().unwrap();
    for _ in 0..2 {
        let page = client.get(link).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
    }
    for (response, expected) in [
        ("accepted", StatusCode::OK),
        ("declined", StatusCode::CONFLICT),
    ] {
        let form = [("response", response)];
        let answer = client.post(link).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), expected);
    }
}

/// IV-1 to IV-8, XC-10: six are named and five invited, each told once of each state in their own way; an answer by a
/// mail's link, the host's calendars with rotating refresh tokens, and the end, with what the template's roles grant.
#[tokio::test]
async fn a_sessions_whole_life_needs_only_the_roles_of_the_template() {
    let logs = LogBook::default();
    let stack = Stack::start(StackOptions {
        enforce_iam: true,
        logs: logs.sink(),
        ..StackOptions::temporary()
    })
    .expect("the stack starts");
    let hana = User::new(HANA, "hanas-first-refresh-token", google::CLIENT_ID).rotating();
    let seed = Seed {
        clients: vec![],
        users: vec![hana],
    };
    stack.google().unwrap().seed(seed).unwrap();
    let caller = |claims: TokenClaims| Caller {
        stack: &stack,
        token: stack.issuer.token(&claims).unwrap(),
    };
    let host = caller(TokenClaims::internal(ORG, "hana", STAFF));
    let bob = caller(TokenClaims::internal(ORG, "bob", "meetings:read"));
    let cleo = caller(TokenClaims::portal(ORG, "cleo", "", "globex", "cleo"));
    set_up(&host).await;

    let made = host.call(Method::POST, MEETINGS, Some(wish())).await;
    assert_eq!(made["invitations"].as_array().unwrap().len(), 5, "{made}");
    let path = format!("{MEETINGS}/{}", made["meeting_id"].as_str().unwrap());
    let outside = [CLEO, "ada@auditors.example", "eve@initech.example"];
    let everybody = [&outside[..], &["bob@acme.example", "tess@acme.example"]].concat();
    let mails = mails_of(&stack, "REQUEST", 0, &everybody).await;
    for mail in &mails {
        assert!(mail.join_link, "{}", mail.text);
    }
    let in_app = async |kind: &str| {
        let listed = bob.call(Method::GET, "/api/v1/notifications", None).await;
        assert_eq!(listed["items"][0]["type"], kind, "{listed}");
        listed["unread"].as_u64()
    };
    assert_eq!(in_app("meeting_scheduled").await, Some(1));
    event_at_google(&stack, |event| !event.is_deleted()).await;
    event_at_microsoft(&stack, "2050-03-01", false).await;

    answer_by_mail(&mails).await;
    let read = host.call(Method::GET, &path, None).await;
    let invitations = read["invitations"].as_array().unwrap();
    let contact = invitations.iter().find(|it| it["kind"] == "contact");
    assert_eq!(contact.unwrap()["response"], "accepted", "{read}");

    // With another access token: the refresh token that was given in the meantime is used.
    stack.google().unwrap().expire_access_tokens();
    let change = json!({ "start": "2050-03-02T10:00" });
    let changed = host.call(Method::PATCH, &path, Some(change)).await;
    let notified = json!({ "emails": 3, "in_app": 2 });
    assert_eq!(changed["notified"], notified, "{changed}");
    mails_of(&stack, "REQUEST", 1, &outside).await;
    assert_eq!(in_app("meeting_updated").await, Some(2));
    let moved = |event: &StoredEvent| event.members["start"].to_string().contains("2050-03-02");
    event_at_google(&stack, moved).await;
    event_at_microsoft(&stack, "2050-03-02", false).await;
    let invitation = format!("{path}/invitation");
    let file = cleo.call(Method::GET, &invitation, None).await;
    assert!(file.as_str().unwrap().contains("\r\nSEQUENCE:1\r\n"));

    host.call(Method::POST, &format!("{path}/cancel"), None)
        .await;
    mails_of(&stack, "CANCEL", 2, &everybody).await;
    assert_eq!(in_app("meeting_cancelled").await, Some(3));
    event_at_google(&stack, StoredEvent::is_deleted).await;
    event_at_microsoft(&stack, "2050-03-02", true).await;
    let (refused, _) = cleo.try_call(Method::GET, &invitation, None).await;
    assert_eq!(refused, StatusCode::CONFLICT);
    assert!(stack.google().unwrap().mails().is_empty());

    let lines = logs.lines();
    let wrong: Vec<_> = lines
        .iter()
        .filter(|line| {
            ["AccessDenied", "not authorized", "refresh-token"]
                .iter()
                .any(|word| line.text.contains(word))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
