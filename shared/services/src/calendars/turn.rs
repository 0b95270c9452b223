//! One event in one user's calendar: what is to be done about it, done.
//!
//! Before a call the row says what is intended and who is at it, after it what
//! came of it. Whoever finds the row claimed leaves it alone: its holder looks
//! again at what is wanted after it has let go.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use convoke_domain::calendar_connection::{
    CalendarConnection, CalendarEntry, CalendarProvider, CalendarSync, Step, Wish,
};
use convoke_domain::error::Error;
use convoke_google::Secret;
use convoke_platform::backoff;
use convoke_platform::records::CalendarSyncRecord;
use convoke_platform::store::{Record, StoreError, TenantStore};

use super::Calendars;
use super::access::{Access, NoAccess, read, write};
use super::failure::Failure;
use super::remote::{Remote, Spot};

/// The longest that all calls about one event take.
const CALLS_WITHIN: Duration = Duration::from_secs(11);
/// Times that an outcome is written before the row is left claimed.
const OUTCOME_TRIES: u32 = 6;

/// What was done about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    /// Nothing: it is in step, waits, or somebody else is at it.
    Rested,
    /// Something: what is wanted may have changed meanwhile.
    Acted,
}

/// An event in somebody's hands.
pub(super) struct Turn<'a> {
    pub(super) calendars: &'a Calendars,
    pub(super) store: &'a TenantStore,
    pub(super) connection: &'a CalendarConnection,
    /// As it is to stand; `None`: it is to go.
    pub(super) entry: Option<&'a CalendarEntry>,
    /// The same, as a fingerprint.
    pub(super) wish: Option<Wish>,
    /// Our name for the event.
    pub(super) uid: String,
}

/// What came of the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The row is to be written.
    Row,
    /// The row is to go.
    Forget,
}

impl Turn<'_> {
    /// Does the next thing that is to be done about `row`.
    pub(super) async fn run(&self, row: CalendarSync) -> Result<Done, Error> {
        let now = self.calendars.core.ports.now();
        let step = row.step(self.wish.as_ref(), self.connection.connection_id, now);
        match step {
            Step::Rest => {
                settle_down(self.store, row, now).await?;
                return Ok(Done::Rested);
            }
            Step::Forget => {
                forget(self.store, &row).await?;
                return Ok(Done::Rested);
            }
            _ => {}
        }
        let provider = self.connection.provider;
        let remote = match self.calendars.apps.remote(provider).await {
            Ok(remote) => remote,
            Err(error @ (Error::NotConfigured { .. } | Error::NotImplemented { .. })) => {
                return self.skip(row, error.code()).await;
            }
            Err(error) => return Err(error),
        };
        let Some(row) = self.take(row, &step).await? else {
            return Ok(Done::Rested);
        };
        let begun = Instant::now();
        let held = (row.version, row.clone());
        let (row, outcome) = self.act(&remote, row, &step).await?;
        self.log(&step, &row, begun);
        match outcome {
            Outcome::Row => conclude(self.store, row, held.0).await?,
            Outcome::Forget => forget(self.store, &held.1).await?,
        }
        Ok(Done::Acted)
    }

    /// The deployment has nobody to speak with the provider.
    async fn skip(&self, mut row: CalendarSync, code: &'static str) -> Result<Done, Error> {
        let provider = self.connection.provider.as_str();
        tracing::info!(provider, code, "a connected calendar was skipped");
        if row.version > 0 && row.due_at.is_some() {
            row.stop(code);
            put(self.store, &mut row).await.or_else(pass_conflict)?;
        }
        Ok(Done::Rested)
    }

    /// Writes down what is intended; `None`: somebody else was faster.
    async fn take(
        &self,
        mut row: CalendarSync,
        step: &Step,
    ) -> Result<Option<CalendarSync>, Error> {
        let ports = &self.calendars.core.ports;
        row.take(ports.mint(), self.connection.connection_id, ports.now());
        row.may_exist |= *step == Step::Create;
        match put(self.store, &mut row).await {
            Ok(()) => Ok(Some(row)),
            Err(StoreError::VersionConflict(_) | StoreError::AlreadyExists(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the calls; what came of them is in the row.
    async fn act(
        &self,
        remote: &Remote,
        mut row: CalendarSync,
        step: &Step,
    ) -> Result<(CalendarSync, Outcome), Error> {
        let access = Access {
            calendars: self.calendars,
            store: self.store,
            remote,
        };
        let mut token = match access.token(self.connection).await {
            Ok(token) => token,
            Err(none) => return Ok((self.without_access(row, none, step).await?, Outcome::Row)),
        };
        let mut done = self.call(remote, &token, &mut row, step).await;
        if done == Err(Failure::Unauthorized) {
            self.calendars.tokens.forget(self.connection.connection_id);
            token = match access.token(self.connection).await {
                Ok(token) => token,
                Err(none) => {
                    return Ok((self.without_access(row, none, step).await?, Outcome::Row));
                }
            };
            done = self.call(remote, &token, &mut row, step).await;
        }
        match done {
            Ok(outcome) => {
                self.note(|connection, now| connection.note_success(now))
                    .await;
                Ok((row, outcome))
            }
            Err(failure) => {
                self.fail(&mut row, &failure, step).await;
                Ok((row, Outcome::Row))
            }
        }
    }

    async fn call(
        &self,
        remote: &Remote,
        token: &Secret,
        row: &mut CalendarSync,
        step: &Step,
    ) -> Result<Outcome, Failure> {
        let calls = self.perform(remote, token, row, step);
        let in_time = tokio::time::timeout(CALLS_WITHIN, calls).await;
        in_time.unwrap_or(Err(Failure::TIMED_OUT))
    }

    async fn perform(
        &self,
        remote: &Remote,
        token: &Secret,
        row: &mut CalendarSync,
        step: &Step,
    ) -> Result<Outcome, Failure> {
        let spot = Spot {
            connection: self.connection,
            access: token,
            transaction_id: row.transaction_id,
            uid: &self.uid,
        };
        match step {
            Step::Create => self.create(remote, spot, row).await,
            Step::Find => match remote.find(spot).await? {
                Some(id) => {
                    row.become_found(id);
                    Ok(Outcome::Row)
                }
                None if self.wish.is_some() => self.create(remote, spot, row).await,
                None if row.look_again(self.calendars.core.ports.now()) => Ok(Outcome::Row),
                None => Ok(Outcome::Forget),
            },
            Step::Update(id) => {
                // Of what was just found nobody knows how it looks.
                let restores = row.sent.is_none();
                self.update(remote, spot, row, id, restores).await
            }
            Step::Restore(id) => self.update(remote, spot, row, id, true).await,
            Step::Delete(id) => {
                remote.delete(spot, id).await?;
                Ok(Outcome::Forget)
            }
            Step::Rest | Step::Forget => Ok(Outcome::Row),
        }
    }

    async fn create(
        &self,
        remote: &Remote,
        spot: Spot<'_>,
        row: &mut CalendarSync,
    ) -> Result<Outcome, Failure> {
        let (Some(entry), Some(wish)) = (self.entry, &self.wish) else {
            return Ok(Outcome::Row);
        };
        match remote.create(spot, entry).await {
            Ok(id) => row.stand(id, wish),
            Err(Failure::Duplicate) => match (self.connection.provider, remote.find(spot).await?) {
                (CalendarProvider::Google, Some(id)) => {
                    return self.update(remote, spot, row, &id, true).await;
                }
                (CalendarProvider::Google, None) => return Err(NOT_FOUND_YET),
                // It was removed since; an id makes no second event.
                (CalendarProvider::Microsoft, _) => {
                    row.become_gone(self.calendars.core.ports.mint());
                }
            },
            Err(Failure::Gone) => return Err(NO_CALENDAR),
            Err(failure) => return Err(failure),
        }
        Ok(Outcome::Row)
    }

    async fn update(
        &self,
        remote: &Remote,
        spot: Spot<'_>,
        row: &mut CalendarSync,
        id: &str,
        restores: bool,
    ) -> Result<Outcome, Failure> {
        let (Some(entry), Some(wish)) = (self.entry, &self.wish) else {
            return Ok(Outcome::Row);
        };
        match remote.update(spot, id, entry, restores).await {
            Ok(()) => row.stand(id.to_owned(), wish),
            Err(Failure::Gone) if restores => row.become_gone(self.calendars.core.ports.mint()),
            Err(Failure::Gone) => {
                tracing::info!("a user removed an event from their calendar: it stays gone");
                row.become_removed();
            }
            // What cannot be brought back says nothing of the calendar.
            Err(Failure::Refused { code, .. }) if restores => {
                return Err(Failure::Refused {
                    code,
                    is_of_calendar: false,
                });
            }
            Err(failure) => return Err(failure),
        }
        Ok(Outcome::Row)
    }

    /// There is no access token: nothing was called.
    async fn without_access(
        &self,
        mut row: CalendarSync,
        none: NoAccess,
        step: &Step,
    ) -> Result<CalendarSync, Error> {
        match none {
            NoAccess::Revoked | NoAccess::Changed => {
                row.may_exist &= *step != Step::Create;
                row.stop("grant_revoked");
            }
            NoAccess::Busy => {
                let failure = Failure::Passing {
                    code: "busy",
                    retry_after: None,
                    may_have_happened: false,
                };
                self.fail(&mut row, &failure, step).await;
            }
            NoAccess::Failed(failure) => {
                let failure = not_done(failure);
                self.fail(&mut row, &failure, step).await;
            }
            NoAccess::Internal(error) => {
                tracing::warn!(
                    code = error.code(),
                    "no access token for a connected calendar"
                );
                let failure = Failure::Passing {
                    code: "internal_error",
                    retry_after: None,
                    may_have_happened: false,
                };
                self.fail(&mut row, &failure, step).await;
            }
        }
        Ok(row)
    }

    /// Puts the row back, or gives it up, and has the connection say so.
    async fn fail(&self, row: &mut CalendarSync, failure: &Failure, step: &Step) {
        let code = failure.code();
        if *step == Step::Create && !failure.may_have_happened() {
            row.may_exist = false;
        }
        let wish = self.wish.as_ref();
        let is_lasting = match failure {
            Failure::Refused { is_of_calendar, .. } => {
                row.refuse(wish, code);
                tracing::error!(code, "given up: a provider refuses an event");
                *is_of_calendar
            }
            Failure::Passing { retry_after, .. } => {
                let asked = retry_after.and_then(|wait| TimeDelta::from_std(wait).ok());
                self.put_back(row, code, asked);
                false
            }
            Failure::ClientRefused => {
                self.calendars.apps.refused(self.connection.provider);
                self.put_back(row, code, None);
                false
            }
            Failure::Revoked | Failure::Unauthorized | Failure::Gone | Failure::Duplicate => {
                self.put_back(row, code, None);
                false
            }
        };
        self.note(|connection, _| connection.note_failure(code, is_lasting))
            .await;
    }

    fn put_back(&self, row: &mut CalendarSync, code: &'static str, asked: Option<TimeDelta>) {
        let now = self.calendars.core.ports.now();
        match row.put_back(self.wish.as_ref(), code, asked, now) {
            Some(_) => tracing::warn!(
                code,
                attempts = row.attempts,
                "a connected calendar is to be tried again"
            ),
            None => tracing::error!(code, "given up: a connected calendar is not in step"),
        }
    }

    /// Has the connection show how it goes, unless it was changed meanwhile: the
    /// next event will tell.
    async fn note(
        &self,
        change: impl FnOnce(&mut CalendarConnection, chrono::DateTime<chrono::Utc>) -> bool,
    ) {
        let known = self.connection;
        let stored = match read(self.store, &known.user_id, known.provider).await {
            Ok(stored) => stored,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be read");
                return;
            }
        };
        let same = stored.filter(|one| one.connection_id == known.connection_id && one.is_usable());
        let Some(mut stored) = same else { return };
        if !change(&mut stored, self.calendars.core.ports.now()) {
            return;
        }
        match write(self.store, &mut stored).await {
            Ok(()) | Err(StoreError::VersionConflict(_)) => {}
            Err(error) => tracing::warn!(%error, "how a connection works was not written down"),
        }
    }

    fn log(&self, step: &Step, row: &CalendarSync, begun: Instant) {
        let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let step = word(step);
        match &row.error {
            None => tracing::info!(
                operation = "sync_calendar",
                step,
                duration_ms,
                "a connected calendar was brought in step"
            ),
            Some(code) => tracing::warn!(
                operation = "sync_calendar",
                step,
                duration_ms,
                code,
                "a connected calendar could not be brought in step"
            ),
        }
    }
}

/// Google takes the name as given, and does not show what it was given to.
const NOT_FOUND_YET: Failure = Failure::Passing {
    code: "duplicate",
    retry_after: None,
    may_have_happened: false,
};

const NO_CALENDAR: Failure = Failure::Refused {
    code: "calendar_not_found",
    is_of_calendar: true,
};

const fn word(step: &Step) -> &'static str {
    match step {
        Step::Rest => "rest",
        Step::Find => "find",
        Step::Create => "create",
        Step::Update(_) => "update",
        Step::Restore(_) => "restore",
        Step::Delete(_) => "delete",
        Step::Forget => "forget",
    }
}

/// A failed refresh has done nothing to events.
fn not_done(failure: Failure) -> Failure {
    match failure {
        Failure::Passing {
            code, retry_after, ..
        } => Failure::Passing {
            code,
            retry_after,
            may_have_happened: false,
        },
        other => other,
    }
}

/// Somebody else wrote meanwhile, and knows better.
fn pass_conflict(error: StoreError) -> Result<(), StoreError> {
    match error {
        StoreError::VersionConflict(_) | StoreError::AlreadyExists(_) => Ok(()),
        error => Err(error),
    }
}

/// Writes a row: a new one where there must be none, else over its version.
async fn put(store: &TenantStore, row: &mut CalendarSync) -> Result<(), StoreError> {
    let expected = row.version;
    row.version += 1;
    let mut transaction = store.transaction();
    let record = CalendarSyncRecord::from(&*row);
    if expected == 0 {
        transaction.create(&record);
    } else {
        transaction.replace(&record, expected);
    }
    transaction.commit().await
}

/// Takes a row that rests out of the due index, so that the sweep does not come
/// for it again and again.
pub(super) async fn settle_down(
    store: &TenantStore,
    mut row: CalendarSync,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), Error> {
    if row.version > 0 && row.due_at.is_some_and(|at| at <= now) {
        (row.claim, row.due_at) = (None, None);
        put(store, &mut row).await.or_else(pass_conflict)?;
    }
    Ok(())
}

async fn forget(store: &TenantStore, row: &CalendarSync) -> Result<(), Error> {
    if row.version == 0 {
        return Ok(());
    }
    let mut transaction = store.transaction();
    let key = CalendarSyncRecord::key_of(&row.key);
    transaction.delete(CalendarSyncRecord::KIND, &key, row.version);
    Ok(transaction.commit().await.or_else(pass_conflict)?)
}

/// Tried hard after a call: a claim that runs out would have it looked for again.
async fn conclude(store: &TenantStore, row: CalendarSync, held: u64) -> Result<(), Error> {
    for tries in 1..=OUTCOME_TRIES {
        let mut written = CalendarSync {
            version: held,
            ..row.clone()
        };
        match put(store, &mut written).await {
            // They have taken over since, or an earlier try got through.
            Ok(()) | Err(StoreError::VersionConflict(_)) => return Ok(()),
            Err(error) if tries == OUTCOME_TRIES => return Err(error.into()),
            Err(_) => backoff::pause(tries + 2).await,
        }
    }
    Ok(())
}
