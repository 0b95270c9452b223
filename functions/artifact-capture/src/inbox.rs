//! Deliveries of Microsoft's notifications, as the webhook queued them (NT-3):
//! read, taken, and counted in the line of their own.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use convoke_domain::error::Error;
use convoke_platform::log::{Outcome, Work};
use convoke_platform::raw::RawNotification;
use convoke_services::microsoft::ENTERPRISE;

use crate::App;

impl App {
    /// The deliveries of a batch, where it is one of the webhook's queue.
    pub(crate) fn deliveries(batch: &SqsEvent) -> Option<Vec<(String, RawNotification)>> {
        let read = |message: &aws_lambda_events::sqs::SqsMessage| {
            let raw = RawNotification::parse(message.body.as_deref()?)?;
            Some((message.message_id.clone().unwrap_or_default(), raw))
        };
        batch.records.iter().map(read).collect()
    }

    /// Takes deliveries one by one, and reports those that must come again.
    pub(crate) async fn take(
        &self,
        deliveries: Vec<(String, RawNotification)>,
    ) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        for (id, raw) in deliveries {
            let mut work = Work::begin("take_notifications");
            work.note("request_id", id.clone());
            work.note("delivery", raw.id.to_string());
            let result = self.take_one(&raw, &mut work).await;
            let outcome = match &result {
                Ok(()) => Outcome::Done,
                Err(error) => {
                    work.note("code", error.code());
                    if let Error::Internal { context } = error {
                        tracing::error!(context, request_id = id, "a delivery was not taken");
                    }
                    Outcome::Failed
                }
            };
            work.end(outcome, self.ports.now());
            if result.is_err() {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                response.batch_item_failures.push(failure);
            }
        }
        response
    }

    async fn take_one(&self, raw: &RawNotification, work: &mut Work) -> Result<(), Error> {
        if ENTERPRISE {
            self.open(raw, work).await?;
        }
        // Last: until then it may come again.
        self.raw.remove(raw).await
    }

    #[cfg(feature = "enterprise")]
    async fn open(&self, raw: &RawNotification, work: &mut Work) -> Result<(), Error> {
        let mut tally = convoke_services::notifications::Tally::default();
        let result = match self.raw.read(raw).await {
            Ok(body) => self.inbox.take(raw.received_at, &body, &mut tally).await,
            Err(error) => Err(error),
        };
        for (verdict, count) in tally.counts() {
            work.count(verdict.as_str(), count);
        }
        result
    }

    #[cfg(not(feature = "enterprise"))]
    #[allow(clippy::unused_async, reason = "the enterprise edition's, which asks")]
    async fn open(&self, _: &RawNotification, _: &mut Work) -> Result<(), Error> {
        Ok(())
    }
}
