//! The Teams integration's settings (TS, AP-10, XC-10): saved, verified,
//! diagnosed, and whose credentials calls then use.

#![cfg_attr(
    not(feature = "enterprise"),
    allow(
        dead_code,
        reason = "most of the fixture is for tests of Microsoft's cloud"
    )
)]

#[cfg(feature = "enterprise")]
mod accounts;
#[cfg(not(feature = "enterprise"))]
mod community;
#[cfg(feature = "enterprise")]
mod diagnosing;
mod hostile;
#[cfg(feature = "enterprise")]
mod organizers;
mod saving;
mod secrets;
mod templates;
#[cfg(feature = "enterprise")]
mod verifying;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use convoke_platform::outbox::OutboxRecord;
use convoke_platform::store::{DueKind, Item, Key, TenantStore};
use graph_simulator::{GraphSimulator, Options, StoredEvent, demo, fabrikam};
use it::api::{ALL_SCOPES, Answer};
use it::clock::TestClock;
use it::deployed::{new_org, resources};
use it::gateway::Event;
use it::office::OPENING;
use it::process::{Process, sdk_config};
use serde_json::{Value, json};

use crate::routes::tenant;

const SETTINGS: &str = "/api/v1/teams-integration";

/// A Microsoft cloud with two organisations, and our handlers before it.
struct Cloud {
    graph: GraphSimulator,
    clock: TestClock,
    process: Process,
}

impl Cloud {
    /// Without a profile of the deployment's own.
    async fn new() -> Self {
        Self::with_deployment(None).await
    }

    /// With the demo tenant as the deployment's own profile, for this organisation.
    async fn with_deployment(org: Option<&str>) -> Self {
        let graph = GraphSimulator::start(Options::default())
            .await
            .expect("a simulator");
        graph.seed_demo();
        graph.seed(fabrikam::seed()).expect("a second organisation");
        let clock = TestClock::at(OPENING);
        let process = Process::with_graph(resources(), clock.ports(), org, graph.base_url());
        Self {
            graph,
            clock,
            process,
        }
    }

    /// A new organisation.
    fn firm(&self) -> Firm<'_> {
        self.firm_of(new_org())
    }

    fn firm_of(&self, org: String) -> Firm<'_> {
        Firm { cloud: self, org }
    }

    /// What is on a mailbox's calendar.
    fn on_calendar(&self, mailbox: &str) -> Vec<StoredEvent> {
        let events = self.graph.events(mailbox).into_iter();
        events.filter(|event| event.removed.is_none()).collect()
    }
}

/// An organisation of ours.
struct Firm<'a> {
    cloud: &'a Cloud,
    org: String,
}

impl Firm<'_> {
    async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let event = Event::new(method, path).internal(&self.org, "u-admin", ALL_SCOPES);
        let event = body.into_iter().fold(event, Event::json);
        self.cloud.process.settings(event).await
    }

    /// Changes the settings.
    async fn put(&self, body: &Value) -> Answer {
        self.send("PUT", SETTINGS, Some(body)).await
    }

    /// Changes them where they are at this version.
    async fn put_at(&self, version: &str, body: &Value) -> Answer {
        let event = Event::new("PUT", SETTINGS)
            .internal(&self.org, "u-admin", ALL_SCOPES)
            .header("if-match", version)
            .json(body);
        self.cloud.process.settings(event).await
    }

    /// The settings.
    async fn read(&self) -> Value {
        self.send("GET", SETTINGS, None).await.expect(200)
    }

    /// What may be offered.
    async fn capability(&self) -> Value {
        let path = format!("{SETTINGS}/capability");
        self.send("GET", &path, None).await.expect(200)
    }

    /// The test of the organiser.
    async fn verify(&self, body: &Value) -> Value {
        let path = format!("{SETTINGS}/verify-organizer");
        self.send("POST", &path, Some(body)).await.expect(200)
    }

    /// The steps of a diagnosis.
    async fn diagnose(&self) -> Vec<Value> {
        let path = format!("{SETTINGS}/diagnostics");
        let answer = self.send("GET", &path, None).await.expect(200);
        answer["steps"].as_array().expect("steps").clone()
    }

    /// A whole setup at Contoso, the demo tenant; `fields` replace or add.
    async fn at_contoso(&self, fields: &Value) -> Value {
        self.put(&merged(contoso(), fields)).await.expect(200)
    }

    /// A whole setup at Fabrikam.
    async fn at_fabrikam(&self) -> Value {
        self.put(&fabrikam()).await.expect(200)
    }

    fn store(&self) -> TenantStore {
        self.cloud.process.store.tenant(&tenant(&self.org))
    }

    /// The settings as DynamoDB holds them.
    async fn item(&self) -> Item {
        let stack = resources();
        let client = aws_sdk_dynamodb::Client::new(&sdk_config(&stack.aws_endpoint));
        let key = AttributeValue::S(format!("T#{}#INTEGRATION", self.org));
        let answer = client
            .get_item()
            .table_name(&stack.outputs.table_name)
            .key("pk", key)
            .key("sk", AttributeValue::S("TEAMS".to_owned()))
            .send()
            .await
            .expect("the table answers");
        answer.item.expect("settings are stored")
    }

    /// Does what the outbox holds by now, and answers how much that was.
    /// Subscriptions are another test's.
    async fn background(&self) -> usize {
        let now = self.cloud.process.ports.now();
        let mut done = 0;
        for (key, messages) in self.outbox(now).await {
            for message in messages {
                let fifo = message["queue"] == "graph";
                let job = &message["job"];
                assert!(self.cloud.process.deliver(&self.org, job, fifo).await);
                done += 1;
            }
            self.store().delete(&key).await.expect("it goes");
        }
        done
    }

    /// Everything of this organisation that is to be done some day.
    async fn waiting(&self) -> usize {
        let by = self.cloud.process.ports.now() + chrono::TimeDelta::days(30);
        let outbox = self.outbox(by).await;
        outbox
            .iter()
            .filter(|(_, messages)| !messages.is_empty())
            .count()
    }

    /// What the outbox is to send by then, but for the jobs of subscriptions.
    async fn outbox(&self, by: DateTime<Utc>) -> Vec<(Key, Vec<Value>)> {
        let sweeper = self.cloud.process.store.sweeper();
        let due = sweeper.due(DueKind::Outbox, by, 5_000).await;
        let mut outbox = vec![];
        for row in due.expect("the due index is readable") {
            if row.tenant.id().as_str() != self.org {
                continue;
            }
            let record: Option<OutboxRecord> = self.store().get(&row.key).await.expect("readable");
            let record = serde_json::to_value(record).expect("JSON");
            let messages = record["messages"].as_array().into_iter().flatten();
            let others = messages.filter(|message| message["queue"] != "subscriptions");
            outbox.push((row.key, others.cloned().collect()));
        }
        outbox
    }
}

fn contoso() -> Value {
    json!({ "profile": { "tenant_id": demo::TENANT_ID, "client_id": demo::CLIENT_ID,
            "client_secret": demo::CLIENT_SECRET },
        "install_status": "active", "default_meeting_organizer_upn": demo::ORGANIZER_UPN })
}

fn fabrikam() -> Value {
    json!({ "profile": { "tenant_id": fabrikam::TENANT_ID, "client_id": fabrikam::CLIENT_ID,
            "client_secret": fabrikam::CLIENT_SECRET },
        "install_status": "active", "default_meeting_organizer_upn": fabrikam::ORGANIZER_UPN })
}

/// `fields` over a body; `null` takes away.
fn merged(mut body: Value, fields: &Value) -> Value {
    let members = body.as_object_mut().expect("an object");
    for (name, value) in fields.as_object().into_iter().flatten() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    body
}
