//! The functions' handlers in this process, on the shared stack's AWS, with a
//! clock, a Graph simulator and a count of AWS calls of the test's own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use convoke_local::Stack;
use convoke_platform::bus::Bus;
use convoke_platform::clock::Ports;
use convoke_platform::config::Environment;
use convoke_platform::http::Edge;
use convoke_platform::mail::Sender;
use convoke_platform::queue::Queues;
use convoke_platform::secrets::Secrets;
use convoke_platform::store::Store;
use convoke_platform::vault::Vault;
use convoke_services::core::Core;
use convoke_services::engagements::Desk;
use convoke_services::microsoft::Microsoft;
use convoke_services::providers::{self, Providers};
use serde_json::Value;

use crate::api::Answer;
use crate::gateway::{Event, answer_of};

/// Calls to AWS by operation, retries included.
#[derive(Debug, Clone, Default)]
pub struct CallCount(Arc<Mutex<BTreeMap<String, u32>>>);

impl CallCount {
    /// What was called since the last time it was asked.
    pub fn take(&self) -> BTreeMap<String, u32> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[dyn_dispatch_hint]
impl Intercept for CallCount {
    fn name(&self) -> &'static str {
        "CallCount"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context
            .request()
            .headers()
            .get("x-amz-target")
            .unwrap_or("unknown")
            .to_owned();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        *self.0.lock().unwrap().entry(operation).or_default() += 1;
        Ok(())
    }
}

/// Handlers in this process.
pub struct Process {
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
    /// AWS calls so far.
    pub calls: CallCount,
    environment: Environment,
}

impl Process {
    /// On a stack's AWS and Graph simulator, with these ports; Graph is
    /// configured for `graph_org`, if any.
    pub fn new(stack: &Stack, ports: Ports, graph_org: Option<&str>) -> Self {
        Self::with_graph(stack, ports, graph_org, &stack.graph_base_url)
    }

    /// As [`Self::new`], with another Graph simulator.
    pub fn with_graph(
        stack: &Stack,
        ports: Ports,
        graph_org: Option<&str>,
        graph_url: &str,
    ) -> Self {
        let organizer = graph_simulator::demo::ORGANIZER_UPN;
        Self::with_organizer(stack, ports, graph_org, graph_url, organizer)
    }

    /// As [`Self::with_graph`], with another organiser's mailbox.
    pub fn with_organizer(
        stack: &Stack,
        ports: Ports,
        graph_org: Option<&str>,
        graph_url: &str,
        organizer: &str,
    ) -> Self {
        let calls = CallCount::default();
        let sdk = sdk_config(&stack.aws_endpoint);
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(&sdk)
            .interceptor(calls.clone())
            .build();
        let sqs = aws_sdk_sqs::config::Builder::from(&sdk)
            .interceptor(calls.clone())
            .build();
        let events = aws_sdk_eventbridge::config::Builder::from(&sdk)
            .interceptor(calls.clone())
            .build();
        let secrets = aws_sdk_secretsmanager::config::Builder::from(&sdk)
            .interceptor(calls.clone())
            .build();
        let kms = aws_sdk_kms::config::Builder::from(&sdk)
            .interceptor(calls.clone())
            .build();
        let outputs = &stack.outputs;
        let store = Store::new(
            aws_sdk_dynamodb::Client::from_conf(dynamodb),
            &outputs.table_name,
        );
        let queues = Queues::new(
            aws_sdk_sqs::Client::from_conf(sqs),
            &outputs.delivery_queue_url,
            &outputs.graph_queue_url,
        );
        let secrets = Secrets::new(
            aws_sdk_secretsmanager::Client::from_conf(secrets),
            &outputs.root_secret_arn,
        );
        let bus = Bus::new(
            aws_sdk_eventbridge::Client::from_conf(events),
            &outputs.event_bus_name,
        );
        let environment = environment(graph_org, graph_url, organizer, stack);
        let vault = Vault::new(aws_sdk_kms::Client::from_conf(kms), &outputs.key_arn);
        let microsoft = Microsoft::of_environment(&environment, &secrets, vault)
            .expect("Microsoft of a whole environment");
        let core = Core::new(store.clone(), ports.clone());
        let meeting_api = meeting_api::App {
            core: core.clone(),
            secrets: secrets.clone(),
            providers: providers(&environment, &microsoft, &ports),
            public_url: "https://api.example.com".to_owned(),
        };
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
        let delivery = delivery::App {
            core: core.clone(),
            bus,
            providers: providers(&environment, &microsoft, &ports),
            desk,
            mailer: convoke_platform::aws::mailer(&sdk, &environment).expect("no sender"),
            links: convoke_services::mail::Links {
                secrets: secrets.clone(),
                public_url: "https://api.example.com".to_owned(),
            },
        };
        Self {
            meeting_api: meeting_api::edge(meeting_api, &environment, ports.clone())
                .expect("routes fit"),
            ics_download: ics_download::edge(ics_download, &environment, ports.clone())
                .expect("routes fit"),
            settings: settings::edge(settings, &environment, ports.clone()).expect("routes fit"),
            approval: approval::edge(approval, &environment, ports.clone()).expect("routes fit"),
            outbox_relay: outbox_relay::App::new(store.clone(), queues.clone(), ports.clone()),
            delivery,
            ports,
            store,
            queues,
            core,
            microsoft,
            calls,
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

    /// Hands `delivery` one message; answers whether it was done.
    pub async fn deliver(&self, tenant: &str, job: &Value, fifo: bool) -> bool {
        let id = self.ports.mint();
        let queue = if fifo { "graph.fifo" } else { "delivery" };
        let body = serde_json::json!({ "id": id, "tenant": tenant, "job": job }).to_string();
        let event = serde_json::json!({ "Records": [{
            "messageId": id, "receiptHandle": "r", "body": body, "md5OfBody": "", "messageAttributes": {},
            "attributes": { "MessageGroupId": tenant }, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
            "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:{queue}") }] });
        let event = serde_json::from_value(event).expect("an SQS event");
        self.delivery
            .handle(event)
            .await
            .batch_item_failures
            .is_empty()
    }
}

/// SDK settings for a local AWS.
pub fn sdk_config(endpoint: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(
            aws_credential_types::provider::SharedCredentialsProvider::new(Credentials::from_keys(
                "test", "test", None,
            )),
        )
        .build()
}

/// Microsoft's cloud as an environment names it, with a stack's key and secrets.
pub fn microsoft(stack: &Stack, environment: &Environment) -> Microsoft {
    let sdk = sdk_config(&stack.aws_endpoint);
    let secrets = Secrets::new(
        aws_sdk_secretsmanager::Client::new(&sdk),
        &stack.outputs.root_secret_arn,
    );
    let vault = Vault::new(aws_sdk_kms::Client::new(&sdk), &stack.outputs.key_arn);
    Microsoft::of_environment(environment, &secrets, vault)
        .expect("Microsoft of a whole environment")
}

fn providers(environment: &Environment, microsoft: &Microsoft, ports: &Ports) -> Providers {
    providers::of_environment(environment, microsoft, ports)
        .expect("providers of a whole environment")
}

fn environment(
    graph_org: Option<&str>,
    graph_url: &str,
    organizer: &str,
    stack: &Stack,
) -> Environment {
    use graph_simulator::demo;
    let mut variables = vec![
        ("CONVOKE_DOMAIN", "convoke.example".to_owned()),
        ("CONVOKE_MAIL_FROM", crate::ses::SENDER.to_owned()),
        ("GRAPH_BASE_URL", graph_url.to_owned()),
        ("LOGIN_BASE_URL", graph_url.to_owned()),
    ];
    if let Some(org) = graph_org {
        variables.extend([
            ("MS_GRAPH_ORG_ID", org.to_owned()),
            ("MS_GRAPH_TENANT_ID", demo::TENANT_ID.to_owned()),
            ("MS_GRAPH_CLIENT_ID", demo::CLIENT_ID.to_owned()),
            (
                "MS_GRAPH_CLIENT_SECRET_ARN",
                stack.outputs.ms_graph_secret_arn.clone(),
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
