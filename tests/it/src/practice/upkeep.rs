//! What must hold of a practice whatever has happened: both sides say the same.

use std::time::Duration;

use graph_simulator::{Outcome, demo};
use serde_json::Value;

use super::Practice;
use crate::requests::instant;

/// The longest that the simulator may take to get a request.
const ARRIVES_WITHIN: Duration = Duration::from_secs(20);

/// What a mail says, as far as its order matters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sent {
    /// Address.
    pub to: String,
    /// The calendar file's METHOD; empty without a file.
    pub method: String,
    /// The file's SEQUENCE.
    pub sequence: String,
    /// The file's UID.
    pub uid: String,
    /// Whether the file has a join link.
    pub has_link: bool,
}

impl Practice {
    /// Returns once a fault holds a request to Graph back.
    pub async fn until_hanging(&self) {
        let arrived = async {
            let is_hanging = |one: &graph_simulator::Received| one.outcome == Outcome::Hanging;
            while !self.graph.received().iter().any(is_hanging) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(ARRIVES_WITHIN, arrived)
            .await
            .expect("the request arrives");
    }

    /// XC-8: nothing is left to do, and the calendar shows what the request says:
    /// one event at its times behind its link, or none; there never were two at once.
    pub async fn assert_in_step(&self, id: &str, case: &str) {
        assert_eq!(self.outstanding().await, Vec::<Value>::new(), "{case}");
        self.assert_never_two_events(case);
        let live = self.on_calendar();
        let answer = self.call("GET", &format!("/{id}"), None).await;
        if answer.status == 404 {
            assert_eq!(live, [], "{case}: an orphan");
            return;
        }
        let request = answer.expect(200);
        let meeting = &request["online_meeting"];
        assert_eq!(
            request["deletes_teams_meeting"],
            request["online_meeting_url"].is_string(),
            "{case}: {request}"
        );
        let Some(link) = request["online_meeting_url"].as_str() else {
            assert_eq!(live, [], "{case}: an orphan of {request}");
            for column in ["online_meeting_provider", "online_meeting_id"] {
                assert!(request[column].is_null(), "{case}: {column} of {request}");
            }
            return;
        };
        assert_eq!(
            request["status"], "approved",
            "{case}: a link on a dead appointment"
        );
        assert_eq!(meeting["status"], "scheduled", "{case}: {request}");
        assert_eq!(meeting["remote_state"], "in_step", "{case}: {request}");
        assert_eq!(live.len(), 1, "{case}: {live:?}");
        assert_eq!(live[0].join_url.as_deref(), Some(link), "{case}");
        for at in [(live[0].start, "start"), (live[0].end, "end")] {
            assert_eq!(at.0, instant(&request[at.1]), "{case}: {}", at.1);
        }
        let entry = format!("/api/v1/schedule-entries/{id}");
        let entry = self.process.approval(self.staff("GET", &entry, None)).await;
        let notes = entry.expect(200)["notes"].to_string();
        assert_eq!(
            notes.matches("Join Teams Meeting").count(),
            1,
            "{case}: {notes}"
        );
    }

    /// Of all events that ever were, no two were there at the same time.
    pub fn assert_never_two_events(&self, case: &str) {
        let events = self.graph.events(demo::ORGANIZER_UPN);
        for (at, later) in events.iter().enumerate() {
            for earlier in &events[..at] {
                let is_over = earlier
                    .removed
                    .as_ref()
                    .is_some_and(|removed| removed.at <= later.created_at);
                assert!(is_over, "{case}: {earlier:?} and {later:?} at once");
            }
        }
    }

    /// Somebody removes what is on the organiser's calendar: nothing of Convoke's.
    #[allow(clippy::disallowed_methods, reason = "a test's own client")]
    pub async fn remove_in_outlook(&self) {
        let (client, base) = (reqwest::Client::new(), self.graph.base_url());
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", demo::CLIENT_ID),
            ("client_secret", demo::CLIENT_SECRET),
            ("scope", &format!("{base}/.default")),
        ];
        let login = format!("{base}/{}/oauth2/v2.0/token", demo::TENANT_ID);
        let form = reqwest::Url::parse_with_params(&login, form).expect("a form");
        let request = client
            .post(&login)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.query().unwrap_or_default().to_owned());
        let answer: Value = request
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON");
        let token = answer["access_token"].as_str().expect("a token");
        for event in self.on_calendar() {
            let url = format!(
                "{base}/v1.0/users/{}/events/{}",
                demo::ORGANIZER_UPN,
                event.id
            );
            let request = client.delete(url).bearer_auth(token);
            let request = request.header("prefer", "IdType=\"ImmutableId\"");
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status().as_u16(), 204, "{answer:?}");
        }
    }

    /// The mails that went out so far, by what their calendar files say.
    pub fn sent(&self) -> Vec<Sent> {
        self.mails().iter().map(sent_of).collect()
    }
}

fn sent_of(mail: &Value) -> Sent {
    let file = calendar_of(&mail["body"])
        .unwrap_or_default()
        .replace("\r\n ", "");
    let line = |name: &str| {
        let mut lines = file.lines();
        lines
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_default()
            .to_owned()
    };
    Sent {
        to: mail["to"][0][1].as_str().unwrap_or_default().to_owned(),
        method: line("METHOD:"),
        sequence: line("SEQUENCE:"),
        uid: line("UID:"),
        has_link: file.contains("Join Teams Meeting"),
    }
}

fn calendar_of(part: &Value) -> Option<String> {
    if part["type"] == "text/calendar" {
        return part["text"].as_str().map(str::to_owned);
    }
    part["parts"].as_array()?.iter().find_map(calendar_of)
}
