//! Interactions: what staff send, and the kinds that there are.

use convoke_domain::interaction::{InteractionInput, InteractionType};
use convoke_platform::http::Patch;
use convoke_wire::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that happened with a client, or will.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInteraction)]
pub(crate) struct InteractionBody {
    /// The name of a type; `Note` where absent.
    #[serde(rename = "type")]
    #[schema(example = "Call", pattern = "^(Call|Email|Meeting|Note)$")]
    kind: Option<String>,
    #[schema(example = "Asked about the invoice", max_length = 255, min_length = 1)]
    title: String,
    #[schema(max_length = 32768)]
    notes: Option<String>,
    /// Whose timeline it belongs to; this, `contact_id` or both.
    #[schema(example = "globex", min_length = 1, max_length = 128)]
    client_id: Option<String>,
    /// A lone contact brings their client.
    #[schema(example = "cleo", min_length = 1, max_length = 128)]
    contact_id: Option<String>,
    /// The internal user; the caller where absent.
    #[schema(min_length = 1, max_length = 128)]
    user_id: Option<String>,
    /// The same as `start_time`, which goes before it; now where both are absent.
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-01-15T09:00:00Z")]
    interaction_date: Option<Instant>,
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-01-15T09:00:00Z")]
    start_time: Option<Instant>,
    /// This, `duration_minutes` or none.
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-01-15T09:20:00Z")]
    end_time: Option<Instant>,
    #[schema(example = 20, minimum = 0, maximum = 44640)]
    duration_minutes: Option<u32>,
    /// `planned` where absent.
    #[schema(example = "completed", pattern = "^(planned|completed|cancelled)$")]
    status: Option<String>,
}

impl From<InteractionBody> for InteractionInput {
    fn from(body: InteractionBody) -> Self {
        Self {
            kind: body.kind,
            title: Some(body.title),
            notes: body.notes,
            client_id: body.client_id,
            contact_id: body.contact_id,
            user_id: body.user_id,
            interaction_date: body.interaction_date.map(|at| at.0),
            start_time: body.start_time.map(|at| at.0),
            end_time: body.end_time.map(|at| at.0),
            duration_minutes: body.duration_minutes,
            status: body.status,
        }
    }
}

/// A change of an interaction; what is absent stays. Whose timeline it is on does
/// not change, and an online meeting moves by its own reschedule.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InteractionChange)]
pub(crate) struct ChangeBody {
    #[serde(rename = "type")]
    #[schema(
        example = "Meeting",
        pattern = "^(Online Meeting|Call|Email|Meeting|Note)$"
    )]
    kind: Option<String>,
    #[schema(max_length = 255, min_length = 1)]
    title: Option<String>,
    /// `null` clears it; an online meeting's join line stays at the end.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 32768)]
    notes: Patch<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    interaction_date: Option<Instant>,
    #[schema(value_type = Option<String>, format = DateTime)]
    start_time: Option<Instant>,
    #[schema(value_type = Option<String>, format = DateTime)]
    end_time: Option<Instant>,
    #[schema(minimum = 0, maximum = 44640)]
    duration_minutes: Option<u32>,
    #[schema(pattern = "^(planned|completed|cancelled)$")]
    status: Option<String>,
}

impl From<ChangeBody> for InteractionInput {
    fn from(body: ChangeBody) -> Self {
        Self {
            kind: body.kind,
            title: body.title,
            notes: body.notes.0.map(Option::unwrap_or_default),
            interaction_date: body.interaction_date.map(|at| at.0),
            start_time: body.start_time.map(|at| at.0),
            end_time: body.end_time.map(|at| at.0),
            duration_minutes: body.duration_minutes,
            status: body.status,
            ..Self::default()
        }
    }
}

/// A kind of interaction, to choose from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InteractionTypeEntry)]
pub(crate) struct TypeView {
    #[schema(example = "Call")]
    name: &'static str,
    /// An icon's name.
    #[schema(example = "phone")]
    icon: &'static str,
    /// Whether only Convoke itself makes interactions of it.
    is_system: bool,
}

impl From<InteractionType> for TypeView {
    fn from(kind: InteractionType) -> Self {
        Self {
            name: kind.name(),
            icon: kind.icon(),
            is_system: kind.is_system(),
        }
    }
}
