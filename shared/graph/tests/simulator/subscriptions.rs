//! Subscriptions with their handshakes, deltas and discovery against the simulator.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use convoke_graph::{
    ArtifactKind, DeltaFrom, GraphErrorClass, GraphSession, HANDSHAKE_PATIENCE, Secret,
    SubscriptionRequest,
};
use graph_simulator::{ArtifactPaging, NewArtifact, demo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::world::{World, meeting};

const ORGANIZER: &str = demo::ORGANIZER_ID;

/// A webhook that answers every handshake, or nobody.
struct Webhook {
    url: String,
    answers: Arc<Mutex<bool>>,
}

impl Webhook {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answers = Arc::new(Mutex::new(true));
        let shared = answers.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.windows(4).any(|window| window == b"\r\n\r\n") {
                    stream.read_buf(&mut head).await.unwrap();
                }
                let target = String::from_utf8(head).unwrap();
                let target = target.split(' ').nth(1).unwrap();
                let url = reqwest::Url::parse(&format!("http://x{target}")).unwrap();
                let token = url
                    .query_pairs()
                    .find(|(name, _)| name == "validationToken");
                let (status, body) = match token {
                    Some((_, token)) if *shared.lock().unwrap() => (200, token.into_owned()),
                    _ => (500, String::new()),
                };
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { url, answers }
    }

    fn request(&self, expires_at: DateTime<Utc>) -> SubscriptionRequest {
        SubscriptionRequest {
            organizer_object_id: ORGANIZER.into(),
            kind: ArtifactKind::Recording,
            notification_url: format!("{}/webhooks/graph/notifications", self.url),
            lifecycle_notification_url: format!("{}/webhooks/graph/lifecycle", self.url),
            client_state: Secret::new("a-client-state"),
            expires_at,
            certificate: None,
        }
    }
}

impl World {
    fn patient(&self) -> GraphSession<'_> {
        self.client
            .session(&self.profile)
            .with_budget(HANDSHAKE_PATIENCE)
    }

    fn in_days(&self, days: i64) -> DateTime<Utc> {
        let now = DateTime::from_timestamp(self.sim.now().timestamp(), 0);
        now.unwrap() + TimeDelta::days(days)
    }
}

/// NT-1, NT-4, NT-6: a subscription from its making to its removal; a second one is
/// refused with the id of the first.
#[tokio::test]
async fn a_subscription_lives_and_goes() {
    let (world, webhook) = (World::start().await, Webhook::start().await);
    let session = world.patient();
    let request = webhook.request(world.in_days(2));
    let made = session.create_subscription(&request).await.unwrap();
    assert_eq!(
        made.notification_url.as_ref(),
        Some(&request.notification_url)
    );
    assert_eq!(made.expires_at, Some(request.expires_at));
    assert!(!made.includes_resource_data);
    let again = session.create_subscription(&request).await.unwrap_err();
    assert_eq!(
        again.class,
        GraphErrorClass::DuplicateSubscription(Some(made.id.clone()))
    );

    let later = world.in_days(2) + TimeDelta::hours(1);
    let renewed = session.renew_subscription(&made.id, later, None).await;
    assert_eq!(renewed.unwrap().expires_at, Some(later));
    let found = session.subscription(&made.id).await.unwrap();
    assert_eq!(found.expires_at, Some(later));
    let listed = session.list_subscriptions().await.unwrap();
    assert_eq!(listed, [found]);

    session.delete_subscription(&made.id).await.unwrap();
    session.delete_subscription(&made.id).await.unwrap();
    assert!(world.sim.subscriptions().is_empty());
    let gone = session.subscription(&made.id).await.unwrap_err();
    assert_eq!(gone.class, GraphErrorClass::NotFoundOrGone);
    let gone = session.renew_subscription(&made.id, later, None).await;
    assert_eq!(gone.unwrap_err().class, GraphErrorClass::NotFoundOrGone);
}

/// NT-1: a webhook that does not answer, and an end too far ahead, are told apart.
#[tokio::test]
async fn a_subscription_that_cannot_be_made_says_why() {
    let (world, webhook) = (World::start().await, Webhook::start().await);
    let session = world.patient();
    let too_late = webhook.request(world.in_days(9));
    let error = session.create_subscription(&too_late).await.unwrap_err();
    assert_eq!(error.class, GraphErrorClass::InvalidRequest);
    *webhook.answers.lock().unwrap() = false;
    let unheard = webhook.request(world.in_days(2));
    let error = session.create_subscription(&unheard).await.unwrap_err();
    assert_eq!(error.class, GraphErrorClass::SubscriptionValidation);
    assert!(world.sim.subscriptions().is_empty());
}

/// NT-5: whichever way Graph cuts its lists, a delta tells each recording once, then
/// only what is new; a forgotten token is gone.
#[tokio::test]
async fn a_delta_goes_on_where_it_ended() {
    for paging in [
        ArtifactPaging::Plain,
        ArtifactPaging::EmptyThenDuplicates,
        ArtifactPaging::Overlapping,
    ] {
        let world = World::start().await;
        let session = world.patient();
        let event = session
            .create_event(demo::ORGANIZER_UPN, &meeting("t-1"))
            .await
            .unwrap();
        let held = world.sim.hold_meeting(&event.id).unwrap();
        let meeting = &held.online_meeting_id;
        let another = || world.sim.add_recording(meeting, NewArtifact::default());
        for _ in 0..6 {
            another().unwrap();
        }
        world.sim.configure(|behaviour| {
            behaviour.artifact_page_size = 3;
            behaviour.artifact_paging = paging;
        });
        let recordings = |from| session.artifact_delta(ORGANIZER, ArtifactKind::Recording, from);
        let long_ago = DateTime::UNIX_EPOCH;
        let first = recordings(DeltaFrom::Since(long_ago)).await.unwrap();
        assert_eq!(first.artifacts.len(), 7, "{paging:?}");
        assert!(first.is_complete);
        let mut listed = first.artifacts.iter();
        assert!(listed.all(|found| found.meeting_id == *meeting
            && found.organizer_object_id.as_deref() == Some(ORGANIZER)));

        let token = first.token.unwrap();
        let new = another().unwrap();
        let second = recordings(DeltaFrom::Token(&token)).await.unwrap();
        let ids: Vec<_> = second.artifacts.into_iter().map(|found| found.id).collect();
        assert_eq!(ids, [new.id], "{paging:?}");

        world.sim.expire_delta_tokens();
        let token = second.token.unwrap();
        let forgotten = recordings(DeltaFrom::Token(&token)).await.unwrap_err();
        assert_eq!(forgotten.class, GraphErrorClass::NotFoundOrGone);
    }
}

/// NT-3: a domain is known by the login host; nobody's is not.
#[tokio::test]
async fn a_tenants_guid_is_found_by_its_domain() {
    let world = World::start().await;
    let found = world
        .client
        .microsoft_tenant_guid(demo::TENANT_DOMAIN)
        .await;
    assert_eq!(found.unwrap(), demo::TENANT_ID);
    let nobody = world.client.microsoft_tenant_guid("nobody.example").await;
    assert_eq!(nobody.unwrap_err().class, GraphErrorClass::UnknownTenant);
    let common = world.client.microsoft_tenant_guid("common").await;
    assert_eq!(common.unwrap_err().code, "NoTenantId");
}
