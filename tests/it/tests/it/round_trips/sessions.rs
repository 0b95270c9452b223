//! Calls of meetings with invitees: planning, telling, answering, conversing.

use std::collections::BTreeMap;

use it::api::Answer;
use it::gateway::Event;
use it::practice::{CONTACT, GUEST, Practice, TECHNICIAN};
use serde_json::{Value, json};

use super::Calls;
use crate::routes::FORM;

const ROOT: &str = "/api/v1/meetings";

struct Count {
    practice: Practice,
    counted: BTreeMap<String, (Calls, Option<Calls>)>,
}

impl Count {
    async fn send(&self, event: Event, is_file: bool) -> Answer {
        let process = &self.practice.process;
        process.calls.take();
        let answer = if is_file {
            process.ics(event).await
        } else {
            Box::pin(process.api(event)).await
        };
        assert!(answer.status < 300, "{answer:?}");
        answer
    }

    async fn count(&mut self, operation: &str, event: Event) -> Answer {
        let answer = self.send(event, operation.contains(".ics")).await;
        self.note(operation);
        answer
    }

    /// Counts two of a kind, the second with a key; answers with both answers.
    async fn count_both(&mut self, operation: &str, events: [Event; 2]) -> [Answer; 2] {
        let [first, second] = events;
        let first = self.count(operation, first).await;
        let second = second.header("idempotency-key", operation);
        let second = self.send(second, false).await;
        let calls = self.practice.process.calls.take();
        self.counted.get_mut(operation).unwrap().1 = Some(calls);
        [first, second]
    }

    fn note(&mut self, operation: &str) {
        let calls = self.practice.process.calls.take();
        self.counted.insert(operation.to_owned(), (calls, None));
    }

    async fn deliver(&mut self, operation: &str, job: &Value) {
        let (process, org) = (&self.practice.process, &self.practice.org);
        process.calls.take();
        assert!(process.deliver(org, job, false).await);
        self.note(operation);
    }

    /// The token of the newest mail's link to the guest.
    fn link(&self) -> String {
        let mails = self.practice.mails();
        let mail = mails.iter().rev().find(|mail| mail["to"][0][1] == GUEST);
        let text = mail.expect("a mail to the guest")["body"].to_string();
        let (_, rest) = text.split_once("/rsvp/").expect("a link to answer with");
        let is_of_token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        rest.chars().take_while(|c| is_of_token(*c)).collect()
    }
}

fn plan() -> Value {
    let invitees = json!({ "contact_ids": [CONTACT], "user_ids": [TECHNICIAN], "emails": [GUEST] });
    Practice::session_plan(&json!({ "invitees": invitees }))
}

fn id_of(answer: &Answer) -> String {
    answer.json()["meeting_id"].as_str().unwrap().to_owned()
}

/// Counts them all.
pub(super) async fn counted() -> BTreeMap<String, (Calls, Option<Calls>)> {
    let mut count = Count {
        practice: Practice::without_teams().await.with_host().await,
        counted: BTreeMap::new(),
    };
    let body = plan();
    let plan = || count.practice.host("POST", ROOT, Some(&body));
    let plans = [plan(), plan()];
    let [one, other] = count
        .count_both("plan a meeting with 3 invitees", plans)
        .await
        .map(|answer| id_of(&answer));
    let tell = json!({ "job": "tell_session", "session_id": one });
    count.deliver("tell 3 invitees", &tell).await;
    count.deliver("tell them again", &tell).await;
    // Mails go out; the first link that is opened reads the keys.
    Box::pin(count.practice.work()).await;
    let page = format!("/rsvp/{}", count.link());
    count.send(Event::new("GET", &page), false).await;

    count_reads(&mut count, &one).await;
    count_answers(&mut count, [&one, &other], &page).await;
    let paths = [&one, &other].map(|id| format!("/api/v1/conversations/{id}/messages"));
    let said = json!({ "body": "Good morning." });
    let posts = paths
        .each_ref()
        .map(|path| count.practice.host("POST", path, Some(&said)));
    count.count_both("write to a conversation", posts).await;
    let list = count.practice.host("GET", &paths[0], None);
    count.count("read a conversation", list).await;
    count_changes(&mut count, [&one, &other]).await;
    count.counted
}

async fn count_reads(count: &mut Count, id: &str) {
    let path = format!("{ROOT}/{id}");
    let by_invitee = count.practice.colleague(TECHNICIAN, "GET", &path, None);
    count
        .count("read a meeting one is invited to", by_invitee)
        .await;
    let by_host = count.practice.host("GET", &path, None);
    count.count("read a meeting one hosts", by_host).await;
    let list = count.practice.host("GET", ROOT, None);
    count.count("list one's meetings", list).await;
    let file = count
        .practice
        .host("GET", &format!("{path}/invitation"), None);
    count.count("download an invitation's .ics", file).await;
    let list = "/api/v1/notifications";
    let list = count.practice.colleague(TECHNICIAN, "GET", list, None);
    let listed = count.count("list notifications", list).await.json();
    let id = listed["items"][0]["notification_id"].as_str().unwrap();
    let read = format!("/api/v1/notifications/{id}/read");
    let read = count.practice.colleague(TECHNICIAN, "POST", &read, None);
    count.count("read a notification", read).await;
}

async fn count_answers(count: &mut Count, ids: [&str; 2], page: &str) {
    let mut responds = vec![];
    for id in ids {
        let path = format!("{ROOT}/{id}");
        let session = count
            .practice
            .session("GET", id, "", None)
            .await
            .expect(200);
        let mut invitations = session["invitations"].as_array().unwrap().iter();
        let own = invitations
            .find(|one| one["user_id"] == TECHNICIAN)
            .unwrap();
        let own = own["invitation_id"].as_str().unwrap();
        let path = format!("{path}/invitations/{own}/respond");
        let body = json!({ "response": "accepted" });
        let event = count
            .practice
            .colleague(TECHNICIAN, "POST", &path, Some(&body));
        responds.push(event);
    }
    let responds = responds.try_into().unwrap();
    count.count_both("answer an invitation", responds).await;
    count
        .count("look at an answer's page", Event::new("GET", page))
        .await;
    let post = Event::new("POST", page).header("content-type", FORM);
    let post = post.text("response=accepted");
    count.count("answer by a mail's link", post).await;
    let joins = ids.map(|id| {
        let path = format!("{ROOT}/{id}/join");
        count.practice.colleague(TECHNICIAN, "POST", &path, None)
    });
    let again = joins[1].clone();
    let again = again.header("idempotency-key", "join a meeting");
    count.count_both("join a meeting", joins).await;
    count.count("join again with the same key", again).await;
}

async fn count_changes(count: &mut Count, ids: [&str; 2]) {
    let path = format!("{ROOT}/{}", ids[0]);
    let body = json!({ "title": "Another" });
    let change = count.practice.host("PATCH", &path, Some(&body));
    count.count("change a meeting's title", change).await;
    let body = json!({ "invitees": { "emails": [GUEST, "gil@guests.example"] } });
    let change = count.practice.host("PATCH", &path, Some(&body));
    count.count("invite one more", change).await;
    let cancels = ids.map(|id| {
        let path = format!("{ROOT}/{id}/cancel");
        count.practice.host("POST", &path, None)
    });
    count
        .count_both("cancel a meeting with invitees", cancels)
        .await;
    let job = json!({ "job": "tell_session", "session_id": ids[0] });
    count.deliver("tell 4 that it is cancelled", &job).await;
}
