//! Requests that many tests make, in an [`Office`]: meetings, control
//! schedules, people; and reading what was refused.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::api::Answer;
use crate::office::Office;

/// A meeting's body: quarterly, mock, an hour at 09:00 in Berlin; `fields`
/// replace or add, and `null` takes away.
pub fn meeting_body(fields: &Value) -> Value {
    let mut body = json!({ "title": "PCI Scope Review", "frequency": "QUARTERLY", "start": "2027-01-15T09:00",
        "duration_minutes": 60, "timezone": "Europe/Berlin", "is_online": false, "attendees": [] });
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

/// Pointer and code of each violation of an answer with status 422.
pub fn violations(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.problem(422), "invalid_input", "{}", answer.json());
    let problem = answer.json();
    let errors = problem["errors"].as_array().expect("a list of errors");
    let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
    errors
        .iter()
        .map(|error| (text(error, "pointer"), text(error, "code")))
        .collect()
}

/// An id out of an answer.
pub fn id_of(answer: &Value, name: &str) -> String {
    answer[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {answer}"))
        .to_owned()
}

/// An instant out of an answer.
pub fn instant(text: &Value) -> DateTime<Utc> {
    text.as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| panic!("{text} is no instant"))
}

impl Office {
    /// Calls any route, as an internal user with every permission.
    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.process.api(self.event(method, path, body)).await
    }

    /// Tries to create a meeting of [`meeting_body`] against a control.
    pub async fn try_plan(&self, control: &str, fields: &Value) -> Answer {
        self.call(
            "POST",
            &format!("/controls/{control}/meetings"),
            Some(&meeting_body(fields)),
        )
        .await
    }

    /// Creates a meeting of [`meeting_body`] against a control; answers with it.
    pub async fn plan(&self, control: &str, fields: &Value) -> Value {
        self.try_plan(control, fields).await.expect(201)
    }

    /// Sets a control's schedule, in Berlin.
    pub async fn put_schedule(&self, control: &str, frequency: &str, next_due: &str) -> Answer {
        let body =
            json!({ "frequency": frequency, "next_due": next_due, "timezone": "Europe/Berlin" });
        self.call("PUT", &format!("/controls/{control}/schedule"), Some(&body))
            .await
    }

    /// Records a completion on a day.
    pub async fn complete(&self, control: &str, completed_on: &str) -> Answer {
        let body = json!({ "completed_on": completed_on });
        self.call(
            "POST",
            &format!("/controls/{control}/schedule/complete"),
            Some(&body),
        )
        .await
    }

    /// Sets a user.
    pub async fn put_user(&self, user_id: &str, body: &Value) -> Answer {
        self.send("PUT", &format!("/api/v1/users/{user_id}"), Some(body))
            .await
    }

    /// Sets a contact.
    pub async fn put_contact(&self, contact_id: &str, body: &Value) -> Answer {
        self.send("PUT", &format!("/api/v1/contacts/{contact_id}"), Some(body))
            .await
    }

    /// Every item of a list, page by page to the end; the path has a query.
    pub async fn list_all(&self, path: &str, limit: usize) -> Vec<Value> {
        let mut items = vec![];
        let mut cursor = String::new();
        for _ in 0..1_000 {
            let page = self
                .send("GET", &format!("{path}&limit={limit}{cursor}"), None)
                .await
                .expect(200);
            let found = page["items"].as_array().expect("items");
            assert!(
                found.len() <= limit,
                "{} items for limit {limit}",
                found.len()
            );
            items.extend(found.iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
        panic!("a list without end");
    }
}
