//! Looks for recordings and transcripts, and copies recordings into the bucket:
//! what Microsoft's notifications tell, what the queues `capture` and `transfer`
//! ask for, and what the schedule finds due (OM-7, OM-10, OM-11, NT-3, NT-5).
//!
//! Every job may come twice, and is done once.

mod inbox;
mod sweep;

use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use convoke_domain::error::Error;
use convoke_domain::id::{ArtifactId, OnlineMeetingId};
use convoke_platform::clock::Ports;
use convoke_platform::config::Environment;
use convoke_platform::mail::Sender;
use convoke_platform::queue::{Incoming, Queues};
use convoke_platform::raw::RawNotifications;
use convoke_platform::store::Store;
use convoke_platform::{aws, batch};
use convoke_services::capture::{self, Recorder};
use convoke_services::core::Core;
use convoke_services::engagements::Desk;
use convoke_services::jobs::Job;
use convoke_services::microsoft::{ENTERPRISE, Microsoft};
#[cfg(feature = "enterprise")]
use convoke_services::notifications::Inbox;
use convoke_services::transfer::{self, Terms};
use serde_json::{Value, json};

/// What a copy needs after its budget: the part it is at, and putting all parts
/// together.
const AFTER_BUDGET: Duration = Duration::from_mins(4);

/// The function's state, built once per process.
pub struct App {
    /// The table, for the sweep.
    pub store: Store,
    /// Where the sweep sends what is due.
    pub queues: Queues,
    /// What looks are made with.
    pub recorder: Recorder,
    /// How recordings are copied.
    pub terms: Terms,
    /// What the webhook left.
    pub raw: RawNotifications,
    /// What checks and takes it.
    #[cfg(feature = "enterprise")]
    pub inbox: Inbox,
    /// Clock and ids.
    pub ports: Ports,
}

/// Builds the function from its environment; no network call.
pub async fn boot(environment: &Environment) -> Result<App, lambda_runtime::Error> {
    let sdk = aws::load().await;
    let ports = Ports::system();
    let secrets = aws::secrets(&sdk, environment)?;
    let vault = aws::vault(&sdk, environment)?;
    #[cfg(feature = "enterprise")]
    let vault_of_deployment = vault.clone();
    let microsoft = Microsoft::of_environment(environment, &secrets, vault)?;
    let store = aws::store(&sdk, environment)?;
    let organizer = Sender::of_environment(environment)?.map(|sender| sender.address().clone());
    let domain = environment.required("CONVOKE_DOMAIN")?;
    let core = Core::new(store.clone(), ports.clone());
    #[cfg(feature = "enterprise")]
    let inbox = Inbox::of_environment(environment, core.clone(), vault_of_deployment)?;
    let desk = Desk::new(core, microsoft, &domain, organizer);
    Ok(App {
        store,
        queues: aws::capture_queues(&sdk, environment)?,
        recorder: Recorder::of_environment(environment, desk, aws::blobs(&sdk, environment)?)?,
        terms: Terms::default(),
        raw: aws::raw_notifications(&sdk, environment)?,
        #[cfg(feature = "enterprise")]
        inbox,
        ports,
    })
}

impl App {
    /// Handles a batch of either queue, or the schedule's `{"sweep": true}`;
    /// `left` is the time until the function is cut off.
    pub async fn handle(
        &self,
        event: Value,
        left: Duration,
    ) -> Result<Value, lambda_runtime::Error> {
        if event.get("sweep") == Some(&Value::Bool(true)) {
            self.sweep(left).await?;
            return Ok(Value::Null);
        }
        let batch: SqsEvent = serde_json::from_value(event)?;
        let (deliveries, jobs) = inbox::part(batch);
        let mut response = Box::pin(self.work_off(jobs, left)).await;
        let failed = Box::pin(self.take(deliveries)).await;
        response.batch_item_failures.extend(failed);
        Ok(json!(response))
    }

    /// The time until an instant that the runtime tells, in milliseconds since 1970.
    pub fn time_until(&self, deadline: u64) -> Duration {
        let now = u64::try_from(self.ports.now().timestamp_millis()).unwrap_or_default();
        Duration::from_millis(deadline.saturating_sub(now))
    }

    async fn work_off(&self, batch: SqsEvent, left: Duration) -> SqsBatchResponse {
        let budget = self.terms.budget.min(left.saturating_sub(AFTER_BUDGET));
        let terms = Terms {
            budget,
            ..self.terms
        };
        batch::run(batch, "capture", &self.ports, |message| {
            Box::pin(self.carry_out(message, terms))
        })
        .await
    }

    async fn carry_out(&self, message: Incoming, terms: Terms) -> Result<(), Error> {
        let job = Job::parse(message.job)?;
        if !ENTERPRISE {
            // Nobody to call: what the other edition left behind stays untouched.
            return Ok(());
        }
        let tenant = &message.tenant;
        match job {
            Job::CaptureArtifacts {
                online_meeting_id,
                arrival,
            } => {
                let (id, recorder) = (OnlineMeetingId::new(online_meeting_id), &self.recorder);
                match arrival {
                    None => Box::pin(capture::run_due(recorder, tenant, id)).await,
                    Some(arrival) => {
                        Box::pin(capture::run_arrival(recorder, tenant, id, &arrival)).await
                    }
                }
            }
            #[cfg(feature = "enterprise")]
            Job::ListDelta { subscription } => {
                let desk = &self.recorder.desk;
                let listing = convoke_services::deltas::run(
                    &desk.core,
                    &desk.microsoft,
                    tenant,
                    &subscription,
                );
                Box::pin(listing).await
            }
            Job::TransferRecording {
                online_meeting_id,
                artifact_id,
            } => {
                let Recorder { desk, blobs, .. } = &self.recorder;
                let meeting_id = OnlineMeetingId::new(online_meeting_id);
                let artifact_id = ArtifactId::new(artifact_id);
                transfer::run(desk, blobs, tenant, meeting_id, artifact_id, terms).await
            }
            _ => Err(Error::internal("a job of another function's queue")),
        }
    }
}
