//! Looks after the subscriptions to Microsoft's notifications: those that are due,
//! every half hour, and those that the queue `subscriptions` names (NT-1, NT-4, NT-6).
//!
//! Every job may come twice, and is done once.

use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use convoke_domain::error::Error;
use convoke_platform::clock::Ports;
use convoke_platform::config::Environment;
use convoke_platform::log::{Outcome, Work};
use convoke_platform::queue::Incoming;
use convoke_platform::{aws, batch};
use convoke_services::core::Core;
use convoke_services::jobs::Job;
use convoke_services::microsoft::{ENTERPRISE, Microsoft};
use convoke_services::subscriptions::{self, Round, Subscriber};
use serde_json::{Value, json};

/// The function's state, built once per process.
pub struct App {
    /// What subscriptions are looked after with.
    pub subscriber: Subscriber,
    /// Clock and ids.
    pub ports: Ports,
}

/// Builds the function from its environment; no network call.
pub async fn boot(environment: &Environment) -> Result<App, lambda_runtime::Error> {
    let sdk = aws::load().await;
    let ports = Ports::system();
    let secrets = aws::secrets(&sdk, environment)?;
    let vault = aws::vault(&sdk, environment)?;
    let microsoft = Microsoft::of_environment(environment, &secrets, vault)?;
    let core = Core::new(aws::store(&sdk, environment)?, ports.clone());
    Ok(App {
        subscriber: Subscriber::of_environment(environment, core, microsoft, secrets)?,
        ports,
    })
}

impl App {
    /// Handles a batch of the queue, or the schedule's `{"renew": true}`; `left` is
    /// the time until the function is cut off.
    pub async fn handle(
        &self,
        event: Value,
        left: Duration,
    ) -> Result<Value, lambda_runtime::Error> {
        if event.get("renew") == Some(&Value::Bool(true)) {
            self.renew(left).await?;
            return Ok(Value::Null);
        }
        let batch: SqsEvent = serde_json::from_value(event)?;
        Ok(json!(self.work_off(batch).await))
    }

    /// The time until an instant that the runtime tells, in milliseconds since 1970.
    pub fn time_until(&self, deadline: u64) -> Duration {
        let now = u64::try_from(self.ports.now().timestamp_millis()).unwrap_or_default();
        Duration::from_millis(deadline.saturating_sub(now))
    }

    /// Looks after what is due; answers what that came to.
    pub async fn renew(&self, left: Duration) -> Result<Round, Error> {
        if !ENTERPRISE {
            // Nobody to call: what the other edition left behind stays untouched.
            return Ok(Round::default());
        }
        let mut work = Work::begin("renew_subscriptions");
        let result = Box::pin(subscriptions::renew(&self.subscriber, left)).await;
        if let Ok(round) = &result {
            note(&mut work, round);
        }
        let outcome = match &result {
            Ok(round) if round.broken == 0 => Outcome::Done,
            _ => Outcome::Failed,
        };
        work.end(outcome, self.ports.now());
        result
    }

    async fn work_off(&self, batch: SqsEvent) -> SqsBatchResponse {
        batch::run(batch, "renew_subscription", &self.ports, |message| {
            Box::pin(self.carry_out(message))
        })
        .await
    }

    async fn carry_out(&self, message: Incoming) -> Result<(), Error> {
        let job = Job::parse(message.job)?;
        let (subscriber, tenant) = (&self.subscriber, &message.tenant);
        match job {
            Job::AlignSubscriptions {} => subscriptions::align(subscriber, tenant).await,
            Job::RenewSubscription {
                subscription,
                event,
            } => subscriptions::heed(subscriber, tenant, &subscription, event).await,
            _ => Err(Error::internal("a job of another function's queue")),
        }
    }
}

fn note(work: &mut Work, round: &Round) {
    for (name, count) in [
        ("due", round.due),
        ("renewed", round.renewed),
        ("checked", round.checked),
        ("recreated", round.recreated),
        ("adopted", round.adopted),
        ("removed", round.removed),
        ("failed", round.failed),
        ("broken", round.broken),
        ("cut", round.cut),
    ] {
        work.note(name, count);
    }
    if round.is_cut {
        work.note("is_cut", true);
    }
}
