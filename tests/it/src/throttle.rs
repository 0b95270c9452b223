//! A table that throttles some calls, beyond the SDK's own patience.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use convoke_platform::store::Store;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::deployed::Site;
use crate::process::sdk_config;

/// How often the SDK sends what is throttled.
const TRIES: u32 = 3;
const ANSWER: &str = "HTTP/1.1 400 X\r\ncontent-type: application/x-amz-json-1.0\r\n\
    content-length: 68\r\nconnection: close\r\n\r\n\
    {\"__type\":\"com.amazonaws.dynamodb.v20120810#ThrottlingException\" }\r\n";

/// Has calls of an operation throttled, each time that they are sent.
#[derive(Debug, Clone)]
pub struct Throttle {
    url: String,
    operation: &'static str,
    skip_and_left: Arc<Mutex<(u32, u32)>>,
}

impl Throttle {
    /// So many (`most`) after so many `calls` of this SDK operation.
    pub async fn after(operation: &'static str, calls: u32, most: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 65_536];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(ANSWER.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        Self {
            url,
            operation,
            skip_and_left: Arc::new(Mutex::new((calls, most * TRIES))),
        }
    }

    /// Whether it has struck.
    pub fn is_over(&self) -> bool {
        self.skip_and_left.lock().unwrap().1 == 0
    }

    /// A site's table, throttled.
    pub fn store(&self, site: &Site) -> Store {
        let client = aws_sdk_dynamodb::config::Builder::from(&sdk_config(&site.aws_endpoint))
            .interceptor(self.clone())
            .build();
        let client = aws_sdk_dynamodb::Client::from_conf(client);
        Store::new(client, &site.outputs.table_name)
    }
}

#[dyn_dispatch_hint]
impl Intercept for Throttle {
    fn name(&self) -> &'static str {
        "Throttle"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if bag.load::<Metadata>().map(Metadata::name) != Some(self.operation) {
            return Ok(());
        }
        let mut state = self.skip_and_left.lock().unwrap();
        match &mut *state {
            (0, 0) => {}
            (0, left) => {
                *left -= 1;
                context.request_mut().set_uri(self.url.clone())?;
            }
            (skip, _) => *skip -= 1,
        }
        Ok(())
    }
}
