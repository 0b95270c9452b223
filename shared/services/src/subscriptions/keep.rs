//! Looking after one row: for as long as that may take, with what came of it
//! written down whatever happens.

use std::time::Duration;

use convoke_domain::error::Error;
use convoke_domain::subscription::{Setback, Subscription, SubscriptionState, Wish};
use convoke_platform::store::{StoreError, TenantStore};
use convoke_platform::tenant::Tenant;
use tracing::Instrument;

use super::outcome;
use super::stop::Stop;
use super::subscriber::{Kit, Subscriber};
use super::turn::{Done, Turn};
use crate::jobs::SubscriptionEvent;

/// The longest that one row is worked on; well within its claim.
const AT_ONE_ROW: Duration = Duration::from_secs(45);

/// Why a row is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wake {
    /// Its time has come.
    Due,
    /// Our addresses have changed: its time has come if they were its own.
    Moved,
    /// Microsoft said something of it.
    Event(SubscriptionEvent),
}

/// What came of looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Done(Done),
    /// `is_refusal`: it does not go better by itself.
    Failed {
        is_refusal: bool,
    },
}

/// Does what Microsoft's event asks for; a repeated one changes nothing more.
pub async fn heed(
    subscriber: &Subscriber,
    tenant: &Tenant,
    subscription: &str,
    event: SubscriptionEvent,
) -> Result<(), Error> {
    let core = &subscriber.core;
    let store = core.store(tenant);
    let Some(row) = outcome::read(&store, subscription).await? else {
        return Ok(());
    };
    if event != SubscriptionEvent::ReauthorizationRequired
        && row.state != SubscriptionState::Removing
    {
        // Whatever becomes of the subscription: something may have been missed.
        let outbox = core.outbox(&[outcome::list_job(&row.key)])?;
        let mut transaction = store.transaction();
        transaction.create(&outbox);
        transaction.commit().await?;
    }
    let kit = subscriber.kit().await?;
    keep(&kit, &store, subscription, Wake::Event(event), None).await?;
    Ok(())
}

/// Looks after a row, if there is something to do. `settings` is what was wanted
/// when that was last read.
pub(super) async fn keep(
    kit: &Kit<'_>,
    store: &TenantStore,
    sort: &str,
    wake: Wake,
    settings: Option<&Wish>,
) -> Result<Kept, Error> {
    let Some(row) = outcome::read(store, sort).await? else {
        return Ok(Kept::Done(Done::Nothing));
    };
    if !wake.is_reason(kit, &row) {
        return Ok(Kept::Done(Done::Nothing));
    }
    let mut turn = Turn::new(kit, store, row);
    let span =
        tracing::info_span!("subscription", tenant = %store.tenant().id(), subscription = sort);
    let work = Box::pin(work(&mut turn, wake, settings)).instrument(span.clone());
    let setback = match tokio::time::timeout(AT_ONE_ROW, work).await {
        Ok(Ok(done)) => return Ok(Kept::Done(done)),
        Ok(Err(Stop::Lost)) => return Ok(Kept::Done(Done::Nothing)),
        Ok(Err(Stop::Store(error))) => return Err(error),
        Ok(Err(Stop::Failed(setback))) => setback,
        Err(_) => Setback {
            code: "timed_out".to_owned(),
            is_refusal: false,
            retry_after: None,
            may_be_done: true,
        },
    };
    put_back(&mut turn, &setback).instrument(span).await?;
    Ok(Kept::Failed {
        is_refusal: setback.is_refusal,
    })
}

impl Wake {
    fn is_reason(self, kit: &Kit<'_>, row: &Subscription) -> bool {
        let now = kit.subscriber.core.ports.now();
        let is_live = row.state == SubscriptionState::Live;
        match self {
            Self::Due => row.is_due(now),
            Self::Moved => {
                let is_elsewhere = is_live && !row.was_made_on(&kit.terms);
                // What has failed has its own time.
                let waits = row.is_claimed(now) || row.attempts > 0;
                row.is_due(now) || (is_elsewhere && !waits)
            }
            Self::Event(SubscriptionEvent::ReauthorizationRequired) => {
                is_live && !row.is_just_renewed(now)
            }
            Self::Event(SubscriptionEvent::Removed | SubscriptionEvent::Missed) => {
                is_live && !row.is_claimed(now)
            }
        }
    }
}

async fn work(turn: &mut Turn<'_>, wake: Wake, settings: Option<&Wish>) -> Result<Done, Stop> {
    if let Some(settings) = settings {
        turn.follow(settings).await?;
    }
    match wake {
        Wake::Event(SubscriptionEvent::ReauthorizationRequired) => turn.renew().await,
        Wake::Event(SubscriptionEvent::Removed) => turn.make(true).await,
        // What Microsoft lost notifications of is made anew; the list finds them.
        Wake::Event(SubscriptionEvent::Missed) => turn.make(false).await,
        Wake::Due | Wake::Moved => turn.attend().await,
    }
}

/// Has the row tried again later, unless somebody has changed it meanwhile.
async fn put_back(turn: &mut Turn<'_>, setback: &Setback) -> Result<(), Error> {
    let mut next = turn.row.clone();
    next.fail(setback, turn.now());
    let (subscription, state) = (next.key.to_string(), next.state.as_str());
    let (code, attempts) = (setback.code.as_str(), next.attempts);
    tracing::warn!(
        subscription,
        state,
        code,
        attempts,
        "a subscription is not as it should be: to be tried again"
    );
    let core = &turn.kit.subscriber.core;
    match outcome::commit(core, turn.store, &turn.row, next).await {
        Ok(_) | Err(StoreError::VersionConflict(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
