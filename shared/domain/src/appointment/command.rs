//! Reading what callers send about an appointment request.

use chrono::{DateTime, Utc};

use super::{
    AppointmentRequest, AppointmentTime, PersonCopy, RequestStatus, TimeFields, TimeInput,
};
use crate::address::EmailAddress;
use crate::error::{Error, Violations};
use crate::id::{ClientId, ContactId, UserId};
use crate::text;

/// Most octets of a description, a reason or notes.
const NOTES_MAX: usize = 8 * 1024;

/// A request as a caller sent it.
#[derive(Debug, Clone, Default)]
pub struct RequestInput {
    /// What is asked for.
    pub service_name: String,
    /// When.
    pub time: TimeInput,
    /// In the client's words.
    pub description: Option<String>,
    /// Whom the client would like.
    pub preferred_assigned_user_id: Option<String>,
    /// The client.
    pub client_id: Option<String>,
    /// The person at the client.
    pub contact_id: Option<String>,
    /// Name and address of who is told.
    pub requester_name: Option<String>,
    /// The address.
    pub requester_email: Option<String>,
}

/// A request, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestDraft {
    /// What is asked for.
    pub service_name: String,
    /// When.
    pub time: AppointmentTime,
    /// In the client's words.
    pub description: Option<String>,
    /// Whom the client would like.
    pub preferred: Option<UserId>,
    /// The client.
    pub client_id: Option<ClientId>,
    /// The person at the client.
    pub contact_id: Option<ContactId>,
    /// Who is told.
    pub requester: PersonCopy,
}

impl RequestDraft {
    /// Checks a request for a time to come.
    pub fn parse(input: RequestInput, now: DateTime<Utc>) -> Result<Self, Error> {
        Self::read(input, Some(now))
    }

    /// Checks a request that is imported: its time may be over.
    pub fn parse_imported(input: RequestInput) -> Result<Self, Error> {
        Self::read(input, None)
    }

    fn read(input: RequestInput, now: Option<DateTime<Utc>>) -> Result<Self, Error> {
        let mut wrong = Violations::new();
        text::check_title(&input.service_name, "/service_name", &mut wrong);
        check_notes(input.description.as_deref(), "/description", &mut wrong);
        let fields = &TimeFields::REQUESTED;
        let time = match now {
            Some(now) => AppointmentTime::read(&input.time, fields, None, now, &mut wrong),
            None => AppointmentTime::read_any(&input.time, fields, None, &mut wrong),
        };
        let preferred = read_user(
            input.preferred_assigned_user_id.as_deref(),
            "/preferred_assigned_user_id",
            &mut wrong,
        );
        let client_id = input
            .client_id
            .as_deref()
            .and_then(|id| wrong.keep("/client_id", "invalid_id", ClientId::parse(id)));
        let contact_id = input
            .contact_id
            .as_deref()
            .and_then(|id| wrong.keep("/contact_id", "invalid_id", ContactId::parse(id)));
        if let Some(name) = &input.requester_name {
            text::check_name(name, "/requester/name", &mut wrong);
        }
        let email = input.requester_email.as_deref().and_then(|email| {
            wrong.keep(
                "/requester/email",
                "invalid_email",
                EmailAddress::parse(email),
            )
        });
        wrong.finish()?;
        let time = time.ok_or_else(|| Error::internal("a time was not kept"))?;
        Ok(Self {
            service_name: input.service_name,
            time,
            description: input.description,
            preferred,
            client_id,
            contact_id,
            requester: PersonCopy {
                name: input.requester_name,
                email,
            },
        })
    }
}

/// A change of a pending request, as a caller sent it.
#[derive(Debug, Clone, Default)]
pub struct ChangeInput {
    /// A new service.
    pub service_name: Option<String>,
    /// A new time; what is left out stays.
    pub time: TimeInput,
    /// New words; `None` inside clears them.
    pub description: Option<Option<String>>,
    /// Another wish; `None` inside clears it.
    pub preferred_assigned_user_id: Option<Option<String>>,
}

/// A change, checked: what the request is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    service_name: String,
    time: AppointmentTime,
    description: Option<String>,
    preferred: Option<UserId>,
}

impl Change {
    /// Checks a change; only a pending request can be edited (409).
    pub fn parse(
        input: ChangeInput,
        request: &AppointmentRequest,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        if request.status != RequestStatus::Pending {
            return Err(Error::conflict(
                "request_not_pending",
                format!(
                    "only a pending request can be edited; this one is {}",
                    request.status.as_str()
                ),
            ));
        }
        let mut wrong = Violations::new();
        if let Some(name) = &input.service_name {
            text::check_title(name, "/service_name", &mut wrong);
        }
        let words = input.description.as_ref().and_then(Option::as_deref);
        check_notes(words, "/description", &mut wrong);
        let time = if input.time == TimeInput::default() {
            Some(request.time.clone())
        } else {
            AppointmentTime::read(
                &input.time,
                &TimeFields::REQUESTED,
                Some(&request.time),
                now,
                &mut wrong,
            )
        };
        let preferred = match input.preferred_assigned_user_id {
            None => request.preferred.clone(),
            Some(preferred) => read_user(
                preferred.as_deref(),
                "/preferred_assigned_user_id",
                &mut wrong,
            ),
        };
        wrong.finish()?;
        let description = input.description;
        Ok(Self {
            service_name: input
                .service_name
                .unwrap_or_else(|| request.service_name.clone()),
            time: time.ok_or_else(|| Error::internal("a time was not kept"))?,
            description: description.unwrap_or_else(|| request.description.clone()),
            preferred,
        })
    }

    /// Puts the change onto the request; answers whether anything differs.
    pub fn apply(self, request: &mut AppointmentRequest, now: DateTime<Utc>) -> bool {
        let before = request.clone();
        request.time = self.time;
        request.service_name = self.service_name;
        request.description = self.description;
        request.preferred = self.preferred;
        let changed = *request != before;
        if changed {
            request.updated_at = now;
        }
        changed
    }
}

/// A reason or notes in a command: at most 8 KiB; empty is none.
pub fn parse_reason(reason: Option<String>, pointer: &str) -> Result<Option<String>, Error> {
    let mut wrong = Violations::new();
    check_notes(reason.as_deref(), pointer, &mut wrong);
    wrong.finish()?;
    Ok(reason.filter(|text| !text.trim().is_empty()))
}

fn check_notes(notes: Option<&str>, pointer: &str, wrong: &mut Violations) {
    if notes.is_some_and(|text| text.len() > NOTES_MAX) {
        wrong.add(
            pointer,
            "too_long",
            format!("at most {NOTES_MAX} octets of UTF-8"),
        );
    }
}

fn read_user(id: Option<&str>, pointer: &str, wrong: &mut Violations) -> Option<UserId> {
    id.and_then(|id| wrong.keep(pointer, "invalid_id", UserId::parse(id)))
}
