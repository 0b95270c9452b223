//! What the deployed functions print about notifications: whose, and what came of
//! them; never what vouches for them, who is in them, or what was posted (XC-9).

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use graph_simulator::{
    GraphSimulator, LifecycleEvent, NewArtifact, SeededOrganization, StoredSubscription,
};
use http::Method;
use it::api::{Answer, Api};
use it::deployed::{self, new_org};
use it::practice::transcript;
use serde_json::{Value, json};

use super::{both_by, ways};

const MEETINGS: &str = "/api/v1/online-meetings";
/// The longest that anything may take, on a machine with much to do.
const PATIENCE: Duration = Duration::from_mins(2);
/// In every text that anybody but us wrote.
const CANARY: &str = "kanarie";

/// A caller of the deployed API, and Microsoft's side of their organisation.
struct Caller {
    api: Api,
    seeded: SeededOrganization,
    graph: &'static GraphSimulator,
}

impl Caller {
    fn new() -> Self {
        let org = new_org();
        let graph = deployed::stack().graph().expect("the bundled simulator");
        let seeded = graph.seed_organizations(1, 1).expect("nobody else's");
        Self {
            api: Api::admin(&org),
            seeded: seeded.into_iter().next().expect("one"),
            graph,
        }
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.api.call(method, path, &[], body).await
    }

    /// Somebody to meet, and the Teams integration in use.
    async fn activate(&self) {
        let contact = json!({ "client_id": "c-1", "email": "kanarie-ada@example.org", "name": "kanarie-ada" });
        let path = "/api/v1/contacts/contact-1";
        self.send(Method::PUT, path, Some(&contact))
            .await
            .expect(201);
        let seeded = &self.seeded;
        let settings = json!({ "install_status": "active",
            "default_meeting_organizer_upn": seeded.organizers[0].upn,
            "profile": { "tenant_id": seeded.tenant_id, "client_id": seeded.client_id,
                "client_secret": seeded.client_secret } });
        let path = "/api/v1/teams-integration";
        self.send(Method::PUT, path, Some(&settings))
            .await
            .expect(200);
    }

    fn subscriptions(&self) -> Vec<StoredSubscription> {
        let all = self.graph.subscriptions().into_iter();
        all.filter(|one| one.tenant_id == self.seeded.tenant_id)
            .collect()
    }

    async fn read(&self, id: &str) -> Value {
        let path = format!("{MEETINGS}/{id}");
        self.send(Method::GET, &path, None).await.expect(200)
    }
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(in_time.is_ok(), "{what}");
}

/// What the functions that have to do with notifications printed so far.
fn lines() -> Vec<String> {
    let of = ["graph-webhook", "artifact-capture", "subscription-renewal"];
    let lines = deployed::logs().lines().into_iter();
    let lines = lines.filter(|line| of.contains(&line.function.as_str()));
    lines.map(|line| line.text).collect()
}

fn total(counter: &str) -> u64 {
    let parsed = lines().into_iter();
    let parsed = parsed.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
    parsed.filter_map(|line| line[counter].as_u64()).sum()
}

fn at(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// XC-9, NT-1, NT-3: activated, met, told of, forged, all through the deployed stack: the
/// timeline has both artifacts with nobody asking, and the log says whose and what came
/// of it, with no client state, token, person, link or body.
#[tokio::test]
async fn logs_of_notifications_say_whose_and_nothing_secret() {
    let caller = Caller::new();
    caller.activate().await;
    until("it is subscribed", async || {
        caller.subscriptions().len() == 2
    })
    .await;
    let now = caller.graph.now();
    let plan = json!({ "subject": "kanarie-subject", "notes": "kanarie-notes", "contact_id": "contact-1",
        "start": at(now - TimeDelta::minutes(9)), "end": at(now - TimeDelta::minutes(1)) });
    let made = caller.send(Method::POST, MEETINGS, Some(&plan)).await;
    let made = made.expect(201);
    let id = made["online_meeting_id"].as_str().unwrap().to_owned();
    let link = made["join_url"].as_str().unwrap().to_owned();
    let (from, to) = (caller.graph.now(), caller.graph.now());
    let held = caller.graph.hold_meeting_with(
        &link,
        Some(NewArtifact::default().made(from, to)),
        Some(transcript("kanarie-text").made(from, to)),
    );
    let held = held.unwrap();
    // The first list of the organiser's may have found them too.
    until("it is on the timeline, by notification", async || {
        let seen = caller.read(&id).await;
        let mut told = ways(&seen);
        told.retain(|(_, path)| path == "notification");
        seen["capture_status"] == "complete" && told == both_by(&["notification"])
    })
    .await;

    let subscriptions = caller.subscriptions();
    let recording = held.recording.unwrap();
    let one = subscriptions
        .iter()
        .find(|one| one.kind == recording.kind)
        .unwrap();
    let genuine = caller.graph.notification_body(&one.id, &recording.id);
    let genuine = genuine.unwrap();
    let mut forged = genuine.clone();
    forged["value"][0]["clientState"] = json!("kanarie-state");
    forged["value"][0]["resource"] = json!("kanarie-resource");
    let mut untrue = genuine.clone();
    untrue["validationTokens"] = json!(["kanarie.kanarie.kanarie"]);
    caller
        .graph
        .send_crafted(&one.notification_url, forged.to_string());
    caller
        .graph
        .send_crafted(&one.notification_url, untrue.to_string());
    caller
        .graph
        .send_crafted(&one.notification_url, "{ kanarie-body");
    let event = LifecycleEvent::ReauthorizationRequired;
    caller.graph.send_lifecycle(&one.id, event).unwrap();
    for counter in [
        "notifications_accepted",
        "notifications_wrong_client_state",
        "notifications_not_authenticated",
    ] {
        until(counter, async || total(counter) > 0).await;
    }
    let organizer = &caller.seeded.organizers[0];
    let token = genuine["validationTokens"][0].as_str().unwrap();
    let mut secrets = vec![
        CANARY.to_owned(),
        "eyJ".to_owned(),
        token.rsplit('.').next().unwrap().to_owned(),
        caller.seeded.client_secret.clone(),
        organizer.id.clone(),
        organizer.upn.clone(),
        link,
        recording.id,
        held.transcript.unwrap().id,
        genuine["value"][0]["encryptedContent"]["data"]
            .as_str()
            .unwrap()[..60]
            .to_owned(),
    ];
    secrets.extend(
        subscriptions
            .iter()
            .filter_map(|one| one.client_state.clone()),
    );
    let lines = lines();
    for line in &lines {
        for secret in &secrets {
            assert!(!line.contains(secret.as_str()), "{secret} in {line}");
        }
    }
    // Whose it was is to be found.
    let of_ours = |operation: &str| {
        let is_of = |line: &&String| line.contains(&caller.api.org) && line.contains(operation);
        lines.iter().any(|line| is_of(&line))
    };
    for operation in [
        "align_subscriptions",
        "capture_artifacts",
        "renew_subscription",
    ] {
        assert!(of_ours(operation), "{operation}");
    }
}
