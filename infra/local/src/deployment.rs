//! Putting `infra/template.yaml` on the local AWS, through CloudFormation as on the real one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// The region that everything local claims to be in.
pub const REGION: &str = "us-east-1";

/// What `python/deploy.py` is told.
#[derive(Serialize)]
pub(crate) struct Orders<'a> {
    pub(crate) endpoint: &'a str,
    pub(crate) region: &'a str,
    pub(crate) stack: &'a str,
    pub(crate) template: PathBuf,
    /// Binary's name (as in `CodeUri`) to file; absent deploys the resources without functions.
    pub(crate) executables: Option<BTreeMap<String, PathBuf>>,
    pub(crate) parameters: BTreeMap<&'static str, String>,
}

/// What the template's `Outputs` say of a deployed stack; what belongs to functions is absent without them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Outputs {
    /// The HTTP API's id.
    pub api_id: Option<String>,
    /// Where recordings stream from.
    pub streaming_url: Option<String>,
    /// What comes before `/webhooks/graph/…`, as subscriptions name it.
    pub webhook_url: Option<String>,
    /// The single table.
    pub table_name: String,
    /// Documents: transcripts and recordings.
    pub bucket_name: String,
    /// Mail, in-app notices, calendar sync, events.
    pub delivery_queue_url: String,
    /// What delivery gave up on.
    pub delivery_dead_letters_url: String,
    /// Work on Microsoft mailboxes (FIFO).
    pub graph_queue_url: String,
    /// Graph work that was given up (FIFO).
    pub graph_dead_letters_url: String,
    /// Online meetings whose recordings and transcripts are looked for.
    pub capture_queue_url: String,
    /// Captures that were given up.
    pub capture_dead_letters_url: String,
    /// Recordings that are copied.
    pub transfer_queue_url: String,
    /// Copies that were given up.
    pub transfer_dead_letters_url: String,
    /// What Microsoft posted, to be checked.
    pub notification_queue_url: String,
    /// Notifications that could not be checked.
    pub notification_dead_letters_url: String,
    /// Subscriptions to Microsoft's notifications that are to be looked after.
    pub subscription_queue_url: String,
    /// Subscriptions that were given up.
    pub subscription_dead_letters_url: String,
    /// Stream batches that outbox-relay gave up on.
    pub stream_failures_url: String,
    /// Scheduled runs that failed.
    pub schedule_failures_url: String,
    /// Where domain events are published.
    pub event_bus_name: String,
    /// Root of the signing keys.
    pub root_secret_arn: String,
    /// The deployment's own Microsoft client secret; empty without one.
    pub ms_graph_secret_arn: String,
    /// Its client secret for users' Google calendars; empty without one.
    pub google_secret_arn: String,
    /// Its client secret for users' Microsoft 365 calendars; empty without one.
    pub microsoft_calendar_secret_arn: String,
    /// The deployment's KMS key.
    pub key_arn: String,
}

/// Creates or updates the stack, and waits until it stands.
pub(crate) async fn deploy(python: &Path, script: &Path, orders: &Orders<'_>) -> Result<Outputs> {
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("Python cannot be started")?;
    let mut stdin = child.stdin.take().context("no standard input")?;
    stdin.write_all(&serde_json::to_vec(orders)?).await?;
    drop(stdin);
    let output = child.wait_with_output().await?;
    if !output.status.success() {
        bail!(
            "infra/template.yaml cannot be deployed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    serde_json::from_slice(&output.stdout)
        .context("the deployed stack's outputs are not what the template promises")
}
