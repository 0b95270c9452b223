//! What recordings and transcripts consist of. A generated content is a
//! function of seed and offset: any part of it costs no more than that part.

use std::fmt::Write;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// Forty seconds of a running clock and a growing bar, VP9 and Opus, its index
/// in front, a key frame every two seconds.
const SAMPLE: &[u8] = include_bytes!("../../assets/recording.mp4");

/// Octets of a page; each begins with its own number.
const PAGE: u64 = 4096;
const PAGE_SIZE: usize = 4096;
/// Pages begin at different places of the noise.
const NOISE: usize = 65_536;
/// How much is hashed at a time.
const STEP: usize = 1 << 20;

/// What a recording or transcript consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Content {
    /// The small video of this crate, which browsers play.
    Sample,
    /// These octets; base64 in JSON.
    #[serde(with = "base64_text")]
    Bytes(Arc<[u8]>),
    /// This text, e.g. a whole WebVTT file.
    Text(String),
    /// So many octets, a function of seed and offset; nothing is kept in memory.
    Generated {
        /// Octets.
        size: u64,
        /// Another seed gives other octets.
        seed: u64,
    },
}

impl Content {
    /// These octets.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Bytes(bytes.into().into())
    }

    /// This text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// So many octets that need no memory.
    pub fn generated(size: u64, seed: u64) -> Self {
        Self::Generated { size, seed }
    }

    /// How many octets there are.
    pub fn size(&self) -> u64 {
        match self {
            Self::Sample => SAMPLE.len() as u64,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Text(text) => text.len() as u64,
            Self::Generated { size, .. } => *size,
        }
    }

    /// The octets from here on, so many at most; fewer at the end.
    pub fn read(&self, first: u64, length: usize) -> Vec<u8> {
        self.reader().read(first, length)
    }

    /// SHA-256 of the whole, lower-case hex.
    pub fn sha256(&self) -> String {
        let reader = self.reader();
        let mut context = Context::new(&SHA256);
        let mut at = 0;
        while at < self.size() {
            let part = reader.read(at, STEP);
            context.update(&part);
            at += part.len() as u64;
        }
        let mut hex = String::new();
        for byte in context.finish().as_ref() {
            // Writing to a string never fails.
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }

    /// For reading many parts: the noise of generated content is made once.
    pub(crate) fn reader(&self) -> Reader {
        let noise = match self {
            Self::Generated { seed, .. } => noise(*seed),
            _ => Vec::new(),
        };
        Reader {
            content: self.clone(),
            noise,
        }
    }
}

/// Reads a content in parts.
#[derive(Debug)]
pub(crate) struct Reader {
    content: Content,
    noise: Vec<u8>,
}

impl Reader {
    pub(crate) fn read(&self, first: u64, length: usize) -> Vec<u8> {
        let whole: &[u8] = match &self.content {
            Content::Sample => SAMPLE,
            Content::Bytes(bytes) => bytes,
            Content::Text(text) => text.as_bytes(),
            Content::Generated { size, .. } => return self.generate(first, length, *size),
        };
        let from = usize::try_from(first)
            .unwrap_or(usize::MAX)
            .min(whole.len());
        let to = from.saturating_add(length).min(whole.len());
        whole[from..to].to_vec()
    }

    fn generate(&self, first: u64, length: usize, size: u64) -> Vec<u8> {
        let end = first.saturating_add(length as u64).min(size);
        let mut part = Vec::with_capacity(length.min(PAGE_SIZE + STEP));
        let mut at = first;
        while at < end {
            let within = usize::try_from(at % PAGE).unwrap_or_default();
            let page = self.page(at / PAGE);
            let wanted = usize::try_from(end - at).unwrap_or(PAGE_SIZE);
            let to = within.saturating_add(wanted).min(PAGE_SIZE);
            part.extend_from_slice(&page[within..to]);
            at += (to - within) as u64;
        }
        part
    }

    fn page(&self, number: u64) -> [u8; PAGE_SIZE] {
        let from = usize::try_from(number.wrapping_mul(13) % NOISE as u64).unwrap_or_default();
        let mut page = [0; PAGE_SIZE];
        page.copy_from_slice(&self.noise[from..from + PAGE_SIZE]);
        page[..8].copy_from_slice(&number.to_be_bytes());
        page
    }
}

/// Pseudo-random octets (SplitMix64), the same for the same seed for ever.
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut all = Vec::with_capacity(NOISE + PAGE_SIZE);
    while all.len() < NOISE + PAGE_SIZE {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        all.extend_from_slice(&(word ^ (word >> 31)).to_be_bytes());
    }
    all
}

mod base64_text {
    use super::{Arc, Deserialize, Engine, STANDARD};
    use serde::{Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<[u8]>, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = STANDARD.decode(text).map_err(de::Error::custom)?;
        Ok(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::Content;

    #[test]
    fn parts_of_a_generated_content_fit_together() {
        let content = Content::generated(10_000, 7);
        let whole = content.read(0, 20_000);
        assert_eq!(whole.len(), 10_000);
        for (first, length) in [(0, 1), (4_095, 2), (4_096, 5_000), (9_999, 10), (3, 9_000)] {
            let end = (first + length).min(10_000);
            let part = content.read(first as u64, length);
            assert_eq!(part, whole[first..end], "{first}");
        }
        assert_eq!(content.read(10_000, 1), Vec::<u8>::new());
        assert_eq!(content.read(u64::MAX, 1), Vec::<u8>::new());
    }

    #[test]
    fn seeds_and_places_tell_contents_apart() {
        let content = Content::generated(1 << 40, 1);
        assert_ne!(
            content.read(0, 64),
            Content::generated(1 << 40, 2).read(0, 64)
        );
        assert_ne!(content.read(8, 64), content.read(4_096 + 8, 64));
        let far = content.read((1 << 40) - 8, 100);
        assert_eq!(far.len(), 8);
    }

    #[test]
    fn digests_are_those_of_the_octets() {
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Content::text("abc").sha256(), digest);
        assert_eq!(Content::bytes(*b"abc").sha256(), digest);
        let content = Content::generated(3_000_000, 5);
        let same = Content::bytes(content.read(0, 3_000_000));
        assert_eq!(content.sha256(), same.sha256());
    }
}
