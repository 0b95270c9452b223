//! Independent readers judge our calendar files: Python's `icalendar` with
//! `recurring-ical-events`, and npm's `ical.js`.
//!
//! Both get the same corpus, tell what they read and at which instants each
//! meeting takes place, and must agree with what went in: text by text, person
//! by person (no parser notices an injected one), occurrence by occurrence of
//! [`Cadence`](convoke_domain::cadence::Cadence).
//!
//! Python finds zones by name, as it always does, and once more in the file;
//! ical.js only in the file. Readers of VTIMEZONE (ical.js, dateutil) place
//! instances inside a skipped or repeated hour elsewhere than RFC 5545 does:
//! there, and only there, such an instant may differ by an hour or two; the
//! number of instances may not.

mod corpus;
pub mod transcripts;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use convoke_domain::ics::{
    Attendee, CalendarEvent, EventStatus, Method, OnlineService, Organizer, Participation, Role,
};
use serde_json::{Value, json};

pub use corpus::{Sample, corpus};

/// Where `read_ics.py`, `read_ics.mjs` and their pinned dependencies lie.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("readers")
}

/// Lets `icalendar` and `recurring-ical-events` read the corpus. `python` is
/// an interpreter with `readers/requirements.txt` installed.
pub fn check_with_python(python: &Path) -> Result<()> {
    let mut command = Command::new(python);
    command.arg(folder().join("read_ics.py"));
    check(command, &[Zones::ByName, Zones::ByFile]).context("icalendar with recurring-ical-events")
}

/// Lets `ical.js` read the corpus with the `node` of the path. The folder is
/// the `node_modules` into which `readers/package.json` was installed.
pub fn check_with_node(node_modules: &Path) -> Result<()> {
    let mut command = Command::new("node");
    command
        .arg(folder().join("read_ics.mjs"))
        .env("NODE_PATH", node_modules);
    check(command, &[Zones::ByFile]).context("ical.js")
}

/// Where a reader had a zone's offsets from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Zones {
    ByName,
    ByFile,
}

fn check(reader: Command, zones: &[Zones]) -> Result<()> {
    let samples = corpus()?;
    let files: Vec<Value> = samples
        .iter()
        .map(|sample| {
            json!({
                "name": sample.name,
                "ics": sample.ics,
                "from": instant(sample.from),
                "to": instant(sample.to),
            })
        })
        .collect();
    let answer = ask(reader, &json!({ "files": files }))?;
    let read = answer["files"]
        .as_array()
        .context("the answer lists files")?;
    ensure!(
        read.len() == samples.len(),
        "{} of {} files read",
        read.len(),
        samples.len()
    );
    for (sample, read) in samples.iter().zip(read) {
        compare(sample, read, zones).with_context(|| format!("{}\n{}", sample.name, sample.ics))?;
    }
    Ok(())
}

/// Runs a reader with the request on its standard input.
fn ask(mut reader: Command, request: &Value) -> Result<Value> {
    let mut child = reader
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} cannot be started", reader.get_program().display()))?;
    let mut stdin = child.stdin.take().context("a pipe to the reader")?;
    // A reader that fails early closes the pipe; its own words say more.
    let sent = stdin.write_all(request.to_string().as_bytes());
    drop(stdin);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!(
            "{}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    sent?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn compare(sample: &Sample, read: &Value, zones: &[Zones]) -> Result<()> {
    ensure!(
        read["name"] == sample.name,
        "files came back in another order"
    );
    let method = sample.method.map(Method::as_str);
    ensure!(read["method"] == json!(method), "method {}", read["method"]);
    let events = read["events"].as_array().context("a list of events")?;
    ensure!(
        events.len() == sample.events.len(),
        "{} events",
        events.len()
    );
    for (event, read) in sample.events.iter().zip(events) {
        let expected = expected(event, sample.method);
        ensure!(*read == expected, "read  {read}\nwrote {expected}");
    }
    for zones in zones {
        let key = match zones {
            Zones::ByName => "by_name",
            Zones::ByFile => "by_file",
        };
        let starts = read["occurrences"][key]
            .as_array()
            .context("a list of occurrences")?;
        let starts = starts
            .iter()
            .map(|at| Ok(at.as_str().context("an instant")?.parse()?));
        compare_starts(sample, starts.collect::<Result<_>>()?, *zones).context(key)?;
    }
    Ok(())
}

/// How far apart readers can be about a skipped or repeated hour.
const CLOCK_CHANGE: TimeDelta = TimeDelta::hours(3);

fn compare_starts(sample: &Sample, mut read: Vec<DateTime<Utc>>, zones: Zones) -> Result<()> {
    let mut expected = sample.starts.clone();
    ensure!(
        !expected.is_empty(),
        "a sample without occurrences proves nothing"
    );
    if zones == Zones::ByFile {
        ensure!(
            read.len() == expected.len(),
            "{} of {}",
            read.len(),
            expected.len()
        );
        for at in &sample.clock_changes {
            expected.retain(|start| start != at);
            read.retain(|start| (*start - *at).abs() > CLOCK_CHANGE);
        }
    }
    let differs = |pair: &(&DateTime<Utc>, &DateTime<Utc>)| pair.0 != pair.1;
    if let Some((read, expected)) = read.iter().zip(&expected).find(differs) {
        bail!("read an occurrence at {read}, wrote one at {expected}");
    }
    ensure!(
        read.len() == expected.len(),
        "{} occurrences, not {}",
        read.len(),
        expected.len()
    );
    Ok(())
}

/// What a reader should say of an event.
fn expected(event: &CalendarEvent, method: Option<Method>) -> Value {
    let is_cancelled = method == Some(Method::Cancel) || event.status == EventStatus::Cancelled;
    let status = match event.status {
        _ if is_cancelled => "CANCELLED",
        EventStatus::Tentative => "TENTATIVE",
        EventStatus::Confirmed | EventStatus::Cancelled => "CONFIRMED",
    };
    let description = match &event.join {
        Some(join) => join.append_to(&event.description),
        None => event.description.clone(),
    };
    let is_teams = event
        .join
        .as_ref()
        .is_some_and(|join| join.service == OnlineService::Teams);
    let teams = is_teams.then(|| "Microsoft Teams Meeting".to_owned());
    json!({
        "uid": event.uid,
        "summary": carried(&event.summary),
        "description": Some(carried(&description)).filter(|text| !text.is_empty()),
        "location": event.place.as_deref().map(carried).or(teams),
        "url": event.join.as_ref().map(|join| join.url.as_str()),
        "sequence": event.sequence,
        "status": status,
        "organizer": event.organizer.as_ref().map(expected_organizer),
        "attendees": event.attendees.iter().map(expected_attendee).collect::<Vec<_>>(),
        "alarms": usize::from(event.reminder && !is_cancelled),
    })
}

fn expected_organizer(organizer: &Organizer) -> Value {
    json!({
        "uri": format!("mailto:{}", organizer.email),
        "cn": organizer.name.as_deref().map(carried),
        "role": null,
        "cutype": null,
        "partstat": null,
        "rsvp": null,
    })
}

fn expected_attendee(attendee: &Attendee) -> Value {
    let (role, kind) = match attendee.role {
        Role::Required => ("REQ-PARTICIPANT", None),
        Role::Optional => ("OPT-PARTICIPANT", None),
        Role::Resource => ("NON-PARTICIPANT", Some("RESOURCE")),
    };
    let participation = match attendee.participation {
        Participation::NeedsAction => "NEEDS-ACTION",
        Participation::Accepted => "ACCEPTED",
        Participation::Declined => "DECLINED",
        Participation::Tentative => "TENTATIVE",
    };
    json!({
        "uri": format!("mailto:{}", attendee.email),
        "cn": attendee.name.as_deref().map(carried),
        "role": role,
        "cutype": kind,
        "partstat": participation,
        "rsvp": if attendee.rsvp { "TRUE" } else { "FALSE" },
    })
}

/// A text as a file can carry it: one kind of newline, no other controls.
fn carried(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace(['\r', '\u{2028}', '\u{2029}'], "\n")
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
