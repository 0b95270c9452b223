//! One trial of creation: the user exists, a test event with a Teams meeting can
//! be made, its online meeting resolves, and the event is removed again.

use std::time::Duration;

use convoke_domain::error::Error;
use convoke_domain::integration::InstallStatus;
use convoke_graph::{GraphError, GraphErrorClass, GraphSession};
use convoke_platform::tenant::Tenant;

use super::Verification;
use super::deadline::Deadline;
use super::reason::Reason;
use super::throwaway::Throwaway;
use crate::core::Core;
use crate::microsoft::Microsoft;

/// What the clean-up keeps for itself.
const CLEAN_UP: Duration = Duration::from_secs(8);
/// Waits before the online meeting is looked for again: Teams lags behind Exchange.
const LAG: [Duration; 4] = [
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1600),
    Duration::from_millis(2500),
];

/// Tries creation out; every failure of Microsoft's is an answer, not an error.
pub(super) async fn run(
    core: &Core,
    microsoft: &Microsoft,
    tenant: &Tenant,
    upn: Option<String>,
) -> Result<Verification, Error> {
    let deadline = Deadline::begin();
    let store = core.store(tenant);
    let integration = super::get(core, tenant).await?;
    let complete = integration.profile.missing().is_empty();
    if !complete || integration.install_status == InstallStatus::Disabled {
        return Ok(failed(None, Reason::NotConfigured));
    }
    let Some(organizer) = upn.or_else(|| integration.default_meeting_organizer_upn.clone()) else {
        return Ok(failed(None, Reason::NoOrganizer));
    };
    let account = microsoft.account_of(tenant, &integration).await?;
    let session = microsoft.client().session(&account.profile);
    let of_settings = integration
        .default_meeting_organizer_upn
        .as_deref()
        .is_some_and(|stored| stored.eq_ignore_ascii_case(&organizer));
    let known = integration
        .default_meeting_organizer_object_id
        .clone()
        .filter(|_| of_settings);
    let budget = deadline.share(Duration::from_secs(5), CLEAN_UP);
    let found = session.with_budget(budget).get_user(&organizer).await;
    let (object_id, display_name) = match found {
        Ok(user) => (user.id, user.display_name),
        Err(error) => match (Reason::of_directory(&error), known) {
            // Creation itself does not look anybody up.
            (Reason::ConsentMissing, Some(known)) => (known, None),
            (reason, _) => {
                if reason == Reason::InvalidCredentials {
                    microsoft.refused(&account);
                }
                return Ok(failed(None, reason));
            }
        },
    };
    let throwaway =
        Throwaway::note(core, &store, session, &integration.profile, &organizer).await?;
    let tested = test(&throwaway, session, &object_id, deadline).await;
    Ok(match tested {
        Ok(()) => Verification {
            valid: true,
            display_name,
            ..Verification::default()
        },
        Err(reason) => failed(display_name, reason),
    })
}

/// Makes the event, resolves its meeting, removes it.
async fn test(
    throwaway: &Throwaway<'_>,
    session: GraphSession<'_>,
    object_id: &str,
    deadline: Deadline,
) -> Result<(), Reason> {
    let budget = deadline.share(Duration::from_secs(8), CLEAN_UP);
    let event = match throwaway.create(budget).await {
        Ok(event) => event,
        Err(error) => {
            if may_have_happened(&error) {
                throwaway.look_and_remove(deadline).await;
            } else {
                throwaway.forget().await;
            }
            return Err(Reason::of(&error));
        }
    };
    let resolved = match event.teams_join_url() {
        None => Err(Reason::NoTeamsLicence),
        Some(join_url) => resolves(session, object_id, join_url, deadline).await,
    };
    let removed = throwaway.remove(&event.id, deadline).await;
    resolved?;
    if removed {
        Ok(())
    } else {
        Err(Reason::NotRemoved)
    }
}

async fn resolves(
    session: GraphSession<'_>,
    object_id: &str,
    join_url: &str,
    deadline: Deadline,
) -> Result<(), Reason> {
    let mut waits = LAG.into_iter();
    loop {
        let budget = deadline.share(Duration::from_secs(4), CLEAN_UP);
        let session = session.with_budget(budget);
        match session.resolve_online_meeting(object_id, join_url).await {
            Ok(Some(_)) => return Ok(()),
            Ok(None) => {}
            Err(error) => return Err(Reason::of(&error)),
        }
        let Some(wait) = waits.next() else {
            return Err(Reason::Unresolved);
        };
        tokio::time::sleep(deadline.share(wait, CLEAN_UP)).await;
    }
}

fn failed(display_name: Option<String>, reason: Reason) -> Verification {
    Verification {
        valid: false,
        display_name,
        reason: Some(reason.as_str()),
        message: Some(reason.remedy()),
    }
}

/// Whether a failed creation may have made the event all the same.
fn may_have_happened(error: &GraphError) -> bool {
    error.outcome_unknown || matches!(error.class, GraphErrorClass::DuplicateTransaction { .. })
}
