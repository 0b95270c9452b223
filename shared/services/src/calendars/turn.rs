//! One event in one user's calendar: what is to be done about it, done.
//!
//! Before a call the row says what is intended and who is at it, after it what
//! came of it. Whoever finds the row claimed leaves it alone: its holder looks
//! again at what is wanted after it has let go.

use std::time::{Duration, Instant};

use convoke_domain::calendar_connection::{
    CalendarConnection, CalendarEntry, CalendarProvider, CalendarSync, Step, Wish,
};
use convoke_domain::error::Error;
use convoke_google::Secret;
use convoke_platform::store::{StoreError, TenantStore};

use super::Calendars;
use super::access::Access;
use super::failure::Failure;
use super::remote::{Remote, Spot};
use super::row::{conclude, forget, pass_conflict, put, settle_down};
use super::setback::log;

/// The longest that all calls about one event take.
const CALLS_WITHIN: Duration = Duration::from_secs(11);

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
        log(&step, &row, begun);
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
                self.note(CalendarConnection::note_success).await;
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
