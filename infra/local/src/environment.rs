//! The variables that `cargo run` itself obeys.

use anyhow::{Context, Result, bail};

use crate::calendars::{CalendarClients, OauthClient};
use crate::google::GooglePeer;
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

/// `CONVOKE_PORT`, the first of six.
pub(crate) fn first_port() -> Result<u16> {
    match variable("CONVOKE_PORT").filter(|text| !text.is_empty()) {
        None => Ok(DEFAULT_PORT),
        Some(text) => match text.parse() {
            Ok(port @ 1..=65530) => Ok(port),
            _ => bail!(
                "CONVOKE_PORT={text} is not a port: a number from 1 to 65530 is (five more above it are used)"
            ),
        },
    }
}

/// The bundled simulator, or the Graph that `GRAPH_BASE_URL` and `LOGIN_BASE_URL` name together.
pub(crate) fn graph_peer(workspace: &Workspace) -> Result<GraphPeer> {
    let other = both(variable, "GRAPH_BASE_URL", "LOGIN_BASE_URL")?;
    Ok(match other {
        Some((graph_base_url, login_base_url)) => GraphPeer::Other {
            graph_base_url,
            login_base_url,
        },
        None => GraphPeer::Simulator {
            snapshot: Some(workspace.local().join("graph.json")),
        },
    })
}

/// The bundled simulator, or the Google that `GOOGLE_CALENDAR_BASE_URL` and `GOOGLE_TOKEN_BASE_URL` name together.
pub(crate) fn google_peer() -> Result<GooglePeer> {
    let other = both(
        variable,
        "GOOGLE_CALENDAR_BASE_URL",
        "GOOGLE_TOKEN_BASE_URL",
    )?;
    Ok(match other {
        Some((calendar_base_url, token_base_url)) => GooglePeer::Other {
            calendar_base_url,
            token_base_url,
        },
        None => GooglePeer::Simulator,
    })
}

/// Two variables that only make sense together; nothing if neither is set.
fn both(
    variable: impl Fn(&str) -> Option<String>,
    first: &str,
    second: &str,
) -> Result<Option<(String, String)>> {
    let set = |name| variable(name).filter(|text| !text.is_empty());
    let lonely = |there: &str, missing: &str| {
        bail!("{there} is set, {missing} is not; set both, or neither for the simulator")
    };
    match (set(first), set(second)) {
        (Some(one), Some(other)) => Ok(Some((one, other))),
        (None, None) => Ok(None),
        (Some(_), None) => lonely(first, second),
        (None, Some(_)) => lonely(second, first),
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

/// The deployment's OAuth clients for users' calendars: each variable as it is set, also empty; else the simulators'.
pub(crate) fn calendar_clients() -> CalendarClients {
    clients_of(variable)
}

fn clients_of(variable: impl Fn(&str) -> Option<String>) -> CalendarClients {
    let client = |name: &str, demo: OauthClient| {
        let told = |what: &str| variable(&format!("CONVOKE_{name}_CLIENT_{what}"));
        OauthClient {
            id: told("ID").unwrap_or(demo.id),
            secret: told("SECRET").unwrap_or(demo.secret),
        }
    };
    let demo = CalendarClients::demo();
    CalendarClients {
        google: client("GOOGLE", demo.google),
        microsoft: client("MICROSOFT_CALENDAR", demo.microsoft),
    }
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
    fn calendars_use_the_simulators_clients_or_those_that_are_told() {
        let demo = CalendarClients::demo();
        assert_eq!(clients_of(|_| None), demo);
        let told = clients_of(|name| match name {
            "CONVOKE_GOOGLE_CLIENT_ID" => Some("mine".to_owned()),
            "CONVOKE_MICROSOFT_CALENDAR_CLIENT_ID" => Some(String::new()),
            _ => None,
        });
        assert_eq!(told.google.id, "mine");
        assert_eq!(told.google.secret, demo.google.secret);
        assert_eq!(told.microsoft.id, "");
    }

    #[test]
    fn two_addresses_are_set_together_or_not_at_all() {
        let set = |names: &'static [&str]| {
            move |asked: &str| names.contains(&asked).then(|| format!("http://{asked}"))
        };
        assert_eq!(both(set(&[]), "A", "B").unwrap(), None);
        let (a, b) = ("http://A".to_owned(), "http://B".to_owned());
        assert_eq!(both(set(&["A", "B"]), "A", "B").unwrap(), Some((a, b)));
        for (there, missing) in [("A", "B"), ("B", "A")] {
            let set = |asked: &str| (asked == there).then(|| "http://x".to_owned());
            let refused = both(set, "A", "B").unwrap_err().to_string();
            let expected = format!("{there} is set, {missing} is not");
            assert!(refused.starts_with(&expected), "{refused}");
        }
        let empty = |_: &str| Some(String::new());
        assert_eq!(both(empty, "A", "B").unwrap(), None);
    }

    #[test]
    fn without_variables_the_demo_organisation_uses_the_demo_tenant() {
        let profile = profile_of(|_| None);
        assert_eq!(profile.org_id, DEMO_ORG);
        assert!(!profile.tenant_id.is_empty() && !profile.client_secret.is_empty());
    }
}
