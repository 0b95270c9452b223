//! Many organisations at once, for tests of how much a client can carry.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::demo;
use crate::directory::{AccessPolicy, App, Secret, Seed, Tenant, User};

/// An organisation that was seeded: everything a client needs to know about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeededOrganization {
    /// GUID of the tenant.
    pub tenant_id: String,
    /// A verified domain of it.
    pub domain: String,
    /// The app, known in this tenant only, with every role.
    pub client_id: String,
    /// The app's secret.
    pub client_secret: String,
    /// Organisers under the Teams access policy.
    pub organizers: Vec<SeededOrganizer>,
}

/// An organiser of a seeded organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeededOrganizer {
    /// Object id.
    pub id: String,
    /// User principal name.
    pub upn: String,
}

/// The names of so many organisations; the same each time.
pub(crate) fn organizations(count: u16, organizers_each: u16) -> Vec<SeededOrganization> {
    let one = |number: u16| {
        let domain = format!("load{number}.example");
        let organizer = |place: u16| SeededOrganizer {
            id: format!("10ad05e2-{number:04x}-4000-8000-00000000{place:04x}"),
            upn: format!("organizer{place}@{domain}"),
        };
        SeededOrganization {
            tenant_id: format!("10ad7e4a-{number:04x}-4000-8000-000000000000"),
            client_id: format!("10adc11e-{number:04x}-4000-8000-000000000000"),
            client_secret: format!("load~{number}.secret+with/odd=characters"),
            organizers: (0..organizers_each).map(organizer).collect(),
            domain,
        }
    };
    (0..count).map(one).collect()
}

/// What is seeded for them.
pub(crate) fn seed(organizations: &[SeededOrganization]) -> Seed {
    let mut seed = Seed::default();
    for organization in organizations {
        let (tenant_id, client_id) = (&organization.tenant_id, &organization.client_id);
        seed.tenants.push(Tenant {
            id: tenant_id.clone(),
            domains: vec![organization.domain.clone()],
            graph_transcript_access: true,
            ..Tenant::default()
        });
        let roles = demo::ROLES.map(String::from).to_vec();
        seed.apps.push(App {
            client_id: client_id.clone(),
            display_name: "Convoke under load".into(),
            secrets: vec![Secret {
                value: organization.client_secret.clone(),
                ..Secret::default()
            }],
            consents: BTreeMap::from([(tenant_id.clone(), roles)]),
            ..App::default()
        });
        for organizer in &organization.organizers {
            let mut user = User::new(tenant_id, &organizer.id, &organizer.upn, &organizer.upn);
            user.access_policy = Some(AccessPolicy {
                apps: vec![client_id.clone()],
                effective_at: None,
            });
            seed.users.push(user);
        }
    }
    seed
}
