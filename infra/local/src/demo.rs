//! `cargo run -- demo`: the main flows, walked through on the running API.

use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::Client;

use crate::output;
use crate::stack_file::StackFile;
use crate::workspace::Workspace;

/// Walks through the main flows and shows what happens.
pub(crate) async fn walk(workspace: &Workspace) -> Result<()> {
    let stack = StackFile::read(workspace)?;
    let client = Client::builder().timeout(Duration::from_mins(1)).build()?;
    let url = format!(
        "{}/api/v1/orgs/{}/meeting-providers",
        stack.api_url, stack.org_id
    );
    let answer = client
        .get(&url)
        .bearer_auth(&stack.tokens.admin)
        .send()
        .await
        .context("the API does not answer")?;
    output::line(&format!(
        "GET {url}\n{} {}",
        answer.status(),
        answer.text().await?
    ));
    Ok(())
}
