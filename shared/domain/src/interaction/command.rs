//! What staff send to log an interaction, and to change one (OM-5).

use chrono::{DateTime, TimeDelta, Utc};

use super::{Interaction, InteractionStatus, InteractionType};
use crate::error::{Error, Violations};
use crate::ics::{JoinLink, OnlineService};
use crate::id::{ClientId, ContactId, InteractionId, UserId};
use crate::online_meeting::OnlineMeeting;
use crate::text;

/// The longest that an interaction lasts: a month.
const LONGEST: TimeDelta = TimeDelta::days(31);

/// As sent; what is absent is filled in.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "as the API names them")]
pub struct InteractionInput {
    pub kind: Option<String>,
    pub title: Option<String>,
    pub notes: Option<String>,
    pub client_id: Option<String>,
    pub contact_id: Option<String>,
    pub user_id: Option<String>,
    pub interaction_date: Option<DateTime<Utc>>,
    pub start_time: Option<DateTime<Utc>>,
    pub end_time: Option<DateTime<Utc>>,
    pub duration_minutes: Option<u32>,
    pub status: Option<String>,
}

/// Checked, before the directory was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InteractionDraft {
    /// Its kind; `Note` where none was named.
    pub kind: InteractionType,
    /// A line.
    pub title: String,
    /// Plain text.
    pub notes: String,
    /// The client; a lone contact brings theirs.
    pub client_id: Option<ClientId>,
    /// The person at the client.
    pub contact_id: Option<ContactId>,
    /// The internal user; the caller where nobody was named.
    pub user_id: UserId,
    /// When it starts.
    pub start: DateTime<Utc>,
    /// When it ends.
    pub end: DateTime<Utc>,
    /// How far it has come.
    pub status: InteractionStatus,
}

impl InteractionDraft {
    /// Reads what was sent; without a time it is now.
    pub fn parse(
        input: &InteractionInput,
        caller: &UserId,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let mut wrong = Violations::new();
        let kind = input
            .kind
            .as_deref()
            .map_or(Some(InteractionType::Note), |name| {
                read_kind(name, &mut wrong)
            });
        let title = input.title.clone().unwrap_or_default();
        text::check_title(&title, "/title", &mut wrong);
        let notes = input.notes.clone().unwrap_or_default();
        text::check_description(&notes, "/notes", &mut wrong);
        let (client_id, contact_id) = read_timeline(
            input.client_id.as_deref(),
            input.contact_id.as_deref(),
            "name the client or the contact whose timeline it belongs to",
            &mut wrong,
        );
        let user_id = match input.user_id.as_deref() {
            Some(id) => wrong.keep("/user_id", "invalid_id", UserId::parse(id)),
            None => Some(caller.clone()),
        };
        let (start, end) = read_times(input, (now, now), &mut wrong);
        let status = read_status(input.status.as_deref(), &mut wrong);
        wrong.finish()?;
        let (Some(kind), Some(user_id)) = (kind, user_id) else {
            return Err(Error::internal("a value was not kept"));
        };
        Ok(Self {
            kind,
            title,
            notes,
            client_id,
            contact_id,
            user_id,
            start,
            end,
            status: status.unwrap_or_default(),
        })
    }

    /// The interaction itself.
    pub fn into_interaction(self, id: InteractionId, now: DateTime<Utc>) -> Interaction {
        Interaction {
            interaction_id: id,
            kind: self.kind,
            title: self.title,
            notes: self.notes,
            client_id: self.client_id,
            contact_id: self.contact_id,
            user_id: Some(self.user_id),
            start: self.start,
            end: self.end,
            status: self.status,
            version: 0,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Whose timeline an interaction is on does not change; an online meeting's kind
/// and times are its meeting's.
pub fn change(
    interaction: &mut Interaction,
    meeting: Option<&OnlineMeeting>,
    input: &InteractionInput,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut wrong = Violations::new();
    let before = interaction.clone();
    if let Some(title) = &input.title {
        text::check_title(title, "/title", &mut wrong);
        interaction.title.clone_from(title);
    }
    if let Some(notes) = &input.notes {
        text::check_description(notes, "/notes", &mut wrong);
        interaction.notes = with_join_line(notes, &before.notes);
    }
    if let Some(status) = read_status(input.status.as_deref(), &mut wrong) {
        interaction.status = status;
    }
    let is_online = interaction.kind == InteractionType::OnlineMeeting || meeting.is_some();
    if let Some(name) = input.kind.as_deref() {
        match read_kind(name, &mut wrong) {
            Some(kind) if !is_online => interaction.kind = kind,
            Some(_) => wrong.add("/type", "not_allowed", "an online meeting stays one"),
            None => {}
        }
    }
    let names_a_time = input.interaction_date.is_some()
        || input.start_time.is_some()
        || input.end_time.is_some()
        || input.duration_minutes.is_some();
    if names_a_time && is_online {
        wrong.add(
            "/start_time",
            "not_allowed",
            "reschedule the online meeting to move its interaction",
        );
    } else if names_a_time {
        let times = (before.start, before.end);
        (interaction.start, interaction.end) = read_times(input, times, &mut wrong);
    }
    wrong.finish()?;
    if *interaction != before {
        interaction.updated_at = now;
    }
    Ok(())
}

/// Whose timeline something goes on: a client's, a contact's, or both; naming
/// neither breaks the rule that `otherwise` says.
pub(crate) fn read_timeline(
    client_id: Option<&str>,
    contact_id: Option<&str>,
    otherwise: &str,
    wrong: &mut Violations,
) -> (Option<ClientId>, Option<ContactId>) {
    let client =
        client_id.and_then(|id| wrong.keep("/client_id", "invalid_id", ClientId::parse(id)));
    let contact =
        contact_id.and_then(|id| wrong.keep("/contact_id", "invalid_id", ContactId::parse(id)));
    if client_id.is_none() && contact_id.is_none() {
        wrong.add("/client_id", "missing", otherwise);
    }
    (client, contact)
}

/// The join line that ended the notes ends them again, once.
fn with_join_line(notes: &str, before: &str) -> String {
    let words = JoinLink::without_line(before, OnlineService::Teams);
    let line = before[words.len()..].trim_start_matches(['\r', '\n']);
    let notes = JoinLink::without_line(notes, OnlineService::Teams);
    match (line.is_empty(), notes.is_empty()) {
        (true, _) => notes.to_owned(),
        (false, true) => line.to_owned(),
        (false, false) => format!("{}\n\n{line}", notes.trim_end_matches(['\r', '\n'])),
    }
}

fn read_kind(name: &str, wrong: &mut Violations) -> Option<InteractionType> {
    match InteractionType::parse(name) {
        Some(InteractionType::OnlineMeeting) => {
            wrong.add(
                "/type",
                "system_type",
                "schedule an online meeting with POST /api/v1/online-meetings: its interaction comes with it",
            );
            None
        }
        Some(kind) => Some(kind),
        None => {
            wrong.add(
                "/type",
                "unknown_type",
                "no such type; GET /api/v1/interaction-types lists them",
            );
            None
        }
    }
}

fn read_status(word: Option<&str>, wrong: &mut Violations) -> Option<InteractionStatus> {
    let word = word?;
    let status = InteractionStatus::parse(word);
    if status.is_none() {
        wrong.add(
            "/status",
            "unknown_status",
            "one of planned, completed, cancelled",
        );
    }
    status
}

/// Start and end: what is named, else as before; a new start keeps the length.
fn read_times(
    input: &InteractionInput,
    (start, end): (DateTime<Utc>, DateTime<Utc>),
    wrong: &mut Violations,
) -> (DateTime<Utc>, DateTime<Utc>) {
    let length = end - start;
    let start = input.start_time.or(input.interaction_date).unwrap_or(start);
    let by_minutes = input
        .duration_minutes
        .map(|minutes| start + TimeDelta::minutes(minutes.into()));
    if let (Some(end), Some(by_minutes)) = (input.end_time, by_minutes)
        && end != by_minutes
    {
        wrong.add(
            "/duration_minutes",
            "contradiction",
            "end_time and duration_minutes name different ends; send one of them",
        );
    }
    let end = input.end_time.or(by_minutes).unwrap_or(start + length);
    if end < start || end - start > LONGEST {
        wrong.add(
            "/end_time",
            "out_of_range",
            "the end is not before the start, and within 31 days of it",
        );
    }
    (start, end)
}
