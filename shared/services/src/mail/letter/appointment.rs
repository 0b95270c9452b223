//! Mails about appointments (AP-8).

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::address::WebLink;
use convoke_domain::engagement::Reader;
use convoke_domain::ics;
use convoke_domain::id::{AppointmentRequestId, MailId};
use convoke_domain::zone::Zone;
use convoke_platform::mail::clean_line;

use super::{About, Letter, Recipient, line, lines};
use crate::mail::key::{self, MailKey};

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

impl From<AppointmentLetter> for Letter {
    fn from(letter: AppointmentLetter) -> Self {
        Self {
            values: values_of(&letter).into(),
            key: letter.key,
            mail_id: letter.mail_id,
            after: letter.after,
            recipient: letter.recipient,
            about: About::Appointment(letter.appointment_request_id),
            start: letter.start,
            end: letter.start + TimeDelta::minutes(letter.duration_minutes.into()),
            asks_for_answer: false,
            calendar: letter.calendar,
        }
    }
}

fn values_of(letter: &AppointmentLetter) -> [(&'static str, String); 11] {
    let (recipient, start) = (&letter.recipient, letter.start);
    let link = letter.online_meeting_url.as_ref();
    let is_technician = match letter.reader {
        Reader::Client => "",
        Reader::Technician => "true",
    };
    [
        (key::RECIPIENT_NAME, line(recipient.name.as_ref())),
        (key::READER_IS_TECHNICIAN, is_technician.to_owned()),
        (key::COUNTERPART_NAME, line(letter.counterpart.as_ref())),
        (key::SERVICE_NAME, clean_line(&letter.service_name)),
        (key::STARTS_AT, recipient.shown(start)),
        (
            key::STARTS_AT_THERE,
            recipient.shown_there(start, &letter.zone),
        ),
        (key::DURATION_MINUTES, letter.duration_minutes.to_string()),
        (key::DESCRIPTION, lines(letter.description.as_ref())),
        // Signed when the mail is sent: it expires.
        (key::CALENDAR_URL, String::new()),
        (
            key::ONLINE_MEETING_URL,
            link.map(ToString::to_string).unwrap_or_default(),
        ),
        (key::REASON, lines(letter.reason.as_ref())),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use convoke_domain::address::EmailAddress;
    use convoke_domain::directory::Locale;
    use uuid::Uuid;

    use super::super::record_of;
    use super::*;

    /// Each kind of mail about an appointment.
    const KEYS: [MailKey; 6] = [
        MailKey::AppointmentRequestApprovedClient,
        MailKey::AppointmentAssigned,
        MailKey::AppointmentRescheduled,
        MailKey::AppointmentUpdated,
        MailKey::AppointmentCancelled,
        MailKey::AppointmentRequestDeclinedClient,
    ];

    fn variables_of(letter: AppointmentLetter) -> BTreeMap<String, String> {
        record_of(letter.into(), DateTime::UNIX_EPOCH)
            .unwrap()
            .variables
    }

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
        let values = variables_of(letter(MailKey::AppointmentCancelled));
        assert_eq!(
            values["startsAt"],
            "Monday, 2 November 2026, 09:00 (Europe/Berlin)"
        );
        let there = "Monday, 2 November 2026, 03:00 (America/New_York)";
        assert_eq!(values["startsAtInAppointmentZone"], there);
        let mut at_home = letter(MailKey::AppointmentCancelled);
        at_home.zone = at_home.recipient.zone.clone();
        assert_eq!(variables_of(at_home)["startsAtInAppointmentZone"], "");
    }

    /// XC-13: every variable of the key has a value, and no other has.
    #[test]
    fn a_letter_fills_each_variable_in_and_no_other() {
        for key in KEYS {
            let values = variables_of(letter(key));
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
        assert!(record_of(mistaken.into(), DateTime::UNIX_EPOCH).is_err());
    }
}
