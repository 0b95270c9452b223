//! An organisation with a Microsoft 365 tenant, a clock and background workers
//! of its own: handlers in this process, on AWS resources without functions, so
//! that nobody else does its background work.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use convoke_platform::records::IntentRecord;
use convoke_platform::store::{DueKind, DueRow};
use graph_simulator::{GraphSimulator, Options, Outcome, Received, StoredEvent, demo};
use serde_json::{Value, json};

use crate::api::{ALL_SCOPES, Answer};
use crate::clock::TestClock;
use crate::deployed::{self, Site};
use crate::gateway::Event;
use crate::process::Process;

/// Where an office's clock starts.
pub const OPENING: &str = "2026-11-21T04:00:00Z";
/// Rounds of background work after which it is taken for endless.
const ROUNDS: u32 = 60;
/// The longest that the simulator may take to get a request.
const ARRIVES_WITHIN: std::time::Duration = std::time::Duration::from_secs(20);

/// See the module.
pub struct Office {
    /// The organisation; Graph is configured for it.
    pub org: String,
    /// The clock of its handlers.
    pub clock: TestClock,
    /// Its Microsoft 365, with the demo tenant.
    pub graph: GraphSimulator,
    /// Its handlers.
    pub process: Process,
}

impl Office {
    /// A new organisation, with its Graph configured.
    pub async fn open() -> Self {
        let graph = GraphSimulator::start(Options::default())
            .await
            .expect("a simulator");
        graph.seed_demo();
        let org = deployed::new_org();
        let clock = TestClock::at(OPENING);
        let process = Process::with_graph(
            &Site::own().await,
            clock.ports(),
            Some(&org),
            graph.base_url(),
        );
        Self {
            org,
            clock,
            graph,
            process,
        }
    }

    /// Handlers of the same organisation whose deployment names another organiser.
    pub fn with_organizer(&self, organizer: &str) -> Process {
        let (clock, graph) = (self.clock.ports(), self.graph.base_url());
        Process::with_organizer(&self.process.site, clock, Some(&self.org), graph, organizer)
    }

    /// Calls `meeting-api` below the organisation, as an internal user with every permission.
    pub async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let path = format!("/api/v1/orgs/{}{path}", self.org);
        self.process.api(self.event(method, &path, body)).await
    }

    /// The same request for another process of this organisation.
    pub fn event(&self, method: &str, path: &str, body: Option<&Value>) -> Event {
        let event = Event::new(method, path).internal(&self.org, "u-admin", ALL_SCOPES);
        body.into_iter().fold(event, Event::json)
    }

    /// Creates a meeting on Graph: quarterly, online, with Ann; `fields` replace or add.
    pub async fn create(&self, fields: &Value) -> String {
        let mut body = json!({ "title": "PCI Scope Review", "frequency": "QUARTERLY", "provider": "graph",
            "start": "2027-01-15T09:00", "duration_minutes": 60, "timezone": "Europe/Berlin", "is_online": true,
            "attendees": [{ "email": demo::ANN_UPN, "name": "Ann Archer" }] });
        for (name, value) in fields.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let created = self
            .call("POST", "/controls/pci-1/meetings", Some(&body))
            .await
            .expect(201);
        created["meeting_id"].as_str().expect("an id").to_owned()
    }

    /// A meeting that is on the calendar.
    pub async fn scheduled(&self, fields: &Value) -> String {
        let id = self.create(fields).await;
        self.schedule(&id).await.expect(200);
        id
    }

    /// "Schedule now".
    pub async fn schedule(&self, id: &str) -> Answer {
        self.call("POST", &format!("/meetings/{id}/schedule"), None)
            .await
    }

    /// Reads a meeting that is there.
    pub async fn meeting(&self, id: &str) -> Value {
        self.call("GET", &format!("/meetings/{id}"), None)
            .await
            .expect(200)
    }

    /// Changes a meeting.
    pub async fn patch(&self, id: &str, fields: &Value) -> Answer {
        self.call("PATCH", &format!("/meetings/{id}"), Some(fields))
            .await
    }

    /// Cancels a meeting.
    pub async fn cancel(&self, id: &str) -> Answer {
        self.call("POST", &format!("/meetings/{id}/cancel"), None)
            .await
    }

    /// Deletes a meeting.
    pub async fn delete(&self, id: &str) -> Answer {
        self.call("DELETE", &format!("/meetings/{id}"), None).await
    }

    /// What is on the organiser's calendar.
    pub fn on_calendar(&self) -> Vec<StoredEvent> {
        let events = self.graph.events(demo::ORGANIZER_UPN);
        events
            .into_iter()
            .filter(|event| event.removed.is_none())
            .collect()
    }

    /// Requests to Graph whose method is this and whose path ends so.
    pub fn requests(&self, method: &str, path_end: &str) -> Vec<Received> {
        let received = self.graph.received().into_iter();
        received
            .filter(|one| one.method == method && one.path.ends_with(path_end))
            .collect()
    }

    /// Returns once a fault holds a request back.
    pub async fn until_hanging(&self) {
        let arrived = async {
            while !self
                .graph
                .received()
                .iter()
                .any(|one| one.outcome == Outcome::Hanging)
            {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(ARRIVES_WITHIN, arrived)
            .await
            .expect("the request arrives");
    }

    /// Does what relay, sweeper and queues would do, until nothing is left; the
    /// clock moves as far as retries wait. Answers with the published events.
    pub async fn settle(&self) -> Vec<Value> {
        let mut published = vec![];
        for _ in 0..ROUNDS {
            published.extend(self.work().await);
            if self.intents().await.is_empty() {
                return published;
            }
            self.clock.advance(TimeDelta::minutes(61));
        }
        panic!("background work without end: {:?}", self.intents().await)
    }

    /// Background work that is to be done by now, and what comes of it.
    pub async fn work(&self) -> Vec<Value> {
        let mut published = vec![];
        loop {
            let jobs = self.process.relay(&self.org).await;
            let rows = self.due(DueKind::Intent, self.now()).await;
            if jobs.is_empty() && rows.is_empty() {
                return published;
            }
            for (queue, job) in &jobs {
                if job["job"] == "publish_event" {
                    published.push(job.clone());
                }
                self.process.deliver(&self.org, job, queue == "graph").await;
            }
            for row in rows {
                if let Some(intent) = self.intent(&row).await {
                    self.process
                        .deliver(&self.org, &settle_job(&intent), true)
                        .await;
                }
            }
        }
    }

    /// Provider calls that are under way or wait, as stored.
    pub async fn intents(&self) -> Vec<Value> {
        let mut intents = vec![];
        for row in self
            .due(DueKind::Intent, self.now() + TimeDelta::days(365))
            .await
        {
            intents.extend(self.intent(&row).await);
        }
        intents
    }

    /// XC-8: what the meeting says of the calendar is what is on it, and nothing
    /// is under way.
    pub async fn assert_in_step(&self, id: &str, case: &str) {
        assert_eq!(self.intents().await, Vec::<Value>::new(), "{case}");
        let events = self.on_calendar().into_iter();
        let on_calendar: Vec<_> = events.map(|event| (event.id, event.subject)).collect();
        let answer = self.call("GET", &format!("/meetings/{id}"), None).await;
        if answer.status == 404 {
            assert_eq!(on_calendar, [], "{case}: an orphan");
            return;
        }
        let meeting = answer.expect(200);
        match meeting["external_event_id"].as_str() {
            Some(event) if meeting["provider"] == "graph" => {
                let title = meeting["title"].as_str().unwrap_or_default().to_owned();
                assert_eq!(on_calendar, [(event.to_owned(), title)], "{case}");
                assert_eq!(meeting["status"], "scheduled", "{case}");
            }
            _ => assert_eq!(on_calendar, [], "{case}: an orphan"),
        }
    }

    async fn due(&self, kind: DueKind, by: DateTime<Utc>) -> Vec<DueRow> {
        self.process.due(&self.org, kind, by).await
    }

    async fn intent(&self, row: &DueRow) -> Option<Value> {
        let store = self.process.store.tenant(&row.tenant);
        let record = store
            .get::<IntentRecord>(&row.key)
            .await
            .expect("an intent is readable");
        record.map(|record| serde_json::to_value(record).expect("an intent is JSON"))
    }

    fn now(&self) -> DateTime<Utc> {
        self.process.ports.now()
    }

    /// When events of the organiser's calendar start, as Graph's calendar view expands them.
    pub async fn calendar_view(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Vec<DateTime<Utc>> {
        let client = client();
        let token = self.graph_token(&client).await;
        let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let base = self.graph.base_url();
        let mut next = Some(format!(
            "{base}/v1.0/users/{}/calendarView?startDateTime={}&endDateTime={}&$top=500",
            demo::ORGANIZER_UPN,
            text(from),
            text(to)
        ));
        let mut starts = vec![];
        while let Some(url) = next {
            let response = client
                .get(url)
                .bearer_auth(&token)
                .send()
                .await
                .expect("the simulator answers");
            let page: Value =
                serde_json::from_slice(&response.bytes().await.expect("a page")).expect("JSON");
            for event in page["value"]
                .as_array()
                .unwrap_or_else(|| panic!("no list: {page}"))
            {
                let local = event["start"]["dateTime"].as_str().expect("a start");
                starts.push(format!("{}Z", &local[..19]).parse().expect("an instant"));
            }
            next = page["@odata.nextLink"].as_str().map(str::to_owned);
        }
        starts.sort();
        starts
    }

    async fn graph_token(&self, client: &reqwest::Client) -> String {
        let base = self.graph.base_url();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", demo::CLIENT_ID),
            ("client_secret", demo::CLIENT_SECRET),
            ("scope", &format!("{base}/.default")),
        ];
        let form: Vec<_> = form
            .iter()
            .map(|(name, value)| format!("{name}={}", form_encoded(value)))
            .collect();
        let response = client
            .post(format!("{base}/{}/oauth2/v2.0/token", demo::TENANT_ID))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.join("&"))
            .send()
            .await
            .expect("the simulator answers");
        let answer: Value =
            serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON");
        answer["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("no token: {answer}"))
            .to_owned()
    }
}

/// The job that settles a stored intent, as the sweeper writes it.
pub fn settle_job(intent: &Value) -> Value {
    json!({ "job": "settle_intent", "meeting_id": intent["meeting_id"], "intent_id": intent["intent_id"],
        "mailbox": intent["organizer"] })
}

#[allow(clippy::disallowed_methods, reason = "a test's own client")]
fn client() -> reqwest::Client {
    reqwest::Client::new()
}

fn form_encoded(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
