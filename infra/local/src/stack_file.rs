//! `.local/stack.json`: where everything is, for programs. There while the stack runs and answers, and only then.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};

use crate::stack::Stack;
use crate::workspace::Workspace;

/// What a program needs to know of the running stack.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StackFile {
    /// The HTTP API.
    pub api_url: String,
    /// Where recordings stream from.
    pub streaming_url: Option<String>,
    /// What comes before `/webhooks/graph/…`, where Microsoft Graph posts; no slash at the end.
    pub webhook_url: Option<String>,
    /// The token issuer.
    pub issuer: String,
    /// Where AWS clients connect.
    pub aws_endpoint: String,
    /// The Graph host that functions call.
    pub graph_base_url: String,
    /// The token host that functions call.
    pub login_base_url: String,
    /// The Google Calendar host that functions call.
    pub google_base_url: String,
    /// The single table.
    pub table: String,
    /// Documents.
    pub bucket: String,
    /// Addresses of the queues.
    pub queues: Queues,
    /// Tokens of the demo tenant's people.
    pub tokens: Tokens,
    /// The demo organisation.
    pub org_id: String,
}

/// Addresses of the queues.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Queues {
    /// Mail, in-app notices, calendar sync, events.
    pub delivery: String,
    /// What delivery gave up on.
    pub delivery_dead_letters: String,
    /// Work on Microsoft mailboxes (FIFO).
    pub graph: String,
    /// Graph work that was given up (FIFO).
    pub graph_dead_letters: String,
    /// Online meetings whose recordings and transcripts are looked for.
    pub capture: String,
    /// Captures that were given up.
    pub capture_dead_letters: String,
    /// Recordings that are copied.
    pub transfer: String,
    /// Copies that were given up.
    pub transfer_dead_letters: String,
    /// What Microsoft posted, to be checked.
    pub notifications: String,
    /// Notifications that could not be checked.
    pub notifications_dead_letters: String,
    /// Subscriptions to Microsoft's notifications that are to be looked after.
    pub subscriptions: String,
    /// Subscriptions that were given up.
    pub subscriptions_dead_letters: String,
    /// Stream batches that outbox-relay gave up on.
    pub stream_failures: String,
    /// Scheduled runs that failed.
    pub schedule_failures: String,
}

/// Tokens of the demo tenant's people.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tokens {
    /// Approves appointments and looks after meetings.
    pub approver: String,
    /// May do everything.
    pub admin: String,
    /// A contact of the demo client.
    pub portal: String,
}

impl StackFile {
    /// Describes a running stack.
    pub(crate) fn of(stack: &Stack, org_id: &str, tokens: Tokens) -> Result<Self> {
        let outputs = &stack.outputs;
        Ok(Self {
            api_url: stack
                .api_url
                .clone()
                .context("the stack was deployed without functions")?,
            streaming_url: stack.streaming_url.clone(),
            webhook_url: outputs.webhook_url.clone(),
            issuer: stack.issuer.url().to_owned(),
            aws_endpoint: stack.aws_endpoint.clone(),
            graph_base_url: stack.graph_base_url.clone(),
            login_base_url: stack.login_base_url.clone(),
            google_base_url: stack.google_base_url.clone(),
            table: outputs.table_name.clone(),
            bucket: outputs.bucket_name.clone(),
            queues: Queues {
                delivery: outputs.delivery_queue_url.clone(),
                delivery_dead_letters: outputs.delivery_dead_letters_url.clone(),
                graph: outputs.graph_queue_url.clone(),
                graph_dead_letters: outputs.graph_dead_letters_url.clone(),
                capture: outputs.capture_queue_url.clone(),
                capture_dead_letters: outputs.capture_dead_letters_url.clone(),
                transfer: outputs.transfer_queue_url.clone(),
                transfer_dead_letters: outputs.transfer_dead_letters_url.clone(),
                notifications: outputs.notification_queue_url.clone(),
                notifications_dead_letters: outputs.notification_dead_letters_url.clone(),
                subscriptions: outputs.subscription_queue_url.clone(),
                subscriptions_dead_letters: outputs.subscription_dead_letters_url.clone(),
                stream_failures: outputs.stream_failures_url.clone(),
                schedule_failures: outputs.schedule_failures_url.clone(),
            },
            tokens,
            org_id: org_id.to_owned(),
        })
    }

    /// Reads the running stack's file.
    pub fn read(workspace: &Workspace) -> Result<Self> {
        let text = fs::read_to_string(path(workspace)).map_err(|_| {
            anyhow!("Convoke is not running from this checkout; start it with cargo run")
        })?;
        serde_json::from_str(&text).context("stack.json is not what this version of Convoke writes")
    }

    /// Writes the file, at once or not at all, and the tokens beside it for shells.
    pub(crate) fn write(&self, workspace: &Workspace) -> Result<Published> {
        let folder = workspace.local().join("tokens");
        fs::create_dir_all(&folder)?;
        let tokens = [
            ("approver", &self.tokens.approver),
            ("admin", &self.tokens.admin),
            ("portal", &self.tokens.portal),
        ];
        for (name, token) in tokens {
            fs::write(folder.join(name), token)?;
        }
        let path = path(workspace);
        let new = path.with_extension("json.new");
        fs::write(&new, serde_json::to_vec_pretty(self)?)?;
        fs::rename(&new, &path)?;
        Ok(Published {
            files: vec![
                path,
                folder.join("approver"),
                folder.join("admin"),
                folder.join("portal"),
            ],
        })
    }
}

/// The written files; they go when this does.
pub(crate) struct Published {
    files: Vec<PathBuf>,
}

impl Drop for Published {
    fn drop(&mut self) {
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
    }
}

/// Where the file is.
pub(crate) fn path(workspace: &Workspace) -> PathBuf {
    workspace.local().join("stack.json")
}
