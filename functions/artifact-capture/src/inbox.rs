//! Deliveries of Microsoft's notifications, as the webhook queued them (NT-3):
//! read, taken, and counted in the line of their own.

use aws_lambda_events::sqs::{BatchItemFailure, SqsEvent};
use convoke_domain::error::Error;
use convoke_platform::log::{Outcome, Work};
use convoke_platform::raw::RawNotification;
use convoke_services::microsoft::ENTERPRISE;
use futures_util::StreamExt;

use crate::App;

/// Deliveries that are worked on at once.
const AT_ONCE: usize = 4;

/// Parts a batch into the webhook's deliveries and everything else.
pub(crate) fn part(batch: SqsEvent) -> (Vec<(String, RawNotification)>, SqsEvent) {
    let mut deliveries = vec![];
    let mut rest = SqsEvent::default();
    for message in batch.records {
        let raw = message.body.as_deref().and_then(RawNotification::parse);
        match raw {
            Some(raw) => deliveries.push((message.message_id.unwrap_or_default(), raw)),
            None => rest.records.push(message),
        }
    }
    (deliveries, rest)
}

impl App {
    /// Takes deliveries, and reports those that must come again.
    pub(crate) async fn take(
        &self,
        deliveries: Vec<(String, RawNotification)>,
    ) -> Vec<BatchItemFailure> {
        let taking = deliveries
            .into_iter()
            .map(|(id, raw)| self.take_and_log(id, raw));
        futures_util::stream::iter(taking)
            .buffer_unordered(AT_ONCE)
            .filter_map(|failure| async { failure })
            .collect()
            .await
    }

    async fn take_and_log(&self, id: String, raw: RawNotification) -> Option<BatchItemFailure> {
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
        result.is_err().then(|| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            failure
        })
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
            // It was taken before, and removed; or nobody came for it in time.
            Err(Error::NotFound { .. }) => {
                work.count("deliveries_gone", 1);
                Ok(())
            }
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
