//! SHA-256 that is gone on with by another process.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest, Sha256};

/// A sum over the octets so far.
#[derive(Clone)]
pub(super) struct Checksum(Sha256);

impl Checksum {
    /// Over nothing.
    pub(super) fn new() -> Self {
        Self(Sha256::new())
    }

    /// Goes on from [`Self::state`]; `None`: it is no state.
    pub(super) fn of_state(state: &str) -> Option<Self> {
        let octets = STANDARD.decode(state).ok()?;
        let state = SerializedState::<Sha256>::try_from(octets.as_slice()).ok()?;
        Sha256::deserialize(&state).ok().map(Self)
    }

    /// Adds octets.
    pub(super) fn add(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    /// For the row.
    pub(super) fn state(&self) -> String {
        STANDARD.encode(self.0.serialize())
    }

    /// The sum, lower-case hex.
    pub(super) fn hex(&self) -> String {
        use std::fmt::Write;
        let sum = self.0.clone().finalize();
        sum.iter()
            .fold(String::with_capacity(64), |mut hex, octet| {
                let _ = write!(hex, "{octet:02x}");
                hex
            })
    }
}

#[cfg(test)]
mod tests {
    use convoke_platform::keyring::sha256_hex;

    use super::*;

    /// OM-10: wherever one process stops and another goes on, the sum is the whole's.
    #[test]
    fn a_sum_goes_on_from_its_state_at_any_octet() {
        let whole: Vec<u8> = (0..200).collect();
        for cut in 0..=whole.len() {
            let mut first = Checksum::new();
            first.add(&whole[..cut]);
            let mut second = Checksum::of_state(&first.state()).unwrap();
            second.add(&whole[cut..]);
            assert_eq!(second.hex(), sha256_hex(&whole), "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_state_is_refused() {
        for garbage in ["", "AAAA", "not base64"] {
            assert!(Checksum::of_state(garbage).is_none(), "{garbage:?}");
        }
    }
}
