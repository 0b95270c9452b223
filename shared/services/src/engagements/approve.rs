//! Approving, and making the Teams meeting of an approved request (AP-3 to AP-5).

use std::time::Instant;

use convoke_domain::appointment::{AppointmentTime, Assignee, TimeFields, TimeInput};
use convoke_domain::engagement::{Approval, Engagement, MeetingPlan};
use convoke_domain::error::{Error, Violations};
use convoke_domain::id::{AppointmentRequestId, UserId};
use convoke_domain::integration::{TeamsIntegration, capability};
use convoke_domain::online_meeting::{Claim, Organizer, RemoteState};
use convoke_platform::backoff::Attempt;
use convoke_platform::http::{Seal, require_version};
use convoke_platform::store::TenantStore;

use super::follow::FollowUp;
use super::people::copy_of;
use super::warning::Verb;
use super::write::Write;
use super::{Actor, Desk, Handled, Warning, must_load, seal_first};
use crate::core::undisturbed;
use crate::directory::find_user;
use crate::microsoft::{ENTERPRISE, read_integration};

/// Tries in vain after which a creation makes way for another organiser's.
const GIVEN_UP_AFTER: u32 = 3;

/// An approver's decision.
#[derive(Debug, Clone, Default)]
pub struct ApproveCommand {
    /// What differs from what was asked for.
    pub time: TimeInput,
    /// Who holds it; absent: whom the client would like.
    pub assigned_user_id: Option<UserId>,
    /// Whether a Teams meeting is to be made.
    pub generate_teams_meeting: bool,
    /// For staff only.
    pub internal_notes: Option<String>,
    /// Whether the technician may be booked twice.
    pub allow_overlap: bool,
}

/// Whether a Teams meeting can be made, and on whose behalf.
pub(super) enum Possible {
    Yes(Organizer),
    /// The reason's code, and what an approver is told.
    No(&'static str, Warning),
}

/// Approves a pending request. A Teams meeting that cannot be made never fails
/// the approval.
pub async fn approve(
    desk: &Desk,
    store: &TenantStore,
    id: AppointmentRequestId,
    actor: &Actor,
    command: &ApproveCommand,
    if_match: Option<u64>,
    seal: &Seal<'_, Handled>,
) -> Result<Handled, Error> {
    let (organizer, warning) = if command.generate_teams_meeting {
        match possible(store).await? {
            Possible::Yes(organizer) => (Some(organizer), None),
            Possible::No(_, warning) => (None, Some(warning)),
        }
    } else {
        (None, None)
    };
    let claim = desk.claim();
    let plan = organizer.map(|organizer| MeetingPlan {
        transaction_id: desk.core.ports.mint(),
        claim,
        organizer,
        created_by: actor.user_id.clone(),
    });
    let engagement = undisturbed(|| {
        let approving = Approving {
            claim,
            desk,
            store,
            actor,
            command,
            if_match,
        };
        approving.once(id, plan.clone(), warning.clone(), seal)
    })
    .await?;
    let handled = Handled::of(engagement, warning);
    FollowUp::of(desk, store, claim.token, Verb::Approve)
        .run(handled, Some(seal))
        .await
}

struct Approving<'a> {
    claim: Claim,
    desk: &'a Desk,
    store: &'a TenantStore,
    actor: &'a Actor,
    command: &'a ApproveCommand,
    if_match: Option<u64>,
}

impl Approving<'_> {
    async fn once(
        self,
        id: AppointmentRequestId,
        plan: Option<MeetingPlan>,
        warning: Option<Warning>,
        seal: &Seal<'_, Handled>,
    ) -> Result<Engagement, Attempt> {
        let before = must_load(self.store, id).await?;
        let request = before.must_request()?;
        require_version(self.if_match, request.version)?;
        let now = self.desk.core.ports.now();
        // A request that is decided already is a conflict, whatever else is wrong.
        before.require_approvable()?;
        let mut wrong = Violations::new();
        let time = AppointmentTime::read(
            &self.command.time,
            &TimeFields::FINAL,
            Some(&request.time),
            now,
            &mut wrong,
        );
        let user_id = self.command.assigned_user_id.as_ref();
        let user_id = user_id.or(request.preferred.as_ref()).cloned();
        if user_id.is_none() {
            wrong.add(
                "/assigned_user_id",
                "missing",
                "name who holds the appointment: the request prefers nobody",
            );
        }
        wrong.finish()?;
        let (Some(time), Some(user_id)) = (time, user_id) else {
            return Err(Error::internal("an approval without violations lacks a field").into());
        };
        let known = find_user(self.store, &user_id).await?;
        let assignee = Assignee {
            person: known.map(|user| copy_of(&user.person)).unwrap_or_default(),
            user_id,
        };
        let approval = Approval {
            time,
            assignee,
            internal_notes: self.command.internal_notes.clone(),
            approved_by: self.actor.user_id.clone(),
            organizer: self.desk.organizer.clone(),
            meeting: plan,
        };
        let mut after = before.clone();
        after.approve(approval, now)?;
        let write = Write {
            allow_overlap: self.command.allow_overlap,
            ..Write::of(self.desk, self.store, &before)
        };
        write
            .commit(after, |transaction, after| {
                seal_first(seal, transaction, after, warning, self.claim)
            })
            .await
    }
}

/// Makes, or tries again to make, the Teams meeting of an approved request. One
/// that has its link keeps it.
pub async fn generate_meeting(
    desk: &Desk,
    store: &TenantStore,
    id: AppointmentRequestId,
    actor: &Actor,
    if_match: Option<u64>,
    seal: &Seal<'_, Handled>,
) -> Result<Handled, Error> {
    let before = must_load(store, id).await?;
    let request = before.must_request()?;
    require_version(if_match, request.version)?;
    let unchanged = |warning| Handled {
        is_stored: false,
        ..Handled::of(before.clone(), warning)
    };
    before.require_approved()?;
    if request.columns.url.is_some() {
        return Ok(unchanged(None));
    }
    let organizer = match possible(store).await? {
        Possible::Yes(organizer) => organizer,
        Possible::No(_, warning) => return Ok(unchanged(Some(warning))),
    };
    let begun = Instant::now();
    clear_away(desk, store, &before).await?;
    let claim = desk.claim();
    let transaction_id = desk.core.ports.mint();
    let engagement = undisturbed(|| {
        let plan = MeetingPlan {
            transaction_id,
            claim,
            organizer: organizer.clone(),
            created_by: actor.user_id.clone(),
        };
        plan_once(desk, store, id, plan, seal)
    })
    .await?;
    let handled = Handled::of(engagement, None);
    let (token, verb) = (claim.token, Verb::Generate);
    FollowUp::of(desk, store, token, verb)
        .since(begun)
        .run(handled, Some(seal))
        .await
}

/// An event of an earlier try that is still to be removed goes first.
async fn clear_away(desk: &Desk, store: &TenantStore, before: &Engagement) -> Result<(), Error> {
    match &before.meeting {
        Some(meeting) if meeting.remote.state == RemoteState::Deleting => {
            super::remote::sync_now(desk, store, meeting.online_meeting_id.uuid()).await
        }
        _ => Ok(()),
    }
}

async fn plan_once(
    desk: &Desk,
    store: &TenantStore,
    id: AppointmentRequestId,
    plan: MeetingPlan,
    seal: &Seal<'_, Handled>,
) -> Result<Engagement, Attempt> {
    let before = must_load(store, id).await?;
    let (now, claim) = (desk.core.ports.now(), plan.claim);
    let mut after = before.clone();
    let left_behind = after.meeting.as_mut().filter(|meeting| {
        meeting.remote.state == RemoteState::Creating && meeting.remote.is_free(now)
    });
    match left_behind {
        // The organiser of the try before could not be reached for long, and is
        // not the organiser any more.
        Some(meeting)
            if meeting.organizer.mailbox() != plan.organizer.mailbox()
                && meeting.remote.attempts >= GIVEN_UP_AFTER =>
        {
            meeting.remote.rest(RemoteState::None);
            after.plan_meeting(plan, now)?;
        }
        // The try before may have made the event: it is looked for first.
        Some(meeting) => {
            meeting.remote.take(plan.claim);
            meeting.remote.attempts = meeting.remote.attempts.max(1);
        }
        None => after.plan_meeting(plan, now)?,
    }
    Write::of(desk, store, &before)
        .commit(after, |transaction, after| {
            seal_first(seal, transaction, after, None, claim)
        })
        .await
}

pub(super) async fn possible(store: &TenantStore) -> Result<Possible, Error> {
    let integration = if ENTERPRISE {
        read_integration(store).await?
    } else {
        None
    };
    let answer = capability(integration.as_ref(), ENTERPRISE);
    let organizer = integration.as_ref().and_then(organizer_of);
    if let Some(organizer) = organizer.filter(|_| answer.available) {
        return Ok(Possible::Yes(organizer));
    }
    let reason = answer
        .reason
        .map_or("not_configured", |reason| reason.as_str());
    Ok(Possible::No(
        reason,
        Warning::new(
            reason,
            "No Teams meeting was made: the Teams integration of this organisation is not available. See GET /api/v1/teams-integration/capability.",
        ),
    ))
}

fn organizer_of(integration: &TeamsIntegration) -> Option<Organizer> {
    Some(Organizer {
        ms_tenant_id: integration.profile.tenant_id.clone(),
        upn: integration.default_meeting_organizer_upn.clone()?,
        object_id: integration.default_meeting_organizer_object_id.clone(),
    })
}

/// The integration's present organiser, for imported rows that know none.
pub(super) async fn present_organizer(store: &TenantStore) -> Result<Option<Organizer>, Error> {
    let integration = read_integration(store).await?;
    Ok(integration.as_ref().and_then(organizer_of))
}
