//! Octets on their way from where a recording lies to the client.
//!
//! Guarantees: memory holds a few chunks, since nothing is read before the last
//! chunk was taken; a client that takes nothing for a while, or is gone, ends it,
//! and with it the connection to where the octets come from; a body that is not
//! whole is shorter than its `Content-Length`, so that the client sees that.

use std::time::Duration;

use bytes::Bytes;
use convoke_domain::error::Error;
use convoke_platform::blobs::BlobStream;
use convoke_platform::clock::Ports;
use convoke_platform::log::{Outcome, Work};
use convoke_services::recordings::source::Source;
use lambda_runtime::streaming::Sender;

/// Where the octets come from.
pub(super) enum Origin {
    /// The bucket's copy.
    Bucket(Box<BlobStream>),
    /// Microsoft.
    Microsoft(Box<Source>),
}

impl Origin {
    /// For the line.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Bucket(_) => "bucket",
            Self::Microsoft(_) => "microsoft",
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        match self {
            Self::Bucket(stream) => Ok(stream.chunk().await?),
            Self::Microsoft(source) => source.next().await,
        }
    }
}

/// How long an answer may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Without the client taking anything.
    pub(super) stalled: Duration,
    /// In all: before the function is cut off.
    pub(super) whole: Duration,
}

/// One answer's body.
pub(super) struct Pump {
    pub(super) origin: Origin,
    /// Octets that the answer told of.
    pub(super) length: Option<u64>,
    /// Most octets.
    pub(super) limit: u64,
    pub(super) patience: Patience,
    pub(super) ports: Ports,
    pub(super) work: Work,
}

/// Why a body ended before its end.
enum Stop {
    Gone,
    Stalled,
    TooSlow,
    Failed(Error),
}

impl Stop {
    const fn code(&self) -> &'static str {
        match self {
            Self::Gone => "client_gone",
            Self::Stalled => "client_stalled",
            Self::TooSlow => "out_of_time",
            Self::Failed(error) => error.code(),
        }
    }
}

impl Pump {
    /// Sends until the end, and writes the unit's line.
    pub(super) async fn run(mut self, mut sender: Sender) {
        let mut sent = 0;
        let whole = self.patience.whole;
        let passing = self.pass_on(&mut sender, &mut sent);
        let ended = tokio::time::timeout(whole, passing).await;
        let ended = ended.unwrap_or(Err(Stop::TooSlow));
        let mut work = self.work;
        work.note("octets", sent);
        let outcome = match &ended {
            Ok(()) => Outcome::Done,
            Err(stop) => {
                work.note("code", stop.code());
                match stop {
                    Stop::Failed(_) => Outcome::Failed,
                    // Browsers leave whenever they have enough.
                    Stop::Gone | Stop::Stalled | Stop::TooSlow => Outcome::Done,
                }
            }
        };
        // Before the body ends: the process may be frozen with its last octet.
        work.end(outcome, self.ports.now());
        // An error here would reach the client as octets of the recording: the runtime
        // writes what it has to say of one into the body. A body that is shorter than its
        // Content-Length says that it is not whole.
        drop(sender);
    }

    async fn pass_on(&mut self, sender: &mut Sender, sent: &mut u64) -> Result<(), Stop> {
        let most = self.length.unwrap_or(self.limit);
        while let Some(mut chunk) = self.origin.next().await.map_err(Stop::Failed)? {
            let left = most - *sent;
            if chunk.len() as u64 > left {
                if self.length.is_none() {
                    return Err(Stop::Failed(too_large()));
                }
                chunk.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            }
            let length = chunk.len() as u64;
            if length > 0 {
                hand_over(sender, chunk, self.patience.stalled).await?;
            }
            *sent += length;
            if self.length == Some(*sent) {
                return Ok(());
            }
        }
        match self.length {
            Some(length) if *sent < length => Err(Stop::Failed(cut_short())),
            _ => Ok(()),
        }
    }
}

async fn hand_over(sender: &mut Sender, chunk: Bytes, patience: Duration) -> Result<(), Stop> {
    match tokio::time::timeout(patience, sender.send_data(chunk)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Stop::Gone),
        Err(_) => Err(Stop::Stalled),
    }
}

fn cut_short() -> Error {
    Error::Upstream {
        code: "recording_cut_short",
        message: "the recording ended before its end".to_owned(),
        retry_after: None,
    }
}

fn too_large() -> Error {
    Error::conflict(
        "recording_too_large",
        "the recording is larger than an answer may be",
    )
}
