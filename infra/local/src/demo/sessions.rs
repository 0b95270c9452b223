//! A session's life: planned for a client's contact, colleagues and others, told to each in their own way, answered by the
//! link in a mail, moved, talked about, and called off; with what the host's own calendar shows meanwhile.

use std::time::Duration;

use anyhow::Result;
use chrono::{Days, NaiveDate};
use google_simulator::demo as google;
use reqwest::Method;
use serde_json::{Value, json};

use super::postbox::Postbox;
use super::{Walk, show_lines, text};
use crate::issuer::Issuer;
use crate::mails::Mail;
use crate::output::line;
use crate::seed::{self, TECHNICIAN};
use crate::stack::issuer_key;

const MEETINGS: &str = "/api/v1/meetings";
/// How often the host's calendar is looked at, once a second: it is brought in step in the background.
const LOOKS: u32 = 20;
/// Whom the host names, and how many people that is: one address is a colleague's who is named already.
const NAMED: usize = 6;
const INVITED: usize = 5;
/// The client's contact and two others are told of changes by mail, the two colleagues in the app.
const OUTSIDE: usize = 3;

/// Walks through it; answers what came of it.
pub(super) async fn walk(walk: &Walk<'_>) -> Result<String> {
    let issuer = Issuer::open(walk.stack.issuer.clone(), &issuer_key(walk.workspace))?;
    let mut host = Host {
        walk,
        token: &walk.stack.tokens.approver,
        technician: seed::technician_token(&issuer)?,
        postbox: Postbox::open(&walk.stack.aws_endpoint).await?,
        mails: Vec::new(),
        connected: false,
    };
    let day = walk.now.date_naive() + Days::new(14);
    line("\nAnn connects her Google calendar, once:");
    host.connect_calendar().await;
    line("\nShe plans a session: a client's contact, two colleagues, three addresses:");
    let session = host.plan(day).await?;
    line("\nEverybody is told once, each in their own way:");
    let invitations = host.show_mails(INVITED).await?;
    host.show_notifications(&session).await?;
    host.show_calendar(&session, |event| event["status"] == "confirmed")
        .await?;
    line("\nCleo answers by the link in her mail, which is good for one answer; Ann sees it:");
    host.answer(&session, &invitations).await?;
    line("\nA day later instead: colleagues hear of it in the app, the others by mail:");
    host.move_to(&session, day + Days::new(1)).await?;
    line("\nSaved once more as it is, nobody hears of it:");
    host.save_again(&session).await?;
    line("\nThe conversation, and Cleo's calendar file:");
    host.converse(&session).await?;
    host.show_file(&session).await?;
    line("\nCancelled:");
    host.cancel(&session).await?;
    Ok(host.in_short())
}

/// Ann, who hosts.
struct Host<'a> {
    walk: &'a Walk<'a>,
    token: &'a str,
    technician: String,
    postbox: Postbox<'a>,
    /// What was sent.
    mails: Vec<Mail>,
    /// Whether there is a calendar to look into.
    connected: bool,
}

impl Host<'_> {
    /// Hands over a consent that the bundled simulator alone knows.
    async fn connect_calendar(&mut self) {
        let consent = json!({ "refresh_token": google::REFRESH_TOKEN });
        let path = "/api/v1/calendar-connections/google";
        match self.call(Method::PUT, path, Some(consent)).await {
            Ok(connection) => {
                line(&format!("  google: {}", text(&connection, "status")));
                self.connected = true;
            }
            Err(error) => line(&format!("  {error}")),
        }
    }

    async fn plan(&self, day: NaiveDate) -> Result<String> {
        let wish = json!({
            "title": "Firewall kick-off", "description": "What changes, and when.", "location": "Room 3",
            "start": format!("{day}T10:00"), "duration_minutes": 45, "timezone": "Europe/Berlin",
            "generate_teams_meeting": cfg!(feature = "enterprise"),
            "invitees": {
                "contact_ids": ["cleo"],
                "user_ids": ["bob", TECHNICIAN],
                "emails": [seed::TECHNICIAN_EMAIL, "ada@auditors.example", "eve@initech.example"],
            },
        });
        let made = self.call(Method::POST, MEETINGS, Some(wish)).await?;
        line(&format!(
            "  {} on {day} at 10:00 in Berlin, join: {}",
            text(&made, "title"),
            text(&made, "join_url")
        ));
        let invitations = made["invitations"].as_array().map_or(0, Vec::len);
        line(&format!("  {NAMED} named, {invitations} invited:"));
        for invitation in made["invitations"].as_array().into_iter().flatten() {
            line(&format!(
                "    {:<9} {}",
                text(invitation, "kind"),
                text(invitation, "email")
            ));
        }
        Ok(text(&made, "meeting_id").to_owned())
    }

    async fn show_mails(&mut self, expected: usize) -> Result<Vec<Mail>> {
        let new = self.postbox.show(expected).await?;
        self.mails.extend(new.iter().cloned());
        Ok(new)
    }

    /// What the colleagues find in the app about this session.
    async fn show_notifications(&self, session: &str) -> Result<()> {
        let bob = &self.walk.stack.tokens.admin;
        self.show_newest("Bob", bob, session).await?;
        self.show_newest("Tess", &self.technician, session).await
    }

    async fn show_newest(&self, name: &str, token: &str, session: &str) -> Result<()> {
        let path = "/api/v1/notifications";
        let listed = self.walk.api.call(token, Method::GET, path, None).await?;
        let mut newest_first = listed["items"].as_array().into_iter().flatten();
        let newest = newest_first.find(|it| it["meeting_id"] == session);
        line(&format!(
            "  {name}, in the app: {} ({} unread)",
            newest.map_or("nothing", |it| text(it, "message")),
            listed["unread"]
        ));
        Ok(())
    }

    /// The event in the host's calendar, once it is as it should be.
    async fn show_calendar(&self, session: &str, wanted: impl Fn(&Value) -> bool) -> Result<()> {
        if !self.connected {
            return Ok(());
        }
        let url = format!("{}/_simulator/events", self.walk.stack.google_base_url);
        let mut found = None;
        for _ in 0..LOOKS {
            let listed = self.walk.api.download(&url, None).await?;
            let listed: Value = serde_json::from_str(&listed)?;
            let events = listed["items"].as_array().cloned().unwrap_or_default();
            let ours = |event: &Value| text(event, "ical_uid").starts_with(session);
            found = events.into_iter().find(ours);
            if found.as_ref().is_some_and(&wanted) {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let Some(event) = found else {
            line("  in Ann's calendar: not yet");
            return Ok(());
        };
        let members = &event["members"];
        line(&format!(
            "  in Ann's calendar: {}, {}, at {}, with {} attendees",
            text(&event, "status"),
            text(members, "summary"),
            text(&members["start"], "dateTime"),
            members["attendees"].as_array().map_or(0, Vec::len)
        ));
        Ok(())
    }

    /// Opening the link shows a page and changes nothing; its button answers.
    async fn answer(&self, session: &str, invitations: &[Mail]) -> Result<()> {
        let Some(link) = invitations.iter().find_map(answer_link) else {
            line("  no mail has a link to answer by");
            return Ok(());
        };
        let page = self.walk.api.download(&link, None).await?;
        let title = page
            .split("<title>")
            .nth(1)
            .and_then(|it| it.split("</title>").next());
        line(&format!("  the page: {}", title.unwrap_or("-")));
        for response in ["accepted", "declined"] {
            let form = [("response", response)];
            let answer = self.walk.api.client.post(&link).form(&form).send().await?;
            line(&format!("  {response}: {}", answer.status()));
        }
        self.show_newest("Ann", self.token, session).await?;
        let read = self.read(session).await?;
        let answers = read["invitations"].as_array().into_iter().flatten();
        let answers = answers.map(|it| {
            let name = it["name"].as_str().unwrap_or(text(it, "email"));
            format!("{name} {}", text(it, "response"))
        });
        line(&format!("  {}", answers.collect::<Vec<_>>().join(", ")));
        Ok(())
    }

    async fn move_to(&mut self, session: &str, day: NaiveDate) -> Result<()> {
        let change = json!({ "start": format!("{day}T10:00") });
        let changed = self.change(session, change).await?;
        line(&format!("  {changed}"));
        self.show_mails(OUTSIDE).await?;
        self.show_notifications(session).await?;
        let moved = |event: &Value| {
            event["members"]["start"]
                .to_string()
                .contains(&day.to_string())
        };
        self.show_calendar(session, moved).await
    }

    async fn save_again(&mut self, session: &str) -> Result<()> {
        let change = json!({ "title": "Firewall kick-off" });
        let changed = self.change(session, change).await?;
        line(&format!("  {changed}"));
        self.show_mails(0).await.map(drop)
    }

    /// Changes the session; answers what the API says of it.
    async fn change(&self, session: &str, change: Value) -> Result<String> {
        let path = format!("{MEETINGS}/{session}");
        let changed = self.call(Method::PATCH, &path, Some(change)).await?;
        Ok(format!(
            "changed: {}; told by mail: {}, in the app: {}",
            changed["changes"], changed["notified"]["emails"], changed["notified"]["in_app"]
        ))
    }

    async fn converse(&self, session: &str) -> Result<()> {
        let read = self.read(session).await?;
        let path = format!(
            "/api/v1/conversations/{}/messages",
            text(&read, "conversation_id")
        );
        for (token, body) in [
            (self.token, "The agenda: what changes, and when."),
            (
                &self.walk.stack.tokens.portal,
                "Thank you. May I bring our plan?",
            ),
        ] {
            let message = json!({ "body": body });
            self.walk
                .api
                .call(token, Method::POST, &path, Some(message))
                .await?;
        }
        let said = self.call(Method::GET, &path, None).await?;
        for message in said["items"].as_array().into_iter().flatten() {
            line(&format!(
                "  {}: {}",
                text(&message["author"], "name"),
                text(message, "body")
            ));
        }
        Ok(())
    }

    async fn show_file(&self, session: &str) -> Result<()> {
        let url = format!("{}{MEETINGS}/{session}/invitation", self.walk.api.url);
        let token = &self.walk.stack.tokens.portal;
        let file = self.walk.api.download(&url, Some(token)).await?;
        show_lines(
            &file,
            &["SEQUENCE", "DTSTART", "SUMMARY", "LOCATION", "ORGANIZER"],
        );
        Ok(())
    }

    async fn cancel(&mut self, session: &str) -> Result<()> {
        let path = format!("{MEETINGS}/{session}/cancel");
        let cancelled = self.call(Method::POST, &path, None).await?;
        line(&format!("  {}", text(&cancelled, "status")));
        self.show_mails(INVITED).await?;
        self.show_notifications(session).await?;
        self.show_calendar(session, |event| event["status"] == "cancelled")
            .await?;
        let url = format!("{}{path}", self.walk.api.url).replace("/cancel", "/invitation");
        let refused = self
            .walk
            .api
            .client
            .get(url)
            .bearer_auth(self.token)
            .send()
            .await?;
        line(&format!("  its calendar file: {}", refused.status()));
        Ok(())
    }

    async fn read(&self, session: &str) -> Result<Value> {
        self.call(Method::GET, &format!("{MEETINGS}/{session}"), None)
            .await
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        self.walk.api.call(self.token, method, path, body).await
    }

    fn in_short(&self) -> String {
        let with = |method: &str, first: bool| {
            let fits = |mail: &&Mail| {
                mail.ics
                    .as_ref()
                    .is_some_and(|it| it.method == method && (it.sequence == 0) == first)
            };
            self.mails.iter().filter(fits).count()
        };
        format!(
            "{NAMED} named, {} invited, {} told by mail of another time, {} of the end",
            with("REQUEST", true),
            with("REQUEST", false),
            with("CANCEL", false)
        )
    }
}

/// The link by which the reader accepts.
fn answer_link(mail: &Mail) -> Option<String> {
    if mail.to != ["cleo@globex.example"] {
        return None;
    }
    let link = mail
        .text
        .split_whitespace()
        .find(|word| word.contains("/rsvp/"));
    link.map(str::to_owned)
}
