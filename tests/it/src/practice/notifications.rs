//! A practice that Microsoft tells of recordings: an address that its simulator
//! posts to, the webhook behind it, a queue that nobody else reads, and the worker.

mod hook;
mod worker;

use std::ops::{Deref, DerefMut};

use chrono::TimeDelta;
use convoke_domain::artifact::ArtifactType;
use convoke_domain::subscription::Subscription;
use convoke_platform::config::Environment;
use convoke_platform::raw::RawNotifications;
use convoke_platform::secrets::Secrets;
use convoke_services::subscriptions::{self, Subscriber};
use graph_simulator::{
    ArtifactKind, HeldMeeting, NewArtifact, SeededOrganization, StoredSubscription, demo,
};
use serde_json::{Value, json};

use super::{Meeting, Practice, transcript};
use crate::deployed;
use crate::process::{Process, sdk_config};

pub use self::hook::{Hook, Posted};

/// When a watched practice's clocks start: the morning of its meetings.
const MORNING: &str = "2026-12-01T08:30:00Z";
/// How long Microsoft waits for the address here: a busy machine is no slow one.
const PATIENCE_MS: u64 = 60_000;

/// See the module. What a practice can do, it can do.
pub struct Watched {
    practice: Practice,
    /// Where its simulator posts.
    pub hook: Hook,
    queue: worker::Incoming,
    encrypts: bool,
}

impl Deref for Watched {
    type Target = Practice;

    fn deref(&self) -> &Practice {
        &self.practice
    }
}

impl DerefMut for Watched {
    fn deref_mut(&mut self) -> &mut Practice {
        &mut self.practice
    }
}

impl Watched {
    /// With subscriptions to both kinds, encrypted or plain, made by the function
    /// whose work that is.
    pub async fn open(encrypts: bool) -> Self {
        Box::pin(async {
            let mut practice = Practice::without_teams().await;
            practice.graph.configure(|behaviour| {
                behaviour.notifications.first_timeout_ms = PATIENCE_MS;
                behaviour.notifications.retry_timeout_ms = PATIENCE_MS;
            });
            let queue = worker::Incoming::make().await;
            let raw = queue.raw(&practice.process);
            practice.process.raw = raw.clone();
            practice.process.graph_webhook.raw = raw.clone();
            practice.process.artifact_capture.raw = raw;
            let hook = Hook::start(&practice.process).await;
            practice.process.subscription_renewal.subscriber =
                subscriber(&practice, &practice.process, &hook, encrypts);
            practice.is_watched = true;
            let watched = Self {
                practice,
                hook,
                queue,
                encrypts,
            };
            watched.at(MORNING);
            watched.integrate(&json!({})).await;
            watched.work().await;
            assert_eq!(watched.graph.subscriptions().len(), 2, "both kinds");
            watched
        })
        .await
    }

    /// Another organisation, of another Entra tenant in the same cloud, subscribed by
    /// the same deployment; goes on as it, and answers with the one before.
    pub async fn join(&mut self, seeded: &SeededOrganization) -> String {
        let before = self.become_org(&deployed::new_org());
        self.practice.people().await;
        let organizer = &seeded.organizers[0].upn;
        let profile = json!({ "tenant_id": seeded.tenant_id, "client_id": seeded.client_id,
            "client_secret": seeded.client_secret });
        self.integrate(&json!({ "profile": profile, "default_meeting_organizer_upn": organizer }))
            .await;
        self.work().await;
        before
    }

    /// Goes on as another organisation; answers with the one before.
    pub fn become_org(&mut self, org: &str) -> String {
        std::mem::replace(&mut self.practice.org, org.to_owned())
    }

    /// Sets the practice's clock and Microsoft's.
    pub fn at(&self, instant: &str) {
        self.clock.set(instant);
        self.graph.set_now(self.now());
    }

    /// Moves both clocks on.
    pub fn later(&self, by: TimeDelta) {
        self.clock.advance(by);
        self.graph.set_now(self.now());
    }

    /// Meets, and is over by a minute; Microsoft has a recording and a transcript,
    /// tells so, and its posts are done.
    pub async fn held(&self) -> (Meeting, HeldMeeting) {
        let meeting = self.met(&json!({})).await;
        let held = self.hold(&meeting).await;
        (meeting, held)
    }

    /// The same with a meeting that is there.
    pub async fn hold(&self, meeting: &Meeting) -> HeldMeeting {
        self.at(Meeting::AFTER);
        let (recording, text) = (NewArtifact::default(), transcript("Good morning."));
        let held = self
            .graph
            .hold_meeting_with(&meeting.join_url, Some(recording), Some(text));
        self.posted().await;
        held.expect("it is held")
    }

    /// Microsoft's subscription of this kind, of the organisation's own organiser.
    pub async fn subscription(&self, kind: ArtifactType) -> StoredSubscription {
        let row = self.row(kind).await;
        let all = self.graph.subscriptions();
        let of_graph = match kind {
            ArtifactType::Recording => ArtifactKind::Recording,
            ArtifactType::Transcript => ArtifactKind::Transcript,
        };
        let is_it = |one: &StoredSubscription| {
            one.kind == of_graph && Some(&one.id) == row.subscription_id.as_ref()
        };
        all.into_iter().find(is_it).expect("it is live")
    }

    /// What is stored of the organisation's subscription of this kind.
    pub async fn row(&self, kind: ArtifactType) -> Subscription {
        let rows = subscriptions::list(&self.table()).await;
        let mut rows = rows.expect("they read").into_iter();
        rows.find(|row| row.kind == kind).expect("it is there")
    }

    /// The body that Microsoft posts of an artifact: encrypted for us and vouched for,
    /// if that is how it was subscribed.
    pub async fn genuine(&self, kind: ArtifactType, artifact_id: &str) -> Value {
        let id = self.subscription(kind).await.id;
        let body = self.graph.notification_body(&id, artifact_id);
        body.expect("a notification")
    }

    /// The same organisation's functions in another process, with nothing in its
    /// memory, behind the same queue.
    pub fn fresh_process(&self) -> Process {
        let mut process = self.another_process();
        let raw = self.queue.raw(&process);
        process.raw = raw.clone();
        process.graph_webhook.raw = raw.clone();
        process.artifact_capture.raw = raw;
        process.subscription_renewal.subscriber =
            subscriber(&self.practice, &process, &self.hook, self.encrypts);
        process
    }

    /// Seeds so many further organisations in the cloud.
    pub fn others(&self, count: u16) -> Vec<SeededOrganization> {
        let seeded = self.graph.seed_organizations(count, 1);
        seeded.expect("they are new")
    }

    /// The demo tenant, which the first organisation is.
    pub const TENANT: &str = demo::TENANT_ID;
}

fn subscriber(practice: &Practice, process: &Process, hook: &Hook, encrypts: bool) -> Subscriber {
    let variables = [
        ("CONVOKE_WEBHOOK_URL", hook.base_url()),
        ("CONVOKE_ENCRYPT_NOTIFICATIONS", encrypts.to_string()),
        ("LOGIN_BASE_URL", practice.graph.base_url().to_owned()),
    ];
    let environment = Environment::of(variables.map(|(name, value)| (name.to_owned(), value)));
    let stack = deployed::resources();
    let client = aws_sdk_secretsmanager::Client::new(&sdk_config(&stack.aws_endpoint));
    let secrets = Secrets::new(client, &stack.outputs.root_secret_arn);
    let (core, microsoft) = (process.core.clone(), process.microsoft.clone());
    Subscriber::of_environment(&environment, core, microsoft, secrets).expect("a whole environment")
}

impl worker::Incoming {
    /// The queue with the bucket beside it, counted with a process's calls.
    fn raw(&self, process: &Process) -> RawNotifications {
        let stack = deployed::resources();
        let sdk = sdk_config(&stack.aws_endpoint);
        let sqs = aws_sdk_sqs::config::Builder::from(&sdk).interceptor(process.calls.clone());
        let s3 = convoke_platform::aws::bucket_client(&sdk);
        let s3 = s3.config().to_builder().interceptor(process.calls.clone());
        RawNotifications::new(
            aws_sdk_sqs::Client::from_conf(sqs.build()),
            self.url(),
            aws_sdk_s3::Client::from_conf(s3.build()),
            &stack.outputs.bucket_name,
        )
    }
}
