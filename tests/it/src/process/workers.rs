//! The functions that nobody calls by HTTP, over what a process has.

use convoke_platform::config::Environment;
use convoke_services::calendars::Calendars;
use convoke_services::capture::Recorder;
use convoke_services::core::Core;
use convoke_services::engagements::Desk;
use convoke_services::microsoft::Microsoft;
#[cfg(feature = "enterprise")]
use convoke_services::notifications::Inbox;
use convoke_services::sessions::Sessions;
use convoke_services::subscriptions::Subscriber;
use convoke_services::transfer::Terms;

use super::aws::Aws;
use super::{PUBLIC_URL, providers};

/// What the functions of one process share.
pub(super) struct Shared<'a> {
    pub(super) aws: &'a Aws,
    pub(super) environment: &'a Environment,
    pub(super) core: &'a Core,
    pub(super) microsoft: &'a Microsoft,
    pub(super) desk: &'a Desk,
    pub(super) sessions: &'a Sessions,
    pub(super) calendars: &'a Calendars,
}

impl Shared<'_> {
    pub(super) fn artifact_capture(&self, recorder: Recorder) -> artifact_capture::App {
        let (aws, core) = (self.aws, self.core);
        #[cfg(feature = "enterprise")]
        let inbox = Inbox::of_environment(self.environment, core.clone(), aws.vault.clone())
            .expect("a whole environment");
        artifact_capture::App {
            store: aws.store.clone(),
            queues: aws.queues.clone(),
            recorder,
            terms: Terms::default(),
            raw: aws.raw.clone(),
            #[cfg(feature = "enterprise")]
            inbox,
            ports: core.ports.clone(),
        }
    }

    pub(super) fn delivery(&self) -> delivery::App {
        delivery::App {
            core: self.core.clone(),
            bus: self.aws.bus.clone(),
            providers: providers(self.environment, self.microsoft, &self.core.ports),
            desk: self.desk.clone(),
            sessions: self.sessions.clone(),
            calendars: self.calendars.clone(),
            mailer: convoke_platform::aws::mailer(&self.aws.sdk, self.environment)
                .expect("a readable sender"),
            links: convoke_services::mail::Links {
                secrets: self.aws.secrets.clone(),
                public_url: PUBLIC_URL.to_owned(),
            },
        }
    }

    pub(super) fn subscription_renewal(&self) -> subscription_renewal::App {
        let (core, microsoft) = (self.core.clone(), self.microsoft.clone());
        let secrets = self.aws.secrets.clone();
        subscription_renewal::App {
            ports: core.ports.clone(),
            subscriber: Subscriber::of_environment(self.environment, core, microsoft, secrets)
                .expect("a whole environment"),
        }
    }

    pub(super) fn graph_webhook(&self) -> graph_webhook::App {
        graph_webhook::App {
            raw: self.aws.raw.clone(),
            ports: self.core.ports.clone(),
        }
    }
}
