//! The function in this process, over a table of a test's own.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use convoke_platform::config::Environment;
use convoke_platform::secrets::Secrets;
use convoke_platform::store::Store;
use convoke_platform::vault::Vault;
use convoke_services::core::Core;
use convoke_services::microsoft::Microsoft;
use convoke_services::subscriptions::{Round, Subscriber};
use graph_simulator::GraphSimulator;
use it::clock::TestClock;
use it::death::Death;
use it::deployed::{self, Site};
use it::process::{CallCount, sdk_config};
use serde_json::{Value, json};
use subscription_renewal::App;

/// A round's time.
const ROUND: Duration = Duration::from_mins(10);

/// The function in one process.
pub(super) struct Function {
    pub(super) app: App,
    pub(super) core: Core,
    pub(super) microsoft: Microsoft,
    pub(super) calls: CallCount,
    pub(super) death: Death,
}

impl Function {
    /// Hands it one message; answers whether it was done.
    pub(super) async fn job(&self, org: &str, job: &Value) -> bool {
        let id = self.core.ports.mint();
        let body = json!({ "id": id, "tenant": org, "job": job }).to_string();
        let event = json!({ "Records": [{
            "messageId": id, "receiptHandle": "r", "body": body, "md5OfBody": "", "messageAttributes": {},
            "attributes": { "MessageGroupId": org }, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:subscriptions" }] });
        let answer = self
            .app
            .handle(event, ROUND)
            .await
            .expect("a batch is read");
        answer["batchItemFailures"] == json!([])
    }

    pub(super) async fn round(&self) -> Round {
        self.app.renew(ROUND).await.expect("a round")
    }
}

pub(super) fn function(
    site: &Site,
    clock: &TestClock,
    graph: &GraphSimulator,
    url: &str,
    encrypts: bool,
) -> Function {
    let sdk = sdk_config(&site.aws_endpoint);
    let (calls, death) = (CallCount::default(), Death::default());
    let dynamodb = aws_sdk_dynamodb::config::Builder::from(&sdk)
        .interceptor(calls.clone())
        .interceptor(death.clone())
        .build();
    let store = Store::new(Client::from_conf(dynamodb), &site.outputs.table_name);
    let (environment, secrets) = (environment(graph, url, encrypts), secrets());
    let vault = Vault::new(aws_sdk_kms::Client::new(&sdk), &site.outputs.key_arn);
    let microsoft = Microsoft::of_environment(&environment, &secrets, vault).unwrap();
    let core = Core::new(store, clock.ports());
    let subscriber =
        Subscriber::of_environment(&environment, core.clone(), microsoft.clone(), secrets);
    Function {
        app: App {
            subscriber: subscriber.unwrap(),
            ports: clock.ports(),
        },
        core,
        microsoft,
        calls,
        death,
    }
}

pub(super) fn environment(graph: &GraphSimulator, url: &str, encrypts: bool) -> Environment {
    let variables = [
        ("CONVOKE_WEBHOOK_URL", url.to_owned()),
        ("CONVOKE_ENCRYPT_NOTIFICATIONS", encrypts.to_string()),
        ("GRAPH_BASE_URL", graph.base_url().to_owned()),
        ("LOGIN_BASE_URL", graph.base_url().to_owned()),
    ];
    Environment::of(variables.map(|(name, value)| (name.to_owned(), value)))
}

pub(super) fn secrets() -> Secrets {
    let stack = deployed::resources();
    let client = aws_sdk_secretsmanager::Client::new(&sdk_config(&stack.aws_endpoint));
    Secrets::new(client, &stack.outputs.root_secret_arn)
}
