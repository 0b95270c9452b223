//! `cargo run -- demo`: the main flows, walked through on the running API.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Days, NaiveDate, Utc};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::output::line;
use crate::stack_file::StackFile;
use crate::workspace::Workspace;

/// Walks through the main flows and shows what happens.
pub(crate) async fn walk(workspace: &Workspace) -> Result<()> {
    let stack = StackFile::read(workspace)?;
    let now = now();
    let today = now.date_naive();
    let demo = Demo {
        client: Client::builder().timeout(Duration::from_mins(1)).build()?,
        org: format!("{}/api/v1/orgs/{}", stack.api_url, stack.org_id),
        token: stack.tokens.admin.clone(),
    };
    let control = format!("demo-{}", now.timestamp());
    line("A control that is tested every quarter:");
    demo.set_up(&control, today).await?;
    line("\nIts review meeting, linked to the control's schedule:");
    let meeting = demo.create_meeting(&control).await?;
    line("\nScheduled on each calendar:");
    demo.schedule_everywhere(&meeting).await?;
    line("\nThe control is tested twice; the meeting moves on with it:");
    for days_ago in [1, 0] {
        demo.complete(&control, today - Days::new(days_ago)).await?;
    }
    line("\nIts calendar file:");
    demo.download(&meeting, workspace).await?;
    line("\nCancelled, and gone from the organiser's calendar:");
    demo.cancel(&meeting).await
}

#[allow(
    clippy::disallowed_methods,
    reason = "this program has no clock but the machine's"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}

struct Demo {
    client: Client,
    org: String,
    token: String,
}

impl Demo {
    async fn set_up(&self, control: &str, today: NaiveDate) -> Result<()> {
        let schedule = json!({ "frequency": "QUARTERLY", "next_due": today + Days::new(30), "timezone": "Europe/Berlin" });
        let path = format!("/controls/{control}");
        self.call(
            Method::PUT,
            &path,
            Some(json!({ "name": "PCI DSS scope (demo)" })),
        )
        .await?;
        let set = self
            .call(Method::PUT, &format!("{path}/schedule"), Some(schedule))
            .await?;
        line(&format!(
            "  {control}: {}, next due {}",
            text(&set, "frequency"),
            text(&set, "next_due")
        ));
        Ok(())
    }

    async fn create_meeting(&self, control: &str) -> Result<String> {
        let meeting = json!({
            "title": "PCI Scope Review", "frequency": "QUARTERLY", "duration_minutes": 60,
            "timezone": "Europe/Berlin", "is_online": true,
            "attendees": [
                { "user_id": "ann", "role": "required" },
                { "email": "ada@auditors.example", "name": "Ada Auditor", "role": "optional" },
                { "user_id": "nobody-knows", "role": "optional" }
            ]
        });
        let path = format!("/controls/{control}/meetings");
        let made = self.call(Method::POST, &path, Some(meeting)).await?;
        line(&format!(
            "  {} at {}",
            text(&made, "title"),
            text(&made, "next_occurrence")
        ));
        line(&format!(
            "  cannot be reached: {}",
            made["unreachable_attendees"][0]["user_id"]
        ));
        Ok(text(&made, "meeting_id").to_owned())
    }

    async fn schedule_everywhere(&self, meeting: &str) -> Result<()> {
        let path = format!("/meetings/{meeting}");
        for provider in ["mock", "ics", "graph"] {
            self.call(Method::PATCH, &path, Some(json!({ "provider": provider })))
                .await?;
            match self
                .call(Method::POST, &format!("{path}/schedule"), None)
                .await
            {
                Ok(done) => {
                    line(&format!("  {provider}: {}", text(&done, "note")));
                    for person in done["availability"].as_array().into_iter().flatten() {
                        line(&format!(
                            "    {} is {}",
                            text(person, "email"),
                            text(person, "status")
                        ));
                    }
                    if let Some(link) = done["join_url"].as_str() {
                        line(&format!("    join: {link}"));
                    }
                }
                // Without a Graph of its own the deployment says what is missing.
                Err(error) => line(&format!("  {provider}: {error}")),
            }
        }
        Ok(())
    }

    async fn complete(&self, control: &str, day: NaiveDate) -> Result<()> {
        let path = format!("/controls/{control}/schedule/complete");
        let done = self
            .call(Method::POST, &path, Some(json!({ "completed_on": day })))
            .await?;
        let moved = &done["advanced_meetings"][0];
        line(&format!(
            "  tested on {day}: next due {}, next meeting {}",
            text(&done["schedule"], "next_due"),
            text(moved, "next_occurrence")
        ));
        Ok(())
    }

    async fn download(&self, meeting: &str, workspace: &Workspace) -> Result<()> {
        let read = self
            .call(Method::GET, &format!("/meetings/{meeting}"), None)
            .await?;
        // The signed link: a calendar program opens it without a token.
        let file = self
            .client
            .get(text(&read, "ics_url"))
            .send()
            .await?
            .error_for_status()?
            .text()
            .await?;
        let path = workspace.local().join("PCI-Scope-Review.ics");
        fs::write(&path, &file)?;
        let event = file.split("BEGIN:VEVENT").nth(1).unwrap_or_default();
        let unfolded = event.replace("\r\n ", "");
        for shown in unfolded.lines() {
            if ["DTSTART", "RRULE", "SUMMARY", "ATTENDEE"]
                .iter()
                .any(|name| shown.starts_with(name))
            {
                line(&format!("  {shown}"));
            }
        }
        line(&format!("  saved as {}", path.display()));
        Ok(())
    }

    async fn cancel(&self, meeting: &str) -> Result<()> {
        let path = format!("/meetings/{meeting}/cancel");
        let cancelled = self.call(Method::POST, &path, None).await?;
        let warning = cancelled["warning"]["message"]
            .as_str()
            .unwrap_or("no warning");
        line(&format!("  {} ({warning})", text(&cancelled, "status")));
        Ok(())
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.org))
            .bearer_auth(&self.token);
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
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or("-")
}
