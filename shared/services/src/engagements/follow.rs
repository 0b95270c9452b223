//! A command and Microsoft: what its own write has left to be called is called at
//! once, and whoever waits hears what came of it (AP-5).

use std::time::{Duration, Instant};

use convoke_domain::engagement::Aftermath;
use convoke_domain::error::Error;
use convoke_domain::online_meeting::{OnlineMeeting, RemoteState};
use convoke_platform::http::Seal;
use convoke_platform::store::TenantStore;
use uuid::Uuid;

use super::remote::{Report, act, record};
use super::warning::{Verb, Warning, warning_of};
use super::{Desk, Handled};
use crate::providers::{CallFailure, Effect};

/// The longest that a command waits for Microsoft: its function has 29 s, and the
/// outcome is still to be written down. A creation and its resolution fit.
pub(super) const CALLS_WITHIN: Duration = Duration::from_secs(25);

/// What follows a command's own write.
pub(super) struct FollowUp<'a> {
    desk: &'a Desk,
    store: &'a TenantStore,
    /// The claim that the write took, where Microsoft has to follow.
    token: Uuid,
    verb: Verb,
    begun: Instant,
}

impl<'a> FollowUp<'a> {
    /// Of a command that begins to wait now.
    pub(super) fn of(desk: &'a Desk, store: &'a TenantStore, token: Uuid, verb: Verb) -> Self {
        Self {
            desk,
            store,
            token,
            verb,
            begun: Instant::now(),
        }
    }

    /// Of a command that called Microsoft before: it has waited since `begun`.
    pub(super) fn since(self, begun: Instant) -> Self {
        Self { begun, ..self }
    }

    /// Calls Microsoft where the write took the claim, and writes the outcome
    /// down with the caller's answer.
    pub(super) async fn run(
        self,
        handled: Handled,
        seal: Option<&Seal<'_, Handled>>,
    ) -> Result<Handled, Error> {
        Box::pin(self.follow(handled, seal)).await
    }

    async fn follow(
        self,
        handled: Handled,
        seal: Option<&Seal<'_, Handled>>,
    ) -> Result<Handled, Error> {
        let (desk, store, token, verb) = (self.desk, self.store, self.token, self.verb);
        let Some(meeting) = &handled.engagement.meeting else {
            return Ok(handled);
        };
        if !meeting.remote.is_held_by(token) {
            if is_outstanding(meeting) && handled.warning.is_none() {
                return Ok(handled.with_warning(Warning::new(
                    "meeting_in_progress",
                    "The Microsoft Teams meeting is being worked on right now; it follows in a moment.",
                )));
            }
            return Ok(handled);
        }
        let first = matches!(verb, Verb::Approve | Verb::Generate) && meeting.remote.attempts == 0;
        let id = meeting.online_meeting_id.uuid();
        let patience = CALLS_WITHIN.saturating_sub(self.begun.elapsed());
        let report = tokio::time::timeout(patience, act(desk, store, meeting, first))
            .await
            .unwrap_or_else(|_| cut_short(meeting));
        let warning = warning_of(&report, verb).or(handled.warning);
        match record(desk, store, id, &report, token, warning.clone(), seal).await {
            Ok(engagement) => Ok(Handled::of(engagement, warning)),
            // The call was made, and the appointment stands: the claim runs out, and
            // the background finds what came of it.
            Err(error) => {
                tracing::error!(online_meeting_id = %id, code = error.code(), "an outcome was not written down");
                let unknown = || {
                    Warning::new(
                        "outcome_unknown",
                        "What became of the Microsoft Teams meeting is not known yet; it will be found out.",
                    )
                };
                let stands = Handled::of(handled.engagement, None);
                Ok(stands.with_warning(warning.unwrap_or_else(unknown)))
            }
        }
    }
}

/// The caller cannot wait any longer: whether the call had an effect is found out
/// by the background.
fn cut_short(meeting: &OnlineMeeting) -> Report {
    let failure = CallFailure {
        effect: Effect::Unknown,
        error: Error::Upstream {
            code: "graph_unavailable",
            message: "Microsoft Graph did not do it in time; try again".to_owned(),
            retry_after: None,
        },
    };
    let aftermath = Aftermath::TryAgain(None);
    match meeting.remote.state {
        RemoteState::Creating => Report::CreationFailed(failure, aftermath),
        _ => Report::Failed(failure, aftermath),
    }
}

fn is_outstanding(meeting: &OnlineMeeting) -> bool {
    matches!(
        meeting.remote.state,
        RemoteState::Creating | RemoteState::Updating | RemoteState::Deleting
    )
}
