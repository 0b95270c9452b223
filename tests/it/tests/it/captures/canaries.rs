//! What is said while recordings are looked for: links, texts, addresses and
//! Microsoft's own words are in no log, event, message or answer (XC-9, XC-12).

use std::time::Duration;

use convoke_local::TokenClaims;
use graph_simulator::{Fault, NewArtifact, demo};
use http::Method;
use it::api::{ALL_SCOPES, Answer, Api};
use it::deployed::{self, new_org};
use it::practice::{Meeting, Practice, meeting_of, transcript};
use it::process::sdk_config;
use serde_json::{Value, json};

use super::{RECORDINGS, TEXT, TRANSCRIPTS};

/// In every text that must not be told.
const CANARY: &str = "kanarie";
const MESSAGE: &str =
    "No recording for kanarie-graph@example.org at https://graph.example/v1.0/kanarie-path";

/// What a meeting's link says of the meeting: its thread.
fn thread_of(join_url: &str) -> String {
    let thread = join_url.split("meeting_").nth(1).unwrap_or(join_url);
    thread.split('%').next().unwrap_or(thread).to_owned()
}

fn assert_silent(text: &str, secrets: &[String], case: &str) {
    for secret in secrets {
        assert!(
            !text.contains(secret.as_str()),
            "{case}: {secret} in {text}"
        );
    }
}

/// An answer without the fields that are there to hold the link, the organiser's
/// name, and what people wrote.
fn without_own_fields(mut answer: Value) -> String {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for own in [
                    "join_url",
                    "notes",
                    "organizer_upn",
                    "subject",
                    "title",
                    "provider_meeting_id",
                    "provider_event_id",
                ] {
                    fields.remove(own);
                }
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut answer);
    answer.to_string()
}

/// XC-9, XC-12, OM-9: events, messages of the outbox and answers, with every step of
/// Microsoft's failing once.
#[tokio::test]
async fn events_messages_and_answers_say_nothing_secret() {
    let practice = Practice::open().await;
    let plan = json!({ "subject": "kanarie-subject", "notes": "kanarie-notes",
        "attendees": [{ "email": "kanarie-guest@example.org", "name": "kanarie-guest" }] });
    let answer = practice
        .meetings("POST", "", Some(&Practice::plan(&plan)))
        .await
        .expect(201);
    let meeting = meeting_of(&answer);
    let held = practice
        .graph
        .hold_meeting_with(
            &meeting.join_url,
            Some(NewArtifact::default()),
            Some(transcript("kanarie-text")),
        )
        .unwrap();
    let secrets = [
        CANARY.to_owned(),
        thread_of(&meeting.join_url),
        practice
            .graph
            .base_url()
            .trim_start_matches("http://")
            .to_owned(),
        held.recording.unwrap().id,
        held.transcript.unwrap().id,
        demo::CLIENT_SECRET.to_owned(),
        "graph.microsoft.com".to_owned(),
    ];
    let mut said = vec![without_own_fields(answer)];
    let mut messages = practice.relay().await;
    practice.clock.set(Meeting::AFTER);
    for (path, status) in [(RECORDINGS, 403), (TRANSCRIPTS, 500), (TEXT, 404)] {
        let fault = Fault::on("GET", path).times(6);
        practice.graph.inject(
            fault
                .error(status, "ErrorAccessDenied", MESSAGE)
                .header("retry-after", "120"),
        );
        said.push(without_own_fields(practice.refresh(&meeting).await));
        messages.extend(practice.relay().await);
        practice.graph.clear_faults();
    }
    let seen = practice.refresh(&meeting).await;
    assert_eq!(seen["capture_status"], "complete", "{seen}");
    said.push(without_own_fields(seen));
    for (method, path) in [
        ("GET", format!("/api/v1/interactions/{}", meeting.id)),
        (
            "GET",
            "/api/v1/interactions?contact_id=contact-1".to_owned(),
        ),
    ] {
        let answer = practice
            .process
            .api(practice.staff(method, &path, None))
            .await;
        said.push(without_own_fields(answer.expect(200)));
    }
    messages.extend(practice.relay().await);
    assert!(messages.len() >= 5, "{messages:?}");
    said.extend(messages.iter().map(|(_, job)| job.to_string()));
    for text in said {
        assert_silent(&text, &secrets, "said");
    }
}

/// A caller of the deployed API whose token is known.
struct Caller {
    api: Api,
    token: String,
}

impl Caller {
    fn new() -> Self {
        let org = new_org();
        let claims = TokenClaims::internal(&org, "u-admin", ALL_SCOPES);
        let token = deployed::stack().issuer.token(&claims).expect("a token");
        Self {
            api: Api::anonymous(deployed::stack(), &org),
            token,
        }
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str())];
        self.api.call(method, path, &headers, body).await
    }

    async fn furnish(&self) {
        let integration = json!({ "install_status": "active", "default_meeting_organizer_upn": demo::ORGANIZER_UPN,
            "profile": { "tenant_id": demo::TENANT_ID, "client_id": demo::CLIENT_ID, "client_secret": demo::CLIENT_SECRET } });
        let contact = json!({ "client_id": "c-1", "email": "kanarie-ada@example.org", "name": "kanarie-ada" });
        for (path, body) in [
            ("/api/v1/teams-integration", integration),
            ("/api/v1/contacts/contact-1", contact),
        ] {
            let answer = self.send(Method::PUT, path, Some(&body)).await;
            assert!(answer.status < 300, "{path}: {answer:?}");
        }
    }

    /// What the deployed functions printed about this organisation.
    fn lines(&self) -> Vec<Value> {
        let lines = deployed::logs().lines().into_iter();
        let own = lines.filter(|line| line.text.contains(&self.api.org));
        own.map(|line| serde_json::from_str(&line.text).expect("a line is JSON"))
            .collect()
    }

    async fn until_logged(&self, is_it: impl Fn(&Value) -> bool) -> Vec<Value> {
        let logged = async {
            while !self.lines().iter().any(&is_it) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_mins(2), logged).await;
        assert!(in_time.is_ok(), "{:?}", self.lines());
        self.lines()
    }
}

/// XC-9: the deployed functions' logs: a refresh with failures, and a look of the
/// queue: whose, about which, what Microsoft said, and nothing secret.
#[tokio::test]
async fn logs_of_looks_say_who_and_which_and_nothing_secret() {
    let caller = Caller::new();
    caller.furnish().await;
    let graph = deployed::stack().graph().expect("the bundled simulator");
    let plan = json!({ "subject": "kanarie-subject", "start": "2026-01-05T09:00:00Z", "end": "2026-01-05T10:00:00Z",
        "contact_id": "contact-1", "notes": "kanarie-notes" });
    let path = "/api/v1/online-meetings";
    let made = caller
        .send(Method::POST, path, Some(&plan))
        .await
        .expect(201);
    let meeting = meeting_of(&made);
    graph.configure(|behaviour| behaviour.meeting_expiry_days = 10_000);
    let held = graph
        .hold_meeting_with(
            &meeting.join_url,
            Some(NewArtifact::default()),
            Some(transcript("kanarie-text")),
        )
        .unwrap();
    let provider_id = made["provider_meeting_id"].as_str().expect("it resolved");
    let plain: String = provider_id
        .chars()
        .rev()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    let plain: String = plain.chars().rev().collect();
    let fault = Fault::on("GET", &format!("**{plain}**/recordings"));
    graph.inject(fault.error(403, "Forbidden", MESSAGE));
    let path = format!("{path}/{}/refresh-recordings", meeting.id);
    let seen = caller.send(Method::POST, &path, None).await.expect(200);
    assert!(seen["error_code"].is_string(), "{seen}");
    // The queue's function looks too.
    let stack = deployed::stack();
    let sqs = aws_sdk_sqs::Client::new(&sdk_config(&stack.aws_endpoint));
    let body = json!({ "id": meeting.id.uuid(), "tenant": caller.api.org, "job": meeting.job() });
    let send = sqs
        .send_message()
        .queue_url(&stack.outputs.capture_queue_url)
        .message_body(body.to_string());
    send.send().await.unwrap();
    let lines = caller
        .until_logged(|line| line["job"] == "capture_artifacts")
        .await;
    let listing =
        |line: &&Value| line["target"] == "graph" && line["operation"] == "list_recordings";
    let listings: Vec<_> = lines.iter().filter(listing).collect();
    assert!(!listings.is_empty(), "{lines:?}");
    let failed: Vec<_> = listings
        .iter()
        .filter(|line| line["level"] == "WARN")
        .collect();
    assert!(!failed.is_empty(), "{listings:?}");
    for call in &failed {
        assert!(
            call["graph_status"] == 403 && call["tenant"] == caller.api.org,
            "{call}"
        );
        assert_eq!(call["online_meeting_id"], meeting.id.to_string(), "{call}");
        assert!(
            call["graph_message"]
                .as_str()
                .unwrap_or_default()
                .starts_with("No recording"),
            "{call}"
        );
    }
    let secrets = [
        CANARY.to_owned(),
        caller.token.clone(),
        demo::CLIENT_SECRET.to_owned(),
        demo::ORGANIZER_UPN.to_owned(),
        meeting.join_url.clone(),
        thread_of(&meeting.join_url),
        held.recording.unwrap().id,
    ];
    for line in &lines {
        assert_silent(&line.to_string(), &secrets, "a log line");
    }
}
