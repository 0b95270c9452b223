//! The notifications that are posted: as Microsoft would encrypt and sign them, or forged in one of six ways.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use convoke_local::Stack;
use serde_json::{Value, json};

use super::organizations::Recorded;

/// A body, and what is to become of it.
pub(crate) struct Minted {
    pub(crate) body: String,
    /// The counter of the worker's that it adds to.
    pub(crate) counter: &'static str,
}

/// What forges a genuine body, and which check finds it out.
type Forgery = (&'static str, fn(&mut Value));

const ACCEPTED: &str = "notifications_accepted";
const FORGERIES: [Forgery; 6] = [
    ("notifications_unknown_subscription", |body| {
        body["value"][0]["subscriptionId"] = json!("7a62d59e-1111-4222-8333-444455556666");
    }),
    ("notifications_wrong_client_state", |body| {
        body["value"][0]["clientState"] = json!("c2VjcmV0LWNsaWVudC1zdGF0ZS1vZi1hLXRlc3QtMDAwMDA");
    }),
    ("notifications_wrong_tenant", |body| {
        body["value"][0]["tenantId"] = json!("77aa0000-1111-4222-8333-444455556666");
    }),
    ("notifications_plain_refused", |body| {
        body["value"][0]["encryptedContent"] = Value::Null;
    }),
    ("notifications_not_authenticated", |body| {
        spoil(&mut body["validationTokens"][0], 20);
    }),
    ("notifications_not_decrypted", |body| {
        spoil(
            &mut body["value"][0]["encryptedContent"]["dataSignature"],
            20,
        );
    }),
];

/// So many, each of an artifact of its own unless it is forged.
pub(crate) fn mint(
    stack: &Stack,
    artifacts: &[Recorded],
    count: usize,
    forged: bool,
) -> Result<Vec<Minted>> {
    let graph = stack.graph().context("the bundled simulator")?;
    let one = |number: usize| {
        let place = if forged { number / 2 } else { number };
        let Recorded {
            subscription_id,
            artifact_id,
        } = &artifacts[place];
        let mut body = graph.notification_body(subscription_id, artifact_id)?;
        let mut counter = ACCEPTED;
        if forged && number % 2 == 1 {
            let (found_out_by, forge) = FORGERIES[place % FORGERIES.len()];
            forge(&mut body);
            counter = found_out_by;
        }
        Ok(Minted {
            body: body.to_string(),
            counter,
        })
    };
    (0..count).map(one).collect()
}

/// How many there are for each counter.
pub(crate) fn expected(notifications: &[Minted]) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for minted in notifications {
        *counts.entry(minted.counter).or_default() += 1;
    }
    counts
}

/// Another octet, so many from the end of a base64 text.
fn spoil(value: &mut Value, from_end: usize) {
    let mut text = value.as_str().unwrap_or_default().to_owned();
    let at = text.len().saturating_sub(from_end);
    let other = if text.get(at..=at) == Some("A") {
        "B"
    } else {
        "A"
    };
    text.replace_range(at..=at, other);
    *value = json!(text);
}
