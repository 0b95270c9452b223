//! What callers send about appointments and schedule entries.

use convoke_domain::appointment::{ChangeInput, RequestInput, TimeInput, parse_reason};
use convoke_domain::error::Error;
use convoke_domain::id::UserId;
use convoke_platform::http::Patch;
use convoke_services::engagements::{ApproveCommand, ImportEntry, RescheduleCommand};
use convoke_wire::Instant;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Who asks; of a portal user, token and directory say so.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Requester)]
pub(crate) struct RequesterBody {
    #[schema(example = "Ada Client", min_length = 1, max_length = 255)]
    name: Option<String>,
    #[schema(example = "ada@client.example", format = Email, max_length = 254)]
    email: Option<String>,
}

/// A new appointment request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAppointmentRequest)]
pub(crate) struct RequestBody {
    #[schema(example = "Quarterly review", max_length = 255, min_length = 1)]
    service_name: String,
    /// Local date in `timezone`.
    #[schema(example = "2027-01-15", format = Date)]
    requested_date: String,
    /// Local time in `timezone`; one that the clocks skip is refused, of one that occurs twice the first counts.
    #[schema(example = "09:00", pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    requested_time: String,
    /// Minutes.
    #[schema(example = 60, minimum = 15, maximum = 480)]
    requested_duration: i64,
    /// IANA name.
    #[schema(example = "Europe/Berlin")]
    timezone: String,
    #[schema(max_length = 8192)]
    description: Option<String>,
    #[schema(min_length = 1, max_length = 128)]
    preferred_assigned_user_id: Option<String>,
    /// Of a portal user, the token's.
    #[schema(min_length = 1, max_length = 128)]
    client_id: Option<String>,
    /// Of a portal user, the token's; a lone contact brings its client.
    #[schema(min_length = 1, max_length = 128)]
    contact_id: Option<String>,
    requester: Option<RequesterBody>,
}

impl From<RequestBody> for RequestInput {
    fn from(body: RequestBody) -> Self {
        let requester = body.requester.unwrap_or_default();
        Self {
            service_name: body.service_name,
            time: TimeInput {
                date: Some(body.requested_date),
                time: Some(body.requested_time),
                zone: Some(body.timezone),
                duration: Some(body.requested_duration),
            },
            description: body.description,
            preferred_assigned_user_id: body.preferred_assigned_user_id,
            client_id: body.client_id,
            contact_id: body.contact_id,
            requester_name: requester.name,
            requester_email: requester.email,
        }
    }
}

/// A change of a pending request; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AppointmentRequestChange)]
pub(crate) struct ChangeBody {
    #[schema(max_length = 255, min_length = 1)]
    service_name: Option<String>,
    #[schema(example = "2027-01-15", format = Date)]
    requested_date: Option<String>,
    #[schema(example = "09:00", pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    requested_time: Option<String>,
    #[schema(minimum = 15, maximum = 480)]
    requested_duration: Option<i64>,
    timezone: Option<String>,
    /// `null` clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 8192)]
    description: Patch<String>,
    /// `null` clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 128)]
    preferred_assigned_user_id: Patch<String>,
}

impl From<ChangeBody> for ChangeInput {
    fn from(body: ChangeBody) -> Self {
        Self {
            service_name: body.service_name,
            time: TimeInput {
                date: body.requested_date,
                time: body.requested_time,
                zone: body.timezone,
                duration: body.requested_duration,
            },
            description: body.description.0,
            preferred_assigned_user_id: body.preferred_assigned_user_id.0,
        }
    }
}

/// An approval; what is absent stays as it was asked for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Approval)]
pub(crate) struct ApproveBody {
    #[schema(example = "2027-01-15", format = Date)]
    final_date: Option<String>,
    #[schema(example = "09:00", pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    final_time: Option<String>,
    /// The one zone that governs.
    final_timezone: Option<String>,
    /// Absent: whom the client prefers.
    #[schema(min_length = 1, max_length = 128)]
    assigned_user_id: Option<String>,
    /// Whether a Teams meeting is made.
    generate_teams_meeting: bool,
    /// For staff only.
    #[schema(max_length = 8192)]
    internal_notes: Option<String>,
    /// Whether the technician may be booked twice.
    allow_overlap: bool,
}

impl ApproveBody {
    pub(crate) fn into_command(self) -> Result<ApproveCommand, Error> {
        let user_id = self.assigned_user_id.as_deref().map(UserId::parse);
        Ok(ApproveCommand {
            time: TimeInput {
                date: self.final_date,
                time: self.final_time,
                zone: self.final_timezone,
                duration: None,
            },
            assigned_user_id: user_id.transpose().map_err(|error| {
                Error::invalid("/assigned_user_id", "invalid_id", error.to_string())
            })?,
            generate_teams_meeting: self.generate_teams_meeting,
            internal_notes: parse_reason(self.internal_notes, "/internal_notes")?,
            allow_overlap: self.allow_overlap,
        })
    }
}

/// A new time; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Reschedule)]
pub(crate) struct RescheduleBody {
    #[schema(example = "2027-01-16", format = Date)]
    new_date: String,
    #[schema(example = "10:00", pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    new_time: String,
    new_timezone: Option<String>,
    #[schema(minimum = 15, maximum = 480)]
    new_duration: Option<i64>,
    /// Whether the technician may be booked twice.
    #[serde(default)]
    allow_overlap: bool,
}

impl From<RescheduleBody> for RescheduleCommand {
    fn from(body: RescheduleBody) -> Self {
        Self {
            time: TimeInput {
                date: Some(body.new_date),
                time: Some(body.new_time),
                zone: body.new_timezone,
                duration: body.new_duration,
            },
            allow_overlap: body.allow_overlap,
        }
    }
}

/// Why a request is declined.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Decline)]
pub(crate) struct DeclineBody {
    #[schema(min_length = 1, max_length = 8192)]
    reason: String,
}

impl DeclineBody {
    pub(crate) fn into_reason(self) -> Result<String, Error> {
        parse_reason(Some(self.reason), "/reason")?
            .ok_or_else(|| Error::invalid("/reason", "empty", "say why it is declined"))
    }
}

/// Why a request is taken back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Cancel)]
pub(crate) struct CancelBody {
    #[schema(max_length = 8192)]
    reason: Option<String>,
}

impl CancelBody {
    pub(crate) fn into_reason(self) -> Result<Option<String>, Error> {
        parse_reason(self.reason, "/reason")
    }
}

/// Old appointments; each entry stands for itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AppointmentRequestImport)]
pub(crate) struct ImportBody {
    #[schema(value_type = Vec<ImportEntryBody>, max_items = 100)]
    pub(crate) appointment_requests: Vec<Map<String, Value>>,
}

/// An old, approved appointment with the columns of its Teams meeting.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportedAppointmentRequest)]
pub(crate) struct ImportEntryBody {
    #[schema(max_length = 255, min_length = 1)]
    service_name: String,
    /// May be over.
    #[schema(example = "2025-01-15", format = Date)]
    requested_date: String,
    #[schema(example = "09:00", pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    requested_time: String,
    #[schema(minimum = 15, maximum = 480)]
    requested_duration: i64,
    timezone: String,
    #[schema(max_length = 8192)]
    description: Option<String>,
    #[schema(min_length = 1, max_length = 128)]
    preferred_assigned_user_id: Option<String>,
    #[schema(min_length = 1, max_length = 128)]
    client_id: Option<String>,
    #[schema(min_length = 1, max_length = 128)]
    contact_id: Option<String>,
    requester: Option<RequesterBody>,
    /// Only `approved` requests are imported.
    #[schema(pattern = "^(approved)$")]
    status: Option<String>,
    #[schema(min_length = 1, max_length = 128)]
    assigned_user_id: Option<String>,
    #[schema(pattern = "^(teams)$")]
    online_meeting_provider: Option<String>,
    #[schema(format = "uri", max_length = 2048)]
    online_meeting_url: Option<String>,
    /// Microsoft's id of the online meeting.
    online_meeting_id: Option<String>,
    /// Entra object id of its organiser; absent: the integration's present one.
    online_meeting_organizer_id: Option<String>,
}

impl ImportEntryBody {
    pub(crate) fn into_entry(self) -> Result<ImportEntry, Error> {
        if self
            .status
            .as_deref()
            .is_some_and(|word| word != "approved")
        {
            return Err(Error::invalid(
                "/status",
                "not_approved",
                "only approved requests are imported",
            ));
        }
        Ok(ImportEntry {
            request: RequestBody {
                service_name: self.service_name,
                requested_date: self.requested_date,
                requested_time: self.requested_time,
                requested_duration: self.requested_duration,
                timezone: self.timezone,
                description: self.description,
                preferred_assigned_user_id: self.preferred_assigned_user_id,
                client_id: self.client_id,
                contact_id: self.contact_id,
                requester: self.requester,
            }
            .into(),
            assigned_user_id: self.assigned_user_id,
            online_meeting_provider: self.online_meeting_provider,
            online_meeting_url: self.online_meeting_url,
            online_meeting_id: self.online_meeting_id,
            online_meeting_organizer_id: self.online_meeting_organizer_id,
        })
    }
}

/// A move of a schedule entry; without `end` it keeps its length.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScheduleEntryMove)]
pub(crate) struct MoveBody {
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-01-16T09:00:00Z")]
    pub(crate) start: Option<Instant>,
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-01-16T10:00:00Z")]
    pub(crate) end: Option<Instant>,
    /// Whether the technician may be booked twice.
    #[serde(default)]
    pub(crate) allow_overlap: bool,
}
