//! Tokens whose content is sealed (AES-256-GCM): they show nothing of what they
//! hold, name the root whose key opens them, and are safe in a path or query.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use convoke_domain::error::Error;

use crate::keyring::{KEY_ID_LEN, Keyring, Purpose};
use crate::secrets::Secrets;

/// A token that holds `plain`.
pub(crate) fn seal(ring: &Keyring, purpose: Purpose, plain: &[u8]) -> Result<String, Error> {
    let mut token = ring.id().to_vec();
    let sealed = ring
        .seal(purpose, &token, plain)
        .map_err(|error| Error::internal(error.to_string()))?;
    token.extend(sealed);
    Ok(URL_SAFE_NO_PAD.encode(token))
}

/// The root that a token names, and what only its key opens; `None`: no token of
/// ours, or of a root that is known no more.
pub(crate) async fn take_apart(
    secrets: &Secrets,
    token: &str,
    longest: usize,
) -> Result<Option<(Keyring, Vec<u8>)>, Error> {
    let Some(bytes) = decode(token, longest) else {
        return Ok(None);
    };
    let Some((key_id, sealed)) = bytes.split_first_chunk::<KEY_ID_LEN>() else {
        return Ok(None);
    };
    let ring = secrets.keyring_of(*key_id).await?;
    Ok(ring.map(|ring| (ring, sealed.to_vec())))
}

/// A token's octets; `longest` is in characters.
pub(crate) fn decode(token: &str, longest: usize) -> Option<Vec<u8>> {
    if token.len() > longest {
        return None;
    }
    URL_SAFE_NO_PAD.decode(token).ok()
}
