//! Content on its way: made piece by piece as the client takes it, slowed down
//! or broken off as asked. What was sent is counted in the log, so that a test
//! sees whether a client that left stopped the work.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use tokio::time::Instant;

use crate::artifact::ContentStream;
use crate::received::Outcome;
use crate::server::{Shared, Side};

/// Octets made at a time.
const PIECE: u64 = 64 * 1024;
/// Pieces per second of slow content.
const BEATS: u64 = 10;
/// What was written before leaves only if the end is not ready at once.
const BEFORE_CUT: Duration = Duration::from_millis(10);

/// The log entry of an answer with content.
pub(crate) struct Tally {
    pub(crate) shared: Arc<Shared>,
    pub(crate) side: Side,
    pub(crate) seq: u64,
}

impl Tally {
    fn write(&self, sent: u64, outcome: Option<Outcome>) {
        self.shared.log(self.side).update(self.seq, |entry| {
            entry.sent = Some(sent);
            if let Some(outcome) = outcome {
                entry.outcome = outcome;
            }
        });
    }
}

/// A content being sent.
struct Sending {
    content: ContentStream,
    reader: crate::artifact::Reader,
    tally: Tally,
    sent: u64,
    began: Instant,
}

impl Drop for Sending {
    fn drop(&mut self) {
        // Whoever reads exactly what was announced does not ask for more.
        let outcome = if self.sent < self.content.end() {
            Some(Outcome::Abandoned)
        } else {
            self.content.cut.map(|_| Outcome::Cut)
        };
        self.tally.write(self.sent, outcome);
    }
}

/// The body of an answer with content.
pub(crate) fn body(content: ContentStream, tally: Tally) -> Body {
    tally.write(0, None);
    let sending = Sending {
        reader: content.reader(),
        content,
        tally,
        sent: 0,
        began: Instant::now(),
    };
    Body::from_stream(stream::try_unfold(sending, next))
}

async fn next(mut sending: Sending) -> io::Result<Option<(Bytes, Sending)>> {
    let left = sending.content.end() - sending.sent;
    if left == 0 {
        return sending.finish().await.map(|()| None);
    }
    let piece = match sending.content.bytes_per_second {
        None => PIECE,
        Some(rate) => {
            let due = sending.sent.saturating_mul(1_000_000) / rate.max(1);
            tokio::time::sleep_until(sending.began + Duration::from_micros(due)).await;
            (rate / BEATS).clamp(1, PIECE)
        }
    };
    let place = sending.content.place(sending.sent);
    let length = usize::try_from(piece.min(left)).unwrap_or(usize::MAX);
    let bytes = sending.reader.read(place, length);
    sending.sent += bytes.len() as u64;
    sending.tally.write(sending.sent, None);
    Ok(Some((bytes.into(), sending)))
}

impl Sending {
    /// Ends the body, or breaks it off.
    async fn finish(&self) -> io::Result<()> {
        if self.content.cut.is_none() {
            return Ok(());
        }
        if let Some(credential) = &self.content.revokes {
            self.tally.shared.revoke(credential);
        }
        if self.content.is_quiet {
            return Ok(());
        }
        tokio::time::sleep(BEFORE_CUT).await;
        Err(io::Error::other("cut on purpose"))
    }
}
