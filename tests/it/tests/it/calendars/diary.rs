//! A practice whose people have connected calendars: a Google of its own beside
//! the practice's Microsoft 365. Nobody else does its background work.

use chrono::TimeDelta;
use convoke_platform::records::{CalendarConnectionRecord, CalendarSyncRecord};
use convoke_platform::store::{DueKind, DueRow, Record};
use google_simulator::{GoogleSimulator, Options, Seed, StoredEvent, User, demo};
use it::api::Answer;
use it::gateway::Event;
use it::practice::{HOST, Practice};
use it::process::Process;
use serde_json::{Value, json};

/// The host's Google account.
pub(super) const ANN: &str = demo::ANN;
/// A technician's Google account.
pub(super) const TESS: &str = "tess@acme.example";
/// The technician's consent.
pub(super) const TESS_TOKEN: &str = "1//0-canary-tess";
/// Rounds after which work is taken for endless.
const ROUNDS: u32 = 40;

/// See the module.
pub(super) struct Diary {
    pub(super) practice: Practice,
    pub(super) google: GoogleSimulator,
}

/// Settings of both providers' applications.
pub(super) fn settings(google: &str) -> Vec<(&'static str, String)> {
    use graph_simulator::demo as graph;
    vec![
        ("GOOGLE_CALENDAR_BASE_URL", google.to_owned()),
        ("GOOGLE_TOKEN_BASE_URL", google.to_owned()),
        ("CONVOKE_GOOGLE_CLIENT_ID", demo::CLIENT_ID.to_owned()),
        (
            "CONVOKE_GOOGLE_CLIENT_SECRET",
            demo::CLIENT_SECRET.to_owned(),
        ),
        (
            "CONVOKE_MICROSOFT_CALENDAR_CLIENT_ID",
            graph::CALENDAR_CLIENT_ID.to_owned(),
        ),
        (
            "CONVOKE_MICROSOFT_CALENDAR_CLIENT_SECRET",
            graph::CALENDAR_CLIENT_SECRET.to_owned(),
        ),
    ]
}

impl Diary {
    /// With a host and two technicians; nobody has connected anything.
    pub(super) async fn open() -> Self {
        Box::pin(Self::furnished()).await
    }

    async fn furnished() -> Self {
        let google = GoogleSimulator::start(Options::default()).await.unwrap();
        google.seed_demo();
        let seed = Seed {
            clients: vec![],
            users: vec![User::new(TESS, TESS_TOKEN, demo::CLIENT_ID)],
        };
        google.seed(seed).unwrap();
        let mut practice = Practice::without_teams().await.with_host().await;
        practice.process = Self::process(&practice, &settings(google.base_url()));
        Self { practice, google }
    }

    fn process(practice: &Practice, settings: &[(&'static str, String)]) -> Process {
        let graph = practice.graph.base_url();
        let ports = practice.clock.ports();
        let mut process = Process::with_settings(&practice.process.site, ports, graph, settings);
        process.delivery.mailer = practice.ses.mailer();
        process
    }

    /// The functions started anew, with other settings.
    pub(super) fn restart(&mut self, settings: &[(&'static str, String)]) {
        self.practice.process = Self::process(&self.practice, settings);
    }

    /// Another process of the same functions.
    pub(super) fn another(&self) -> Process {
        Self::process(&self.practice, &settings(self.google.base_url()))
    }

    /// A user's own request about a connection.
    pub(super) async fn call(
        &self,
        user: &str,
        method: &str,
        provider: &str,
        body: Option<&Value>,
    ) -> Answer {
        let path = format!("/api/v1/calendar-connections/{provider}");
        let event = Event::new(method, &path).internal(&self.practice.org, user, "");
        let event = body.into_iter().fold(event, Event::json);
        Box::pin(self.practice.process.api(event)).await
    }

    /// Connects a user's Google account.
    pub(super) async fn connect(&self, user: &str, refresh_token: &str) -> Value {
        let body = json!({ "refresh_token": refresh_token });
        let answer = self.call(user, "PUT", "google", Some(&body)).await;
        assert!(matches!(answer.status, 200 | 201), "{}", answer.json());
        answer.json()
    }

    /// With the host's Google calendar connected.
    pub(super) async fn connected() -> Self {
        let diary = Self::open().await;
        diary.connect(HOST, demo::REFRESH_TOKEN).await;
        diary
    }

    /// What a user's connection says.
    pub(super) async fn read(&self, user: &str, provider: &str) -> Value {
        self.call(user, "GET", provider, None).await.expect(200)
    }

    /// Plans a session as the host and does what follows; answers its id.
    pub(super) async fn planned(&self, fields: &Value) -> String {
        let session = self.practice.planned(fields).await;
        self.work().await;
        session["meeting_id"].as_str().unwrap().to_owned()
    }

    /// Changes a session, and does what follows.
    pub(super) async fn changed(&self, id: &str, body: &Value) {
        self.practice
            .session("PATCH", id, "", Some(body))
            .await
            .expect(200);
        self.work().await;
    }

    /// Background work that is to be done by now.
    pub(super) async fn work(&self) {
        for _ in 0..ROUNDS {
            Box::pin(self.practice.work()).await;
            let rows = self.due(0).await;
            if rows.is_empty() {
                return;
            }
            for row in rows {
                self.wake(&row).await;
            }
        }
        panic!("background work without end")
    }

    /// The same until nothing waits; the clock moves as far as it has to.
    pub(super) async fn settle(&self) {
        for _ in 0..ROUNDS {
            self.work().await;
            if self.due(365 * 24).await.is_empty() {
                return;
            }
            self.practice.clock.advance(TimeDelta::minutes(61));
        }
        panic!("background work without end")
    }

    /// Rows that the sweep comes for within so many hours.
    pub(super) async fn due(&self, hours: i64) -> Vec<DueRow> {
        let by = self.practice.now() + TimeDelta::hours(hours);
        let process = &self.practice.process;
        process
            .due(&self.practice.org, DueKind::CalendarSync, by)
            .await
    }

    async fn wake(&self, row: &DueRow) {
        let subject = CalendarSyncRecord::subject_of(&row.key).expect("a row has a subject");
        let done = self.sync(subject.kind(), &subject.id().to_string()).await;
        assert!(done, "a sync failed");
    }

    /// Hands delivery the job of a subject; whether it was done.
    pub(super) async fn sync(&self, kind: &str, id: &str) -> bool {
        let process = &self.practice.process;
        Box::pin(process.deliver(&self.practice.org, &sync_job(kind, id), false)).await
    }

    /// The one event in an account's Google calendar.
    pub(super) fn event(&self, account: &str) -> StoredEvent {
        let mut events = self.google.events(account);
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0)
    }

    /// How many events an account's Google calendar shows.
    pub(super) fn count(&self, account: &str) -> usize {
        self.google.events(account).len()
    }

    /// Requests to Google of this method whose path contains this.
    pub(super) fn requests(&self, method: &str, part: &str) -> usize {
        let received = self.google.received().into_iter();
        received
            .filter(|one| one.method == method && one.path.contains(part))
            .count()
    }

    /// A user's connection as stored.
    pub(super) async fn stored(&self, user: &str, provider: &str) -> Value {
        let partition = format!("CALENDARS#{user}");
        self.records::<CalendarConnectionRecord>(&partition)
            .await
            .into_iter()
            .find(|one| one["provider"] == provider)
            .expect("a connection")
    }

    /// What is known of a session in calendars, as stored.
    pub(super) async fn rows(&self, kind: &str, id: &str) -> Vec<Value> {
        self.records::<CalendarSyncRecord>(&format!("CY#{kind}#{id}"))
            .await
    }

    async fn records<R: Record>(&self, partition: &str) -> Vec<Value> {
        let tenant = super::foreign::tenant(&self.practice.org);
        let store = self.practice.process.store.tenant(&tenant);
        let mut items = store.collection(partition).await.unwrap();
        let records = items.take_all::<R>().unwrap();
        records
            .iter()
            .map(|record| serde_json::to_value(record).unwrap())
            .collect()
    }
}

/// The job that brings a subject's calendars in step.
pub(super) fn sync_job(kind: &str, id: &str) -> Value {
    json!({ "job": "sync_calendars", "subject": kind, "id": id })
}

/// An event's member.
pub(super) fn text<'a>(event: &'a StoredEvent, name: &str) -> &'a str {
    event.members[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name}"))
}
