//! Does what was put on the queues: publishes events, advances meetings,
//! refreshes copies of the directory, settles provider calls.
//!
//! Every job may come twice, and is done once.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use convoke_domain::error::Error;
use convoke_domain::id::{ControlId, IntentId, MeetingId, UserId};
use convoke_platform::aws;
use convoke_platform::batch;
use convoke_platform::bus::Bus;
use convoke_platform::clock::Ports;
use convoke_platform::config::Environment;
use convoke_platform::queue::Incoming;
use convoke_services::core::Core;
use convoke_services::jobs::Job;
use convoke_services::providers::{self, Providers};
use convoke_services::{lockstep, meetings};

/// The function's state, built once per process.
pub struct App {
    /// Store, clock and ids.
    pub core: Core,
    /// Where events go.
    pub bus: Bus,
    /// The calendars of this deployment.
    pub providers: Providers,
}

/// Builds the function from its environment; no network call.
pub async fn boot(environment: &Environment) -> Result<App, lambda_runtime::Error> {
    let sdk = aws::load().await;
    let ports = Ports::system();
    let secrets = aws::secrets(&sdk, environment)?;
    Ok(App {
        core: Core::new(aws::store(&sdk, environment)?, ports.clone()),
        bus: aws::bus(&sdk, environment)?,
        providers: providers::of_environment(environment, &secrets, &ports)?,
    })
}

impl App {
    /// Works a batch off; failed messages are reported one by one.
    pub async fn handle(&self, event: SqsEvent) -> SqsBatchResponse {
        batch::run(event, "deliver", &self.core.ports, |message| {
            Box::pin(self.deliver(message))
        })
        .await
    }

    async fn deliver(&self, message: Incoming) -> Result<(), Error> {
        let tenant = &message.tenant;
        match Job::parse(message.job)? {
            Job::PublishEvent {
                detail_type,
                detail,
            } => self.bus.publish(&detail_type, &detail).await,
            Job::AdvanceLinked {
                control_id,
                completed_steps,
            } => {
                let control_id = ControlId::parse(&control_id)
                    .map_err(|error| Error::internal(error.to_string()))?;
                lockstep::advance_all(&self.core, tenant, &control_id, completed_steps).await
            }
            Job::AdvancePassed { meeting_id } => {
                lockstep::advance_passed(&self.core, tenant, MeetingId::new(meeting_id)).await
            }
            Job::RefreshUser { user_id } => {
                let user_id =
                    UserId::parse(&user_id).map_err(|error| Error::internal(error.to_string()))?;
                meetings::refresh_user(&self.core, tenant, &user_id).await
            }
            Job::RefreshContact { .. } | Job::SendMail { .. } | Job::SyncOnlineMeeting { .. } => {
                Err(Error::internal("not built yet"))
            }
            Job::SettleIntent {
                meeting_id,
                intent_id,
                ..
            } => {
                let (meeting_id, intent_id) =
                    (MeetingId::new(meeting_id), IntentId::new(intent_id));
                meetings::settle(&self.core, &self.providers, tenant, meeting_id, intent_id).await
            }
        }
    }
}
