//! Stable identities for demonstrations and tests: one tenant (Contoso), one
//! app with every role, an organiser covered by the Teams access policy, two
//! colleagues and a room; and an app for users' own calendars, to which Ann consented.

use std::collections::BTreeMap;

use crate::directory::{AccessPolicy, App, Secret, Seed, Tenant, User, UserGrant};

/// The Entra tenant.
pub const TENANT_ID: &str = "77aa1f0e-2f6d-4a5c-9b1e-0c7d5e3a9f10";
/// A verified domain of the tenant, usable instead of its id.
pub const TENANT_DOMAIN: &str = "contoso.example";
/// The app registration.
pub const CLIENT_ID: &str = "6f1d2c3b-4a59-4e68-8d77-1b2c3d4e5f60";
/// The app's secret; it needs form encoding, as real ones do.
pub const CLIENT_SECRET: &str = "sim~8Q.demo+secret/with=odd&chars";
/// The id of that secret, which is not the secret.
pub const CLIENT_SECRET_ID: &str = "b5d7a0c4-91e2-4c3f-8a6d-2e4f6a8c0b1d";
/// The mailbox that organises meetings.
pub const ORGANIZER_UPN: &str = "meetings@contoso.example";
/// Object id of the organiser.
pub const ORGANIZER_ID: &str = "2b0c4d6e-8f10-4a2b-9c3d-4e5f60718293";
/// A colleague.
pub const ANN_UPN: &str = "ann@contoso.example";
/// Object id of Ann.
pub const ANN_ID: &str = "a0a10001-0000-4000-8000-00000000a001";
/// Another colleague.
pub const BOB_UPN: &str = "bob@contoso.example";
/// Object id of Bob.
pub const BOB_ID: &str = "b0b10001-0000-4000-8000-00000000b001";
/// A room.
pub const ROOM_UPN: &str = "room1@contoso.example";
/// Object id of the room.
pub const ROOM_ID: &str = "c0c10001-0000-4000-8000-00000000c001";

/// The app registration for users' own calendars, of any tenant; it has no application permission.
pub const CALENDAR_CLIENT_ID: &str = "ca1e0da2-4a59-4e68-8d77-3c4d5e6f7081";
/// The calendar app's secret; it needs form encoding, as real ones do.
pub const CALENDAR_CLIENT_SECRET: &str = "cal~9S.demo+secret/with=odd&chars";
/// The refresh token of Ann's consent to the calendar app.
pub const CALENDAR_REFRESH_TOKEN: &str = "demo-microsoft-refresh-token";

/// Every application permission that the simulator knows.
pub const ROLES: [&str; 5] = [
    "Calendars.ReadWrite",
    "OnlineMeetings.ReadWrite.All",
    "OnlineMeetingRecording.Read.All",
    "OnlineMeetingTranscript.Read.All",
    "User.Read.All",
];

/// The demo directory.
pub fn seed() -> Seed {
    let user = |id, upn, name| User::new(TENANT_ID, id, upn, name);
    let mut organizer = user(ORGANIZER_ID, ORGANIZER_UPN, "Contoso Meetings");
    organizer.access_policy = Some(AccessPolicy {
        apps: vec![CLIENT_ID.into()],
        effective_at: None,
    });
    let mut room = user(ROOM_ID, ROOM_UPN, "Room 1");
    room.mailbox.resource = true;
    let calendar = calendar_seed();
    Seed {
        tenants: vec![Tenant {
            id: TENANT_ID.into(),
            domains: vec![TENANT_DOMAIN.into()],
            global_access_policy: None,
            graph_transcript_access: true,
            attributed_transcripts: true,
        }],
        apps: [
            calendar.apps,
            vec![App {
                client_id: CLIENT_ID.into(),
                display_name: "Convoke demo".into(),
                secrets: vec![Secret {
                    id: CLIENT_SECRET_ID.into(),
                    value: CLIENT_SECRET.into(),
                    expires_at: None,
                }],
                consents: BTreeMap::from([(TENANT_ID.into(), ROLES.map(String::from).to_vec())]),
                ..App::default()
            }],
        ]
        .concat(),
        users: vec![
            organizer,
            user(ANN_ID, ANN_UPN, "Ann Archer"),
            user(BOB_ID, BOB_UPN, "Bob Baker"),
            room,
        ],
        grants: calendar.grants,
        behaviour: None,
    }
}

/// The part of the demo directory that concerns users' own calendars.
pub(crate) fn calendar_seed() -> Seed {
    Seed {
        apps: vec![App {
            client_id: CALENDAR_CLIENT_ID.into(),
            display_name: "Convoke demo calendars".into(),
            secrets: vec![Secret {
                value: CALENDAR_CLIENT_SECRET.into(),
                ..Secret::default()
            }],
            ..App::default()
        }],
        grants: vec![UserGrant {
            client_id: CALENDAR_CLIENT_ID.into(),
            user: ANN_ID.into(),
            refresh_token: CALENDAR_REFRESH_TOKEN.into(),
            scopes: vec!["Calendars.ReadWrite".into()],
        }],
        ..Seed::default()
    }
}
