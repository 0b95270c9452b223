//! Lambda function `approval`: wiring only.

use std::sync::Arc;

use convoke_platform::config::Environment;
use convoke_platform::log;
use lambda_http::{Error, Request, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let environment = Environment::of_process();
    log::start(environment.optional("CONVOKE_LOG").as_deref());
    let edge = Arc::new(approval::boot(&environment).await?);
    run(service_fn(move |event: Request| {
        let edge = Arc::clone(&edge);
        async move { Ok::<_, Error>(edge.handle(event).await) }
    }))
    .await
}
