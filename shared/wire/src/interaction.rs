//! Interactions as callers read them (OM-5).

use chrono::{DateTime, Utc};
use convoke_domain::engagement::Engagement;
use convoke_domain::event::rfc3339;
use convoke_domain::interaction::{Interaction, InteractionType};
use serde::Serialize;
use utoipa::ToSchema;

use crate::meeting::OnlineMeetingView;

/// A kind of interaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = InteractionType)]
pub struct InteractionTypeView {
    #[schema(example = "Online Meeting")]
    name: &'static str,
    /// An icon's name.
    #[schema(example = "video")]
    icon: &'static str,
}

impl From<InteractionType> for InteractionTypeView {
    fn from(kind: InteractionType) -> Self {
        Self {
            name: kind.name(),
            icon: kind.icon(),
        }
    }
}

/// An entry of a client's or contact's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Interaction)]
pub struct InteractionView {
    #[schema(format = Uuid)]
    interaction_id: String,
    #[serde(rename = "type")]
    kind: InteractionTypeView,
    #[schema(example = "Quarterly review")]
    title: String,
    /// Plain text; an online meeting's ends with its join line.
    notes: String,
    #[schema(required = true)]
    client_id: Option<String>,
    #[schema(required = true)]
    contact_id: Option<String>,
    /// The internal user.
    #[schema(required = true)]
    user_id: Option<String>,
    /// When it starts: where it stands on the timeline.
    #[schema(format = DateTime, example = "2027-01-15T09:00:00Z")]
    interaction_date: String,
    #[schema(format = DateTime, example = "2027-01-15T09:00:00Z")]
    start_time: String,
    #[schema(format = DateTime, example = "2027-01-15T10:00:00Z")]
    end_time: String,
    #[schema(example = 60)]
    duration_minutes: i64,
    #[schema(example = "planned", pattern = "^(planned|completed|cancelled)$")]
    status: &'static str,
    /// Its online meeting with recordings and transcripts; in single reads only.
    #[serde(skip_serializing_if = "Option::is_none")]
    online_meeting: Option<OnlineMeetingView>,
    version: u64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl InteractionView {
    /// Of a list: without its meeting.
    pub fn of(interaction: &Interaction) -> Self {
        Self {
            interaction_id: interaction.interaction_id.to_string(),
            kind: interaction.kind.into(),
            title: interaction.title.clone(),
            notes: interaction.notes.clone(),
            client_id: interaction.client_id.as_ref().map(ToString::to_string),
            contact_id: interaction.contact_id.as_ref().map(ToString::to_string),
            user_id: interaction.user_id.as_ref().map(ToString::to_string),
            interaction_date: rfc3339(interaction.start),
            start_time: rfc3339(interaction.start),
            end_time: rfc3339(interaction.end),
            duration_minutes: interaction.duration_minutes(),
            status: interaction.status.as_str(),
            online_meeting: None,
            version: interaction.version,
            created_at: rfc3339(interaction.created_at),
            updated_at: rfc3339(interaction.updated_at),
        }
    }

    /// With its meeting as staff see it at `now`; `None` when it is gone.
    pub fn of_engagement(engagement: &Engagement, now: DateTime<Utc>) -> Option<Self> {
        let mut view = Self::of(engagement.interaction.as_ref()?);
        view.online_meeting = OnlineMeetingView::of(engagement, true, now);
        Some(view)
    }
}
