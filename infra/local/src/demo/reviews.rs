//! A control meeting's life: created, scheduled, moved on by tests of the control, cancelled.

use std::fs;

use anyhow::Result;
use chrono::{Days, NaiveDate};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Api, Walk, show_lines, text};
use crate::output::line;
use crate::workspace::Workspace;

/// Walks through it; answers what came of it.
pub(super) async fn walk(walk: &Walk<'_>) -> Result<String> {
    let today = walk.now.date_naive();
    let review = Review {
        api: walk.api,
        org: format!("/api/v1/orgs/{}", walk.stack.org_id),
        token: &walk.stack.tokens.admin,
    };
    let control = format!("demo-{}", walk.now.timestamp());
    line("A control that is tested every quarter:");
    review.set_up(&control, today).await?;
    line("\nIts review meeting, linked to the control's schedule:");
    let meeting = review.create_meeting(&control).await?;
    line("\nScheduled on each calendar:");
    review.schedule_everywhere(&meeting).await?;
    line("\nThe control is tested twice; the meeting moves on with it:");
    for days_ago in [1, 0] {
        review
            .complete(&control, today - Days::new(days_ago))
            .await?;
    }
    line("\nIts calendar file:");
    review.download(&meeting, walk.workspace).await?;
    line("\nCancelled, and gone from the organiser's calendar:");
    review.cancel(&meeting).await?;
    Ok("scheduled on each calendar, moved on twice with its control, cancelled".to_owned())
}

/// Bob, who looks after the organisation's control meetings.
struct Review<'a> {
    api: &'a Api,
    org: String,
    token: &'a str,
}

impl Review<'_> {
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
        let file = self.api.download(text(&read, "ics_url"), None).await?;
        let path = workspace.local().join("PCI-Scope-Review.ics");
        fs::write(&path, &file)?;
        show_lines(&file, &["DTSTART", "RRULE", "SUMMARY", "ATTENDEE"]);
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
        let path = format!("{}{path}", self.org);
        self.api.call(self.token, method, &path, body).await
    }
}
