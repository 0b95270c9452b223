//! Parts of a process over a store of the test's own.

use convoke_local::Stack;
use convoke_platform::blobs::Blobs;
use convoke_platform::config::Environment;
use convoke_platform::secrets::Secrets;
use convoke_platform::vault::Vault;
use convoke_services::calendars::Calendars;
use convoke_services::capture::Recorder;
use convoke_services::core::Core;
use convoke_services::engagements::Desk;
use convoke_services::microsoft::Microsoft;
use convoke_services::sessions::Sessions;

use super::aws::sdk_config;
use super::{PUBLIC_URL, providers};

/// `meeting-api` over a store of the test's own.
pub fn meeting_api_app(
    stack: &Stack,
    environment: &Environment,
    core: Core,
    microsoft: Microsoft,
    secrets: Secrets,
) -> meeting_api::App {
    let providers = providers(environment, &microsoft, &core.ports);
    let recorder = recorder(stack, environment, core.clone(), microsoft);
    let sessions = Sessions::of_environment(environment, recorder.desk.clone());
    let sdk = sdk_config(&stack.aws_endpoint);
    let vault = Vault::new(aws_sdk_kms::Client::new(&sdk), &stack.outputs.key_arn);
    let calendars = Calendars::of_environment(environment, core.clone(), vault, &secrets);
    meeting_api::App {
        calendars: calendars.expect("a whole environment"),
        sessions: sessions.expect("a whole environment"),
        core,
        providers,
        recorder,
        secrets,
        public_url: PUBLIC_URL.to_owned(),
    }
}

/// What `meeting-api` looks for recordings with, over a store of the test's own.
pub fn recorder(
    stack: &Stack,
    environment: &Environment,
    core: Core,
    microsoft: Microsoft,
) -> Recorder {
    let client = convoke_platform::aws::bucket_client(&sdk_config(&stack.aws_endpoint));
    let blobs = Blobs::new(client, &stack.outputs.bucket_name);
    let desk = Desk::new(core, microsoft, "convoke.example", None);
    Recorder::of_environment(environment, desk, blobs).expect("a whole environment")
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
