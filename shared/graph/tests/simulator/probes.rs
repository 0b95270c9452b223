//! Questions whose answer is only whether they may be asked.

use chrono::{DateTime, Utc};
use convoke_graph::{GraphError, GraphErrorClass};
use graph_simulator::{AccessPolicy, Fault, Unresolved, demo};
use serde_json::json;

use crate::world::{World, at};

fn since() -> DateTime<Utc> {
    at(20, 0).and_utc()
}

impl World {
    async fn transcripts(&self) -> Result<(), GraphError> {
        let session = self.client.session(&self.profile);
        session.probe_transcripts(demo::ORGANIZER_ID, since()).await
    }

    async fn meetings(&self) -> Result<(), GraphError> {
        let session = self.client.session(&self.profile);
        session.probe_online_meetings(demo::ORGANIZER_ID).await
    }

    async fn classes(&self) -> [Option<GraphErrorClass>; 2] {
        let class = |answer: Result<(), GraphError>| answer.err().map(|error| error.class);
        [
            class(self.meetings().await),
            class(self.transcripts().await),
        ]
    }

    /// Consents to everything but `role`.
    fn withhold(&self, role: &str) {
        let all = demo::ROLES.into_iter().filter(|other| *other != role);
        let roles: Vec<_> = all.map(String::from).collect();
        self.sim
            .update_app(demo::CLIENT_ID, |app| {
                app.consents.insert(demo::TENANT_ID.into(), roles);
            })
            .unwrap();
        self.sim.expire_tokens();
    }
}

/// TS-5: a tenant that is set up passes, with one call each, written as documented.
#[tokio::test]
async fn a_tenant_that_is_set_up_passes() {
    let world = World::start().await;
    assert_eq!(world.classes().await, [None, None]);
    let organizer = demo::ORGANIZER_ID;
    let called = world.requests("GET", ")");
    let expected = format!(
        "/v1.0/users/{organizer}/onlineMeetings/getAllTranscripts(meetingOrganizerUserId='{organizer}',startDateTime=2026-11-20T00:00:00Z,endDateTime=2026-11-21T00:00:00Z)"
    );
    assert_eq!(called.len(), 1);
    assert_eq!(called[0].path, expected);
    assert_eq!(world.requests("GET", "/onlineMeetings").len(), 1);
}

/// TS-5: the tenant's switch is told from every other refusal.
#[tokio::test]
async fn a_tenant_that_blocks_transcripts_is_recognised() {
    let world = World::start().await;
    world
        .sim
        .update_tenant(demo::TENANT_ID, |tenant| {
            tenant.graph_transcript_access = false;
        })
        .unwrap();
    let disabled = Some(GraphErrorClass::TranscriptsDisabled);
    assert_eq!(world.classes().await, [None, disabled]);
    let error = world.transcripts().await.unwrap_err();
    assert!(!error.retryable());
    assert_eq!(
        error.inner_code.as_deref(),
        Some("GraphAccessToTranscriptsDisabled")
    );
}

/// TS-5: a missing Teams policy stops both, whether it was never granted, names
/// another application or has not arrived yet.
#[tokio::test]
async fn a_missing_access_policy_is_recognised() {
    let world = World::start().await;
    let policy = |app: &str, minutes: i64| AccessPolicy {
        apps: vec![app.to_owned()],
        effective_at: Some(world.sim.now() + chrono::TimeDelta::minutes(minutes)),
    };
    for wrong in [
        None,
        Some(policy("another-app", -1)),
        Some(policy(demo::CLIENT_ID, 30)),
    ] {
        world
            .sim
            .update_user(demo::ORGANIZER_ID, |user| user.access_policy = wrong)
            .unwrap();
        let missing = Some(GraphErrorClass::AccessPolicyMissing);
        assert_eq!(world.classes().await, [missing.clone(), missing]);
    }
}

/// TS-5: each probe needs its own consent and no other.
#[tokio::test]
async fn a_missing_consent_stops_only_its_own_probe() {
    let world = World::start().await;
    let missing = Some(GraphErrorClass::ConsentMissing);
    world.withhold("OnlineMeetingTranscript.Read.All");
    assert_eq!(world.classes().await, [None, missing.clone()]);
    world.withhold("OnlineMeetings.ReadWrite.All");
    assert_eq!(world.classes().await, [missing, None]);
    world.withhold("Calendars.ReadWrite");
    assert_eq!(world.classes().await, [None, None]);
}

/// TS-5: "no such meeting" passes whichever way Graph says it; a page of somebody else does not.
#[tokio::test]
async fn only_graphs_own_answers_pass() {
    let world = World::start().await;
    world
        .sim
        .configure(|behaviour| behaviour.unresolved_join_url = Unresolved::NotFound);
    assert_eq!(world.classes().await, [None, None]);

    let any = || Fault::on("GET", "/v1.0/users/**").always();
    for (fault, class) in [
        (any().html(404), GraphErrorClass::Malformed),
        (any().html(200), GraphErrorClass::Malformed),
        (any().respond(200, json!({})), GraphErrorClass::Malformed),
        (any().throttle("60"), GraphErrorClass::Throttled),
        (
            any().error(
                403,
                "Forbidden",
                "3003: User does not have access to lookup meeting",
            ),
            GraphErrorClass::NotOrganiser,
        ),
        (
            any().error(404, "ResourceNotFound", "no such user"),
            GraphErrorClass::MailboxNotFound,
        ),
    ] {
        world.sim.clear_faults();
        world.sim.inject(fault);
        let class = Some(class);
        assert_eq!(world.classes().await, [class.clone(), class]);
    }
}
