//! The variables that `cargo run` itself obeys.

use anyhow::{Context, Result, bail};

use crate::graph::{GraphPeer, MsGraphProfile};
use crate::seed::DemoTeams;
use crate::stack::DEMO_ORG;
use crate::workspace::Workspace;

const DEFAULT_PORT: u16 = 8787;

#[allow(
    clippy::disallowed_methods,
    reason = "the one place where `cargo run` reads its environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// `CONVOKE_PORT`, the first of five.
pub(crate) fn first_port() -> Result<u16> {
    match variable("CONVOKE_PORT").filter(|text| !text.is_empty()) {
        None => Ok(DEFAULT_PORT),
        Some(text) => match text.parse() {
            Ok(port @ 1..=65531) => Ok(port),
            _ => bail!(
                "CONVOKE_PORT={text} is not a port: a number from 1 to 65531 is (four more above it are used)"
            ),
        },
    }
}

/// The bundled simulator, or the Graph that `GRAPH_BASE_URL` and `LOGIN_BASE_URL` name together.
pub(crate) fn graph_peer(workspace: &Workspace) -> Result<GraphPeer> {
    let set = |name| variable(name).filter(|text| !text.is_empty());
    match (set("GRAPH_BASE_URL"), set("LOGIN_BASE_URL")) {
        (Some(graph_base_url), Some(login_base_url)) => Ok(GraphPeer::Other {
            graph_base_url,
            login_base_url,
        }),
        (None, None) => Ok(GraphPeer::Simulator {
            snapshot: Some(workspace.local().join("graph.json")),
        }),
        (Some(_), None) => bail!(
            "GRAPH_BASE_URL is set, LOGIN_BASE_URL is not; set both, or neither for the simulator"
        ),
        (None, Some(_)) => bail!(
            "LOGIN_BASE_URL is set, GRAPH_BASE_URL is not; set both, or neither for the simulator"
        ),
    }
}

/// The deployment's own Microsoft profile: each variable as it is set, also empty; else the demo tenant's.
pub(crate) fn ms_graph_profile() -> MsGraphProfile {
    profile_of(variable)
}

/// What becomes of the demo organisation's Teams integration, as the variables and the Graph in use have it.
pub(crate) fn demo_teams(peer: &GraphPeer) -> DemoTeams {
    demo_teams_of(peer, variable)
}

fn demo_teams_of(peer: &GraphPeer, variable: impl Fn(&str) -> Option<String>) -> DemoTeams {
    let told = variable("MS_GRAPH_TENANT_ID").is_some();
    if !told && matches!(peer, GraphPeer::Other { .. }) {
        return DemoTeams::Untouched;
    }
    let profile = profile_of(variable);
    if profile.is_complete() && profile.org_id == DEMO_ORG {
        DemoTeams::Saved(profile)
    } else {
        DemoTeams::Cleared
    }
}

fn profile_of(variable: impl Fn(&str) -> Option<String>) -> MsGraphProfile {
    let demo = MsGraphProfile::demo(DEMO_ORG);
    MsGraphProfile {
        tenant_id: variable("MS_GRAPH_TENANT_ID").unwrap_or(demo.tenant_id),
        client_id: variable("MS_GRAPH_CLIENT_ID").unwrap_or(demo.client_id),
        client_secret: variable("MS_GRAPH_CLIENT_SECRET").unwrap_or(demo.client_secret),
        organizer_email: variable("MS_GRAPH_ORGANIZER_EMAIL").unwrap_or(demo.organizer_email),
        org_id: variable("MS_GRAPH_ORG_ID").unwrap_or(demo.org_id),
    }
}

/// `CONVOKE_WEBHOOK_URL`: where a real Microsoft reaches this machine, such as a tunnel's address; the simulator posts
/// to the API's own.
pub(crate) fn webhook_url() -> Option<String> {
    let url = variable("CONVOKE_WEBHOOK_URL")?;
    let url = url.trim_end_matches('/');
    (!url.is_empty()).then(|| url.to_owned())
}

/// Where the reader of the output is, to print paths that work from there.
pub(crate) fn current_folder() -> Result<std::path::PathBuf> {
    std::env::current_dir().context("the current folder is gone")
}

/// The machine's time.
#[allow(
    clippy::disallowed_methods,
    reason = "no function's clock: this is for a person, and for what stands in for AWS"
)]
pub(crate) fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

/// The date by which the printed commands go.
pub(crate) fn today() -> chrono::NaiveDate {
    now().date_naive()
}

/// From an hour ago to now, as the API takes instants.
pub(crate) fn the_last_hour() -> (String, String) {
    let now = now();
    let text =
        |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    (text(now - chrono::TimeDelta::hours(1)), text(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    impl DemoTeams {
        fn tenant_is(tenant_id: &str) -> Self {
            Self::Saved(MsGraphProfile {
                tenant_id: tenant_id.to_owned(),
                ..MsGraphProfile::demo(DEMO_ORG)
            })
        }
    }

    #[test]
    fn what_is_set_goes_to_the_deployment_and_an_empty_tenant_leaves_graph_unconfigured() {
        let profile = profile_of(|name| match name {
            "MS_GRAPH_TENANT_ID" => Some(String::new()),
            "MS_GRAPH_ORG_ID" => Some("initech".to_owned()),
            _ => None,
        });
        assert_eq!(profile.tenant_id, "");
        assert_eq!(profile.org_id, "initech");
        assert_eq!(profile.client_id, MsGraphProfile::demo(DEMO_ORG).client_id);
    }

    #[test]
    fn the_demo_organisations_teams_integration_is_the_simulators_or_what_was_told() {
        let simulator = GraphPeer::Simulator { snapshot: None };
        let other = GraphPeer::Other {
            graph_base_url: "http://graph.example".to_owned(),
            login_base_url: "http://login.example".to_owned(),
        };
        let set = |name: &'static str, value: &'static str| {
            move |asked: &str| (asked == name).then(|| value.to_owned())
        };
        let demo = MsGraphProfile::demo(DEMO_ORG).tenant_id;
        for (peer, name, value, expected) in [
            (&simulator, "PATH", "x", DemoTeams::tenant_is(&demo)),
            (&other, "PATH", "x", DemoTeams::Untouched),
            (
                &other,
                "MS_GRAPH_TENANT_ID",
                "contoso",
                DemoTeams::tenant_is("contoso"),
            ),
            (&simulator, "MS_GRAPH_TENANT_ID", "", DemoTeams::Cleared),
            (
                &simulator,
                "MS_GRAPH_ORGANIZER_EMAIL",
                "",
                DemoTeams::Cleared,
            ),
            (&simulator, "MS_GRAPH_ORG_ID", "initech", DemoTeams::Cleared),
        ] {
            let found = demo_teams_of(peer, set(name, value));
            assert_eq!(found, expected, "{name}={value}");
        }
    }

    #[test]
    fn without_variables_the_demo_organisation_uses_the_demo_tenant() {
        let profile = profile_of(|_| None);
        assert_eq!(profile.org_id, DEMO_ORG);
        assert!(!profile.tenant_id.is_empty() && !profile.client_secret.is_empty());
    }
}
