//! Reading an object's octets as they come: memory stays the same for any size.

use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use super::{BlobError, BlobName, TenantBlobs, error};

/// The longest that S3 may keep a reader waiting for the next octets.
const SILENCE: Duration = Duration::from_secs(20);

/// Which octets of an object; what lies behind its end is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobRange {
    /// All.
    Whole,
    /// From an offset on.
    From(u64),
    /// From `first` to `last`, both included.
    Between {
        /// Offset of the first octet.
        first: u64,
        /// Offset of the last one.
        last: u64,
    },
}

impl BlobRange {
    fn header(self) -> Option<String> {
        match self {
            Self::Whole => None,
            Self::From(first) => Some(format!("bytes={first}-")),
            Self::Between { first, last } => Some(format!("bytes={first}-{last}")),
        }
    }
}

/// The octets of an object, as they come.
#[derive(Debug)]
pub struct BlobStream {
    /// Offset of the first octet.
    pub first: u64,
    /// Octets that this stream yields.
    pub length: u64,
    /// Octets that the object has.
    pub total: u64,
    /// As it was stored.
    pub content_type: Option<String>,
    body: ByteStream,
    left: u64,
}

impl BlobStream {
    /// The next octets; `None` once all have come. A body that ends before its
    /// length is an error, never an end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, BlobError> {
        let next = tokio::time::timeout(SILENCE, self.body.try_next())
            .await
            .map_err(|_| BlobError::Unavailable("S3 fell silent".to_owned()))?
            .map_err(|error| BlobError::Unavailable(error.to_string()))?;
        match &next {
            Some(chunk) => self.left = self.left.saturating_sub(chunk.len() as u64),
            None if self.left > 0 => {
                return Err(BlobError::Unavailable("a body ended too early".to_owned()));
            }
            None => {}
        }
        Ok(next)
    }
}

impl TenantBlobs {
    /// Opens an object's octets.
    pub async fn open(&self, name: BlobName, range: BlobRange) -> Result<BlobStream, BlobError> {
        let (bucket, key) = self.place(name);
        let answer = self
            .client()
            .get_object()
            .bucket(bucket)
            .key(key)
            .set_range(range.header())
            .send()
            .await
            .map_err(|error| error::from_sdk(&error))?;
        let length = error::octets(answer.content_length)?;
        let (first, total) = match answer.content_range.as_deref() {
            Some(range) => read_content_range(range)
                .ok_or_else(|| BlobError::Other("S3 told an unreadable range".to_owned()))?,
            None => (0, length),
        };
        Ok(BlobStream {
            first,
            length,
            total,
            content_type: answer.content_type,
            body: answer.body,
            left: length,
        })
    }
}

/// First octet and total of `bytes 0-9/100`.
fn read_content_range(text: &str) -> Option<(u64, u64)> {
    let (octets, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = octets.split_once('-')?;
    Some((first.parse().ok()?, total.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_names_its_first_octet_and_the_total() {
        assert_eq!(read_content_range("bytes 5-9/100"), Some((5, 100)));
        for unreadable in ["", "bytes", "bytes */100", "bytes 5-9/*", "5-9/100"] {
            assert_eq!(read_content_range(unreadable), None, "{unreadable:?}");
        }
    }
}
