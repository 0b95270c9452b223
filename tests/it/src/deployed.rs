//! One deployed stack for all tests of this binary: the real template, the real
//! binaries.

use std::sync::LazyLock;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{BillingMode, GlobalSecondaryIndex};
use convoke_local::{Functions, LogBook, Outputs, Stack, StackOptions};
use uuid::Uuid;

use crate::process::sdk_config;

static SHARED: LazyLock<(Stack, LogBook)> = LazyLock::new(|| {
    let logs = LogBook::default();
    let options = StackOptions {
        logs: logs.sink(),
        ..StackOptions::temporary()
    };
    (Stack::start(options).expect("the local stack starts"), logs)
});

static RESOURCES: LazyLock<Stack> = LazyLock::new(|| {
    let options = StackOptions {
        functions: Functions::None,
        ..StackOptions::temporary()
    };
    Stack::start(options).expect("the local stack starts")
});

/// Table, queues, bus and secrets without any function: background work is done
/// by nobody but the test.
pub fn resources() -> &'static Stack {
    &RESOURCES
}

/// The shared stack; Graph is configured for the organisation `acme` only.
pub fn stack() -> &'static Stack {
    &SHARED.0
}

/// What the shared stack's functions have printed.
pub fn logs() -> &'static LogBook {
    &SHARED.1
}

/// Where a process finds AWS, and the names of its resources there.
#[derive(Debug, Clone)]
pub struct Site {
    /// Where AWS clients connect.
    pub aws_endpoint: String,
    /// The Graph host of a process that is given no other.
    pub graph_base_url: String,
    /// The names.
    pub outputs: Box<Outputs>,
}

impl Site {
    /// [`resources`] with a table of the test's own: what is due there is due for nobody
    /// else, and the due index stays short.
    pub async fn own() -> Self {
        let mut site = Self::from(resources());
        let name = new_org();
        Box::pin(create_table_like(&site, &name)).await;
        site.outputs.table_name = name;
        site
    }

    /// Its table's client.
    pub fn dynamodb(&self) -> Client {
        Client::new(&sdk_config(&self.aws_endpoint))
    }
}

impl From<&Stack> for Site {
    fn from(stack: &Stack) -> Self {
        Self {
            aws_endpoint: stack.aws_endpoint.clone(),
            graph_base_url: stack.graph_base_url.clone(),
            outputs: Box::new(stack.outputs.clone()),
        }
    }
}

impl From<&Site> for Site {
    fn from(site: &Site) -> Self {
        site.clone()
    }
}

async fn create_table_like(site: &Site, name: &str) {
    let client = site.dynamodb();
    let model = client.describe_table().table_name(&site.outputs.table_name);
    let model = model.send().await.expect("an answer").table;
    let model = model.expect("the deployed table");
    let indexes = model.global_secondary_indexes().iter().map(|index| {
        GlobalSecondaryIndex::builder()
            .set_index_name(index.index_name.clone())
            .set_key_schema(index.key_schema.clone())
            .set_projection(index.projection.clone())
            .build()
            .expect("an index")
    });
    client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(model.attribute_definitions.clone())
        .set_key_schema(model.key_schema.clone())
        .set_global_secondary_indexes(Some(indexes.collect()))
        .send()
        .await
        .expect("a table");
}

/// An organisation of the test's own.
#[allow(clippy::disallowed_methods, reason = "any name that no other test has")]
pub fn new_org() -> String {
    format!("org-{}", Uuid::new_v4().simple())
}
