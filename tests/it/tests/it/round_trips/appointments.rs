//! Calls of appointments, to AWS and to Graph.

use std::collections::BTreeMap;

use it::api::Answer;
use it::gateway::Event;
use it::practice::Practice;
use serde_json::{Value, json};

use super::Calls;

/// Counts what one practice's requests call.
pub(super) struct Count {
    pub(super) practice: Practice,
    pub(super) counted: BTreeMap<String, (Calls, Option<Calls>)>,
    key: u32,
}

impl Count {
    pub(super) async fn open() -> Self {
        Self {
            practice: Practice::open().await,
            counted: BTreeMap::new(),
            key: 0,
        }
    }

    /// By whichever function has the path.
    async fn send(&self, event: Event, path: &str) -> Answer {
        let process = &self.practice.process;
        let is_of = |prefixes: &[&str]| {
            let below = path.strip_prefix("/api/v1/").unwrap_or_default();
            prefixes.iter().any(|prefix| below.starts_with(prefix))
        };
        if is_of(&["online-meetings/recordings/", "documents/"]) {
            process.recordings(event).await
        } else if is_of(&["online-meetings", "interactions"]) {
            process.api(event).await
        } else {
            process.approval(event).await
        }
    }

    fn take(&self) -> Calls {
        let mut calls = self.practice.process.calls.take();
        let to_graph = self.practice.graph.received().into_iter();
        let to_graph = to_graph
            .filter(|one| one.path.starts_with("/v1.0/"))
            .count();
        if to_graph > 0 {
            calls.insert("Graph".to_owned(), u32::try_from(to_graph).unwrap());
        }
        calls
    }

    fn begin(&self) {
        self.practice.process.calls.take();
        self.practice.graph.clear_received();
    }

    /// Counts a request of staff without a key.
    pub(super) async fn count(
        &mut self,
        operation: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) {
        let event = self.practice.staff(method, path, body);
        self.begin();
        let answer = self.send(event, path).await;
        assert!(answer.status < 300, "{operation}: {answer:?}");
        let calls = self.take();
        self.counted.insert(operation.to_owned(), (calls, None));
    }

    /// Counts a POST without and with a key, on one path each.
    pub(super) async fn count_both(&mut self, operation: &str, paths: [&str; 2], body: &Value) {
        self.count(operation, "POST", paths[0], Some(body)).await;
        self.key += 1;
        let event = self.practice.staff("POST", paths[1], Some(body));
        let event = event.header("idempotency-key", &self.key.to_string());
        self.begin();
        let answer = self.send(event, paths[1]).await;
        assert!(answer.status < 300, "{operation}: {answer:?}");
        let calls = self.take();
        self.counted.get_mut(operation).unwrap().1 = Some(calls);
    }

    /// Two requests on days of their own, so that nobody is booked twice.
    async fn two(&mut self, day: u32) -> [String; 2] {
        let mut paths = vec![];
        for day in [day, day + 1] {
            let date = format!("2026-12-{day:02}");
            let id = self
                .practice
                .requested(&json!({ "requested_date": date }))
                .await;
            paths.push(format!("/api/v1/appointment-requests/{id}"));
        }
        paths.try_into().unwrap()
    }
}

fn on(paths: &[String; 2], rest: &str) -> [String; 2] {
    [format!("{}{rest}", paths[0]), format!("{}{rest}", paths[1])]
}

/// Counts them all.
pub(super) async fn counted() -> BTreeMap<String, (Calls, Option<Calls>)> {
    let mut count = Count::open().await;
    count.practice.approved().await;
    let all = "/api/v1/appointment-requests";
    let wish = Practice::wish(&json!({ "contact_id": it::practice::CONTACT }));
    count
        .count_both("request an appointment", [all, all], &wish)
        .await;
    count
        .count("list appointment requests", "GET", all, None)
        .await;

    let plain = count.two(3).await;
    let paths = on(&plain, "/approve");
    count
        .count_both("approve", [&paths[0], &paths[1]], &json!({}))
        .await;
    let online = count.two(7).await;
    let paths = on(&online, "/approve");
    let toggle = json!({ "generate_teams_meeting": true });
    count
        .count_both(
            "approve with a Teams meeting",
            [&paths[0], &paths[1]],
            &toggle,
        )
        .await;
    count
        .count("read an appointment request", "GET", &online[0], None)
        .await;
    let entry = online[0].replace("appointment-requests", "schedule-entries");
    count
        .count("read a schedule entry", "GET", &entry, None)
        .await;
    count
        .count(
            "list schedule entries",
            "GET",
            "/api/v1/schedule-entries",
            None,
        )
        .await;

    let file = format!("{}/ics", online[0]);
    let event = count.practice.staff("GET", &file, None);
    count.begin();
    assert_eq!(count.practice.process.ics(event).await.status, 200);
    let calls = count.take();
    count
        .counted
        .insert("download an appointment's .ics".to_owned(), (calls, None));

    for (day, operation, path) in [
        (11, "reschedule with a Teams meeting", &online),
        (13, "reschedule", &plain),
    ] {
        let paths = on(path, "/reschedule");
        let body = json!({ "new_date": format!("2026-12-{day}"), "new_time": "14:00", "allow_overlap": true });
        count
            .count_both(operation, [&paths[0], &paths[1]], &body)
            .await;
    }
    let paths = on(&online, "/cancel");
    count
        .count_both(
            "cancel with a Teams meeting",
            [&paths[0], &paths[1]],
            &json!({}),
        )
        .await;
    let paths = on(&plain, "/decline");
    count
        .count_both(
            "decline",
            [&paths[0], &paths[1]],
            &json!({ "reason": "full" }),
        )
        .await;
    count
        .count("delete a request", "DELETE", &online[0], None)
        .await;
    count.counted
}
