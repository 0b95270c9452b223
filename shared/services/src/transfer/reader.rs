//! Cutting what comes from Microsoft into parts.

use bytes::{Bytes, BytesMut};
use convoke_domain::error::Error;

use crate::recordings::source::Source;

/// Octets on their way into parts.
pub(super) struct Reader {
    source: Source,
    part: BytesMut,
    /// What came with the last octets of a part, and belongs to the next.
    rest: Bytes,
    /// Octets still to come, where that is known.
    left: Option<u64>,
    part_size: usize,
    has_ended: bool,
}

impl Reader {
    /// Over a source that stands `at` an offset of a recording of `total` octets.
    pub(super) fn new(source: Source, at: u64, total: Option<u64>, part_size: u64) -> Self {
        let part_size = usize::try_from(part_size).unwrap_or(usize::MAX).max(1);
        Self {
            source,
            part: BytesMut::with_capacity(part_size),
            rest: Bytes::new(),
            left: total.map(|total| total.saturating_sub(at)),
            part_size,
            has_ended: false,
        }
    }

    /// Reads what comes next; answers whether a part is full, or the last one.
    pub(super) async fn step(&mut self) -> Result<bool, Error> {
        if self.rest.is_empty() {
            match self.source.next().await? {
                Some(octets) => self.rest = octets,
                None => self.has_ended = true,
            }
        }
        let room = self.part_size - self.part.len();
        let taken = self.rest.split_to(room.min(self.rest.len()));
        self.left = self
            .left
            .map(|left| left.saturating_sub(taken.len() as u64));
        self.part.extend_from_slice(&taken);
        // More than was told comes as parts of its own, and is noticed there.
        if self.left == Some(0) && self.rest.is_empty() && !self.part.is_empty() {
            return Ok(true);
        }
        Ok(self.has_ended || self.part.len() == self.part_size)
    }

    /// The part that [`Self::step`] filled, and whether it is the last.
    pub(super) fn take(&mut self) -> (Bytes, bool) {
        let is_last = self.has_ended || (self.left == Some(0) && self.rest.is_empty());
        let part =
            std::mem::replace(&mut self.part, BytesMut::with_capacity(self.part_size)).freeze();
        (part, is_last)
    }
}
