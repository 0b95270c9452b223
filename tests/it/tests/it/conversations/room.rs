//! A session with its people, whose conversation tests read and write.

use it::api::Answer;
use it::clock::TestClock;
use it::deployed::{self, new_org};
use it::gateway::Event;
use it::process::Process;
use serde_json::{Value, json};

use crate::routes::{NOW, admin, text};

pub(super) const HOST: &str = "u-host";
pub(super) const INVITEE: &str = "u-ivy";
pub(super) const CLIENT: &str = "client-1";
pub(super) const CONTACT: &str = "k-cleo";

/// Somebody who calls.
#[derive(Clone, Copy)]
pub(super) enum Who {
    User(&'static str),
    Admin(&'static str),
    Portal(&'static str, &'static str),
}

/// An organisation with a session: a host, a colleague and a contact.
pub(super) struct Room {
    pub(super) org: String,
    pub(super) clock: TestClock,
    pub(super) process: Process,
    pub(super) id: String,
}

impl Room {
    pub(super) async fn open() -> Self {
        Box::pin(Self::of(&json!({ "start": "2050-01-14T09:00" }))).await
    }

    /// A session with these fields.
    pub(super) async fn of(fields: &Value) -> Self {
        let clock = TestClock::at(NOW);
        let process = Process::new(deployed::resources(), clock.ports(), None);
        let org = new_org();
        let people = [
            (
                format!("/api/v1/users/{HOST}"),
                json!({ "name": "Hana Host" }),
            ),
            (
                format!("/api/v1/users/{INVITEE}"),
                json!({ "name": "Ivy Invitee", "email": "ivy@acme.example" }),
            ),
            (
                format!("/api/v1/contacts/{CONTACT}"),
                json!({ "name": "Cleo Contact", "client_id": CLIENT }),
            ),
        ];
        for (path, body) in people {
            let answer = admin(&process, &org, "PUT", &path, Some(&body)).await;
            answer.expect(201);
        }
        let mut room = Self {
            org,
            clock,
            process,
            id: String::new(),
        };
        room.id = Box::pin(room.plan(fields)).await;
        room
    }

    pub(super) async fn plan(&self, fields: &Value) -> String {
        let mut body = json!({ "title": "Review", "duration_minutes": 60, "timezone": "Europe/Berlin",
            "invitees": { "user_ids": [INVITEE], "contact_ids": [CONTACT] } });
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        let event = self.event(Who::User(HOST), "POST", "/api/v1/meetings");
        let planned = Box::pin(self.process.api(event.json(&body)))
            .await
            .expect(201);
        assert_eq!(planned["conversation_id"], planned["meeting_id"]);
        text(&planned["conversation_id"]).to_owned()
    }

    pub(super) fn event(&self, who: Who, method: &str, path: &str) -> Event {
        let event = Event::new(method, path);
        match who {
            Who::User(user) => event.internal(&self.org, user, "meetings:write"),
            Who::Admin(user) => event.internal(&self.org, user, "meetings:admin"),
            Who::Portal(client, contact) => {
                event.portal(&self.org, "portal-1", "", client, contact)
            }
        }
    }

    pub(super) fn path(&self) -> String {
        format!("/api/v1/conversations/{}/messages", self.id)
    }

    pub(super) async fn list(&self, who: Who, query: &str) -> Answer {
        let path = format!("{}{query}", self.path());
        self.process.api(self.event(who, "GET", &path)).await
    }

    pub(super) async fn say(&self, who: Who, body: &str) -> Answer {
        let event = self.event(who, "POST", &self.path());
        self.process.api(event.json(&json!({ "body": body }))).await
    }

    /// What the host reads on the newest page.
    pub(super) async fn said(&self) -> Vec<String> {
        bodies(&self.list(Who::User(HOST), "?limit=100").await.expect(200))
    }

    /// Changes the session, as its host.
    pub(super) async fn change(&self, fields: &Value) -> Value {
        let path = format!("/api/v1/meetings/{}", self.id);
        let event = self.event(Who::User(HOST), "PATCH", &path);
        self.process.api(event.json(fields)).await.expect(200)
    }

    pub(super) async fn command(&self, name: &str) {
        let path = format!("/api/v1/meetings/{}/{name}", self.id);
        let event = self.event(Who::User(HOST), "POST", &path);
        self.process.api(event).await.expect(200);
    }
}

pub(super) fn bodies(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    let bodies = items.iter().map(|item| text(&item["body"]).to_owned());
    bodies.collect()
}
