//! A host who plans sessions, and whoever they invite.

mod letter;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

pub use self::letter::Letter;
use super::{CLIENT, CONTACT, OTHER_TECHNICIAN, Practice, TECHNICIAN, TECHNICIAN_EMAIL};
use crate::api::Answer;
use crate::gateway::Event;

/// Who hosts.
pub const HOST: &str = "host-1";
/// Their address.
pub const HOST_EMAIL: &str = "hanna@practice.example";
/// Somebody from outside.
pub const GUEST: &str = "gus@guests.example";
/// What a host's token carries.
const HOST_SCOPES: &str = "meetings:read meetings:write";

impl Practice {
    /// Puts the host into the directory.
    pub fn with_host(self) -> BoxFuture<'static, Self> {
        let path = format!("/api/v1/users/{HOST}");
        let body =
            json!({ "email": HOST_EMAIL, "name": "Hanna Host", "timezone": "Europe/Berlin" });
        Box::pin(async move {
            let event = self.staff("PUT", &path, Some(&body));
            self.process.api(event).await.expect(201);
            self
        })
    }

    /// The host's request.
    pub fn host(&self, method: &str, path: &str, body: Option<&Value>) -> Event {
        self.colleague(HOST, method, path, body)
    }

    /// A colleague's request.
    pub fn colleague(&self, user: &str, method: &str, path: &str, body: Option<&Value>) -> Event {
        let event = Event::new(method, path).internal(&self.org, user, HOST_SCOPES);
        body.into_iter().fold(event, Event::json)
    }

    /// A session as the host asks for it by default: a morning in Berlin, with a
    /// contact, two colleagues, and three addresses of which one is a colleague's.
    pub fn session_plan(fields: &Value) -> Value {
        let mut body = json!({ "title": "Quarterly review", "description": "Figures of the third quarter",
            "start": "2026-12-01T09:00", "duration_minutes": 60, "timezone": "Europe/Berlin",
            "invitees": { "contact_ids": [CONTACT], "user_ids": [TECHNICIAN, OTHER_TECHNICIAN],
                "emails": [GUEST, "gil@guests.example", TECHNICIAN_EMAIL.to_uppercase()] } });
        for (name, value) in fields.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        body
    }

    /// Plans a session; `fields` replace or add.
    pub async fn planned(&self, fields: &Value) -> Value {
        let event = self.host(
            "POST",
            "/api/v1/meetings",
            Some(&Self::session_plan(fields)),
        );
        Box::pin(self.process.api(event)).await.expect(201)
    }

    /// Plans a session and tells everybody; answers its id.
    pub async fn announced(&self, fields: &Value) -> String {
        let session = self.planned(fields).await;
        Box::pin(self.work()).await;
        session["meeting_id"].as_str().expect("an id").to_owned()
    }

    /// Calls below a session, as its host.
    pub async fn session(
        &self,
        method: &str,
        id: &str,
        rest: &str,
        body: Option<&Value>,
    ) -> Answer {
        let path = format!("/api/v1/meetings/{id}{rest}");
        Box::pin(self.process.api(self.host(method, &path, body))).await
    }

    /// Changes a session, and tells whom it concerns.
    pub async fn changed(&self, id: &str, body: &Value) -> Value {
        let answer = self.session("PATCH", id, "", Some(body)).await.expect(200);
        Box::pin(self.work()).await;
        answer
    }

    /// The mails that went out after the first so many.
    pub fn letters(&self, after: usize) -> Vec<Letter> {
        let received = self.ses.received();
        received.iter().skip(after).map(Letter::read).collect()
    }

    /// Hands `delivery` the job of telling a session's invitees.
    pub async fn tell_session(&self, id: &str) -> bool {
        let job = json!({ "job": "tell_session", "session_id": id });
        Box::pin(self.process.deliver(&self.org, &job, false)).await
    }

    /// Reads a session, as its host.
    pub async fn shown(&self, id: &str) -> Value {
        self.session("GET", id, "", None).await.expect(200)
    }

    /// The kinds of a colleague's in-app notifications, newest first.
    pub async fn notified(&self, user: &str) -> Vec<String> {
        let all = self.notifications(user).await;
        let kinds = all
            .iter()
            .map(|one| one["type"].as_str().unwrap_or_default());
        kinds.map(str::to_owned).collect()
    }

    /// The in-app notifications of a colleague, newest first.
    pub async fn notifications(&self, user: &str) -> Vec<Value> {
        let event = self.colleague(user, "GET", "/api/v1/notifications", None);
        let answer = self.process.api(event).await.expect(200);
        answer["items"].as_array().expect("a list").clone()
    }

    /// A contact's request with no scope at all: being invited is enough.
    pub fn contact(&self, method: &str, path: &str, body: Option<&Value>) -> Event {
        let event = Event::new(method, path).portal(&self.org, "portal-1", "", CLIENT, CONTACT);
        body.into_iter().fold(event, Event::json)
    }
}
