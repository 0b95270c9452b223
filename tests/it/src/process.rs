//! The functions' handlers in this process, on the shared stack's AWS, with a
//! clock, a Graph simulator and a count of AWS calls of the test's own.

mod aws;
mod parts;
mod workers;

use convoke_platform::blobs::Blobs;
use convoke_platform::clock::Ports;
use convoke_platform::config::Environment;
use convoke_platform::http::Edge;
use convoke_platform::mail::Sender;
use convoke_platform::queue::Queues;
use convoke_platform::raw::RawNotifications;
use convoke_platform::store::Store;
use convoke_services::calendars::Calendars;
use convoke_services::capture::Recorder;
use convoke_services::core::Core;
use convoke_services::engagements::Desk;
use convoke_services::microsoft::Microsoft;
use convoke_services::providers::{self, Providers};
use convoke_services::sessions::Sessions;
use recording_proxy::stream::StreamApp;
use serde_json::Value;

use crate::api::Answer;
use crate::death::Death;
use crate::deployed::Site;
use crate::gateway::{Event, answer_of, answer_of_webhook};

use self::aws::Aws;
pub use self::aws::{CallCount, sdk_config};
pub use self::parts::{meeting_api_app, microsoft, recorder};
use self::workers::Shared;

/// Where recordings stream from, as links name it.
pub const STREAMING_URL: &str = "https://stream.example.com";

/// Where callers are, as links name it.
const PUBLIC_URL: &str = "https://api.example.com";

/// Where Microsoft posts notifications, as subscriptions name it.
pub const WEBHOOK_URL: &str = PUBLIC_URL;

/// Handlers in this process.
pub struct Process {
    /// Where they are.
    pub site: Site,
    /// Their clock and ids.
    pub ports: Ports,
    /// The table.
    pub store: Store,
    /// The queues.
    pub queues: Queues,
    /// Use cases without HTTP.
    pub core: Core,
    /// The `meeting-api` function.
    pub meeting_api: Edge<meeting_api::App>,
    /// The `ics-download` function.
    pub ics_download: Edge<ics_download::App>,
    /// The `settings` function.
    pub settings: Edge<settings::App>,
    /// The `approval` function.
    pub approval: Edge<approval::App>,
    /// The `outbox-relay` function.
    pub outbox_relay: outbox_relay::App,
    /// The `delivery` function.
    pub delivery: delivery::App,
    /// Microsoft's cloud, as the functions reach it.
    pub microsoft: Microsoft,
    /// The `artifact-capture` function.
    pub artifact_capture: artifact_capture::App,
    /// The `recording-proxy` function, behind the API.
    pub recording_proxy: Edge<recording_proxy::App>,
    /// The same, at its own address.
    pub recording_stream: StreamApp,
    /// The `graph-webhook` function.
    pub graph_webhook: graph_webhook::App,
    /// The `subscription-renewal` function.
    pub subscription_renewal: subscription_renewal::App,
    /// What Microsoft posted.
    pub raw: RawNotifications,
    /// The bucket.
    pub blobs: Blobs,
    /// AWS calls so far.
    pub calls: CallCount,
    /// When its calls to table and bucket end.
    pub death: Death,
    environment: Environment,
}

impl Process {
    /// On this AWS and Graph simulator, with these ports; Graph is
    /// configured for `graph_org`, if any.
    pub fn new(site: impl Into<Site>, ports: Ports, graph_org: Option<&str>) -> Self {
        let site = site.into();
        Self::with_graph(&site, ports, graph_org, &site.graph_base_url)
    }

    /// As [`Self::new`], with another Graph simulator.
    pub fn with_graph(
        site: impl Into<Site>,
        ports: Ports,
        graph_org: Option<&str>,
        graph_url: &str,
    ) -> Self {
        let organizer = graph_simulator::demo::ORGANIZER_UPN;
        Self::with_organizer(site, ports, graph_org, graph_url, organizer)
    }

    /// As [`Self::with_graph`], with another organiser's mailbox.
    pub fn with_organizer(
        site: impl Into<Site>,
        ports: Ports,
        graph_org: Option<&str>,
        graph_url: &str,
        organizer: &str,
    ) -> Self {
        let site = site.into();
        let environment = environment(graph_org, graph_url, organizer, &site, &[]);
        Self::of_environment(site, ports, environment)
    }

    /// As [`Self::with_graph`], for no organisation in particular and with more
    /// settings, such as those of connected calendars.
    pub fn with_settings(
        site: impl Into<Site>,
        ports: Ports,
        graph_url: &str,
        settings: &[(&'static str, String)],
    ) -> Self {
        let organizer = graph_simulator::demo::ORGANIZER_UPN;
        let site = site.into();
        let environment = environment(None, graph_url, organizer, &site, settings);
        Self::of_environment(site, ports, environment)
    }

    fn of_environment(site: Site, ports: Ports, environment: Environment) -> Self {
        let (calls, death) = (CallCount::default(), Death::default());
        let aws = Aws::of(&site, &calls, &death);
        let (blobs, secrets) = (aws.blobs.clone(), aws.secrets.clone());
        let core = Core::new(aws.store.clone(), ports.clone());
        let microsoft = Microsoft::of_environment(&environment, &secrets, aws.vault.clone())
            .expect("Microsoft of a whole environment");
        let ics_download = ics_download::App {
            core: core.clone(),
            secrets: secrets.clone(),
            domain: "convoke.example".to_owned(),
        };
        let settings = settings::App {
            core: core.clone(),
            microsoft: microsoft.clone(),
        };
        let organizer = Sender::of_environment(&environment)
            .expect("a readable sender")
            .map(|sender| sender.address().clone());
        let desk = Desk::new(
            core.clone(),
            microsoft.clone(),
            "convoke.example",
            organizer,
        );
        let approval = approval::App {
            desk: desk.clone(),
            secrets: secrets.clone(),
        };
        let recorder = Recorder::of_environment(&environment, desk.clone(), blobs.clone())
            .expect("a whole environment");
        let sessions =
            Sessions::of_environment(&environment, desk.clone()).expect("a whole environment");
        let calendars =
            Calendars::of_environment(&environment, core.clone(), aws.vault.clone(), &secrets)
                .expect("a whole environment");
        let meeting_api = meeting_api::App {
            core: core.clone(),
            secrets: secrets.clone(),
            providers: providers(&environment, &microsoft, &ports),
            recorder: recorder.clone(),
            sessions: sessions.clone(),
            calendars: calendars.clone(),
            public_url: PUBLIC_URL.to_owned(),
        };
        let recording_proxy = recording_proxy::App {
            core: core.clone(),
            secrets: secrets.clone(),
            blobs: blobs.clone(),
            streaming_url: STREAMING_URL.to_owned(),
        };
        let recording_stream = StreamApp::new(
            core.clone(),
            secrets.clone(),
            blobs.clone(),
            microsoft.clone(),
            &environment,
        )
        .expect("a whole environment");
        let shared = Shared {
            aws: &aws,
            environment: &environment,
            core: &core,
            microsoft: &microsoft,
            desk: &desk,
            sessions: &sessions,
            calendars: &calendars,
        };
        Self {
            site,
            meeting_api: meeting_api::edge(meeting_api, &environment, ports.clone())
                .expect("routes fit"),
            ics_download: ics_download::edge(ics_download, &environment, ports.clone())
                .expect("routes fit"),
            settings: settings::edge(settings, &environment, ports.clone()).expect("routes fit"),
            approval: approval::edge(approval, &environment, ports.clone()).expect("routes fit"),
            outbox_relay: outbox_relay::App::new(
                aws.store.clone(),
                aws.queues.clone(),
                ports.clone(),
            ),
            delivery: shared.delivery(),
            artifact_capture: shared.artifact_capture(recorder),
            recording_proxy: recording_proxy::edge(recording_proxy, &environment, ports.clone())
                .expect("routes fit"),
            recording_stream,
            graph_webhook: shared.graph_webhook(),
            subscription_renewal: shared.subscription_renewal(),
            raw: aws.raw,
            ports,
            store: aws.store,
            queues: aws.queues,
            core,
            microsoft,
            blobs,
            calls,
            death,
            environment,
        }
    }

    /// The calendars, as the functions have them.
    pub fn providers(&self) -> Providers {
        providers(&self.environment, &self.microsoft, &self.ports)
    }

    /// Calls `meeting-api`.
    pub async fn api(&self, event: Event) -> Answer {
        answer_of(self.meeting_api.handle(event.into_request()).await)
    }

    /// Calls `ics-download`.
    pub async fn ics(&self, event: Event) -> Answer {
        answer_of(self.ics_download.handle(event.into_request()).await)
    }

    /// Calls `approval`.
    pub async fn approval(&self, event: Event) -> Answer {
        answer_of(self.approval.handle(event.into_request()).await)
    }

    /// Calls `settings`.
    pub async fn settings(&self, event: Event) -> Answer {
        answer_of(self.settings.handle(event.into_request()).await)
    }

    /// Calls `recording-proxy` behind the API.
    pub async fn recordings(&self, event: Event) -> Answer {
        answer_of(self.recording_proxy.handle(event.into_request()).await)
    }

    /// Calls `graph-webhook`.
    pub async fn webhook(&self, event: Event) -> Answer {
        let event = event.into_webhook();
        answer_of_webhook(self.graph_webhook.handle(event).await)
    }

    /// Hands `delivery` one message; answers whether it was done.
    pub async fn deliver(&self, tenant: &str, job: &Value, fifo: bool) -> bool {
        let queue = if fifo { "graph.fifo" } else { "delivery" };
        let event = self.message(tenant, job, queue);
        let event = serde_json::from_value(event).expect("an SQS event");
        self.delivery
            .handle(event)
            .await
            .batch_item_failures
            .is_empty()
    }

    /// Hands `artifact-capture` one message; answers whether it was done.
    pub async fn capture(&self, tenant: &str, job: &Value) -> bool {
        let event = self.message(tenant, job, "capture");
        let left = std::time::Duration::from_mins(15);
        let answer = self.artifact_capture.handle(event, left).await;
        let answer = answer.expect("a batch is read");
        answer["batchItemFailures"] == serde_json::json!([])
    }

    /// Hands `subscription-renewal` one message; answers whether it was done.
    pub async fn subscribe(&self, tenant: &str, job: &Value) -> bool {
        let event = self.message(tenant, job, "subscriptions");
        let left = std::time::Duration::from_mins(15);
        let answer = self.subscription_renewal.handle(event, left).await;
        let answer = answer.expect("a batch is read");
        answer["batchItemFailures"] == serde_json::json!([])
    }

    fn message(&self, tenant: &str, job: &Value, queue: &str) -> Value {
        let id = self.ports.mint();
        let body = serde_json::json!({ "id": id, "tenant": tenant, "job": job }).to_string();
        serde_json::json!({ "Records": [{
            "messageId": id, "receiptHandle": "r", "body": body, "md5OfBody": "", "messageAttributes": {},
            "attributes": { "MessageGroupId": tenant }, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
            "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:{queue}") }] })
    }
}

fn providers(environment: &Environment, microsoft: &Microsoft, ports: &Ports) -> Providers {
    providers::of_environment(environment, microsoft, ports)
        .expect("providers of a whole environment")
}

fn environment(
    graph_org: Option<&str>,
    graph_url: &str,
    organizer: &str,
    site: &Site,
    settings: &[(&'static str, String)],
) -> Environment {
    use graph_simulator::demo;
    let mut variables = vec![
        ("CONVOKE_DOMAIN", "convoke.example".to_owned()),
        ("CONVOKE_WEBHOOK_URL", WEBHOOK_URL.to_owned()),
        ("CONVOKE_MAIL_FROM", crate::ses::SENDER.to_owned()),
        ("GRAPH_BASE_URL", graph_url.to_owned()),
        ("LOGIN_BASE_URL", graph_url.to_owned()),
    ];
    variables.extend(settings.iter().cloned());
    if let Some(org) = graph_org {
        variables.extend([
            ("MS_GRAPH_ORG_ID", org.to_owned()),
            ("MS_GRAPH_TENANT_ID", demo::TENANT_ID.to_owned()),
            ("MS_GRAPH_CLIENT_ID", demo::CLIENT_ID.to_owned()),
            (
                "MS_GRAPH_CLIENT_SECRET_ARN",
                site.outputs.ms_graph_secret_arn.clone(),
            ),
            ("MS_GRAPH_ORGANIZER_EMAIL", organizer.to_owned()),
        ]);
    }
    Environment::of(
        variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value)),
    )
}
