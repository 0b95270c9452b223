//! Lambda function `subscription-renewal`: wiring only.

use std::sync::Arc;

use convoke_platform::config::Environment;
use convoke_platform::log;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let environment = Environment::of_process();
    log::start(environment.optional("CONVOKE_LOG").as_deref());
    let app = Arc::new(subscription_renewal::boot(&environment).await?);
    run(service_fn(move |event: LambdaEvent<Value>| {
        let app = Arc::clone(&app);
        let left = app.time_until(event.context.deadline);
        async move { app.handle(event.payload, left).await }
    }))
    .await
}
