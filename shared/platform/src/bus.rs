//! The EventBridge bus that domain events are published to (XC-12).

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use convoke_domain::error::Error;
use serde_json::Value;

use crate::store::describe;

/// The events' `source`.
pub const SOURCE: &str = "convoke";

/// The deployment's bus.
#[derive(Clone)]
pub struct Bus {
    client: aws_sdk_eventbridge::Client,
    name: String,
}

impl Bus {
    /// Over a client and the bus's name.
    pub fn new(client: aws_sdk_eventbridge::Client, name: &str) -> Self {
        Self {
            client,
            name: name.to_owned(),
        }
    }

    /// Publishes one event; consumers deduplicate by the detail's `event_id`.
    pub async fn publish(&self, detail_type: &str, detail: &Value) -> Result<(), Error> {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(detail_type)
            .detail(detail.to_string())
            .build();
        let unavailable = |context: String| {
            tracing::warn!(error = context, "an event was not published");
            Error::Upstream {
                code: "bus_unavailable",
                message: "the event bus did not take the event".to_owned(),
                retry_after: None,
            }
        };
        let answer = self.client.put_events().entries(entry).send().await;
        let answer = answer.map_err(|error| unavailable(describe(&error)))?;
        match answer.entries().iter().find_map(|entry| entry.error_code()) {
            Some(code) => Err(unavailable(code.to_owned())),
            None => Ok(()),
        }
    }
}
