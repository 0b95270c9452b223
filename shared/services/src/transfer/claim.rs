//! Who copies: the claim on a transfer's row, and every way in which it ends.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use convoke_domain::error::Error;
use convoke_platform::blobs::UploadId;
use convoke_platform::records::TransferRecord;
use convoke_platform::store::{Record, StoreError};

use super::{Bench, Stop, job_of};
use crate::core::undisturbed;

/// How long a claim holds without being renewed: longer than a part is stored.
const LEASE: TimeDelta = TimeDelta::minutes(3);
/// While a slow part comes in, a claim is renewed after so long.
const RENEW_AFTER: Duration = Duration::from_mins(1);
/// Claims without progress after which a copy is given up: two days.
const ATTEMPTS: u32 = 48;
/// Claims without progress from which on an operator hears of each as an error.
const LOUD_FROM: u32 = 12;

/// A row that this run holds the claim on.
pub(super) struct Held {
    pub(super) row: TransferRecord,
    renewed: Instant,
    /// Whether this run has stored a part.
    pub(super) has_moved: bool,
}

impl Held {
    /// Whether it was tried too often, be it that each try died.
    pub(super) fn is_hopeless(&self) -> bool {
        self.row.attempts > ATTEMPTS
    }

    /// Notes how far the upload came.
    pub(super) fn note_progress(&mut self) {
        self.has_moved = true;
        let octets = self.row.upload.as_ref().map_or(0, |upload| upload.octets);
        if octets > self.row.furthest {
            self.row.furthest = octets;
            self.row.attempts = 0;
            self.row.error_code = None;
        }
    }
}

impl Bench<'_> {
    /// Takes the copy on; `None`: it is gone, waits, or somebody is at it.
    pub(super) async fn claim(&self) -> Result<Option<Held>, Error> {
        let key = TransferRecord::key_of(self.meeting_id, self.artifact_id);
        undisturbed(|| async {
            let now = self.desk.core.ports.now();
            let stored = self.store.get::<TransferRecord>(&key).await?;
            let Some(mut row) = stored.filter(|row| row.is_free(now)) else {
                return Ok(None);
            };
            row.attempts = row.attempts.saturating_add(1);
            row.claim = Some(self.desk.core.ports.mint());
            let mut held = Held {
                row,
                renewed: Instant::now(),
                has_moved: false,
            };
            self.write(&mut held).await?;
            Ok(Some(held))
        })
        .await
    }

    /// Writes the row, and with it holds the claim for longer.
    pub(super) async fn write(&self, held: &mut Held) -> Result<(), StoreError> {
        let until = self.desk.core.ports.now() + LEASE;
        let mut row = held.row.clone();
        (row.claimed_until, row.due_at) = (Some(until), until);
        row.version += 1;
        let mut transaction = self.store.transaction();
        transaction.replace(&row, held.row.version);
        transaction.commit().await?;
        (held.row, held.renewed) = (row, Instant::now());
        Ok(())
    }

    /// Keeps the claim while a part takes its time.
    pub(super) async fn keep(&self, held: &mut Held) -> Result<(), Stop> {
        if held.renewed.elapsed() >= RENEW_AFTER {
            self.write(held).await?;
        }
        Ok(())
    }

    /// Leaves the rest to another run, at once.
    pub(super) async fn pass_on(&self, held: &Held) -> Result<(), Stop> {
        let job = job_of(&held.row);
        let outbox = self.desk.core.outbox(&[job]).map_err(Stop::Store)?;
        let mut row = held.row.clone();
        (row.claim, row.claimed_until) = (None, None);
        row.due_at = self.desk.core.ports.now();
        row.version += 1;
        let mut transaction = self.store.transaction();
        transaction.replace(&row, held.row.version).create(&outbox);
        transaction.commit().await?;
        self.log(held, "a recording is copied in part");
        Ok(())
    }

    /// Has a failed copy tried again after a doubling wait, or gives it up.
    pub(super) async fn put_back(&self, held: Held, code: &'static str) -> Result<(), Stop> {
        let artifact_id = self.artifact_id;
        let attempts = held.row.attempts;
        if attempts >= ATTEMPTS {
            return self.give_up(&held).await;
        }
        if attempts >= LOUD_FROM {
            tracing::error!(%artifact_id, code, attempts, "a recording is still not copied: to be tried again");
        } else {
            tracing::warn!(%artifact_id, code, attempts, "a recording is not copied yet: to be tried again");
        }
        let mut row = held.row.clone();
        // What moved and then failed waits like what failed once.
        row.attempts = attempts.max(1);
        row.error_code = Some(code.to_owned());
        (row.claim, row.claimed_until) = (None, None);
        row.due_at = self.desk.core.ports.now() + wait_after(row.attempts);
        row.version += 1;
        let mut transaction = self.store.transaction();
        transaction.replace(&row, held.row.version);
        Ok(transaction.commit().await?)
    }

    /// Ends a copy that does not come about; a later look for recordings may plan
    /// it again.
    pub(super) async fn give_up(&self, held: &Held) -> Result<(), Stop> {
        let code = held.row.error_code.as_deref().unwrap_or("died");
        tracing::error!(artifact_id = %self.artifact_id, code, attempts = held.row.attempts,
            "given up: a recording is not copied");
        self.drop_upload(held).await;
        self.drop_row(held).await
    }

    /// Ends a copy that nobody wants any more, and removes what there is of it.
    pub(super) async fn abandon(&self, held: &Held) -> Result<(), Stop> {
        self.log(held, "a recording is not wanted any more");
        self.drop_upload(held).await;
        // All parts may have been put together by a run that died then.
        if held.row.upload.is_some()
            && let Err(error) = self.blobs.delete(self.name).await
        {
            tracing::warn!(artifact_id = %self.artifact_id, %error, "a copy that nobody wants stays");
        }
        self.drop_row(held).await
    }

    /// Takes the row away: there is nothing left to do.
    pub(super) async fn drop_row(&self, held: &Held) -> Result<(), Stop> {
        let mut transaction = self.store.transaction();
        transaction.delete(TransferRecord::KIND, &held.row.key(), held.row.version);
        Ok(transaction.commit().await?)
    }

    /// Forgets what was stored, so that the next try begins anew.
    pub(super) async fn start_over(&self, held: &mut Held, code: &'static str) -> Stop {
        self.drop_upload(held).await;
        held.row.upload = None;
        match self.write(held).await {
            Ok(()) => Stop::Failed(code),
            Err(error) => error.into(),
        }
    }

    /// The bucket's own rule drops what this could not.
    async fn drop_upload(&self, held: &Held) {
        let Some(upload) = &held.row.upload else {
            return;
        };
        let upload = UploadId::of(&upload.upload_id);
        if let Err(error) = self.blobs.abort_upload(self.name, &upload).await {
            tracing::warn!(artifact_id = %self.artifact_id, %error, "an upload could not be dropped");
        }
    }

    pub(super) fn log(&self, held: &Held, what: &'static str) {
        let (parts, octets) = held
            .row
            .upload
            .as_ref()
            .map_or((0, 0), |upload| (upload.parts, upload.octets));
        tracing::info!(artifact_id = %self.artifact_id, parts, octets, "{what}");
    }
}

/// A minute after the first try, doubling up to an hour.
fn wait_after(attempts: u32) -> TimeDelta {
    TimeDelta::minutes(1 << attempts.saturating_sub(1).min(6)).min(TimeDelta::hours(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_a_minute_to_an_hour_and_last_two_days() {
        let waits: Vec<_> = (1..=8)
            .map(|tries| wait_after(tries).num_minutes())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        let total: TimeDelta = (1..ATTEMPTS).map(wait_after).sum();
        assert!((TimeDelta::hours(40)..TimeDelta::hours(50)).contains(&total));
    }
}
