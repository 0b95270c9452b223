//! Looking for a meeting's recordings and transcripts: one handler for a manual
//! refresh, a notification, the sweep and the end of the meeting (OM-7, OM-11,
//! OM-12).
//!
//! Guarantee: any number of runs, at once or in any order, cut off or not, leave
//! one row and one document per artifact. A claim keeps them from doing the
//! same work; that they come to the same does not depend on it.

mod arrival;
mod gather;

use std::time::Duration;

pub use arrival::run_arrival;
use chrono::TimeDelta;
use convoke_domain::artifact::ArrivalPath;
use convoke_domain::engagement::{Engagement, Look};
use convoke_domain::error::Error;
use convoke_domain::id::OnlineMeetingId;
use convoke_domain::online_meeting::{CapturePolicy, Claim};
use convoke_platform::blobs::Blobs;
use convoke_platform::config::{ConfigError, Environment};
use convoke_platform::store::TenantStore;
use convoke_platform::tenant::Tenant;
use tokio::time::Instant;

use crate::core::undisturbed;
use crate::engagements::{Desk, Write, load};
use crate::microsoft::ENTERPRISE;

/// The longest that a manual refresh takes (OM-12).
const ASKED: Duration = Duration::from_secs(20);
/// What of that a look may take: the rest is for writing down what came of it.
const LOOK_ASKED: Duration = Duration::from_secs(17);
/// The longest that a look in the background takes.
const LOOK_DUE: Duration = Duration::from_mins(1);
/// How long a claimed meeting is left alone: longer than any look.
const LEASE: TimeDelta = TimeDelta::seconds(90);
/// How often somebody who waits for another's look asks whether it is through.
const PEEK: Duration = Duration::from_millis(400);

/// What looks are made with.
#[derive(Clone)]
pub struct Recorder {
    /// Store, clock and the calls to Teams.
    pub desk: Desk,
    /// Where transcripts go.
    pub blobs: Blobs,
    /// How often to look.
    pub policy: CapturePolicy,
}

impl Recorder {
    /// With the number of looks that `CONVOKE_CAPTURE_ATTEMPTS` allows (14 where absent).
    pub fn of_environment(
        environment: &Environment,
        desk: Desk,
        blobs: Blobs,
    ) -> Result<Self, ConfigError> {
        let attempts = environment.number("CONVOKE_CAPTURE_ATTEMPTS", 14)?;
        Ok(Self {
            desk,
            blobs,
            policy: CapturePolicy::new(attempts),
        })
    }
}

/// Why a look is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// Somebody asks for it.
    Asked,
    /// It is due.
    Due,
    /// Something came up by this way.
    Arrived(ArrivalPath),
}

impl Reason {
    /// How what such a look finds has come up.
    fn path(self) -> ArrivalPath {
        match self {
            Self::Asked => ArrivalPath::Refresh,
            Self::Due => ArrivalPath::Sweep,
            Self::Arrived(path) => path,
        }
    }
}

/// What became of a wish to look.
enum Outcome {
    /// The look was made.
    Looked(Engagement),
    /// There is nothing to look for now.
    Skipped(Engagement),
    /// Somebody else is looking.
    Busy,
}

/// Looks at once, for somebody who waits: 20 seconds at most. What there was no
/// time for goes on in the queue, and `capture_status` says so.
pub async fn refresh(
    recorder: &Recorder,
    store: &TenantStore,
    id: OnlineMeetingId,
) -> Result<Engagement, Error> {
    let until = Instant::now() + ASKED;
    load(store, id.uuid()).await?.must_meeting()?;
    match Box::pin(look(recorder, store, id, Reason::Asked, LOOK_ASKED)).await? {
        Outcome::Looked(engagement) | Outcome::Skipped(engagement) => Ok(engagement),
        // Their look is this caller's as well.
        Outcome::Busy => wait_for_others(recorder, store, id, until).await,
    }
}

async fn wait_for_others(
    recorder: &Recorder,
    store: &TenantStore,
    id: OnlineMeetingId,
    until: Instant,
) -> Result<Engagement, Error> {
    loop {
        let engagement = load(store, id.uuid()).await?;
        let now = recorder.desk.core.ports.now();
        let is_through = engagement
            .capture
            .as_ref()
            .is_none_or(|capture| capture.is_free(now));
        if is_through || Instant::now() + PEEK >= until {
            return Ok(engagement);
        }
        tokio::time::sleep(PEEK).await;
    }
}

/// Looks if that is due: for the sweep and the queue. A message that comes again
/// finds nothing due.
pub async fn run_due(
    recorder: &Recorder,
    tenant: &Tenant,
    id: OnlineMeetingId,
) -> Result<(), Error> {
    let store = recorder.desk.core.store(tenant);
    Box::pin(look(recorder, &store, id, Reason::Due, LOOK_DUE)).await?;
    Ok(())
}

async fn look(
    recorder: &Recorder,
    store: &TenantStore,
    id: OnlineMeetingId,
    reason: Reason,
    within: Duration,
) -> Result<Outcome, Error> {
    if !ENTERPRISE {
        // Rows, attempts and status of the other edition stay untouched (XC-11).
        return Ok(Outcome::Skipped(load(store, id.uuid()).await?));
    }
    let ports = &recorder.desk.core.ports;
    let claim = Claim {
        token: ports.mint(),
        until: ports.now() + LEASE,
    };
    let engagement = match claimed(recorder, store, id, reason, claim).await? {
        Outcome::Looked(engagement) => engagement,
        other => return Ok(other),
    };
    let mut findings = gather::Findings::default();
    let gathering = gather::gather(recorder, store, &engagement, reason.path(), &mut findings);
    let gathering = Box::pin(gathering);
    let is_cut = tokio::time::timeout(within, gathering).await.is_err();
    let known = (engagement.artifacts.len(), engagement.kept());
    let engagement = undisturbed(|| async {
        let before = load(store, id.uuid()).await?;
        let mut after = before.clone();
        let now = ports.now();
        let is_further = (before.artifacts.len(), before.kept()) > known;
        let look = findings.to_look(is_cut, reason == Reason::Asked || is_further);
        log(&look, id);
        after.looked(look, recorder.policy, claim.token, now)?;
        if after == before {
            return Ok(before);
        }
        Write::of(&recorder.desk, store, &before)
            .commit(after, |_, _| Ok(()))
            .await
    })
    .await?;
    Ok(Outcome::Looked(engagement))
}

/// Claims the look; `Looked` means: claimed.
async fn claimed(
    recorder: &Recorder,
    store: &TenantStore,
    id: OnlineMeetingId,
    reason: Reason,
    claim: Claim,
) -> Result<Outcome, Error> {
    undisturbed(|| async {
        let before = load(store, id.uuid()).await?;
        let now = recorder.desk.core.ports.now();
        let capture = before.capture.as_ref();
        let is_busy = capture.is_some_and(|capture| !capture.is_free(now));
        let is_wanted = match reason {
            Reason::Asked | Reason::Arrived(_) => true,
            // Whoever is looking right now is looking for this message as well.
            Reason::Due => capture.is_some_and(|capture| capture.is_due(now)),
        };
        if !is_wanted || !before.may_be_looked_at(now) {
            return Ok(Outcome::Skipped(before));
        }
        let mut after = before.clone();
        if is_busy {
            // Theirs may have listed before it came up.
            if matches!(reason, Reason::Arrived(_)) {
                after.want_another_look();
                Write::of(&recorder.desk, store, &before)
                    .commit(after, |_, _| Ok(()))
                    .await?;
            }
            return Ok(Outcome::Busy);
        }
        after.begin_look(claim, now)?;
        let after = Write::of(&recorder.desk, store, &before)
            .commit(after, |_, _| Ok(()))
            .await?;
        Ok(Outcome::Looked(after))
    })
    .await
}

fn log(look: &Look, id: OnlineMeetingId) {
    match &look.failure {
        Some(code) => {
            tracing::warn!(online_meeting_id = %id, code, "recordings were not looked for as a whole");
        }
        None => {
            tracing::info!(online_meeting_id = %id, is_cut = look.has_leftover, "recordings were looked for");
        }
    }
}
