//! Counts the calls to AWS that requests make.

use std::collections::BTreeMap;

use convoke_domain::id::{ControlId, MeetingId};
use convoke_platform::records::{LINK_COUNTER_KIND, LinkRecord, MeetingRecord, link_counter_key};
use convoke_platform::store::TRANSACTION_MAX;
use it::api::ALL_SCOPES;
use it::clock::TestClock;
use it::deployed::new_org;
use it::gateway::Event;
use it::process::Process;
use serde_json::{Value, json};

use crate::routes::{self, NOW, tenant, text};

use super::Calls;

/// A process whose keys are read and whose connections stand, and what was
/// counted in it so far.
pub(super) struct Counter {
    pub(super) process: Process,
    org: String,
    pub(super) counted: BTreeMap<String, (Calls, Option<Calls>)>,
}

impl Counter {
    pub(super) async fn new() -> Self {
        let (org, clock) = (new_org(), TestClock::at(NOW));
        let process = Process::new(routes::stack(), clock.ports(), Some(&org));
        let counter = Self {
            process,
            org,
            counted: BTreeMap::new(),
        };
        let meeting = counter.create("primer", "graph", &[]).await;
        counter
            .send("POST", &format!("{meeting}/schedule"), None, None)
            .await;
        counter.download(&meeting).await;
        counter.process.calls.take();
        counter
    }

    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Value {
        let mut event = Event::new(method, path).internal(&self.org, "u-admin", ALL_SCOPES);
        if let Some(body) = body {
            event = event.json(body);
        }
        if let Some(key) = key {
            event = event.header("idempotency-key", key);
        }
        let of_settings = ["/api/v1/teams-integration", "/api/v1/mail-templates"];
        let answer = if of_settings.iter().any(|prefix| path.starts_with(prefix)) {
            self.process.settings(event).await
        } else {
            self.process.api(event).await
        };
        assert!(
            answer.status < 300,
            "{path}: {}",
            String::from_utf8_lossy(&answer.body)
        );
        answer.json()
    }

    pub(super) async fn download(&self, meeting: &str) {
        let event =
            Event::new("GET", &format!("{meeting}/ics")).internal(&self.org, "u1", ALL_SCOPES);
        assert_eq!(self.process.ics(event).await.status, 200);
    }

    /// Creates a meeting; answers with its path.
    pub(super) async fn create(&self, control: &str, provider: &str, users: &[&str]) -> String {
        let body = meeting(provider, users);
        let made = self
            .send(
                "POST",
                &self.path(&format!("/controls/{control}/meetings")),
                Some(&body),
                None,
            )
            .await;
        self.path(&format!("/meetings/{}", text(&made["meeting_id"])))
    }

    pub(super) fn path(&self, rest: &str) -> String {
        format!("/api/v1/orgs/{}{rest}", self.org)
    }

    /// Notes the calls since the last time as those of an operation without a key.
    pub(super) fn note(&mut self, operation: &str) {
        let calls = self.process.calls.take();
        self.counted.insert(operation.to_owned(), (calls, None));
    }

    /// Counts a request without a key.
    pub(super) async fn count(
        &mut self,
        operation: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) {
        self.process.calls.take();
        self.send(method, path, body, None).await;
        self.note(operation);
    }

    /// Counts a POST without and with a key, on one path each.
    pub(super) async fn count_both(
        &mut self,
        operation: &str,
        paths: [&str; 2],
        body: Option<&Value>,
    ) {
        self.count(operation, "POST", paths[0], body).await;
        self.send("POST", paths[1], body, Some(operation)).await;
        let calls = self.process.calls.take();
        self.counted.get_mut(operation).unwrap().1 = Some(calls);
    }

    /// A control with a schedule and so many linked meetings.
    pub(super) async fn linked(&self, control: &str, count: usize) -> String {
        let path = self.path(&format!("/controls/{control}/schedule"));
        self.send("PUT", &path, Some(&routes::schedule()), None)
            .await;
        if count == 0 {
            return path;
        }
        self.create(control, "mock", &[]).await;
        let list = self
            .send(
                "GET",
                &self.path(&format!("/meetings?control_id={control}")),
                None,
                None,
            )
            .await;
        let id = MeetingId::parse(text(&list["items"][0]["meeting_id"])).unwrap();
        let owner = tenant(&self.org);
        let model = convoke_services::meetings::get(&self.process.core, &owner, id)
            .await
            .unwrap();
        let control = ControlId::parse(control).unwrap();
        let store = self.process.store.tenant(&owner);
        let mut transaction = store.transaction();
        for _ in 1..count {
            let mut copy = model.clone();
            copy.meeting_id = MeetingId::new(self.process.ports.mint());
            transaction
                .create(&MeetingRecord::from(&copy))
                .put(&LinkRecord::new(&control, copy.meeting_id));
        }
        transaction.count(
            LINK_COUNTER_KIND,
            &link_counter_key(&control),
            i64::try_from(count).unwrap() - 1,
        );
        assert!(transaction.len() <= TRANSACTION_MAX);
        transaction.commit().await.unwrap();
        path
    }
}

pub(super) fn meeting(provider: &str, users: &[&str]) -> Value {
    let mut body = routes::meeting();
    body["provider"] = json!(provider);
    body["attendees"] = users
        .iter()
        .map(|user| json!({ "user_id": user }))
        .collect();
    body
}
