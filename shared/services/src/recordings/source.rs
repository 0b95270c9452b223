//! The octets of a recording at Microsoft, from an offset on, whatever happens to
//! the connection (OM-9, OM-10).
//!
//! Guarantees: octets come in order, each once; an end is the end of what was
//! asked for, and anything else is an error. What is broken off is opened again
//! at the present offset, with a token that is good then; where Microsoft ignores
//! the range, what comes before is skipped. Memory holds one chunk.

use std::time::Duration;

use bytes::Bytes;
use convoke_domain::artifact::Artifact;
use convoke_domain::error::Error;
use convoke_domain::online_meeting::OnlineMeeting;
use convoke_platform::store::TenantStore;

use crate::providers::{CallFailure, Effect};
use crate::teams::{ByteRange, NotOpened, RecordingBytes, Teams};

/// Failures in a row, without an octet in between, that end it.
const FAILURES_MAX: u32 = 3;
/// Between a failure and the next try; each one waits longer.
const PAUSE: Duration = Duration::from_millis(150);
/// Who asks to wait longer than this is not waited for: a reader is there.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// A recording being read.
pub struct Source {
    teams: Teams,
    store: TenantStore,
    meeting: OnlineMeeting,
    provider_artifact_id: String,
    bytes: Option<RecordingBytes>,
    /// The next octet's place in the whole.
    at: u64,
    first: u64,
    /// Where the present connection began to count.
    opened_at: u64,
    /// Octets still to be dropped, where the range was ignored.
    skip: u64,
    /// The octet after the last one that is wanted, where that is known.
    end: Option<u64>,
    total: Option<u64>,
    content_type: Option<String>,
    failures: u32,
}

impl Source {
    /// From an offset to the end. An offset that is the very end reads nothing.
    pub async fn open(
        teams: &Teams,
        store: &TenantStore,
        meeting: &OnlineMeeting,
        artifact: &Artifact,
        first: u64,
    ) -> Result<Self, Error> {
        // A range even from the first octet: `Content-Range` tells a length where
        // nothing else does.
        let range = ByteRange::From(first);
        match Self::open_range(teams, store, meeting, artifact, range).await {
            Ok(source) => Ok(source),
            Err(NotOpened::Failed(failure)) => Err(failure.error),
            Err(NotOpened::BeyondEnd { total }) if total == Some(first) => {
                let mut source = Self::closed(teams, store, meeting, artifact);
                (source.at, source.first) = (first, first);
                (source.end, source.total) = (total, total);
                Ok(source)
            }
            Err(NotOpened::BeyondEnd { .. }) => Err(changed()),
        }
    }

    /// Any range, told apart from one that lies beyond the end.
    pub async fn open_range(
        teams: &Teams,
        store: &TenantStore,
        meeting: &OnlineMeeting,
        artifact: &Artifact,
        range: ByteRange,
    ) -> Result<Self, NotOpened> {
        let mut source = Self::closed(teams, store, meeting, artifact);
        let bytes = source.call(range).await?;
        source.total = bytes.total;
        source.content_type.clone_from(&bytes.content_type);
        let (first, last) = match range {
            ByteRange::Whole => (0, None),
            ByteRange::From(first) => (first, None),
            ByteRange::Between { first, last } => (first, Some(last)),
            // Ignored, and of unknown length: nobody can tell where the end begins.
            ByteRange::Suffix(_) if bytes.is_partial => (bytes.first, None),
            ByteRange::Suffix(octets) => (
                bytes.total.map_or(0, |total| total.saturating_sub(octets)),
                None,
            ),
        };
        if bytes.total.is_some_and(|total| first >= total && first > 0) {
            return Err(NotOpened::BeyondEnd { total: bytes.total });
        }
        (source.at, source.first) = (first, first);
        let wanted = last.map(|last| last.saturating_add(1));
        source.end = match (wanted, source.total) {
            (Some(wanted), Some(total)) => Some(wanted.min(total)),
            (wanted, total) => wanted.or(total),
        };
        source.take_over(bytes).map_err(failed)?;
        Ok(source)
    }

    fn closed(
        teams: &Teams,
        store: &TenantStore,
        meeting: &OnlineMeeting,
        artifact: &Artifact,
    ) -> Self {
        Self {
            teams: teams.clone(),
            store: store.clone(),
            meeting: meeting.clone(),
            provider_artifact_id: artifact.provider_artifact_id.clone(),
            bytes: None,
            at: 0,
            first: 0,
            opened_at: 0,
            skip: 0,
            end: None,
            total: None,
            content_type: None,
            failures: 0,
        }
    }

    /// Place of the first octet that this source yields.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The whole recording's length, where Microsoft says so.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// The media type, as Microsoft names it.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The next octets; `None` at the end of what was asked for.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while self.end.is_none_or(|end| self.at < end) {
            let Some(bytes) = &mut self.bytes else {
                self.open_again().await?;
                continue;
            };
            let may_be_a_piece = bytes.is_partial && self.at > self.opened_at;
            match bytes.chunk().await {
                Ok(Some(chunk)) => {
                    if let Some(octets) = self.wanted_of(chunk) {
                        self.failures = 0;
                        self.at += octets.len() as u64;
                        return Ok(Some(octets));
                    }
                }
                // Of a range of unknown length more may follow: what is beyond the end
                // is refused.
                Ok(None) if self.total.is_none() && may_be_a_piece => self.bytes = None,
                // The only end that there is, where no length was told.
                Ok(None) if self.total.is_none() => break,
                Ok(None) => self.give_up_on(cut_short()).await?,
                Err(error) => self.give_up_on(error).await?,
            }
        }
        // Whatever is still on its way is not wanted.
        self.bytes = None;
        Ok(None)
    }

    /// Leaves out what lies before and after the range.
    fn wanted_of(&mut self, mut chunk: Bytes) -> Option<Bytes> {
        let dropped = usize::try_from(self.skip).map_or(chunk.len(), |skip| skip.min(chunk.len()));
        self.skip -= dropped as u64;
        let mut octets = chunk.split_off(dropped);
        if let Some(left) = self.end.map(|end| end - self.at) {
            octets.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        }
        (!octets.is_empty()).then_some(octets)
    }

    async fn open_again(&mut self) -> Result<(), Error> {
        let range = match self.end {
            Some(end) => ByteRange::Between {
                first: self.at,
                last: end - 1,
            },
            None => ByteRange::From(self.at),
        };
        match self.call(range).await {
            Ok(bytes)
                if self.total.is_some() && bytes.total.is_some_and(|it| Some(it) != self.total) =>
            {
                Err(changed())
            }
            Ok(bytes) => self.take_over(bytes),
            Err(NotOpened::BeyondEnd { .. }) if self.total.is_none() => {
                self.end = Some(self.at);
                Ok(())
            }
            Err(NotOpened::BeyondEnd { .. }) => Err(changed()),
            Err(NotOpened::Failed(failure)) if failure.effect == Effect::None => {
                self.give_up_on(failure.error).await
            }
            Err(NotOpened::Failed(failure)) => Err(failure.error),
        }
    }

    async fn call(&self, range: ByteRange) -> Result<RecordingBytes, NotOpened> {
        self.teams
            .open_recording(
                &self.store,
                &self.meeting,
                &self.provider_artifact_id,
                range,
            )
            .await
    }

    fn take_over(&mut self, bytes: RecordingBytes) -> Result<(), Error> {
        // Octets that were asked for cannot begin behind their own place.
        self.skip = self.at.checked_sub(bytes.first).ok_or_else(changed)?;
        self.bytes = Some(bytes);
        self.opened_at = self.at;
        Ok(())
    }

    /// Drops the connection; an error once that happened too often.
    async fn give_up_on(&mut self, error: Error) -> Result<(), Error> {
        self.bytes = None;
        self.failures += 1;
        let asked = match &error {
            Error::Upstream { retry_after, .. } => retry_after.unwrap_or_default(),
            Error::Busy { retry_after, .. } => *retry_after,
            _ => Duration::ZERO,
        };
        if self.failures >= FAILURES_MAX || asked > WAIT_MAX {
            return Err(error);
        }
        tokio::time::sleep(asked.max(PAUSE * self.failures)).await;
        Ok(())
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("at", &self.at)
            .field("end", &self.end)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

/// What a browser is told to play: a video's type as Microsoft names it, else MP4,
/// and never what a browser would show as a page.
pub fn video_type(told: Option<&str>) -> &str {
    let is_plain = |text: &&str| {
        text.starts_with("video/")
            && text.len() <= 100
            && text.bytes().all(|octet| octet.is_ascii_graphic())
    };
    told.filter(is_plain).unwrap_or("video/mp4")
}

fn failed(error: Error) -> NotOpened {
    NotOpened::Failed(CallFailure {
        effect: Effect::Refused,
        error,
    })
}

fn changed() -> Error {
    upstream(
        "recording_changed",
        "the recording is another one than it was when reading began",
    )
}

fn cut_short() -> Error {
    upstream(
        "recording_cut_short",
        "Microsoft ended the recording before its end",
    )
}

fn upstream(code: &'static str, message: &str) -> Error {
    Error::Upstream {
        code,
        message: message.to_owned(),
        retry_after: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OM-9: whatever Microsoft calls it, it is played, never shown as a page.
    #[test]
    fn what_is_no_videos_type_is_told_as_mp4() {
        assert_eq!(video_type(Some("video/webm")), "video/webm");
        for other in [
            None,
            Some("text/html"),
            Some("video/x\r\ny"),
            Some("application/octet-stream"),
        ] {
            assert_eq!(video_type(other), "video/mp4", "{other:?}");
        }
    }
}
