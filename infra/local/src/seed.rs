//! The demo tenant: an organisation with two colleagues, two technicians, one client and its contact, one control, and
//! a Teams integration.
//!
//! Written through the HTTP API as any other caller would, by PUT under fixed ids, so that doing it again changes
//! nothing.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use graph_simulator::demo;
use reqwest::Client;
use serde_json::{Value, json};

use crate::graph::MsGraphProfile;
use crate::issuer::{Issuer, TokenClaims};
use crate::stack::DEMO_ORG;
use crate::stack_file::Tokens;

/// The demo client and its contact.
const CLIENT: &str = "globex";
const CONTACT: &str = "cleo";
/// A technician, whose time appointments take.
pub(crate) const TECHNICIAN: &str = "tess";
/// The technician's address.
pub(crate) const TECHNICIAN_EMAIL: &str = "tess@acme.example";
/// The control that the printed commands are about.
pub(crate) const CONTROL: &str = "pci-scope";

const ADMIN_SCOPE: &str = "controls:write meetings:read meetings:write meetings:admin directory:read directory:write \
                           appointments:request appointments:read user_schedule:read user_schedule:update \
                           interaction:read interaction:update interaction:delete tenant_integrations:read \
                           tenant_integrations:update";
const APPROVER_SCOPE: &str = "appointments:request appointments:read user_schedule:read user_schedule:update \
                              meetings:read meetings:write controls:write interaction:read interaction:update \
                              interaction:delete directory:read tenant_integrations:read";
const PORTAL_SCOPE: &str =
    "appointments:request appointments:read user_schedule:update interaction:read";
const DAY: i64 = 24 * 3600;

/// Tokens for a day: Ann approves, Bob administers, Cleo is the client's contact.
pub(crate) fn tokens(issuer: &Issuer) -> Result<Tokens> {
    let person = |claims: TokenClaims, name: &str, email: &str| {
        let (name, email) = (Some(name.to_owned()), Some(email.to_owned()));
        issuer.token(&TokenClaims {
            name,
            email,
            expires_in: DAY,
            ..claims
        })
    };
    Ok(Tokens {
        approver: person(
            TokenClaims::internal(DEMO_ORG, "ann", APPROVER_SCOPE),
            "Ann Archer",
            demo::ANN_UPN,
        )?,
        admin: person(
            TokenClaims::internal(DEMO_ORG, "bob", ADMIN_SCOPE),
            "Bob Baker",
            demo::BOB_UPN,
        )?,
        portal: person(
            TokenClaims::portal(DEMO_ORG, CONTACT, PORTAL_SCOPE, CLIENT, CONTACT),
            "Cleo Carter",
            "cleo@globex.example",
        )?,
    })
}

/// A token of the technician, who needs no permission for what is hers.
pub(crate) fn technician_token(issuer: &Issuer) -> Result<String> {
    issuer.token(&TokenClaims::internal(
        DEMO_ORG,
        TECHNICIAN,
        "meetings:read",
    ))
}

/// What becomes of the demo organisation's Teams integration at a start. It is kept with everything else, so one that
/// an earlier start has saved goes where no Microsoft profile is configured any more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DemoTeams {
    /// Saved with this profile, and active.
    Saved(MsGraphProfile),
    /// Cleared.
    Cleared,
    /// Left as it is: only its owner knows what belongs to the Graph in use.
    Untouched,
}

/// Writes the demo tenant; its Teams integration in the edition that has one.
pub(crate) async fn demo_tenant(api_url: &str, admin_token: &str, teams: &DemoTeams) -> Result<()> {
    let client = Client::builder().timeout(Duration::from_mins(1)).build()?;
    let in_zone = |name: &str, email: &str, zone: &str| json!({ "name": name, "email": email, "timezone": zone, "locale": "en" });
    let user = |name: &str, email: &str| in_zone(name, email, "Europe/Berlin");
    let contact = json!({
        "client_id": CLIENT, "name": "Cleo Carter", "email": "cleo@globex.example",
        "timezone": "America/New_York", "locale": "en",
    });
    let entries = [
        (
            "/api/v1/users/ann".to_owned(),
            user("Ann Archer", demo::ANN_UPN),
        ),
        (
            "/api/v1/users/bob".to_owned(),
            user("Bob Baker", demo::BOB_UPN),
        ),
        (
            format!("/api/v1/users/{TECHNICIAN}"),
            user("Tess Tanner", TECHNICIAN_EMAIL),
        ),
        (
            "/api/v1/users/theo".to_owned(),
            in_zone("Theo Thorne", "theo@acme.example", "America/Chicago"),
        ),
        (
            format!("/api/v1/clients/{CLIENT}"),
            json!({ "name": "Globex" }),
        ),
        (format!("/api/v1/contacts/{CONTACT}"), contact),
        (
            format!("/api/v1/orgs/{DEMO_ORG}/controls/{CONTROL}"),
            json!({ "name": "PCI DSS scope is confirmed" }),
        ),
    ];
    let integration = integration(teams)
        .filter(|_| cfg!(feature = "enterprise"))
        .map(|body| ("/api/v1/teams-integration".to_owned(), body));
    for (path, body) in entries.into_iter().chain(integration) {
        put(&client, api_url, admin_token, &path, &body)
            .await
            .with_context(|| format!("PUT {path}"))?;
    }
    Ok(())
}

/// What an administrator would save.
fn integration(teams: &DemoTeams) -> Option<Value> {
    let profile = match teams {
        DemoTeams::Saved(profile) => profile,
        DemoTeams::Cleared => {
            let fields = ["profile", "install_status", "default_meeting_organizer_upn"];
            return Some(
                fields
                    .iter()
                    .map(|field| ((*field).to_owned(), Value::Null))
                    .collect(),
            );
        }
        DemoTeams::Untouched => return None,
    };
    Some(json!({
        "profile": {
            "tenant_id": profile.tenant_id,
            "client_id": profile.client_id,
            "client_secret": profile.client_secret,
        },
        "install_status": "active",
        "default_meeting_organizer_upn": profile.organizer_email,
    }))
}

async fn put(client: &Client, api_url: &str, token: &str, path: &str, body: &Value) -> Result<()> {
    let answer = client
        .put(format!("{api_url}{path}"))
        .bearer_auth(token)
        .json(body)
        .send()
        .await?;
    let status = answer.status();
    ensure!(
        status.is_success(),
        "{status}: {}",
        answer.text().await.unwrap_or_default()
    );
    Ok(())
}
