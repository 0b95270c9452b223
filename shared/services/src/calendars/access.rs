//! Access tokens, and the refresh tokens that they are asked with.
//!
//! A refresh token may work once only, and gives its successor: whoever uses it
//! has claimed the connection before, and stores the successor before anything
//! else relies on it. A consent counts as revoked only when the newest token was
//! refused.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use convoke_domain::calendar_connection::{CalendarConnection, CalendarProvider};
use convoke_domain::error::Error;
use convoke_domain::id::UserId;
use convoke_domain::integration::SealedSecret;
use convoke_domain::notification::NotificationKind;
use convoke_domain::online_meeting::Claim;
use convoke_google::Secret;
use convoke_platform::backoff;
use convoke_platform::records::CalendarConnectionRecord;
use convoke_platform::store::{StoreError, TenantStore};
use uuid::Uuid;

use super::failure::Failure;
use super::remote::{Granted, Remote};
use super::{Calendars, REFRESH_TOKEN};
use crate::in_app::{self, Note};

/// How long a claim to use the refresh token holds: longer than the call, the
/// sealing and the writing of its successor.
const RENEWAL: TimeDelta = TimeDelta::seconds(30);
/// How long a worker waits for another one that is asking.
const PATIENCE: Duration = Duration::from_secs(4);
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(150);
/// A token that ends sooner is not begun with.
const MARGIN: Duration = Duration::from_mins(1);
/// How many access tokens are kept.
const MOST_KEPT: usize = 1_000;
/// Times that a new refresh token is written before it is lost.
const OUTCOME_TRIES: u32 = 6;
/// Times that a new refresh token is sealed before it is lost.
const SEAL_TRIES: u32 = 4;

/// Why there is no access token.
#[derive(Debug)]
pub(super) enum NoAccess {
    /// The connection is gone, replaced or revoked since: look again.
    Changed,
    /// It was just found to be revoked.
    Revoked,
    /// Somebody else is asking for one.
    Busy,
    /// The provider did not give one.
    Failed(Failure),
    /// The store, or the vault.
    Internal(Error),
}

impl From<StoreError> for NoAccess {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<Error> for NoAccess {
    fn from(error: Error) -> Self {
        Self::Internal(error)
    }
}

/// Access tokens of this process, by connection.
#[derive(Default)]
pub(super) struct AccessTokens(Mutex<HashMap<Uuid, (Secret, Instant)>>);

impl AccessTokens {
    fn get(&self, connection_id: Uuid) -> Option<Secret> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, ends) = held.get(&connection_id)?;
        (*ends > Instant::now() + MARGIN).then(|| token.clone())
    }

    pub(super) fn keep(&self, connection_id: Uuid, granted: &Granted) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= MOST_KEPT {
            held.clear();
        }
        let ends = Instant::now() + granted.lasts;
        held.insert(connection_id, (granted.access.clone(), ends));
    }

    /// Drops a token that the provider refused, or that is not to be used any more.
    pub(super) fn forget(&self, connection_id: Uuid) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&connection_id);
    }
}

/// Reads a user's connection.
pub(super) async fn read(
    store: &TenantStore,
    user_id: &UserId,
    provider: CalendarProvider,
) -> Result<Option<CalendarConnection>, StoreError> {
    let key = CalendarConnectionRecord::key_of(user_id, provider);
    let record = store.get::<CalendarConnectionRecord>(&key).await?;
    record.map(CalendarConnection::try_from).transpose()
}

/// Writes a connection over the version that it was read at.
pub(super) async fn write(
    store: &TenantStore,
    connection: &mut CalendarConnection,
) -> Result<(), StoreError> {
    let expected = connection.version;
    connection.version += 1;
    let mut transaction = store.transaction();
    transaction.replace(&CalendarConnectionRecord::from(&*connection), expected);
    transaction.commit().await
}

/// One user's access.
pub(super) struct Access<'a> {
    pub(super) calendars: &'a Calendars,
    pub(super) store: &'a TenantStore,
    pub(super) remote: &'a Remote,
}

impl Access<'_> {
    /// A token for the calls on this calendar: one that is kept, or a new one.
    pub(super) async fn token(&self, connection: &CalendarConnection) -> Result<Secret, NoAccess> {
        let (id, came) = (connection.connection_id, Instant::now());
        let mut current = connection.clone();
        loop {
            if let Some(token) = self.calendars.tokens.get(id) {
                return Ok(token);
            }
            let now = self.calendars.core.ports.now();
            if current.is_renewed_elsewhere(now) {
                if came.elapsed() >= PATIENCE {
                    return Err(NoAccess::Busy);
                }
                tokio::time::sleep(LOOK_EVERY).await;
            } else if let Some(claimed) = self.claim(current).await?
                && let Some(token) = self.renew(claimed).await?
            {
                return Ok(token);
            }
            current = self.reload(connection).await?;
        }
    }

    /// The connection as it is now, if it is still the same consent and works.
    async fn reload(&self, known: &CalendarConnection) -> Result<CalendarConnection, NoAccess> {
        let read = read(self.store, &known.user_id, known.provider).await?;
        let same = read.filter(|one| one.connection_id == known.connection_id && one.is_usable());
        same.ok_or(NoAccess::Changed)
    }

    /// Claims the refresh token; `None`: somebody else wrote meanwhile.
    async fn claim(
        &self,
        mut connection: CalendarConnection,
    ) -> Result<Option<CalendarConnection>, NoAccess> {
        let ports = &self.calendars.core.ports;
        connection.renewal = Some(Claim {
            token: ports.mint(),
            until: ports.now() + RENEWAL,
        });
        match write(self.store, &mut connection).await {
            Ok(()) => Ok(Some(connection)),
            Err(StoreError::VersionConflict(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks for an access token with a claimed connection; `None`: there is a newer
    /// refresh token to ask with.
    async fn renew(&self, connection: CalendarConnection) -> Result<Option<Secret>, NoAccess> {
        let (tenant, vault) = (self.store.tenant(), &self.calendars.vault);
        let sealed = connection.refresh_token.as_str();
        let opened = vault.open(tenant, REFRESH_TOKEN, sealed).await;
        let refresh = match opened {
            Ok(opened) => Secret::new(opened),
            Err(error) => {
                self.release(connection).await;
                return Err(error.into());
            }
        };
        match self.remote.refresh(&refresh).await {
            Ok(granted) => {
                let successor = granted.refresh.as_ref();
                let successor = successor.filter(|new| new.expose() != refresh.expose());
                self.settle(connection.clone(), successor).await?;
                self.calendars
                    .tokens
                    .keep(connection.connection_id, &granted);
                Ok(Some(granted.access))
            }
            Err(Failure::Revoked) => self.revoke(connection).await,
            Err(failure) => {
                self.release(connection).await;
                Err(NoAccess::Failed(failure))
            }
        }
    }

    /// Stores the successor and ends the claim.
    async fn settle(
        &self,
        mut connection: CalendarConnection,
        successor: Option<&Secret>,
    ) -> Result<(), NoAccess> {
        if let Some(new) = successor {
            let (tenant, vault) = (self.store.tenant(), &self.calendars.vault);
            let mut sealed = vault.seal(tenant, REFRESH_TOKEN, new.expose()).await;
            // The old token may be worth nothing by now: this one must not be lost.
            for tries in 2..=SEAL_TRIES {
                if sealed.is_ok() {
                    break;
                }
                backoff::pause(tries + 2).await;
                sealed = vault.seal(tenant, REFRESH_TOKEN, new.expose()).await;
            }
            let sealed = sealed?;
            connection.refresh_token = SealedSecret::new(sealed);
        }
        let claim = connection.renewal.take();
        for tries in 1..=OUTCOME_TRIES {
            let mut written = connection.clone();
            match write(self.store, &mut written).await {
                Ok(()) => return Ok(()),
                Err(error) if tries == OUTCOME_TRIES => return Err(error.into()),
                Err(error) if error.is_conflict() => {
                    // Nobody else asks while it is claimed: ours is the newest token,
                    // unless the user has connected anew.
                    let stored = read(self.store, &connection.user_id, connection.provider).await?;
                    let stored = stored.filter(|one| one.connection_id == connection.connection_id);
                    let Some(mut stored) = stored else {
                        return Err(NoAccess::Changed);
                    };
                    if stored.renewal != claim && successor.is_none() {
                        return Ok(());
                    }
                    stored.refresh_token = connection.refresh_token.clone();
                    stored.renewal = stored.renewal.filter(|other| Some(*other) != claim);
                    connection = stored;
                }
                Err(_) => backoff::pause(tries + 2).await,
            }
        }
        Ok(())
    }

    /// Ends a claim that came to nothing; if that cannot be written, it runs out.
    async fn release(&self, mut connection: CalendarConnection) {
        connection.renewal = None;
        if let Err(error) = write(self.store, &mut connection).await {
            tracing::warn!(%error, "a claim on a calendar connection runs out by itself");
        }
    }

    /// Marks the consent as gone and tells its user, once; a newer token than the
    /// one that was refused is to be tried first.
    async fn revoke(&self, used: CalendarConnection) -> Result<Option<Secret>, NoAccess> {
        self.calendars.tokens.forget(used.connection_id);
        let mut stored = self.reload(&used).await?;
        if stored.refresh_token != used.refresh_token {
            return Ok(None);
        }
        let expected = stored.version;
        stored.become_revoked();
        stored.version += 1;
        let mut transaction = self.store.transaction();
        transaction.replace(&CalendarConnectionRecord::from(&stored), expected);
        let note = Note {
            provider: Some(stored.provider.as_str()),
            ..Note::to(
                stored.user_id.clone(),
                NotificationKind::CalendarConnectionRevoked,
            )
        };
        in_app::notify(&self.calendars.core, &mut transaction, vec![note])?;
        match transaction.commit().await {
            Ok(()) => {
                let provider = stored.provider.as_str();
                tracing::warn!(provider, "a calendar connection was revoked by its user");
                Err(NoAccess::Revoked)
            }
            Err(error) if error.is_conflict() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
