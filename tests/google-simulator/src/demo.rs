//! Stable identities for demonstrations and tests: one client, one user with a consent.

use crate::world::{Client, Seed, User};

/// The OAuth client's id.
pub const CLIENT_ID: &str = "demo-google-client";
/// The OAuth client's secret.
pub const CLIENT_SECRET: &str = "demo-google-secret";
/// A user; also the id of her primary calendar.
pub const ANN: &str = "ann@acme.example";
/// The refresh token of Ann's consent.
pub const REFRESH_TOKEN: &str = "demo-google-refresh-token";

/// The client and Ann.
pub fn seed() -> Seed {
    Seed {
        clients: vec![Client {
            id: CLIENT_ID.into(),
            secret: CLIENT_SECRET.into(),
        }],
        users: vec![User::new(ANN, REFRESH_TOKEN, CLIENT_ID)],
    }
}
