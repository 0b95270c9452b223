//! From the environment to a running function; no network call.

use std::sync::Arc;

use convoke_platform::aws;
use convoke_platform::clock::Ports;
use convoke_platform::config::Environment;
use convoke_platform::http::{Edge, EdgeParts};
use convoke_platform::mail::Sender;
use convoke_services::calendars::Calendars;
use convoke_services::callers::KeepFresh;
use convoke_services::capture::Recorder;
use convoke_services::core::Core;
use convoke_services::engagements::Desk;
use convoke_services::microsoft::Microsoft;
use convoke_services::providers;
use convoke_services::sessions::Sessions;

use crate::App;
use crate::handlers::replay;
use crate::routes::ROUTES;

/// Builds the function from its environment.
pub async fn boot(environment: &Environment) -> Result<Edge<App>, lambda_http::Error> {
    let sdk = aws::load().await;
    let store = aws::store(&sdk, environment)?;
    let secrets = aws::secrets(&sdk, environment)?;
    let vault = aws::vault(&sdk, environment)?;
    let microsoft = Microsoft::of_environment(environment, &secrets, vault.clone())?;
    let organizer = Sender::of_environment(environment)?.map(|sender| sender.address().clone());
    let ports = Ports::system();
    let core = Core::new(store, ports.clone());
    let domain = environment.required("CONVOKE_DOMAIN")?;
    let providers = providers::of_environment(environment, &microsoft, &ports)?;
    let desk = Desk::new(core.clone(), microsoft, &domain, organizer);
    let blobs = aws::blobs(&sdk, environment)?;
    let app = App {
        calendars: Calendars::of_environment(environment, core.clone(), vault, &secrets)?,
        core,
        providers,
        sessions: Sessions::of_environment(environment, desk.clone())?,
        recorder: Recorder::of_environment(environment, desk, blobs)?,
        secrets,
        public_url: environment
            .required("CONVOKE_PUBLIC_URL")?
            .trim_end_matches('/')
            .to_owned(),
    };
    edge(app, environment, ports)
}

/// Puts the routes in front of a ready-made state.
pub fn edge(
    app: App,
    environment: &Environment,
    ports: Ports,
) -> Result<Edge<App>, lambda_http::Error> {
    let hook = Arc::new(KeepFresh::new(app.core.clone()));
    let store = app.core.table().clone();
    let parts = EdgeParts::of_environment(environment, store, ports, Some(hook))?;
    Ok(Edge::new(parts, Arc::new(app), ROUTES)?.with_replay_check(replay::check))
}
