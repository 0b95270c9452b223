//! The mails that a running stack has sent, read back from the local SES, which keeps them and delivers none.
//!
//! They last as long as the stack runs; another start begins with none.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{DateTime, SubsecRound, Utc};
use reqwest::Client;
use serde::{Deserialize, Serialize};

/// A mail that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mail {
    /// When, to the second.
    pub time: DateTime<Utc>,
    /// Whom it is for.
    pub to: Vec<String>,
    /// Its subject, decoded.
    pub subject: String,
    /// Whether its text has a link to join by: a Teams meeting's, or the deployment's own page's.
    pub join_link: bool,
    /// What its calendar file says, where it has one.
    pub ics: Option<CalendarNote>,
    /// Its plain text.
    #[serde(skip)]
    pub text: String,
    /// Its HTML.
    #[serde(skip)]
    pub html: String,
    /// Its `text/calendar` part.
    #[serde(skip)]
    pub calendar: Option<String>,
    /// The whole of it, as it was sent.
    #[serde(skip)]
    pub raw: String,
}

/// What a calendar program goes by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CalendarNote {
    /// `REQUEST`, `CANCEL` or `PUBLISH`.
    pub method: String,
    /// The event's version.
    pub sequence: u32,
}

/// What the local AWS tells, by account.
#[derive(Deserialize)]
struct Sent {
    messages: BTreeMap<String, Vec<SentMail>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SentMail {
    timestamp: f64,
    #[serde(default)]
    to: Vec<String>,
    #[serde(default)]
    subject: String,
    body_text: Option<String>,
    body_html: Option<String>,
    calendar: Option<String>,
    raw: Option<String>,
}

/// All mails so far, oldest first.
pub(crate) async fn sent(aws_endpoint: &str) -> Result<Vec<Mail>> {
    let sent: Sent = Client::builder()
        .timeout(Duration::from_secs(10))
        .build()?
        .get(format!("{aws_endpoint}/_ministack/ses/messages"))
        .send()
        .await
        .with_context(|| {
            format!("the local AWS does not answer at {aws_endpoint}; start it with cargo run")
        })?
        .error_for_status()?
        .json()
        .await
        .context("the local AWS tells its mails in other words than this version knows")?;
    let mut mails: Vec<_> = sent.messages.into_values().flatten().collect();
    mails.sort_by(|a, b| a.timestamp.total_cmp(&b.timestamp));
    Ok(mails.into_iter().map(Mail::from).collect())
}

impl From<SentMail> for Mail {
    fn from(mail: SentMail) -> Self {
        let (text, html) = (
            mail.body_text.unwrap_or_default(),
            mail.body_html.unwrap_or_default(),
        );
        #[allow(
            clippy::cast_possible_truncation,
            reason = "milliseconds since 1970 fit"
        )]
        let time = DateTime::from_timestamp_millis((mail.timestamp * 1000.0) as i64);
        Self {
            time: time.unwrap_or_default().trunc_subsecs(0),
            to: mail.to,
            subject: mail.subject,
            join_link: offers_to_join(&text) || offers_to_join(&html),
            ics: mail.calendar.as_deref().and_then(CalendarNote::of),
            text,
            html,
            calendar: mail.calendar,
            raw: mail.raw.unwrap_or_default(),
        }
    }
}

/// What every join link of Teams has in it.
const TEAMS: &str = "/l/meetup-join/";
/// What comes before a session's id in a link to the meeting page.
const PAGE: &str = "/meetings/";

fn offers_to_join(body: &str) -> bool {
    let is_id = |rest: &str| {
        let id = rest.get(..36).unwrap_or_default();
        !id.is_empty() && id.chars().all(|it| it.is_ascii_hexdigit() || it == '-')
    };
    body.contains(TEAMS) || body.split(PAGE).skip(1).any(is_id)
}

impl CalendarNote {
    fn of(file: &str) -> Option<Self> {
        let value = |name: &str| {
            file.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        };
        Some(Self {
            method: value("METHOD")?.to_owned(),
            sequence: value("SEQUENCE").and_then(|it| it.parse().ok())?,
        })
    }
}

/// A table for people: one line a mail, numbered as `--raw` takes them.
pub(crate) fn table(mails: &[Mail]) -> String {
    if mails.is_empty() {
        return "No mail was sent since Convoke started.".to_owned();
    }
    let to: Vec<String> = mails.iter().map(|mail| mail.to.join(", ")).collect();
    let width = to.iter().map(|it| it.chars().count()).max().unwrap_or(2);
    let mut lines = vec![format!(
        "  #  {:<19}  {:<width$}  {:<4}  {:<10}  subject",
        "sent (UTC)", "to", "join", "ics"
    )];
    for (index, (mail, to)) in mails.iter().zip(to).enumerate() {
        let join = if mail.join_link { "yes" } else { "no" };
        let ics = mail.ics.as_ref().map_or("-".to_owned(), |it| {
            format!("{} {}", it.method, it.sequence)
        });
        lines.push(format!(
            "{:>3}  {}  {to:<width$}  {join:<4}  {ics:<10}  {}",
            index + 1,
            mail.time.format("%Y-%m-%d %H:%M:%S"),
            mail.subject
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mail(text: &str, calendar: Option<&str>) -> Mail {
        let told = json!({
            "Timestamp": 1_795_233_600.25, "To": ["cleo@globex.example"], "Subject": "Approved", "Source": "",
            "BodyText": text, "BodyHtml": null, "Calendar": calendar, "Raw": "Subject: Approved\r\n\r\nx",
        });
        Mail::from(serde_json::from_value::<SentMail>(told).unwrap())
    }

    #[test]
    fn a_mail_tells_its_time_its_link_and_what_its_calendar_file_says() {
        let file =
            "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSEQUENCE:2\r\nEND:VEVENT\r\n";
        let mail = mail(
            "Join: https://teams.microsoft.com/l/meetup-join/19%3ax",
            Some(file),
        );
        assert_eq!(mail.time.to_rfc3339(), "2026-11-21T04:00:00+00:00");
        assert!(mail.join_link);
        let note = mail.ics.unwrap();
        assert_eq!((note.method.as_str(), note.sequence), ("REQUEST", 2));
    }

    #[test]
    fn the_meeting_page_is_a_place_to_join_as_well() {
        let page =
            "Join meeting: http://127.0.0.1:8787/meetings/01a1e000-0000-7000-8000-000000000001\n";
        assert!(mail(page, None).join_link);
        assert!(!mail("All of them: http://127.0.0.1:8787/meetings/", None).join_link);
    }

    #[test]
    fn the_table_numbers_mails_and_says_so_when_there_are_none() {
        assert!(table(&[]).starts_with("No mail"));
        let shown = table(&[mail("x", None), mail("y", None)]);
        let last = shown.lines().last().unwrap();
        assert!(
            last.trim_start().starts_with("2  2026-11-21 04:00:00"),
            "{last}"
        );
        assert!(last.contains("cleo@globex.example  no    -"), "{last}");
        assert!(last.ends_with("Approved"), "{last}");
    }
}
