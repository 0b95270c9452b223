//! Lambda function `graph-webhook`: wiring only.

use std::sync::Arc;

use convoke_platform::config::Environment;
use convoke_platform::log;
use graph_webhook::GatewayEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let environment = Environment::of_process();
    log::start(environment.optional("CONVOKE_LOG").as_deref());
    let app = Arc::new(graph_webhook::boot(&environment).await?);
    run(service_fn(move |event: LambdaEvent<GatewayEvent>| {
        let app = Arc::clone(&app);
        async move { Ok::<_, Error>(app.handle(event.payload).await) }
    }))
    .await
}
