//! What the deployed functions print while appointments are approved, moved,
//! refused by Microsoft and ended: who did what to which, and nothing secret (XC-9).

use std::time::Duration;

use convoke_local::{LogLine, TokenClaims};
use graph_simulator::{Fault, GraphSimulator, demo};
use http::Method;
use it::api::{ALL_SCOPES, Api};
use it::deployed::{self, new_org};
use serde_json::{Value, json};

/// In every text that must not be logged.
const CANARY: &str = "kanarie";
const ROOT: &str = "/api/v1/appointment-requests";
const EVENTS: &str = "/v1.0/users/*/events";
/// In Microsoft's messages, which are logged without addresses and links.
const MESSAGE: &str =
    "No mailbox kanarie-graph@example.org behind https://teams.example/l/meetup-join/kanarie-join";

/// A caller whose token is known, to be looked for, and what was planted.
struct Planter {
    api: Api,
    token: String,
    secrets: Vec<String>,
}

impl Planter {
    async fn new() -> Self {
        let org = new_org();
        let claims = TokenClaims {
            name: Some("kanarie-own-name".to_owned()),
            email: Some("kanarie-own@example.org".to_owned()),
            ..TokenClaims::internal(&org, "u-admin", ALL_SCOPES)
        };
        let token = deployed::stack().issuer.token(&claims).expect("a token");
        let mut planter = Self {
            api: Api::anonymous(deployed::stack(), &org),
            secrets: vec![
                CANARY.to_owned(),
                token.clone(),
                demo::CLIENT_SECRET.to_owned(),
                demo::ORGANIZER_UPN.to_owned(),
            ],
            token,
        };
        planter.plant_settings().await;
        planter
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Value {
        let bearer = format!("Bearer {}", self.token);
        let body = Some(&body).filter(|body| !body.is_null());
        let headers = [("authorization", bearer.as_str())];
        let answer = self.api.call(method, path, &headers, body).await;
        assert!(answer.status < 300, "{path}: {answer:?}");
        if answer.body.is_empty() {
            Value::Null
        } else {
            answer.json()
        }
    }

    /// Sends a command about a request; what it answers of links is a secret from now on.
    async fn order(&mut self, method: Method, path: &str, body: Value) -> Value {
        let answer = self.send(method, path, body).await;
        if let Some(link) = answer["request"]["online_meeting_url"].as_str() {
            self.secrets.push(link.to_owned());
            let thread = link
                .split("meeting_")
                .nth(1)
                .and_then(|rest| rest.split('%').next());
            self.secrets.extend(thread.map(str::to_owned));
        }
        answer
    }

    async fn plant_settings(&mut self) {
        let integration = json!({ "install_status": "active", "default_meeting_organizer_upn": demo::ORGANIZER_UPN,
            "profile": { "tenant_id": demo::TENANT_ID, "client_id": demo::CLIENT_ID, "client_secret": demo::CLIENT_SECRET } });
        self.send(Method::PUT, "/api/v1/teams-integration", integration)
            .await;
        let contact = json!({ "client_id": "c-1", "email": "kanarie-contact@example.org", "name": "kanarie-ada" });
        self.send(Method::PUT, "/api/v1/contacts/contact-1", contact)
            .await;
        let user = json!({ "email": "kanarie-tess@example.org", "name": "kanarie-tess" });
        self.send(Method::PUT, "/api/v1/users/tech-1", user).await;
    }

    async fn requested(&self, date: &str) -> String {
        let body = json!({ "service_name": format!("kanarie-subject {}", self.api.org), "requested_date": date,
            "requested_time": "09:00", "requested_duration": 60, "timezone": "Europe/Berlin",
            "description": "kanarie-description\r\n{\"level\":\"kanarie-forged\"}", "contact_id": "contact-1",
            "preferred_assigned_user_id": "tech-1" });
        let made = self.send(Method::POST, ROOT, body).await;
        format!(
            "{ROOT}/{}",
            made["appointment_request_id"].as_str().unwrap()
        )
    }

    fn approval() -> Value {
        json!({ "generate_teams_meeting": true, "internal_notes": "kanarie-notes" })
    }

    /// Refused by Microsoft at each step, made, moved, taken back.
    async fn plant_failures(&mut self, graph: &GraphSimulator) {
        let path = self.requested("2037-03-16").await;
        let subject = format!("kanarie-subject {}", self.api.org);
        let post = Fault::on("POST", EVENTS).with_body(&subject);
        graph.inject(post.error(403, "ErrorAccessDenied", MESSAGE));
        let answer = self
            .order(Method::POST, &format!("{path}/approve"), Self::approval())
            .await;
        assert!(answer["teams_meeting_warning"].is_object(), "{answer}");
        let answer = self
            .order(
                Method::POST,
                &format!("{path}/generate-meeting"),
                Value::Null,
            )
            .await;
        let event = answer["request"]["online_meeting"]["provider_event_id"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"));
        let plain = |letter: &char| letter.is_ascii_alphanumeric() || "-_".contains(*letter);
        let event: String = event.chars().take_while(plain).collect();
        let event = format!("**/events/{event}**");
        graph.inject(
            Fault::on("PATCH", &event)
                .error(500, "InternalServerError", MESSAGE)
                .times(4),
        );
        let moved = json!({ "new_date": "2037-03-17", "new_time": "10:30" });
        self.order(Method::POST, &format!("{path}/reschedule"), moved)
            .await;
        graph.inject(Fault::on("DELETE", &event).error(403, "ErrorAccessDenied", MESSAGE));
        let reason = json!({ "reason": "kanarie-cancelled" });
        let answer = self
            .order(Method::POST, &format!("{path}/cancel"), reason)
            .await;
        assert!(answer["teams_meeting_warning"].is_object(), "{answer}");
    }

    /// The other ways to end, all of them well.
    async fn plant_endings(&mut self) {
        let path = self.requested("2037-03-18").await;
        self.order(Method::POST, &format!("{path}/approve"), Self::approval())
            .await;
        let reason = json!({ "reason": "kanarie-declined" });
        self.order(Method::POST, &format!("{path}/decline"), reason)
            .await;
        let path = self.requested("2037-03-19").await;
        self.order(Method::POST, &format!("{path}/approve"), Self::approval())
            .await;
        let entry = path.replace("appointment-requests", "schedule-entries");
        let moved = json!({ "start": "2037-03-20T09:00:00Z" });
        self.order(Method::PATCH, &entry, moved).await;
        self.order(Method::DELETE, &path, Value::Null).await;
    }

    /// Lines that say this organisation's name, once so many mails were handled.
    async fn lines_after_mails(&self, count: usize) -> Vec<LogLine> {
        let own = || {
            let lines = deployed::logs().lines().into_iter();
            lines
                .filter(|line| line.text.contains(&self.api.org))
                .collect::<Vec<_>>()
        };
        let handled = async {
            let is_mail = |line: &&LogLine| {
                line.text.contains("\"job\":\"send_mail\"")
                    && line.text.contains("\"outcome\":\"done\"")
            };
            while own().iter().filter(is_mail).count() < count {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(3), handled)
            .await
            .expect("the mails are handled");
        own()
    }
}

/// XC-9: every line is one JSON object without anything that was planted; lines of
/// Graph calls and of commands say whose and which.
#[tokio::test]
async fn logs_of_appointments_say_who_and_which_and_nothing_secret() {
    let graph = deployed::stack().graph().expect("the bundled simulator");
    let mut planter = Planter::new().await;
    planter.plant_failures(graph).await;
    planter.plant_endings().await;
    // Three approvals, a link that came later, three moves or endings and one more move, to two readers each.
    let lines = planter.lines_after_mails(14).await;
    for line in deployed::logs().lines() {
        let read: Result<Value, _> = serde_json::from_str(&line.text);
        assert!(
            read.is_ok_and(|value| value.is_object()),
            "{}: {}",
            line.function,
            line.text
        );
        for secret in &planter.secrets {
            assert!(
                !line.text.contains(secret.as_str()),
                "{}: {secret} in {}",
                line.function,
                line.text
            );
        }
    }
    let own: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(&line.text).unwrap())
        .collect();
    assert_graph_calls(&own);
    assert_commands(&own, &planter.api.org);
}

/// Each call to Microsoft: whose, about which, and what Microsoft said.
fn assert_graph_calls(lines: &[Value]) {
    let calls: Vec<_> = lines
        .iter()
        .filter(|line| line["target"] == "graph")
        .collect();
    let names: Vec<_> = calls
        .iter()
        .map(|line| line["operation"].as_str().unwrap_or_default())
        .collect();
    for expected in [
        "create_event",
        "update_event",
        "delete_event",
        "resolve_online_meeting",
    ] {
        assert!(names.contains(&expected), "{expected} in {names:?}");
    }
    for call in &calls {
        let ids = [
            "appointment_request_id",
            "online_meeting_id",
            "schedule_entry_id",
        ];
        // Saving the settings looks the organiser up.
        let is_about_settings = call["operation"] == "get_user" || call["operation"] == "token";
        assert!(
            is_about_settings || ids.iter().any(|id| call[*id].is_string()),
            "{call}"
        );
        for field in ["tenant", "request_id", "graph_request_id"] {
            assert!(call[field].is_string(), "{field} of {call}");
        }
        assert!(call["duration_ms"].is_u64(), "{call}");
    }
    let failed: Vec<_> = calls
        .iter()
        .filter(|call| call["level"] == "WARN")
        .collect();
    assert!(failed.len() >= 3, "{failed:?}");
    for call in failed {
        assert!(
            call["graph_code"]
                .as_str()
                .is_some_and(|code| !code.is_empty()),
            "{call}"
        );
        assert!(call["graph_status"].is_u64(), "{call}");
        let message = call["graph_message"].as_str().unwrap_or_default();
        assert!(message.starts_with("No mailbox"), "{call}");
    }
}

/// Each command's own line.
fn assert_commands(lines: &[Value], org: &str) {
    for operation in [
        "approve_appointment_request",
        "generate_teams_meeting",
        "reschedule_appointment_request",
        "cancel_appointment_request",
        "decline_appointment_request",
        "delete_appointment_request",
        "move_schedule_entry",
    ] {
        let is_own = |line: &&Value| line["operation"] == operation && line["outcome"] == "done";
        let line = lines
            .iter()
            .find(is_own)
            .unwrap_or_else(|| panic!("{operation}"));
        assert_eq!(line["tenant"], org, "{line}");
        assert!(
            line["duration_ms"].is_u64() && line["request_id"].is_string(),
            "{line}"
        );
        let ids = [&line["appointment_request_id"], &line["schedule_entry_id"]];
        assert!(ids.iter().any(|id| id.is_string()), "{line}");
    }
}
