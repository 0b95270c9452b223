//! What approvers do with an appointment, each as one command, so that tests can
//! go through all of them.

use serde_json::{Value, json};

use super::Practice;
use crate::api::Answer;
use crate::gateway::Event;

/// A command about one appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Approve, with the toggle on.
    Approve,
    /// Make the Teams meeting.
    Generate,
    /// Move it to [`Command::NEW_START`].
    Reschedule,
    /// Take it back.
    Cancel,
    /// Refuse it.
    Decline,
    /// Delete the request.
    Delete,
    /// Move its schedule entry to [`Command::NEW_START`].
    MoveEntry,
    /// Delete its schedule entry.
    DeleteEntry,
}

impl Command {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Approve,
        Self::Generate,
        Self::Reschedule,
        Self::Cancel,
        Self::Decline,
        Self::Delete,
        Self::MoveEntry,
        Self::DeleteEntry,
    ];
    /// Those that have Microsoft make an event.
    pub const CREATING: [Self; 2] = [Self::Approve, Self::Generate];
    /// Those that have Microsoft move one.
    pub const MOVING: [Self; 2] = [Self::Reschedule, Self::MoveEntry];
    /// Those that have Microsoft remove one.
    pub const ENDING: [Self; 4] = [Self::Cancel, Self::Decline, Self::Delete, Self::DeleteEntry];
    /// Where moves go.
    pub const NEW_START: &str = "2026-12-02T09:30:00Z";

    /// The method of the call to Graph's events that it has to make.
    pub fn graph_method(self) -> &'static str {
        match self {
            Self::Approve | Self::Generate => "POST",
            Self::Reschedule | Self::MoveEntry => "PATCH",
            Self::Cancel | Self::Decline | Self::Delete | Self::DeleteEntry => "DELETE",
        }
    }

    /// Whether the appointment is over after it.
    pub fn ends(self) -> bool {
        Self::ENDING.contains(&self)
    }
}

impl Practice {
    /// A command as staff send it.
    pub fn order(&self, command: Command, id: &str) -> Event {
        let (method, of_entry, rest, body) = match command {
            Command::Approve => (
                "POST",
                false,
                "/approve",
                Some(json!({ "generate_teams_meeting": true })),
            ),
            Command::Generate => ("POST", false, "/generate-meeting", None),
            Command::Reschedule => (
                "POST",
                false,
                "/reschedule",
                Some(json!({ "new_date": "2026-12-02", "new_time": "10:30" })),
            ),
            Command::Cancel => ("POST", false, "/cancel", Some(json!({}))),
            Command::Decline => (
                "POST",
                false,
                "/decline",
                Some(json!({ "reason": "nobody is free" })),
            ),
            Command::Delete => ("DELETE", false, "", None),
            Command::MoveEntry => (
                "PATCH",
                true,
                "",
                Some(json!({ "start": Command::NEW_START })),
            ),
            Command::DeleteEntry => ("DELETE", true, "", None),
        };
        let resource = if of_entry {
            "schedule-entries"
        } else {
            "appointment-requests"
        };
        let path = format!("/api/v1/{resource}/{id}{rest}");
        self.staff(method, &path, body.as_ref())
    }

    /// Has a command done.
    pub async fn command(&self, command: Command, id: &str) -> Answer {
        self.process.approval(self.order(command, id)).await
    }

    /// An appointment that a command can be given for: asked for, approved
    /// without meeting, or approved with one; everything is settled.
    pub async fn ready_for(&self, command: Command) -> String {
        if !Command::CREATING.contains(&command) {
            return self.approved().await;
        }
        let id = self.requested(&json!({})).await;
        if command == Command::Generate {
            let plain = json!({ "generate_teams_meeting": false });
            self.approve(&id, &plain).await.expect(200);
        }
        self.work().await;
        id
    }

    /// Imports an approved appointment of an old system, tomorrow week at nine in
    /// Berlin with Tess; `fields` replace or add.
    pub async fn imported(&self, fields: &Value) -> String {
        let mut entry = Self::wish(
            &json!({ "contact_id": super::CONTACT, "assigned_user_id": super::TECHNICIAN }),
        );
        for (name, value) in fields.as_object().into_iter().flatten() {
            entry[name] = value.clone();
        }
        let body = json!({ "appointment_requests": [entry] });
        let answer = self.call("POST", "/import", Some(&body)).await.expect(200);
        let made = &answer["appointment_requests"][0];
        made["appointment_request_id"]
            .as_str()
            .unwrap_or_else(|| panic!("not imported: {answer}"))
            .to_owned()
    }
}
