//! An appointment's life: asked for by a client, approved with a Teams link, moved, cancelled; with the mails that each
//! step sends.

use anyhow::Result;
use chrono::{Days, NaiveDate};
use reqwest::Method;
use serde_json::{Value, json};

use super::postbox::Postbox;
use super::{Api, Walk, show_lines, text};
use crate::output::line;
use crate::seed::TECHNICIAN;

/// The client's contact and the technician are told of each step.
const READERS: usize = 2;

/// Walks through it; answers what came of it.
pub(super) async fn walk(walk: &Walk<'_>) -> Result<String> {
    let mut desk = Desk {
        api: walk.api,
        client: &walk.stack.tokens.portal,
        approver: &walk.stack.tokens.approver,
        postbox: Postbox::open(&walk.stack.aws_endpoint).await?,
        mails: 0,
    };
    let day = walk.now.date_naive() + Days::new(7);
    line("\nA client asks for an appointment:");
    let request = desk.ask(day).await?;
    line("\nIt is approved, with a Teams link:");
    desk.approve(&request).await?;
    line("\nMoved to the day after, in the Teams meeting too:");
    desk.reschedule(&request, day + Days::new(1)).await?;
    line("\nCancelled, and the Teams meeting with it:");
    desk.cancel(&request).await?;
    Ok(format!(
        "asked for, approved, moved, cancelled; {} mails",
        desk.mails
    ))
}

/// Where client and approver meet.
struct Desk<'a> {
    api: &'a Api,
    client: &'a str,
    approver: &'a str,
    postbox: Postbox<'a>,
    /// How many were sent.
    mails: usize,
}

impl Desk<'_> {
    async fn ask(&self, day: NaiveDate) -> Result<String> {
        let wish = json!({
            "service_name": "Security review", "requested_date": day, "requested_time": "10:00",
            "requested_duration": 60, "timezone": "America/New_York",
            "description": "Our firewall was replaced.", "preferred_assigned_user_id": TECHNICIAN,
        });
        let path = "/api/v1/appointment-requests";
        let made = self
            .api
            .call(self.client, Method::POST, path, Some(wish))
            .await?;
        line(&format!(
            "  {} on {day} at 10:00 in New York: {}",
            text(&made, "service_name"),
            text(&made, "status")
        ));
        Ok(text(&made, "appointment_request_id").to_owned())
    }

    async fn approve(&mut self, id: &str) -> Result<()> {
        // A walk that was interrupted has left its appointment at the same time.
        let decision = json!({ "generate_teams_meeting": true, "allow_overlap": true });
        let request = self.step(id, "approve", decision).await?;
        line(&format!(
            "  with {} from {} to {}",
            text(&request, "assigned_user_id"),
            text(&request, "start"),
            text(&request, "end")
        ));
        line(&format!("  join: {}", text(&request, "online_meeting_url")));
        self.show_mails().await?;
        self.show_file(id).await
    }

    async fn reschedule(&mut self, id: &str, day: NaiveDate) -> Result<()> {
        let time = json!({ "new_date": day, "new_time": "15:00", "allow_overlap": true });
        let request = self.step(id, "reschedule", time).await?;
        line(&format!("  now at {}", text(&request, "start")));
        self.show_mails().await?;
        self.show_file(id).await
    }

    async fn cancel(&mut self, id: &str) -> Result<()> {
        let reason = json!({ "reason": "The firewall is back." });
        let request = self.step(id, "cancel", reason).await?;
        line(&format!(
            "  {}; join: {}",
            text(&request, "status"),
            text(&request, "online_meeting_url")
        ));
        self.show_mails().await
    }

    async fn show_mails(&mut self) -> Result<()> {
        self.mails += self.postbox.show(READERS).await?.len();
        Ok(())
    }

    /// One step of the approver's; tells the warning, if there is one.
    async fn step(&self, id: &str, name: &str, body: Value) -> Result<Value> {
        let path = format!("/api/v1/appointment-requests/{id}/{name}");
        let mut done = self
            .api
            .call(self.approver, Method::POST, &path, Some(body))
            .await?;
        if let Some(warning) = done["teams_meeting_warning"]["message"].as_str() {
            line(&format!("  warning: {warning}"));
        }
        Ok(done["request"].take())
    }

    /// What the client's calendar is told.
    async fn show_file(&self, id: &str) -> Result<()> {
        let url = format!("{}/api/v1/appointment-requests/{id}/ics", self.api.url);
        let file = self.api.download(&url, Some(self.client)).await?;
        show_lines(
            &file,
            &["SEQUENCE", "DTSTART", "SUMMARY", "LOCATION", "URL"],
        );
        Ok(())
    }
}
