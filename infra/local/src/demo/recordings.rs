//! An online meeting on the record: scheduled by staff, held (the simulator plays the people), told of by Microsoft, and
//! what there is of it then: the timeline, the transcript, and a link that plays the recording.

use std::time::Duration;

use anyhow::Result;
use chrono::{SecondsFormat, TimeDelta};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Walk, text};
use crate::output::line;

/// How soon the meeting is over.
const LASTS: TimeDelta = TimeDelta::seconds(2);
/// Seconds that both may take to arrive by themselves.
const PATIENCE: u32 = 20;
/// Lines of the transcript that are shown.
const LINES: usize = 6;

/// Walks through it; answers what came of it.
pub(super) async fn walk(walk: &Walk<'_>) -> Result<String> {
    line("\nStaff schedule an online meeting with a client; it is over in a moment:");
    let meeting = schedule(walk).await?;
    let hold = hold(walk, text(&meeting, "join_url")).await;
    if hold.is_err() {
        line(
            "  this Microsoft Graph is not the bundled simulator: hold the meeting, record it, and refresh it yourself",
        );
        return Ok("scheduled; not held, since this Graph is not the simulator".to_owned());
    }
    line("\nMicrosoft tells of the recording and the transcript; nobody has to ask:");
    let meeting = wait_for_arrival(walk, &meeting).await?;
    line("\nOn the client's timeline:");
    show_timeline(walk, &meeting).await?;
    line("\nWhat was said:");
    show_transcript(walk, &meeting).await?;
    line(
        "\nThe recording, for a browser (the link opens it for some hours, for this caller alone):",
    );
    show_link(walk, &meeting).await?;
    Ok(format!(
        "{}, capture {}: on the timeline, to be read and to be watched",
        text(&meeting, "status"),
        text(&meeting, "capture_status")
    ))
}

async fn schedule(walk: &Walk<'_>) -> Result<Value> {
    let at =
        |instant: chrono::DateTime<chrono::Utc>| instant.to_rfc3339_opts(SecondsFormat::Secs, true);
    let wish = json!({
        "subject": "Firewall review", "contact_id": "cleo", "notes": "What changed since summer.",
        "start": at(walk.now - TimeDelta::minutes(30)), "end": at(super::now() + LASTS),
    });
    let path = "/api/v1/online-meetings";
    let token = &walk.stack.tokens.approver;
    let made = walk.api.call(token, Method::POST, path, Some(wish)).await?;
    line(&format!(
        "  {}, join: {}",
        text(&made, "subject"),
        text(&made, "join_url")
    ));
    Ok(made)
}

/// What Microsoft does by itself: the meeting takes place, and is recorded.
async fn hold(walk: &Walk<'_>, join_url: &str) -> Result<()> {
    tokio::time::sleep(Duration::from_secs(3)).await;
    let url = format!("{}/_simulator/meetings/hold", walk.stack.graph_base_url);
    let held = walk
        .api
        .client
        .post(url)
        .json(&json!({ "join_url": join_url }));
    held.send().await?.error_for_status()?;
    Ok(())
}

/// Reads the meeting until both are there; asks for a look where Microsoft tells nobody.
async fn wait_for_arrival(walk: &Walk<'_>, meeting: &Value) -> Result<Value> {
    let path = format!(
        "/api/v1/online-meetings/{}",
        text(meeting, "online_meeting_id")
    );
    let token = &walk.stack.tokens.approver;
    for _ in 0..PATIENCE {
        let meeting = walk.api.call(token, Method::GET, &path, None).await?;
        if meeting["capture_status"] == "complete" {
            show_arrivals(&meeting);
            return Ok(meeting);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    line("  it does not tell of both: they are looked for");
    let refresh = format!("{path}/refresh-recordings");
    let meeting = walk.api.call(token, Method::POST, &refresh, None).await?;
    show_arrivals(&meeting);
    Ok(meeting)
}

fn show_arrivals(meeting: &Value) {
    line(&format!(
        "  {}, capture {}",
        text(meeting, "status"),
        text(meeting, "capture_status")
    ));
    let arrivals = meeting["capture_ledger"]["arrivals"].as_array();
    for arrival in arrivals.into_iter().flatten() {
        line(&format!(
            "  {} at {}, by {}",
            text(arrival, "artifact_type"),
            text(arrival, "at"),
            text(arrival, "path")
        ));
    }
}

async fn show_timeline(walk: &Walk<'_>, meeting: &Value) -> Result<()> {
    let path = format!("/api/v1/interactions/{}", text(meeting, "interaction_id"));
    let token = &walk.stack.tokens.approver;
    let interaction = walk.api.call(token, Method::GET, &path, None).await?;
    line(&format!(
        "  {} {}: {} ({})",
        text(&interaction, "interaction_date"),
        text(&interaction["type"], "name"),
        text(&interaction, "title"),
        text(&interaction, "status")
    ));
    Ok(())
}

async fn show_transcript(walk: &Walk<'_>, meeting: &Value) -> Result<()> {
    let Some(link) = artifact(meeting, "transcript").and_then(|one| one["links"]["text"].as_str())
    else {
        line("  there is no transcript yet");
        return Ok(());
    };
    let url = format!("{}{link}", walk.api.url);
    let token = &walk.stack.tokens.approver;
    let said = walk.api.download(&url, Some(token)).await?;
    for shown in said.lines().take(LINES) {
        line(&format!("  {shown}"));
    }
    Ok(())
}

async fn show_link(walk: &Walk<'_>, meeting: &Value) -> Result<()> {
    let Some(link) = artifact(meeting, "recording").and_then(|one| one["links"]["ticket"].as_str())
    else {
        line("  there is no recording yet");
        return Ok(());
    };
    let token = &walk.stack.tokens.approver;
    let ticket = walk.api.call(token, Method::POST, link, None).await?;
    line(&format!("  {}", text(&ticket, "url")));
    Ok(())
}

fn artifact<'a>(meeting: &'a Value, kind: &str) -> Option<&'a Value> {
    let artifacts = meeting["artifacts"].as_array()?;
    artifacts.iter().find(|one| one["artifact_type"] == kind)
}
