//! Whose credentials a call uses (AP-10), and which settings control meetings go
//! by (CM-11).

use convoke_services::microsoft::TeamsAccount;
use futures_util::future::join_all;
use graph_simulator::{demo, fabrikam};
use it::api::{ALL_SCOPES, Answer};
use it::deployed::new_org;
use it::gateway::Event;
use serde_json::{Value, json};

use super::{Cloud, Firm};
use crate::routes;

impl Firm<'_> {
    async fn control(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let path = format!("/api/v1/orgs/{}{path}", self.org);
        let event = Event::new(method, &path).internal(&self.org, "u-admin", ALL_SCOPES);
        self.cloud
            .process
            .api(body.into_iter().fold(event, Event::json))
            .await
    }

    /// A control meeting on Graph; answers with its path.
    async fn meeting(&self) -> String {
        let mut body = routes::meeting();
        body["provider"] = json!("graph");
        let made = self
            .control("POST", "/controls/c1/meetings", Some(&body))
            .await;
        let made = made.expect(201);
        format!("/meetings/{}", routes::text(&made["meeting_id"]))
    }

    async fn schedule(&self, meeting: &str) -> Answer {
        self.control("POST", &format!("{meeting}/schedule"), None)
            .await
    }

    async fn missing(&self) -> Value {
        let matrix = self
            .control("GET", "/meeting-providers", None)
            .await
            .expect(200);
        let graph = matrix
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["provider"] == "graph");
        graph.unwrap()["missing_keys"].clone()
    }

    async fn account(&self) -> TeamsAccount {
        let account = self
            .cloud
            .process
            .microsoft
            .teams_account(&self.store())
            .await;
        account.unwrap()
    }
}

/// AP-10: whatever two organisations do at once, each of Microsoft's answers is
/// asked for with the credentials of the tenant that the mailbox belongs to.
#[tokio::test]
async fn calls_for_one_organisation_never_carry_anothers_credentials() {
    let cloud = Cloud::new().await;
    let (one, other) = (cloud.firm(), cloud.firm());
    one.at_contoso(&json!({})).await;
    other.at_fabrikam().await;
    let work = [&one, &other].map(|firm| {
        Box::pin(async move {
            for _ in 0..3 {
                assert_eq!(firm.verify(&json!({})).await["valid"], true);
                firm.diagnose().await;
            }
            let meeting = firm.meeting().await;
            firm.schedule(&meeting).await.expect(200);
        })
    });
    join_all(work).await;
    let mut counts = [0, 0];
    for request in cloud.graph.received() {
        let text = format!("{} {:?}", request.path.replace("%40", "@"), request.body);
        let theirs = [
            fabrikam::ORGANIZER_UPN,
            fabrikam::ORGANIZER_ID,
            fabrikam::TENANT_ID,
        ];
        let is_other = theirs.iter().any(|name| text.contains(name));
        let (app, tenant) = if is_other {
            (fabrikam::CLIENT_ID, fabrikam::TENANT_ID)
        } else {
            (demo::CLIENT_ID, demo::TENANT_ID)
        };
        assert_eq!(request.app_id.as_deref(), Some(app), "{text}");
        assert_eq!(request.tenant_id.as_deref(), Some(tenant), "{text}");
        counts[usize::from(is_other)] += 1;
    }
    assert!(counts.iter().all(|count| *count > 10), "{counts:?}");
    assert_eq!(cloud.on_calendar(demo::ORGANIZER_UPN).len(), 1);
    assert_eq!(cloud.on_calendar(fabrikam::ORGANIZER_UPN).len(), 1);
}

/// AP-10: an account has the tenant's own credentials, and says so in no debug line.
#[tokio::test]
async fn an_account_is_the_tenants_own_and_hides_its_secret() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    firm.at_fabrikam().await;
    let account = firm.account().await;
    assert_eq!(account.ms_tenant_id, fabrikam::TENANT_ID);
    assert_eq!(account.profile.client_id, fabrikam::CLIENT_ID);
    assert_eq!(
        account.profile.client_secret.expose(),
        fabrikam::CLIENT_SECRET
    );
    let organizer = account.organizer.clone().unwrap();
    assert_eq!(organizer.upn, fabrikam::ORGANIZER_UPN);
    assert_eq!(organizer.object_id.as_deref(), Some(fabrikam::ORGANIZER_ID));
    let shown = format!(
        "{account:?} {:?} {:?}",
        account.profile, cloud.process.microsoft
    );
    assert!(!shown.contains(fabrikam::CLIENT_SECRET), "{shown}");
    assert!(!shown.contains(fabrikam::ORGANIZER_UPN), "{shown}");
}

/// TS-1: a cleared organiser ends new meetings, not those that exist; a disabled
/// integration ends both.
#[tokio::test]
async fn without_an_organiser_the_credentials_still_serve() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    firm.at_contoso(&json!({})).await;
    firm.put(&json!({ "default_meeting_organizer_upn": null }))
        .await
        .expect(200);
    assert!(firm.account().await.organizer.is_none());
    for (change, missing) in [
        (json!({ "install_status": "disabled" }), "install_status"),
        (
            json!({ "install_status": "active", "profile": { "client_secret": null } }),
            "profile.client_secret",
        ),
    ] {
        firm.put(&change).await.expect(200);
        let refused = cloud.process.microsoft.teams_account(&firm.store()).await;
        let error = refused.unwrap_err();
        assert_eq!(error.code(), "teams_not_configured");
        assert!(error.to_string().contains(missing), "{error}");
    }
}

/// AP-10: a secret that was replaced is used from then on.
#[tokio::test]
async fn a_replaced_secret_is_used_at_once() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    firm.at_contoso(&json!({})).await;
    firm.account().await;
    let replace =
        |app: &mut graph_simulator::App| app.secrets[0].value = "replaced~secret".to_owned();
    cloud.graph.update_app(demo::CLIENT_ID, replace).unwrap();
    cloud.graph.expire_tokens();
    assert_eq!(
        firm.verify(&json!({})).await["reason"],
        "invalid_credentials"
    );
    let secret = json!({ "profile": { "client_secret": "replaced~secret" } });
    firm.put(&secret).await.expect(200);
    assert_eq!(firm.verify(&json!({})).await["valid"], true);
}

/// CM-11: the tenant's own profile comes before the deployment's.
#[tokio::test]
async fn control_meetings_go_by_the_tenants_own_profile() {
    let org = new_org();
    let cloud = Cloud::with_deployment(Some(&org)).await;
    let firm = cloud.firm_of(org);
    let before = firm.meeting().await;
    firm.schedule(&before).await.expect(200);
    assert_eq!(cloud.on_calendar(demo::ORGANIZER_UPN).len(), 1);
    firm.at_fabrikam().await;
    let after = firm.meeting().await;
    firm.schedule(&after).await.expect(200);
    assert_eq!(cloud.on_calendar(fabrikam::ORGANIZER_UPN).len(), 1);
    assert_eq!(cloud.on_calendar(demo::ORGANIZER_UPN).len(), 1);
}

/// CM-11, AP-10: settings of the tenant's own that do not suffice are never
/// filled up with the deployment's: what is missing is named.
#[tokio::test]
async fn incomplete_settings_do_not_fall_back_to_the_deployments() {
    let org = new_org();
    let cloud = Cloud::with_deployment(Some(&org)).await;
    let firm = cloud.firm_of(org);
    assert_eq!(firm.missing().await, Value::Null);
    let meeting = firm.meeting().await;
    for (change, missing) in [
        (
            json!({ "install_status": "active", "profile": { "tenant_id": fabrikam::TENANT_ID } }),
            json!([
                "profile.client_id",
                "profile.client_secret",
                "default_meeting_organizer_upn"
            ]),
        ),
        (super::fabrikam(), Value::Null),
        (
            json!({ "default_meeting_organizer_upn": null }),
            json!(["default_meeting_organizer_upn"]),
        ),
        (
            json!({ "install_status": "pending", "default_meeting_organizer_upn": fabrikam::ORGANIZER_UPN }),
            json!(["install_status"]),
        ),
    ] {
        firm.put(&change).await.expect(200);
        assert_eq!(firm.missing().await, missing, "{change}");
        if missing.is_null() {
            continue;
        }
        cloud.graph.clear_received();
        let refused = firm.schedule(&meeting).await;
        assert_eq!(refused.problem(503), "provider_not_configured");
        assert_eq!(refused.json()["missing_keys"], missing);
        assert_eq!(cloud.graph.received(), []);
    }
    firm.put(&json!({ "profile": null })).await.expect(200);
    assert_eq!(
        firm.missing().await,
        Value::Null,
        "the deployment's serves again"
    );
}

/// CM-11: the deployment's profile serves the organisation it names and no other,
/// and is nobody's account for Teams.
#[tokio::test]
async fn the_deployments_profile_is_for_one_organisations_control_meetings() {
    let org = new_org();
    let cloud = Cloud::with_deployment(Some(&org)).await;
    let (named, stranger) = (cloud.firm_of(org), cloud.firm());
    assert_eq!(
        stranger.missing().await,
        json!([
            "MS_GRAPH_TENANT_ID",
            "MS_GRAPH_CLIENT_ID",
            "MS_GRAPH_CLIENT_SECRET",
            "MS_GRAPH_ORGANIZER_EMAIL"
        ])
    );
    for firm in [&named, &stranger] {
        assert_eq!(firm.capability().await["reason"], "not_configured");
        let refused = cloud.process.microsoft.teams_account(&firm.store()).await;
        assert_eq!(refused.unwrap_err().code(), "teams_not_configured");
    }
    assert_eq!(cloud.graph.received(), []);
}

/// CM-12, TS-1: a meeting that is on the calendar can be cancelled there after
/// the organiser was cleared.
#[tokio::test]
async fn a_scheduled_meeting_outlives_its_organisers_setting() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    firm.at_contoso(&json!({})).await;
    let meeting = firm.meeting().await;
    firm.schedule(&meeting).await.expect(200);
    firm.put(&json!({ "default_meeting_organizer_upn": null }))
        .await
        .expect(200);
    let cancelled = firm
        .control("POST", &format!("{meeting}/cancel"), None)
        .await
        .expect(200);
    assert!(
        cancelled.get("warning").is_none_or(Value::is_null),
        "{cancelled}"
    );
    assert_eq!(cloud.on_calendar(demo::ORGANIZER_UPN), []);
}
