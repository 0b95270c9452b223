//! An organisation that takes appointments: its Teams integration, a client with
//! a contact, two technicians, a clock, a Graph simulator and a post office of
//! its own. Handlers run in this process; nobody else does its background work.

mod commands;
mod desk;
#[cfg(feature = "enterprise")]
mod notifications;
mod recording;
mod sessions;
mod timeline;
mod upkeep;

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::id::MailId;
use convoke_platform::records::{MailRecord, OnlineMeetingRecord};
use convoke_platform::store::{DueKind, DueRow};
use graph_simulator::{GraphSimulator, Options, Received, StoredEvent, demo};
use serde_json::{Value, json};

use crate::api::{ALL_SCOPES, Answer};
use crate::clock::TestClock;
use crate::deployed::{self, Site};
use crate::gateway::Event;
use crate::process::Process;
use crate::ses::{Ses, read_mail};

pub use self::commands::Command;
pub use self::desk::{read_file, request_id, unfolded};
#[cfg(feature = "enterprise")]
pub use self::notifications::{Hook, Posted, Watched};
pub use self::recording::{Meeting, meeting_of, told, transcript, vtt};
pub use self::sessions::{GUEST, HOST, HOST_EMAIL, Letter};
pub use self::upkeep::Sent;

/// Where a practice's clock starts.
pub const OPENING: &str = "2026-11-23T08:00:00Z";
/// The client whose contact asks for appointments.
pub const CLIENT: &str = "client-1";
/// That contact.
pub const CONTACT: &str = "contact-1";
/// Their address.
pub const CONTACT_EMAIL: &str = "ada@client.example";
/// A technician.
pub const TECHNICIAN: &str = "tech-1";
/// Their address.
pub const TECHNICIAN_EMAIL: &str = "tess@practice.example";
/// Another technician.
pub const OTHER_TECHNICIAN: &str = "tech-2";
/// What a portal user's token carries.
pub const PORTAL_SCOPES: &str = "appointments:request appointments:read user_schedule:update";
/// Rounds of background work after which it is taken for endless.
const ROUNDS: u32 = 60;

/// See the module.
pub struct Practice {
    /// The organisation.
    pub org: String,
    /// The clock of its handlers.
    pub clock: TestClock,
    /// Its Microsoft 365, with the demo tenant.
    pub graph: GraphSimulator,
    /// Its post office, which takes every mail.
    pub ses: Ses,
    /// Its handlers.
    pub process: Process,
    /// Whether it is told of recordings: its subscriptions are looked after.
    pub is_watched: bool,
}

impl Practice {
    /// A new organisation, with people, and with its Teams integration in use.
    pub async fn open() -> Self {
        Box::pin(async {
            let practice = Self::without_teams().await;
            practice.integrate(&json!({})).await;
            practice
        })
        .await
    }

    /// As [`Self::open`], before anybody set the integration up.
    pub async fn without_teams() -> Self {
        Box::pin(Self::furnished()).await
    }

    async fn furnished() -> Self {
        let graph = GraphSimulator::start(Options::default())
            .await
            .expect("a simulator");
        graph.seed_demo();
        let clock = TestClock::at(OPENING);
        let ses = Ses::start(&[]).await;
        let site = Site::own().await;
        let mut process = Process::with_graph(&site, clock.ports(), None, graph.base_url());
        process.delivery.mailer = ses.mailer();
        let practice = Self {
            org: deployed::new_org(),
            clock,
            graph,
            ses,
            process,
            is_watched: false,
        };
        practice.people().await;
        practice
    }

    async fn people(&self) {
        let people = [
            (
                format!("/api/v1/contacts/{CONTACT}"),
                json!({ "client_id": CLIENT, "email": CONTACT_EMAIL,
                "name": "Ada Client", "timezone": "America/New_York" }),
            ),
            (
                format!("/api/v1/users/{TECHNICIAN}"),
                json!({ "email": TECHNICIAN_EMAIL, "name": "Tess Technician",
                "timezone": "Europe/Berlin" }),
            ),
            (
                format!("/api/v1/users/{OTHER_TECHNICIAN}"),
                json!({ "email": "tom@practice.example", "name": "Tom Technician" }),
            ),
        ];
        for (path, body) in people {
            let event = self.staff("PUT", &path, Some(&body));
            self.process.api(event).await.expect(201);
        }
    }

    /// Saves the Teams integration of the demo tenant; `fields` replace or add.
    pub async fn integrate(&self, fields: &Value) -> Value {
        let mut body = json!({ "install_status": "active", "default_meeting_organizer_upn": demo::ORGANIZER_UPN,
            "profile": { "tenant_id": demo::TENANT_ID, "client_id": demo::CLIENT_ID, "client_secret": demo::CLIENT_SECRET } });
        for (name, value) in fields.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let event = self.staff("PUT", "/api/v1/teams-integration", Some(&body));
        self.process.settings(event).await.expect(200)
    }

    /// An internal user's request, with every permission.
    pub fn staff(&self, method: &str, path: &str, body: Option<&Value>) -> Event {
        let event = Event::new(method, path).internal(&self.org, "u-approver", ALL_SCOPES);
        body.into_iter().fold(event, Event::json)
    }

    /// The contact's own request.
    pub fn portal(&self, method: &str, path: &str, body: Option<&Value>) -> Event {
        let event =
            Event::new(method, path).portal(&self.org, "portal-1", PORTAL_SCOPES, CLIENT, CONTACT);
        body.into_iter().fold(event, Event::json)
    }

    /// Calls `approval` below the appointment requests, as staff.
    pub async fn call(&self, method: &str, rest: &str, body: Option<&Value>) -> Answer {
        let path = format!("/api/v1/appointment-requests{rest}");
        self.process.approval(self.staff(method, &path, body)).await
    }

    /// What the contact asks for by default: a morning in Berlin, with Tess.
    pub fn wish(fields: &Value) -> Value {
        let mut body = json!({ "service_name": "Quarterly review", "requested_date": "2026-12-01",
            "requested_time": "09:00", "requested_duration": 60, "timezone": "Europe/Berlin",
            "description": "Figures of the third quarter", "preferred_assigned_user_id": TECHNICIAN });
        for (name, value) in fields.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        body
    }

    /// The contact asks for an appointment; `fields` replace or add.
    pub async fn requested(&self, fields: &Value) -> String {
        let event = self.portal(
            "POST",
            "/api/v1/appointment-requests",
            Some(&Self::wish(fields)),
        );
        let made = self.process.approval(event).await.expect(201);
        made["appointment_request_id"]
            .as_str()
            .expect("an id")
            .to_owned()
    }

    /// Approves with the toggle on; `fields` replace or add.
    pub async fn approve(&self, id: &str, fields: &Value) -> Answer {
        let mut body = json!({ "generate_teams_meeting": true });
        for (name, value) in fields.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.call("POST", &format!("/{id}/approve"), Some(&body))
            .await
    }

    /// An approved appointment with its Teams meeting, told to both.
    pub async fn approved(&self) -> String {
        let id = self.requested(&json!({})).await;
        let answer = self.approve(&id, &json!({})).await.expect(200);
        assert_eq!(answer.get("teams_meeting_warning"), None, "{answer}");
        self.work().await;
        id
    }

    /// Reads a request that is there, as staff.
    pub async fn read(&self, id: &str) -> Value {
        self.call("GET", &format!("/{id}"), None).await.expect(200)
    }

    /// What is on the organiser's calendar.
    pub fn on_calendar(&self) -> Vec<StoredEvent> {
        let events = self.graph.events(demo::ORGANIZER_UPN);
        events
            .into_iter()
            .filter(|event| event.removed.is_none())
            .collect()
    }

    /// Requests to Graph of this method whose path contains this.
    pub fn requests(&self, method: &str, path_part: &str) -> Vec<Received> {
        let received = self.graph.received().into_iter();
        received
            .filter(|one| one.method == method && one.path.contains(path_part))
            .collect()
    }

    /// The mails that went out so far, as Python's `email` reads them.
    pub fn mails(&self) -> Vec<Value> {
        self.ses.received().iter().map(read_mail).collect()
    }

    /// Does what relay, sweeper and queues would do, until nothing is left to
    /// do; the clock moves as far as retries wait. Answers with the published events.
    pub async fn settle(&self) -> Vec<Value> {
        let mut published = vec![];
        for _ in 0..ROUNDS {
            published.extend(self.work().await);
            if self.outstanding().await.is_empty() && self.unsent().await.is_empty() {
                return published;
            }
            self.clock.advance(TimeDelta::minutes(61));
        }
        panic!(
            "background work without end: {:?}",
            self.outstanding().await
        )
    }

    /// Background work that is to be done by now, and the events that come of it.
    pub async fn work(&self) -> Vec<Value> {
        let mut published = vec![];
        for _ in 0..ROUNDS {
            let jobs = self.relay().await;
            let rows = self.due(DueKind::OnlineMeeting, self.now()).await;
            let mails = self.due(DueKind::Mail, self.now()).await;
            if jobs.is_empty() && rows.is_empty() && mails.is_empty() {
                return published;
            }
            for (queue, job) in &jobs {
                if job["job"] == "publish_event" {
                    published.push(job.clone());
                }
                match queue.as_str() {
                    "capture" | "transfer" => self.process.capture(&self.org, job).await,
                    "subscriptions" if self.is_watched => {
                        self.process.subscribe(&self.org, job).await
                    }
                    "subscriptions" => true,
                    _ => self.process.deliver(&self.org, job, queue == "graph").await,
                };
            }
            for row in rows {
                let id = row.key.partition.trim_start_matches("A#");
                let job = json!({ "job": "sync_online_meeting", "online_meeting_id": id, "mailbox": "m" });
                self.process.deliver(&self.org, &job, true).await;
            }
            for mail_id in mails.iter().filter_map(|row| MailRecord::id_of(&row.key)) {
                let job = json!({ "job": "send_mail", "mail_id": mail_id.uuid() });
                self.process.deliver(&self.org, &job, false).await;
            }
        }
        panic!("background work without end")
    }

    /// Mails that have neither gone out nor been given up.
    pub async fn unsent(&self) -> Vec<MailId> {
        let ever = self.now() + TimeDelta::days(365);
        let rows = self.due(DueKind::Mail, ever).await;
        let ids = rows.iter().filter_map(|row| MailRecord::id_of(&row.key));
        ids.collect()
    }

    /// Online meetings that Microsoft has to follow still, as stored; those out of
    /// reach wait for somebody to mend the profile.
    pub async fn outstanding(&self) -> Vec<Value> {
        let mut rows = vec![];
        let ever = self.now() + TimeDelta::days(365);
        for row in self.due(DueKind::OnlineMeeting, ever).await {
            let store = self.process.store.tenant(&row.tenant);
            let record = store
                .get::<OnlineMeetingRecord>(&row.key)
                .await
                .expect("a meeting is readable");
            rows.extend(record.map(|record| serde_json::to_value(record).expect("JSON")));
        }
        rows.retain(|row| row["remote"]["state"] != "unreachable");
        rows
    }

    /// Takes the outbox's messages out, with their queues.
    pub async fn relay(&self) -> Vec<(String, Value)> {
        self.process.relay(&self.org).await
    }

    async fn due(&self, kind: DueKind, by: DateTime<Utc>) -> Vec<DueRow> {
        self.process.due(&self.org, kind, by).await
    }

    /// The clock's time.
    pub fn now(&self) -> DateTime<Utc> {
        self.process.ports.now()
    }
}
