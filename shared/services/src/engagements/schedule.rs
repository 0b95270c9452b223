//! Online meetings that staff schedule, move and cancel themselves (OM-4).
//!
//! A meeting that is scheduled becomes visible with its link, or not at all. Its
//! intent is written before the call; whatever keeps the outcome from being
//! written down, a crash included, the background removes what was made, since
//! whoever asked was told that it failed, or nothing.

use std::time::{Duration, Instant};

use convoke_domain::engagement::{
    Created, Engagement, MeetingPlan, NO_TEAMS_MEETING, StaffMeeting,
};
use convoke_domain::error::{Error, Violations};
use convoke_domain::id::{OnlineMeetingId, UserId};
use convoke_domain::meeting::{Attendee, Identity, refuse_duplicates};
use convoke_domain::online_meeting::{Claim, MeetingDraft, Organizer, Span};
use convoke_platform::backoff::Attempt;
use convoke_platform::http::Seal;
use convoke_platform::store::TenantStore;
use uuid::Uuid;

use super::approve::{Possible, possible};
use super::follow::{CALLS_WITHIN, FollowUp};
use super::people::{Timeline, check_timeline, require_users};
use super::warning::Verb;
use super::write::Write;
use super::{Desk, Handled, load, seal_first};
use crate::core::undisturbed;
use crate::directory::find_user;
use crate::providers::{CallFailure, Effect};

/// A meeting that was scheduled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// The meeting with its interaction and, where wanted, its schedule entry.
    pub engagement: Engagement,
    /// Internal attendees whom nobody can reach (XC-14).
    pub unreachable: Vec<UserId>,
}

/// Schedules a Teams meeting. Without Teams: 503, and nothing is stored; where
/// Microsoft refuses: its error, and neither interaction nor entry.
pub async fn schedule(
    desk: &Desk,
    store: &TenantStore,
    by: &UserId,
    draft: MeetingDraft,
    seal: &Seal<'_, Scheduled>,
) -> Result<Scheduled, Error> {
    let begun = Instant::now();
    let organizer = require_teams(store).await?;
    let mut draft = draft;
    let timeline = Timeline {
        client_id: draft.client_id.take(),
        contact_id: draft.contact_id.take(),
    };
    let timeline = check_timeline(store, timeline).await?;
    if let Some(users) = &draft.plan.entry_for {
        let named = users.iter().enumerate().filter(|(_, user)| *user != by);
        let named = named.map(|(at, user)| (format!("/assigned_user_ids/{at}"), user));
        let named: Vec<_> = named.collect();
        require_users(store, named).await?;
    }
    let unreachable = fill_in(store, &mut draft.plan.attendees).await?;
    let making = Making {
        id: desk.core.ports.mint(),
        by,
        organizer,
        staff: StaffMeeting {
            subject: draft.subject,
            span: draft.span,
            client_id: timeline.client_id,
            contact_id: timeline.contact_id,
            plan: draft.plan,
        },
        unreachable,
        begun,
    };
    Box::pin(make(desk, store, making, seal)).await
}

/// A Teams meeting that is to be made, all of it checked.
pub(super) struct Making<'a> {
    pub(super) id: Uuid,
    pub(super) by: &'a UserId,
    pub(super) organizer: Organizer,
    pub(super) staff: StaffMeeting,
    pub(super) unreachable: Vec<UserId>,
    /// When the caller began to wait.
    pub(super) begun: Instant,
}

/// Writes the intent, calls, and writes what came of it.
pub(super) async fn make(
    desk: &Desk,
    store: &TenantStore,
    making: Making<'_>,
    seal: &Seal<'_, Scheduled>,
) -> Result<Scheduled, Error> {
    let (claim, id) = (desk.claim(), making.id);
    let plan = MeetingPlan {
        transaction_id: desk.core.ports.mint(),
        claim,
        organizer: making.organizer,
        created_by: making.by.clone(),
    };
    let intent = Engagement::of_staff(making.staff, plan, id, desk.core.ports.now());
    let nothing = Engagement::default();
    let intent = undisturbed(|| async {
        Write::of(desk, store, &nothing)
            .commit(intent.clone(), |_, _| Ok(()))
            .await
    })
    .await?;
    let patience = CALLS_WITHIN.saturating_sub(making.begun.elapsed());
    let created = call(desk, store, &intent, patience).await;
    let finishing = Finishing {
        desk,
        store,
        id,
        token: claim.token,
    };
    match created {
        Ok(created) if created.join_url.is_some() => {
            finishing.finish(created, making.unreachable, seal).await
        }
        Ok(created) => {
            finishing.note(created).await;
            Err(without_meeting())
        }
        Err(failure) => {
            finishing.abandon(&failure).await;
            Err(failure.error)
        }
    }
}

async fn require_teams(store: &TenantStore) -> Result<Organizer, Error> {
    match possible(store).await? {
        Possible::Yes(organizer) => Ok(organizer),
        Possible::No(reason, _) => Err(Error::NotConfigured {
            code: reason,
            message: "no Teams meeting can be made: the Teams integration of this organisation is not available. See GET /api/v1/teams-integration/capability.".to_owned(),
            missing_keys: vec![],
            required_permissions: vec![],
        }),
    }
}

/// Copies names and addresses onto internal attendees; answers who has none.
async fn fill_in(store: &TenantStore, attendees: &mut [Attendee]) -> Result<Vec<UserId>, Error> {
    let mut unreachable = vec![];
    for attendee in attendees.iter_mut() {
        if let Identity::Internal {
            user_id,
            email,
            name,
        } = &mut attendee.identity
        {
            let known = find_user(store, user_id).await?.map(|user| user.person);
            (*email, *name) = known.map_or((None, None), |person| (person.email, person.name));
            if email.is_none() {
                unreachable.push(user_id.clone());
            }
        }
    }
    let mut wrong = Violations::new();
    refuse_duplicates(attendees, &mut wrong);
    wrong.finish()?;
    Ok(unreachable)
}

async fn call(
    desk: &Desk,
    store: &TenantStore,
    intent: &Engagement,
    patience: Duration,
) -> Result<Created, CallFailure> {
    let cut_short = || CallFailure {
        effect: Effect::Unknown,
        error: Error::Upstream {
            code: "graph_unavailable",
            message: "Microsoft Graph did not do it in time; try again".to_owned(),
            retry_after: None,
        },
    };
    let Some(meeting) = &intent.meeting else {
        return Err(cut_short());
    };
    tokio::time::timeout(patience, desk.teams.create(store, meeting))
        .await
        .unwrap_or_else(|_| Err(cut_short()))
}

fn without_meeting() -> Error {
    Error::Upstream {
        code: NO_TEAMS_MEETING,
        message: "Microsoft made an event without a Teams meeting, which is removed again: the organiser's mailbox or licence does not allow one".to_owned(),
        retry_after: None,
    }
}

struct Finishing<'a> {
    desk: &'a Desk,
    store: &'a TenantStore,
    id: Uuid,
    token: Uuid,
}

impl Finishing<'_> {
    async fn finish(
        &self,
        created: Created,
        unreachable: Vec<UserId>,
        seal: &Seal<'_, Scheduled>,
    ) -> Result<Scheduled, Error> {
        let scheduled = |engagement: &Engagement| Scheduled {
            engagement: engagement.clone(),
            unreachable: unreachable.clone(),
        };
        let change = |after: &mut Engagement, now| after.created(created.clone(), self.token, now);
        let engagement = undisturbed(|| async {
            self.write(change, |transaction, after| {
                seal.apply(transaction, &scheduled(after))
            })
            .await
        })
        .await?;
        Ok(scheduled(&engagement))
    }

    /// An event without a Teams meeting was removed again, or is to be.
    async fn note(&self, created: Created) {
        let change = |after: &mut Engagement, now| after.created(created.clone(), self.token, now);
        self.settle(change).await;
    }

    async fn abandon(&self, failure: &CallFailure) {
        let had_no_effect = matches!(failure.effect, Effect::Refused | Effect::None);
        let code = failure.error.code();
        let change = |after: &mut Engagement, now| {
            after.abandon_creation(code, had_no_effect, self.token, now)
        };
        self.settle(change).await;
    }

    /// What cannot be written down is found by the background when the claim ends.
    async fn settle<C>(&self, change: C)
    where
        C: Fn(&mut Engagement, chrono::DateTime<chrono::Utc>) -> Result<(), Error> + Copy,
    {
        let written = undisturbed(|| self.write(change, |_, _| Ok(()))).await;
        if let Err(error) = written {
            tracing::error!(online_meeting_id = %self.id, code = error.code(), "an outcome was not written down");
        }
    }

    async fn write<C, S>(&self, change: C, seal: S) -> Result<Engagement, Attempt>
    where
        C: Fn(&mut Engagement, chrono::DateTime<chrono::Utc>) -> Result<(), Error>,
        S: FnOnce(&mut convoke_platform::store::Transaction, &Engagement) -> Result<(), Error>,
    {
        let before = load(self.store, self.id).await?;
        let mut after = before.clone();
        change(&mut after, self.desk.core.ports.now())?;
        Write::of(self.desk, self.store, &before)
            .commit(after, seal)
            .await
    }
}

/// Moves a meeting; what belongs to it moves along.
pub async fn reschedule_meeting(
    desk: &Desk,
    store: &TenantStore,
    id: OnlineMeetingId,
    span: Span,
    if_match: Option<u64>,
    seal: &Seal<'_, Handled>,
) -> Result<Handled, Error> {
    let change = |after: &mut Engagement, claim, now| {
        after.require_standing_meeting()?;
        after.require_no_session()?;
        after.move_all(span, claim, now)
    };
    command(
        desk,
        store,
        id,
        if_match,
        Verb::RescheduleMeeting,
        change,
        seal,
    )
    .await
}

/// Cancels a meeting that lies ahead.
pub async fn cancel_meeting(
    desk: &Desk,
    store: &TenantStore,
    id: OnlineMeetingId,
    if_match: Option<u64>,
    seal: &Seal<'_, Handled>,
) -> Result<Handled, Error> {
    let change = |after: &mut Engagement, claim, now| {
        after.require_no_session()?;
        after.cancel_online_meeting(claim, now)
    };
    command(desk, store, id, if_match, Verb::CancelMeeting, change, seal).await
}

pub(super) async fn command<C>(
    desk: &Desk,
    store: &TenantStore,
    id: OnlineMeetingId,
    if_match: Option<u64>,
    verb: Verb,
    change: C,
    seal: &Seal<'_, Handled>,
) -> Result<Handled, Error>
where
    C: Fn(&mut Engagement, Claim, chrono::DateTime<chrono::Utc>) -> Result<(), Error>,
{
    let claim = desk.claim();
    let engagement = undisturbed(|| async {
        let before = load(store, id.uuid()).await?;
        let meeting = before.must_meeting()?;
        convoke_platform::http::require_version(if_match, meeting.version)?;
        let mut after = before.clone();
        change(&mut after, claim, desk.core.ports.now())?;
        Write::of(desk, store, &before)
            .commit(after, |transaction, after| {
                seal_first(seal, transaction, after, None, claim)
            })
            .await
    })
    .await?;
    let handled = Handled::of(engagement, None);
    FollowUp::of(desk, store, claim.token, verb)
        .run(handled, Some(seal))
        .await
}
