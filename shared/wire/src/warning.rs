//! What Microsoft has not followed, as callers are told (AP-5).

use convoke_platform::http::{Reply, Seal};
use convoke_services::engagements::{Handled, Warning};
use serde::Serialize;
use utoipa::ToSchema;

/// Something was done here that Microsoft has not followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TeamsMeetingWarning)]
pub struct WarningView {
    /// Stable, snake_case.
    #[schema(example = "graph_unavailable")]
    reason: String,
    message: String,
}

impl WarningView {
    /// As staff read it.
    pub fn of(warning: &Warning) -> Self {
        Self {
            reason: warning.reason.clone(),
            message: warning.message.clone(),
        }
    }

    /// Clients hear that something is left, not what an administrator has to do.
    pub fn for_reader(warning: &Warning, is_staff: bool) -> Self {
        if is_staff {
            return Self::of(warning);
        }
        Self {
            reason: "teams_meeting_pending".to_owned(),
            message: "The Microsoft Teams meeting could not be changed yet.".to_owned(),
        }
    }
}

/// What is left after a deletion.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TeamsMeetingDeleted)]
pub struct DeletedView {
    #[serde(skip_serializing_if = "Option::is_none")]
    teams_meeting_warning: Option<WarningView>,
}

impl DeletedView {
    /// With what Microsoft has not followed, if anything.
    pub fn of(warning: Option<&Warning>) -> Self {
        Self {
            teams_meeting_warning: warning.map(WarningView::of),
        }
    }
}

/// A command's answer, which the edge stores where no transaction has.
pub fn answer(seal: &Seal<'_, Handled>, handled: &Handled) -> Reply {
    if handled.is_stored {
        seal.reply(handled)
    } else {
        seal.reply_unstored(handled)
    }
}
