//! What users consent to: authorization codes and refresh tokens, and the token
//! endpoint's grants for them.
//!
//! As Microsoft documents it, using a refresh token gives a new one and leaves the
//! old one valid; [`crate::Behaviour`] can make it single-use. Revoking ends codes and
//! refresh tokens, while access tokens live on until they expire.

mod grants;
mod redemption;

pub(crate) use grants::{Consent, Grants};
pub use grants::{GrantState, StoredGrant};
pub(crate) use redemption::{Kind, Tokens, grant};
