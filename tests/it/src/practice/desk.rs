//! Appointments without Microsoft: asking as anybody, approving without a
//! meeting, schedule entries, files. The same in both editions.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{PORTAL_SCOPES, Practice};
use crate::api::Answer;
use crate::gateway::Event;
use crate::requests::id_of;

impl Practice {
    /// A portal user's request, of any client and contact.
    pub fn visitor(
        &self,
        (client, contact): (&str, &str),
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Event {
        let sub = format!("portal-of-{contact}");
        let event =
            Event::new(method, path).portal(&self.org, &sub, PORTAL_SCOPES, client, contact);
        body.into_iter().fold(event, Event::json)
    }

    /// Asks for an appointment as staff.
    pub async fn ask(&self, body: &Value) -> Answer {
        self.call("POST", "", Some(body)).await
    }

    /// A command about a request, as staff, with a body.
    pub async fn tell(&self, id: &str, command: &str, body: &Value) -> Answer {
        self.call("POST", &format!("/{id}/{command}"), Some(body))
            .await
    }

    /// Asked for by the contact and approved without a Teams meeting; `fields`
    /// replace or add to the request.
    pub async fn booked(&self, fields: &Value) -> String {
        let id = self.requested(fields).await;
        self.tell(&id, "approve", &json!({})).await.expect(200);
        id
    }

    /// Calls the schedule entries, as staff.
    pub async fn entries(&self, method: &str, rest: &str, body: Option<&Value>) -> Answer {
        let path = format!("/api/v1/schedule-entries{rest}");
        self.process.approval(self.staff(method, &path, body)).await
    }

    /// Moves a schedule entry.
    pub async fn move_entry(&self, id: &str, body: &Value) -> Answer {
        self.entries("PATCH", &format!("/{id}"), Some(body)).await
    }

    /// Downloads an appointment's file, as staff.
    pub async fn file(&self, id: &str) -> Answer {
        let path = format!("/api/v1/appointment-requests/{id}/ics");
        self.process.ics(self.staff("GET", &path, None)).await
    }

    /// Puts somebody or something into the directory.
    pub async fn put(&self, path: &str, body: &Value) -> Value {
        let answer = self.process.api(self.staff("PUT", path, Some(body))).await;
        assert!(matches!(answer.status, 200 | 201), "{}", answer.json());
        answer.json()
    }
}

/// The id of a request that was just made.
pub fn request_id(made: &Value) -> String {
    id_of(made, "appointment_request_id")
}

/// What Python's `icalendar` reads in a file: its METHOD, its events, and when
/// they start by zone names and by the file's own VTIMEZONEs.
pub fn read_file(file: &Answer) -> Value {
    assert_eq!(file.status, 200, "{}", String::from_utf8_lossy(&file.body));
    let ics = String::from_utf8(file.body.clone()).expect("UTF-8");
    let python = crate::readers_venv::python().expect("the readers' environment");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("readers/read_ics.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a reader");
    let request = json!({ "files": [{ "name": "file", "ics": ics,
        "from": "2026-01-01T00:00:00Z", "to": "2030-01-01T00:00:00Z" }] });
    let mut stdin = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut stdin, request.to_string().as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("the reader ends");
    assert!(output.status.success(), "{ics}");
    let read: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    read["files"][0].clone()
}

/// A file's text with folded lines put together.
pub fn unfolded(file: &Answer) -> String {
    String::from_utf8_lossy(&file.body).replace("\r\n ", "")
}
