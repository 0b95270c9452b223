//! Lambda functions `recording-proxy` and `recording-stream`: wiring only.

// Two runtimes around calls to AWS and Graph nest deeper than the usual 128.
#![recursion_limit = "256"]

use std::sync::Arc;

use convoke_platform::config::Environment;
use convoke_platform::log;
use lambda_http::{Error, Request, run, run_with_streaming_response, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let environment = Environment::of_process();
    log::start(environment.optional("CONVOKE_LOG").as_deref());
    if environment.optional("CONVOKE_STREAMS").as_deref() == Some("true") {
        let stream = Arc::new(recording_proxy::stream::boot(&environment).await?);
        return run_with_streaming_response(service_fn(move |event: Request| {
            let stream = Arc::clone(&stream);
            async move { Ok::<_, Error>(stream.handle(event).await) }
        }))
        .await;
    }
    let edge = Arc::new(recording_proxy::boot(&environment).await?);
    run(service_fn(move |event: Request| {
        let edge = Arc::clone(&edge);
        async move { Ok::<_, Error>(edge.handle(event).await) }
    }))
    .await
}
