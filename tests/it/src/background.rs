//! What relay and sweeper would find: an organisation's outbox, and what is due.

use chrono::{DateTime, TimeDelta, Utc};
use convoke_platform::outbox::OutboxRecord;
use convoke_platform::store::{DueKind, DueRow};
use serde_json::Value;

use crate::process::Process;

impl Process {
    /// Takes the outbox's messages out, with their queues.
    pub async fn relay(&self, org: &str) -> Vec<(String, Value)> {
        let mut jobs = vec![];
        let ever = self.ports.now() + TimeDelta::days(365);
        for row in self.due(org, DueKind::Outbox, ever).await {
            let store = self.store.tenant(&row.tenant);
            let Some(record) = store
                .get::<OutboxRecord>(&row.key)
                .await
                .expect("the outbox is readable")
            else {
                continue;
            };
            let record = serde_json::to_value(record).expect("an outbox item is JSON");
            for message in record["messages"].as_array().into_iter().flatten() {
                jobs.push((
                    message["queue"].as_str().unwrap_or_default().to_owned(),
                    message["job"].clone(),
                ));
            }
            store.delete(&row.key).await.expect("a relayed item goes");
        }
        jobs
    }

    /// Rows of an organisation that are due by then.
    pub async fn due(&self, org: &str, kind: DueKind, by: DateTime<Utc>) -> Vec<DueRow> {
        let rows = self
            .store
            .sweeper()
            .due(kind, by, 5_000)
            .await
            .expect("the due index is readable");
        rows.into_iter()
            .filter(|row| row.tenant.id().as_str() == org)
            .collect()
    }
}
