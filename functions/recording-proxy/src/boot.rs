//! Building the API's function from its environment.

use std::sync::Arc;

use convoke_platform::aws;
use convoke_platform::clock::Ports;
use convoke_platform::config::Environment;
use convoke_platform::http::{Edge, EdgeParts};
use convoke_services::core::Core;

use crate::App;
use crate::routes::{KEYLESS, ROUTES};

/// Builds the function from its environment; no network call.
pub async fn boot(environment: &Environment) -> Result<Edge<App>, lambda_http::Error> {
    let sdk = aws::load().await;
    let ports = Ports::system();
    let streaming_url = environment.required("CONVOKE_STREAMING_URL")?;
    let app = App {
        core: Core::new(aws::store(&sdk, environment)?, ports.clone()),
        secrets: aws::secrets(&sdk, environment)?,
        blobs: aws::blobs(&sdk, environment)?,
        streaming_url: streaming_url.trim_end_matches('/').to_owned(),
    };
    edge(app, environment, ports)
}

/// Puts the routes in front of a ready-made state.
pub fn edge(
    app: App,
    environment: &Environment,
    ports: Ports,
) -> Result<Edge<App>, lambda_http::Error> {
    // Who reads is noted where they do something; tickets have an audit of their own.
    let hook = None;
    let store = app.core.table().clone();
    let parts = EdgeParts::of_environment(environment, store, ports, hook)?;
    Ok(Edge::new(parts, Arc::new(app), ROUTES)?.without_keys_of(KEYLESS))
}
