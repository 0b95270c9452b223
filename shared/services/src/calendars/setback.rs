//! What becomes of a row whose calls failed, and how its connection shows it.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::calendar_connection::{CalendarConnection, CalendarSync, Step};
use convoke_domain::error::Error;
use convoke_platform::store::StoreError;

use super::access::{NoAccess, read, write};
use super::failure::Failure;
use super::turn::Turn;

impl Turn<'_> {
    /// There is no access token: nothing was called.
    pub(super) async fn without_access(
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
    pub(super) async fn fail(&self, row: &mut CalendarSync, failure: &Failure, step: &Step) {
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
        let again = row.put_back(self.wish.as_ref(), code, asked, now);
        if again.is_none() {
            tracing::error!(code, "given up: a connected calendar is not in step");
            return;
        }
        tracing::warn!(
            code,
            attempts = row.attempts,
            "a connected calendar is to be tried again"
        );
    }

    /// Has the connection show how it goes, unless it was changed meanwhile: the
    /// next event will tell.
    pub(super) async fn note(
        &self,
        change: impl FnOnce(&mut CalendarConnection, DateTime<Utc>) -> bool,
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
}

/// The line of one event that was worked on (XC-9).
pub(super) fn log(step: &Step, row: &CalendarSync, begun: Instant) {
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
