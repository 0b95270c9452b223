//! Connecting a calendar, reading the connection, and forgetting it.

use convoke_domain::calendar_connection::{
    CalendarConnection, CalendarProvider, ConnectionDraft, Consent, SyncSubject,
};
use convoke_domain::error::Error;
use convoke_domain::id::UserId;
use convoke_domain::integration::SealedSecret;
use convoke_google::Secret;
use convoke_platform::http::require_version;
use convoke_platform::outbox::OutboxRecord;
use convoke_platform::records::CalendarConnectionRecord;
use convoke_platform::store::{Record, StoreError, TenantStore};

use super::access::read;
use super::apps::GOOGLE_SCOPE;
use super::failure::Failure;
use super::remote::{Granted, Remote};
use super::upcoming::upcoming;
use super::{Calendars, REFRESH_TOKEN, job_of};
use crate::core::undisturbed;

/// Whose connection, and to what.
type Owner<'a> = (&'a UserId, CalendarProvider);

/// A connection that was just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// The connection.
    pub connection: CalendarConnection,
    /// Whether there was none before.
    pub is_new: bool,
}

/// Reads a user's connection.
pub async fn find(
    store: &TenantStore,
    (user_id, provider): Owner<'_>,
) -> Result<Option<CalendarConnection>, Error> {
    Ok(read(store, user_id, provider).await?)
}

/// Tries the consent, and stores it in place of an earlier one; then everything
/// of the user's that is not over is brought into the calendar.
pub async fn connect(
    calendars: &Calendars,
    store: &TenantStore,
    (user_id, provider): Owner<'_>,
    draft: &ConnectionDraft,
    if_match: Option<u64>,
) -> Result<Connected, Error> {
    let remote = calendars.apps.remote(provider).await?;
    if if_match.is_some() {
        // A code works once: it is not spent on what will be refused.
        let version = read(store, user_id, provider)
            .await?
            .map_or(0, |one| one.version);
        require_version(if_match, version)?;
    }
    let trial = Trial {
        calendars,
        remote: &remote,
        provider,
        draft,
    };
    let (granted, refresh) = trial.run().await?;
    let tenant = store.tenant();
    let sealed = calendars
        .vault
        .seal(tenant, REFRESH_TOKEN, refresh.expose());
    let sealed = SealedSecret::new(sealed.await?);
    let ports = &calendars.core.ports;
    let first = CalendarConnection::new(
        ports.mint(),
        (user_id.clone(), provider),
        sealed,
        draft.calendar_id.clone(),
        ports.now(),
    );
    let (connected, begun_with) = undisturbed(|| async {
        let before = read(store, user_id, provider).await?;
        require_version(if_match, before.as_ref().map_or(0, |one| one.version))?;
        let mut connection = first.clone();
        let mut transaction = store.transaction();
        match &before {
            None => {
                transaction.create(&CalendarConnectionRecord::from(&connection));
            }
            Some(before) => {
                connection.version = before.version + 1;
                let record = CalendarConnectionRecord::from(&connection);
                transaction.replace(&record, before.version);
            }
        }
        let (outbox, begun_with) = jobs(calendars, store, user_id, &[]).await?;
        if let Some(outbox) = &outbox {
            transaction.create(outbox);
        }
        match transaction.commit().await {
            Err(StoreError::AlreadyExists(kind)) if kind == CalendarConnectionRecord::KIND => {
                return Err(StoreError::VersionConflict(kind).into());
            }
            other => other?,
        }
        let is_new = before.is_none();
        Ok((Connected { connection, is_new }, begun_with))
    })
    .await?;
    calendars
        .tokens
        .keep(connected.connection.connection_id, &granted);
    if let Err(error) = look_again(calendars, store, user_id, &begun_with).await {
        // The calendar is connected all the same.
        tracing::warn!(
            code = error.code(),
            "not looked again for what is to stand there"
        );
    }
    tracing::info!(provider = provider.as_str(), "a calendar was connected");
    Ok(connected)
}

/// What a calendar that is being connected is to hold, as jobs.
async fn jobs(
    calendars: &Calendars,
    store: &TenantStore,
    user_id: &UserId,
    known: &[SyncSubject],
) -> Result<(Option<OutboxRecord>, Vec<SyncSubject>), Error> {
    let mut subjects = upcoming(store, user_id, calendars.core.ports.now()).await?;
    subjects.retain(|subject| !known.contains(subject));
    let jobs: Vec<_> = subjects.iter().copied().map(job_of).collect();
    let outbox = match jobs.as_slice() {
        [] => None,
        jobs => Some(calendars.core.outbox(jobs)?),
    };
    Ok((outbox, subjects))
}

/// Looks again for what was planned while the connection was written: its own job
/// may have come before there was one.
async fn look_again(
    calendars: &Calendars,
    store: &TenantStore,
    user_id: &UserId,
    known: &[SyncSubject],
) -> Result<(), Error> {
    if let (Some(outbox), _) = jobs(calendars, store, user_id, known).await? {
        let mut transaction = store.transaction();
        transaction.create(&outbox);
        transaction.commit().await?;
    }
    Ok(())
}

/// Forgets the token. Events that are in the calendar stay there: nobody may
/// touch them any more.
pub async fn disconnect(
    calendars: &Calendars,
    store: &TenantStore,
    (user_id, provider): Owner<'_>,
    if_match: Option<u64>,
) -> Result<(), Error> {
    let gone = undisturbed(|| async {
        let Some(connection) = read(store, user_id, provider).await? else {
            require_version(if_match, 0)?;
            return Ok(None);
        };
        require_version(if_match, connection.version)?;
        let mut transaction = store.transaction();
        let key = CalendarConnectionRecord::key_of(user_id, provider);
        transaction.delete(CalendarConnectionRecord::KIND, &key, connection.version);
        transaction.commit().await?;
        Ok(Some(connection))
    })
    .await?;
    if let Some(connection) = gone {
        let (tenant, sealed) = (store.tenant(), connection.refresh_token.as_str());
        calendars.vault.forget(tenant, REFRESH_TOKEN, sealed);
        calendars.tokens.forget(connection.connection_id);
        tracing::info!(provider = provider.as_str(), "a calendar was disconnected");
    }
    Ok(())
}

/// A consent that is tried.
struct Trial<'a> {
    calendars: &'a Calendars,
    remote: &'a Remote,
    provider: CalendarProvider,
    draft: &'a ConnectionDraft,
}

impl Trial<'_> {
    /// The tokens that the consent gives, if it allows what is needed.
    async fn run(&self) -> Result<(Granted, Secret), Error> {
        let pointer = self.draft.consent.pointer();
        let granted = self.remote.redeem(&self.draft.consent).await;
        let granted = granted.map_err(|failure| self.refusal(&failure, pointer))?;
        let given = match &self.draft.consent {
            Consent::RefreshToken(token) => Some(Secret::new(token.as_str())),
            Consent::Code { .. } => None,
        };
        let Some(refresh) = granted.refresh.clone().or(given) else {
            return Err(Error::invalid(
                pointer,
                "no_refresh_token",
                "the consent ends with the user's visit: ask for it with the authorization_url as it is given",
            ));
        };
        if !self.allows_events(&granted) {
            return Err(Error::invalid(
                pointer,
                "scope_missing",
                "the user did not allow calendar events to be changed",
            ));
        }
        self.check_calendar(&granted).await?;
        Ok((granted, refresh))
    }

    /// Google's users may untick what they are asked for.
    fn allows_events(&self, granted: &Granted) -> bool {
        let whole = GOOGLE_SCOPE.trim_end_matches(".events");
        let allows = |scope: &str| {
            scope
                .split_whitespace()
                .any(|one| one == GOOGLE_SCOPE || one == whole)
        };
        self.provider != CalendarProvider::Google || granted.scope.as_deref().is_none_or(allows)
    }

    async fn check_calendar(&self, granted: &Granted) -> Result<(), Error> {
        let Some(id) = &self.draft.calendar_id else {
            return Ok(());
        };
        let there = self.remote.has_calendar(&granted.access, id).await;
        if there.map_err(|failure| self.refusal(&failure, "/calendar_id"))? {
            return Ok(());
        }
        Err(Error::invalid(
            "/calendar_id",
            "unknown_calendar",
            "the account has no such calendar",
        ))
    }

    fn refusal(&self, failure: &Failure, pointer: &str) -> Error {
        match failure {
            Failure::ClientRefused => self.calendars.apps.refused(self.provider),
            Failure::Passing { retry_after, .. } => Error::Upstream {
                code: "calendar_unavailable",
                message: format!(
                    "{} did not do it in time; try again (a code may have to be asked for anew)",
                    self.provider.as_str()
                ),
                retry_after: *retry_after,
            },
            Failure::Revoked
            | Failure::Unauthorized
            | Failure::Gone
            | Failure::Duplicate
            | Failure::Refused { .. } => Error::invalid(
                pointer,
                "grant_refused",
                "the provider does not accept this; have the user consent again",
            ),
        }
    }
}
