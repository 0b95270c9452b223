//! A second organisation beside [`crate::demo`]: a tenant, an app and an organiser
//! of its own, so that tests can see that nothing of one reaches the other.

use std::collections::BTreeMap;

use crate::demo;
use crate::directory::{AccessPolicy, App, Secret, Seed, Tenant, User};

/// The Entra tenant.
pub const TENANT_ID: &str = "fab12a70-5c3d-4e1f-8a9b-1f2e3d4c5b6a";
/// A verified domain of the tenant.
pub const TENANT_DOMAIN: &str = "fabrikam.example";
/// The app registration, known in this tenant only.
pub const CLIENT_ID: &str = "fab6f1d2-4a59-4e68-8d77-9b8c7d6e5f40";
/// The app's secret.
pub const CLIENT_SECRET: &str = "fab~7R.second+secret/with=odd&chars";
/// The mailbox that organises meetings.
pub const ORGANIZER_UPN: &str = "bookings@fabrikam.example";
/// Object id of the organiser.
pub const ORGANIZER_ID: &str = "fab0c4d6-8f10-4a2b-9c3d-4e5f60718294";

/// The directory of the second organisation, set up like the demo's.
pub fn seed() -> Seed {
    let mut organizer = User::new(TENANT_ID, ORGANIZER_ID, ORGANIZER_UPN, "Fabrikam Bookings");
    organizer.access_policy = Some(AccessPolicy {
        apps: vec![CLIENT_ID.into()],
        effective_at: None,
    });
    let roles = demo::ROLES.map(String::from).to_vec();
    Seed {
        tenants: vec![Tenant {
            id: TENANT_ID.into(),
            domains: vec![TENANT_DOMAIN.into()],
            global_access_policy: None,
            graph_transcript_access: true,
            attributed_transcripts: true,
        }],
        apps: vec![App {
            client_id: CLIENT_ID.into(),
            display_name: "Convoke at Fabrikam".into(),
            secrets: vec![Secret {
                value: CLIENT_SECRET.into(),
                ..Secret::default()
            }],
            consents: BTreeMap::from([(TENANT_ID.into(), roles)]),
            ..App::default()
        }],
        users: vec![organizer],
        ..Seed::default()
    }
}
