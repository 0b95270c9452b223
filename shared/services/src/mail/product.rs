//! The product's own wording, per language, from `shared/services/templates`.
//!
//! A file per mail, parts that mails share, and one HTML layout are put
//! together here: what comes out is plain Handlebars that a tenant could have
//! written, so a tenant can start from it.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::{DateTime, NaiveDateTime, Utc};
use convoke_domain::directory::Locale;
use convoke_domain::session::Field;
use convoke_domain::zone::Zone;
use convoke_platform::mail::template::Source;

use super::key::MailKey;

/// The languages that there are files for.
const LOCALES: [Locale; 2] = [Locale::En, Locale::Pseudo];

const LAYOUT: &str = include_str!("../../templates/layout.html");

/// The text of a file in the folder of one language.
macro_rules! file {
    ($locale:ident, $name:literal) => {
        match $locale {
            Locale::En => include_str!(concat!("../../templates/en/", $name, ".hbs")),
            Locale::Pseudo => include_str!(concat!("../../templates/en-XA/", $name, ".hbs")),
        }
    };
}

fn file(key: MailKey, locale: Locale) -> &'static str {
    match key {
        MailKey::AppointmentRequestApprovedClient => {
            file!(locale, "appointment-request-approved-client")
        }
        MailKey::AppointmentAssigned => file!(locale, "appointment-assigned"),
        MailKey::AppointmentRescheduled => file!(locale, "appointment-rescheduled"),
        MailKey::AppointmentUpdated => file!(locale, "appointment-updated"),
        MailKey::AppointmentCancelled => file!(locale, "appointment-cancelled"),
        MailKey::AppointmentRequestDeclinedClient => {
            file!(locale, "appointment-request-declined-client")
        }
        MailKey::ScheduledMeetingInvitation => file!(locale, "scheduled_meeting_invitation"),
        MailKey::InstantMeetingInvitation => file!(locale, "instant_meeting_invitation"),
        MailKey::MeetingUpdated => file!(locale, "meeting_updated"),
        MailKey::MeetingCancelled => file!(locale, "meeting_cancelled"),
    }
}

static SOURCES: LazyLock<HashMap<(MailKey, Locale), Source>> = LazyLock::new(|| {
    let mut sources = HashMap::new();
    for locale in LOCALES {
        let parts = sections(file!(locale, "parts"));
        for key in MailKey::ALL {
            if let Some(source) = assemble(file(key, locale), &parts) {
                sources.insert((key, locale), source);
            }
        }
    }
    sources
});

/// The product's template, if its file is whole.
pub(super) fn source(key: MailKey, locale: Locale) -> Option<&'static Source> {
    SOURCES.get(&(key, locale))
}

fn assemble(file: &str, parts: &HashMap<&str, String>) -> Option<Source> {
    let mail = sections(file);
    let html = with_parts(mail.get("html")?, "html", parts);
    Some(Source {
        subject: mail.get("subject")?.trim().to_owned(),
        text: with_parts(mail.get("text")?, "text", parts),
        html: LAYOUT.replace("%%body%%", html.trim()),
    })
}

/// Puts `%%name%%` parts in; `kind` is the section that they are for.
fn with_parts(text: &str, kind: &str, parts: &HashMap<&str, String>) -> String {
    parts.iter().fold(text.to_owned(), |text, (name, part)| {
        match name
            .strip_suffix(kind)
            .and_then(|name| name.strip_suffix('.'))
        {
            Some(name) => text.replace(&format!("%%{name}%%"), part.trim_end()),
            None => text,
        }
    })
}

/// The texts below the `=== name` lines of a file.
fn sections(file: &str) -> HashMap<&str, String> {
    let mut sections: HashMap<&str, String> = HashMap::new();
    let mut current = None;
    for line in file.lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            current = Some(name.trim());
        } else if let Some(name) = current {
            let section = sections.entry(name).or_default();
            section.push_str(line);
            section.push('\n');
        }
    }
    sections
}

/// An instant as mails show it: day, time, and the zone's name.
pub fn shown_time(locale: Locale, at: DateTime<Utc>, zone: &Zone) -> String {
    let local = zone.local(at);
    let shown = match locale {
        Locale::En => english(local),
        Locale::Pseudo => format!("[{}]", english(local)),
    };
    format!("{shown} ({})", zone.name())
}

fn english(local: NaiveDateTime) -> String {
    local.format("%A, %-d %B %Y, %H:%M").to_string()
}

/// What has changed, as a line: "Time, place".
pub(super) fn shown_changes(locale: Locale, changes: &[Field]) -> String {
    let words = Field::ALL
        .into_iter()
        .filter(|field| changes.contains(field))
        .map(|field| match locale {
            Locale::En => english_field(field),
            Locale::Pseudo => pseudo_field(field),
        });
    let line = words.collect::<Vec<_>>().join(", ");
    let mut letters = line.chars();
    let line = letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    });
    match locale {
        Locale::Pseudo if !line.is_empty() => format!("[{line}]"),
        Locale::En | Locale::Pseudo => line,
    }
}

const fn english_field(field: Field) -> &'static str {
    match field {
        Field::Title => "title",
        Field::Time => "time",
        Field::Location => "place",
        Field::JoinUrl => "link to join",
        Field::Description => "description",
    }
}

const fn pseudo_field(field: Field) -> &'static str {
    match field {
        Field::Title => "ťíťĺé",
        Field::Time => "ťíḿé",
        Field::Location => "þĺáćé",
        Field::JoinUrl => "ĺíńķ ťó ĵóíń",
        Field::Description => "ďéšćŕíþťíóń",
    }
}

#[cfg(test)]
mod tests;
