//! Change notifications as Microsoft delivers them: reading a delivery, proving
//! that Microsoft sent it, and opening what is encrypted in it (NT-2, NT-3).
//!
//! Guarantees: any octets can be parsed, and end in a value or an error; nothing
//! read here is authentic by itself. The caller checks, in this order: that the
//! subscription is known, its client state and tenant, every validation token
//! ([`SigningKeys`]) and its audience, and only then decrypts ([`DecryptionKey`]).

mod artifact_address;
mod certificate;
mod decrypted_artifact;
mod decryption;
mod delivery;
mod key_set;
mod signing_keys;
mod validation_token;

pub use artifact_address::ArtifactAddress;
pub use certificate::{GeneratedKey, KeyGenerationFailed, generate_key};
pub use decrypted_artifact::DecryptedArtifact;
pub use decryption::{DecryptionKey, NotDecrypted, UnusableKey};
pub use delivery::{
    Delivery, EncryptedContent, LifecycleEvent, Notification, UnreadableDelivery, parse,
};
pub use signing_keys::SigningKeys;
pub use validation_token::{TokenProblem, ValidatedToken};
