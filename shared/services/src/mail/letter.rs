//! Writing mails down, in the transaction of the state that they tell of.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::address::{EmailAddress, WebLink};
use convoke_domain::directory::Locale;
use convoke_domain::engagement::Reader;
use convoke_domain::error::Error;
use convoke_domain::ics;
use convoke_domain::id::{AppointmentRequestId, MailId};
use convoke_domain::zone::Zone;
use convoke_platform::mail::{clean_line, clean_lines};
use convoke_platform::records::{MailCalendar, MailRecord, MailState};
use convoke_platform::store::Transaction;

use super::key::{self, MailKey};
use super::product;
use crate::core::Core;
use crate::jobs::Job;

/// How long a mail's own job has before the sweep sends another.
const NET: TimeDelta = TimeDelta::minutes(5);

/// Who a mail goes to.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// Their address.
    pub email: EmailAddress,
    /// Their name, if known.
    pub name: Option<String>,
    /// Their language.
    pub locale: Locale,
    /// In which they read times.
    pub zone: Zone,
}

/// A mail about an appointment, as its use case knows it.
#[derive(Debug, Clone)]
pub struct AppointmentLetter {
    /// Which mail.
    pub key: MailKey,
    /// Freshly minted.
    pub mail_id: MailId,
    /// The mail before it to the same reader about the same.
    pub after: Option<MailId>,
    /// To whom.
    pub recipient: Recipient,
    /// As whom they read it.
    pub reader: Reader,
    /// What the appointment is for.
    pub service_name: String,
    /// When it begins.
    pub start: DateTime<Utc>,
    /// How long it takes.
    pub duration_minutes: u32,
    /// The appointment's own zone.
    pub zone: Zone,
    /// The other side's name, if known.
    pub counterpart: Option<String>,
    /// What the client wrote.
    pub description: Option<String>,
    /// Why it changed.
    pub reason: Option<String>,
    /// The join link.
    pub online_meeting_url: Option<WebLink>,
    /// The .ics file, with the method that is in it.
    pub calendar: Option<(ics::Method, String)>,
    /// What it is about, for the log.
    pub appointment_request_id: AppointmentRequestId,
}

/// Adds mails to a transaction; answers the jobs that send them, for an outbox
/// item of the same transaction.
pub fn post(
    core: &Core,
    transaction: &mut Transaction,
    letters: Vec<AppointmentLetter>,
) -> Result<Vec<Job>, Error> {
    let now = core.ports.now();
    let mut jobs = Vec::with_capacity(letters.len());
    for letter in letters {
        let mail_id = letter.mail_id.uuid();
        transaction.create(&record_of(letter, now)?);
        jobs.push(Job::SendMail { mail_id });
    }
    Ok(jobs)
}

fn record_of(letter: AppointmentLetter, now: DateTime<Utc>) -> Result<MailRecord, Error> {
    let variables = variables_of(&letter);
    let calendar = letter.calendar.map(|(method, body)| {
        // The mail's header repeats the file's method.
        if !body.contains(&format!("\r\nMETHOD:{}\r\n", method.as_str())) {
            return Err(Error::internal("a mail's calendar file has another method"));
        }
        let method = method.as_str().to_owned();
        Ok(MailCalendar { method, body })
    });
    Ok(MailRecord {
        mail_id: letter.mail_id.uuid(),
        template: letter.key.as_str().to_owned(),
        recipient_email: letter.recipient.email.to_string(),
        recipient_name: letter.recipient.name,
        locale: letter.recipient.locale.as_str().to_owned(),
        variables,
        calendar: calendar.transpose()?,
        appointment_request_id: letter.appointment_request_id.uuid(),
        starts_at: Some(letter.start),
        after: letter.after.map(MailId::uuid),
        state: MailState::Queued,
        lease_until: None,
        due_at: Some(now + NET),
        attempts: 0,
        ses_message_id: None,
        version: 1,
        created_at: now,
    })
}

fn variables_of(letter: &AppointmentLetter) -> BTreeMap<String, String> {
    let (recipient, locale) = (&letter.recipient, letter.recipient.locale);
    let line = |text: &Option<String>| text.as_deref().map(clean_line).unwrap_or_default();
    let lines = |text: &Option<String>| {
        let text = text.as_deref().map(clean_lines).unwrap_or_default();
        text.trim().to_owned()
    };
    let start_in = |zone: &Zone| product::shown_time(locale, letter.start, zone);
    let there = if letter.zone == recipient.zone {
        String::new()
    } else {
        start_in(&letter.zone)
    };
    let link = letter.online_meeting_url.as_ref();
    let is_technician = match letter.reader {
        Reader::Client => "",
        Reader::Technician => "true",
    };
    let values = [
        (key::RECIPIENT_NAME, line(&recipient.name)),
        (key::READER_IS_TECHNICIAN, is_technician.to_owned()),
        (key::COUNTERPART_NAME, line(&letter.counterpart)),
        (key::SERVICE_NAME, clean_line(&letter.service_name)),
        (key::STARTS_AT, start_in(&recipient.zone)),
        (key::STARTS_AT_THERE, there),
        (key::DURATION_MINUTES, letter.duration_minutes.to_string()),
        (key::DESCRIPTION, lines(&letter.description)),
        // Signed when the mail is sent: it expires.
        (key::CALENDAR_URL, String::new()),
        (
            key::ONLINE_MEETING_URL,
            link.map(ToString::to_string).unwrap_or_default(),
        ),
        (key::REASON, lines(&letter.reason)),
    ];
    let known = letter.key.variable_names();
    values
        .into_iter()
        .filter(|(name, _)| known.contains(name))
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn letter(key: MailKey) -> AppointmentLetter {
        AppointmentLetter {
            key,
            mail_id: MailId::new(Uuid::from_u128(1)),
            after: None,
            recipient: Recipient {
                email: EmailAddress::parse("ada@example.org").unwrap(),
                name: Some("Ada\r\nBcc: eve@example.org".to_owned()),
                locale: Locale::En,
                zone: Zone::parse("Europe/Berlin").unwrap(),
            },
            reader: Reader::Client,
            service_name: "Boiler check".to_owned(),
            start: "2026-11-02T08:00:00Z".parse().unwrap(),
            duration_minutes: 45,
            zone: Zone::parse("America/New_York").unwrap(),
            counterpart: None,
            description: Some(" It drips.\r\nOften.\n".to_owned()),
            reason: Some("Ill".to_owned()),
            online_meeting_url: Some(WebLink::parse("https://teams.example/j?a=1&b=2").unwrap()),
            calendar: Some((
                ics::Method::Request,
                "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n".to_owned(),
            )),
            appointment_request_id: AppointmentRequestId::new(Uuid::from_u128(2)),
        }
    }

    /// AP-8: times are shown in the reader's zone with its name.
    #[test]
    fn a_letter_says_the_readers_time_and_the_appointments_own() {
        let record =
            record_of(letter(MailKey::AppointmentCancelled), DateTime::UNIX_EPOCH).unwrap();
        let values = &record.variables;
        assert_eq!(
            values["startsAt"],
            "Monday, 2 November 2026, 09:00 (Europe/Berlin)"
        );
        let there = "Monday, 2 November 2026, 03:00 (America/New_York)";
        assert_eq!(values["startsAtInAppointmentZone"], there);
        let mut at_home = letter(MailKey::AppointmentCancelled);
        at_home.zone = at_home.recipient.zone.clone();
        assert_eq!(variables_of(&at_home)["startsAtInAppointmentZone"], "");
    }

    /// XC-13: every variable of the key has a value, and no other has.
    #[test]
    fn a_letter_fills_each_variable_in_and_no_other() {
        for key in MailKey::ALL {
            let values = variables_of(&letter(key));
            let mut names = key.variable_names();
            names.sort_unstable();
            assert_eq!(values.keys().collect::<Vec<_>>(), names);
            assert_eq!(
                values["onlineMeetingUrl"],
                "https://teams.example/j?a=1&b=2"
            );
            assert_eq!(values["recipientName"], "Ada Bcc: eve@example.org");
            assert_eq!(values["description"], "It drips.\nOften.");
            assert_eq!(values["counterpartName"], "");
        }
    }

    #[test]
    fn a_calendar_file_of_another_method_is_a_bug() {
        let mut mistaken = letter(MailKey::AppointmentCancelled);
        mistaken.calendar = mistaken
            .calendar
            .map(|(_, body)| (ics::Method::Cancel, body));
        assert!(record_of(mistaken, DateTime::UNIX_EPOCH).is_err());
    }
}
