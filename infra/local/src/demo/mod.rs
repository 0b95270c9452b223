//! `cargo run -- demo`: the main flows, walked through on the running API.

mod appointments;
mod postbox;
mod recordings;
mod reviews;
mod sessions;

use std::time::Duration;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use reqwest::{Client, Method};
use serde_json::Value;

use crate::environment::now;
use crate::output::line;
use crate::stack_file::StackFile;
use crate::workspace::Workspace;

/// What every part of the walk needs.
struct Walk<'a> {
    workspace: &'a Workspace,
    stack: &'a StackFile,
    api: &'a Api,
    now: DateTime<Utc>,
}

/// Walks through the main flows and shows what happens.
pub(crate) async fn walk(workspace: &Workspace) -> Result<()> {
    let stack = StackFile::read(workspace)?;
    let api = Api {
        client: Client::builder().timeout(Duration::from_mins(1)).build()?,
        url: stack.api_url.clone(),
    };
    let walk = Walk {
        workspace,
        stack: &stack,
        api: &api,
        now: now(),
    };
    let mut came = vec![
        ("Reviews", reviews::walk(&walk).await?),
        ("Appointments", appointments::walk(&walk).await?),
        ("Sessions", sessions::walk(&walk).await?),
    ];
    if cfg!(feature = "enterprise") {
        came.push(("Recordings", recordings::walk(&walk).await?));
    }
    line("\nIn short:");
    for (job, what) in came {
        line(&format!("  {job:<13} {what}"));
    }
    line("\nThe mails as they were sent: cargo run -- mails --raw N");
    Ok(())
}

/// The running API, for whoever has a token.
struct Api {
    client: Client,
    url: String,
}

impl Api {
    /// Calls a path; a refusal is an error that says what the API says.
    async fn call(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value> {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.context("the API does not answer")?;
        let status = answer.status();
        let body: Value = answer.json().await.unwrap_or_default();
        if !status.is_success() {
            bail!("{status}: {}", text(&body, "detail"));
        }
        Ok(body)
    }

    /// Downloads a file from a whole address.
    async fn download(&self, url: &str, token: Option<&str>) -> Result<String> {
        let mut request = self.client.get(url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        Ok(request.send().await?.error_for_status()?.text().await?)
    }
}

/// Prints those lines of a calendar file's event that begin with one of these names.
fn show_lines(file: &str, names: &[&str]) {
    let event = file.split("BEGIN:VEVENT").nth(1).unwrap_or_default();
    for shown in event.replace("\r\n ", "").lines() {
        if names.iter().any(|name| shown.starts_with(name)) {
            line(&format!("  {shown}"));
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or("-")
}
