//! How content comes over the wire. Graph's documentation shows a plain 200
//! and is silent on redirects and ranges (graph-protocol §5), so each is a switch.

use serde::{Deserialize, Serialize};

/// The way of a recording's or transcript's content to the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an open question about Graph, independent of the others"
)]
pub struct Delivery {
    /// `Range` is answered 206 or 416; off: it is ignored, 200.
    pub honours_ranges: bool,
    /// Off: no `Content-Length`, the body is chunked.
    pub tells_length: bool,
    /// 302 to the storage, with a link that expires. Everything below then
    /// happens there, the token's age excepted.
    pub redirects: bool,
    /// Octets per second of real time; absent: as fast as they are read.
    pub bytes_per_second: Option<u64>,
    /// Octets of an answer after which the connection closes.
    pub cut_after: Option<u64>,
    /// How many answers are cut, counted from the artifact's first; absent: all.
    pub cut_times: Option<u32>,
    /// The body ends as if it were complete, which shows only in the length told;
    /// with `tells_length` off, only in `Content-Range`.
    pub cut_quietly: bool,
    /// The token (or the storage's link) in use is worth nothing after the cut.
    pub revokes_when_cut: bool,
    /// Instead of `video/mp4` or `text/vtt`.
    pub content_type: Option<String>,
    /// 401 for tokens issued longer ago than this, by the simulator's clock,
    /// whatever their `expires_in` was.
    pub max_token_age_ms: Option<u64>,
}

impl Default for Delivery {
    /// The whole or the part asked for, at once.
    fn default() -> Self {
        Self {
            honours_ranges: true,
            tells_length: true,
            redirects: false,
            bytes_per_second: None,
            cut_after: None,
            cut_times: None,
            cut_quietly: false,
            revokes_when_cut: false,
            content_type: None,
            max_token_age_ms: None,
        }
    }
}

impl Delivery {
    /// As documented and no more: 200 with everything, whatever is asked for.
    pub fn without_ranges() -> Self {
        Self {
            honours_ranges: false,
            ..Self::default()
        }
    }

    /// By way of the storage.
    pub fn redirected() -> Self {
        Self {
            redirects: true,
            ..Self::default()
        }
    }

    /// Where the answer breaks off, for the artifact's answer of this number
    /// (from 0) and an answer of this length.
    pub(super) fn cut(&self, number: u32, length: u64) -> Option<u64> {
        let struck = self.cut_times.is_none_or(|times| number < times);
        self.cut_after.filter(|after| struck && *after < length)
    }
}
