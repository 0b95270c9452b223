//! The parts, one after the other.

use std::time::{Duration, Instant};

use bytes::Bytes;
use convoke_domain::error::Error;
use convoke_platform::blobs::{BlobError, UploadId};
use convoke_platform::records::UploadRecord;

use super::checksum::Checksum;
use super::claim::Held;
use super::reader::Reader;
use super::{Bench, Stop, Wanted};
use crate::recordings::source::{Source, video_type};

/// What a part that is under way when the budget is used up may take beyond it.
const GRACE: Duration = Duration::from_mins(2);
/// How long Microsoft is waited for before the claim and the time are looked at.
/// Longer than one call may take, so that a call that hangs fails, and is counted.
const PATIENCE: Duration = Duration::from_secs(40);
/// As [`Source`] says it: the recording is another one than it was.
const CHANGED: &str = "recording_changed";

impl Bench<'_> {
    /// Stores parts until the last one is; `false`: the budget was used up before.
    pub(super) async fn copy(&self, held: &mut Held, wanted: &Wanted) -> Result<bool, Stop> {
        let began = Instant::now();
        if held
            .row
            .upload
            .as_ref()
            .is_some_and(|upload| upload.is_whole)
        {
            return Ok(true);
        }
        let (mut upload, mut reader) = self.open(held, wanted).await?;
        let mut sum = Checksum::of_state(&upload.sha256_state);
        loop {
            while !self.step(held, &mut reader).await? {
                if began.elapsed() >= self.terms.budget + GRACE {
                    return out_of_time(held);
                }
            }
            let (part, is_last) = reader.take();
            let Some(sum) = sum.as_mut() else {
                return Err(self.start_over(held, "checksum_lost").await);
            };
            sum.add(&part);
            upload.octets += part.len() as u64;
            upload.is_whole = is_last;
            self.check(held, &upload).await?;
            if !part.is_empty() {
                upload.parts += 1;
                self.store_part(held, &upload, part).await?;
            }
            upload.sha256_state = sum.state();
            held.row.upload = Some(upload.clone());
            held.note_progress();
            self.write(held).await?;
            if is_last {
                return Ok(true);
            }
            if began.elapsed() >= self.terms.budget {
                return Ok(false);
            }
        }
    }

    /// Reads on, for some seconds at most; answers whether a part is there.
    async fn step(&self, held: &mut Held, reader: &mut Reader) -> Result<bool, Stop> {
        let is_full = match tokio::time::timeout(PATIENCE, reader.step()).await {
            Ok(Ok(is_full)) => is_full,
            Ok(Err(error)) => return Err(self.failed(held, &error).await),
            // Microsoft is slow, or what comes before the part is being skipped.
            Err(_) => false,
        };
        self.keep(held).await?;
        Ok(is_full)
    }

    /// What failed at Microsoft; another recording than before is begun anew.
    async fn failed(&self, held: &mut Held, error: &Error) -> Stop {
        match error.code() {
            CHANGED => self.start_over(held, CHANGED).await,
            code => Stop::Failed(code),
        }
    }

    /// Opens the recording where the upload stands, and begins one if there is none.
    async fn open(&self, held: &mut Held, wanted: &Wanted) -> Result<(UploadRecord, Reader), Stop> {
        let at = held.row.upload.as_ref().map_or(0, |upload| upload.octets);
        let opened = Source::open(
            &self.desk.teams,
            &self.store,
            &wanted.meeting,
            &wanted.artifact,
            at,
        )
        .await;
        let source = match opened {
            Ok(source) => source,
            Err(error) => return Err(self.failed(held, &error).await),
        };
        let total = source.total();
        let mut upload = match held.row.upload.clone() {
            Some(upload) => upload,
            None => self.begin(held, &source).await?,
        };
        let has_changed = |known: u64| total.is_some_and(|total| total != known);
        if upload.size.is_some_and(has_changed) {
            return Err(self.start_over(held, CHANGED).await);
        }
        upload.size = upload.size.or(total);
        let reader = Reader::new(source, at, upload.size, upload.part_size);
        Ok((upload, reader))
    }

    async fn begin(&self, held: &mut Held, source: &Source) -> Result<UploadRecord, Stop> {
        let content_type = video_type(source.content_type()).to_owned();
        let id = self.blobs.begin_upload(self.name, &content_type).await?;
        let upload = UploadRecord {
            upload_id: id.as_str().to_owned(),
            part_size: self.terms.part_size,
            parts: 0,
            octets: 0,
            size: source.total(),
            is_whole: false,
            sha256_state: Checksum::new().state(),
            content_type,
        };
        held.row.upload = Some(upload.clone());
        self.write(held).await?;
        Ok(upload)
    }

    /// Whether what came so far fits what was told.
    async fn check(&self, held: &mut Held, upload: &UploadRecord) -> Result<(), Stop> {
        match upload.size {
            Some(size) if upload.octets > size => Err(self.start_over(held, CHANGED).await),
            Some(size) if upload.is_whole && upload.octets < size => {
                Err(Stop::Failed("recording_cut_short"))
            }
            // Microsoft may not be through with making it.
            _ if upload.is_whole && upload.octets == 0 => Err(Stop::Failed("recording_empty")),
            _ => Ok(()),
        }
    }

    async fn store_part(
        &self,
        held: &mut Held,
        upload: &UploadRecord,
        part: Bytes,
    ) -> Result<(), Stop> {
        let id = UploadId::of(&upload.upload_id);
        match self
            .blobs
            .upload_part(self.name, &id, upload.parts, part)
            .await
        {
            Ok(()) => Ok(()),
            Err(BlobError::NotFound) => Err(self.start_over(held, "upload_gone").await),
            Err(error) => Err(error.into()),
        }
    }
}

/// Too slow to finish a part: left to another run, unless there was no part at all.
fn out_of_time(held: &Held) -> Result<bool, Stop> {
    if held.has_moved {
        Ok(false)
    } else {
        Err(Stop::Failed("too_slow"))
    }
}
