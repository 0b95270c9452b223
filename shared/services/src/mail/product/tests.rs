//! Every mail, in every language, with whatever people write.

use std::collections::BTreeMap;

use convoke_platform::mail::template::{Rendered, Section, check, render};

use super::*;

const LINK: &str = "https://teams.example/l/meetup-join/1?a=1&b=2";
const HOSTILE: &str = "<script>alert('x')</script> \"&{{description}}\r\n.\r\nBcc: eve@example.org";

fn all() -> impl Iterator<Item = (MailKey, Locale)> {
    LOCALES
        .into_iter()
        .flat_map(|locale| MailKey::ALL.map(|key| (key, locale)))
}

fn rendered(key: MailKey, locale: Locale, value: &str, link: &str) -> Rendered {
    let mut values: BTreeMap<String, String> = key
        .variable_names()
        .into_iter()
        .map(|name| (name.to_owned(), value.to_owned()))
        .collect();
    values.insert("onlineMeetingUrl".to_owned(), link.to_owned());
    render(source(key, locale).unwrap(), &values).unwrap()
}

/// XC-13: fails when a locale lacks a key, a section or a part, or uses an
/// unknown variable; and what the product says, a tenant may save unchanged.
#[test]
fn every_locale_has_every_key_whole() {
    assert_eq!(SOURCES.len(), MailKey::ALL.len() * LOCALES.len());
    for (key, locale) in all() {
        let source = source(key, locale).unwrap_or_else(|| panic!("{key:?} {locale:?}"));
        assert_eq!(
            check(source, &key.variable_names()),
            Ok(()),
            "{key:?} {locale:?}"
        );
        for section in Section::ALL {
            let text = source.section(section);
            assert!(
                !text.contains("%%"),
                "{key:?} {locale:?} {section:?}: {text}"
            );
        }
    }
}

/// XC-13: the pseudo-locale is the English one, tag by tag, in other letters.
#[test]
fn the_pseudo_locale_has_the_same_tags_and_other_words() {
    let tags = |text: &str| -> Vec<String> {
        let after = text.split("{{").skip(1);
        after
            .map(|rest| rest.split("}}").next().unwrap().to_owned())
            .collect()
    };
    for key in MailKey::ALL {
        let (english, pseudo) = (
            source(key, Locale::En).unwrap(),
            source(key, Locale::Pseudo).unwrap(),
        );
        for section in Section::ALL {
            let (english, pseudo) = (english.section(section), pseudo.section(section));
            assert_eq!(tags(english), tags(pseudo), "{key:?} {section:?}");
            assert!(
                pseudo.contains('[') && !pseudo.is_ascii(),
                "{key:?} {section:?}"
            );
        }
    }
}

/// XC-13: whatever is written into a mail, it stays text.
#[test]
fn no_value_becomes_markup_or_a_second_header() {
    for (key, locale) in all() {
        for link in ["", LINK] {
            let mail = rendered(key, locale, HOSTILE, link);
            assert!(!mail.subject.contains(['\r', '\n']), "{}", mail.subject);
            assert!(
                !mail.html.contains("<script")
                    && mail
                        .html
                        .contains("&{{description}}".replace('&', "&amp;").as_str()),
                "{}",
                mail.html
            );
            assert!(
                mail.html.contains("&lt;script&gt;alert(&#x27;x&#x27;)"),
                "{}",
                mail.html
            );
            assert!(
                mail.text
                    .contains("<script>alert('x')</script> \"&{{description}}\n"),
                "{}",
                mail.text
            );
            assert!(!mail.text.contains('\r'));
        }
    }
}

/// AP-8: a button and a line where there is a link, neither where there is none
/// or nothing to join.
#[test]
fn the_join_button_comes_with_the_link() {
    for (key, locale) in all() {
        let is_off = matches!(
            key,
            MailKey::AppointmentCancelled
                | MailKey::AppointmentRequestDeclinedClient
                | MailKey::MeetingCancelled
        );
        let join = match locale {
            Locale::En => "Join Teams Meeting",
            Locale::Pseudo => "[Ĵóíń Ťéáḿš Ḿééťíńğ]",
        };
        let with = rendered(key, locale, "x", LINK);
        let button = format!(
            "href=\"{}\"",
            LINK.replace('&', "&amp;").replace('=', "&#x3D;")
        );
        assert_eq!(
            with.html.contains(&button),
            !is_off,
            "{key:?}: {}",
            with.html
        );
        assert_eq!(with.html.contains(&format!(">{join}</a>")), !is_off);
        assert_eq!(
            with.text.contains(&format!("\n{join}: {LINK}\n")),
            !is_off,
            "{}",
            with.text
        );
        let without = rendered(key, locale, "x", "");
        assert!(!without.html.contains(join) && !without.text.contains(join));
    }
}

/// The plain twin reads as it would be written by hand.
#[test]
fn the_plain_text_is_laid_out() {
    let text = rendered(MailKey::AppointmentRescheduled, Locale::En, "x", LINK).text;
    let expected = "Hello x,\n\nYour appointment has a new time.\n\nService: x\nTime: x\n\
        At the appointment's place: x\nDuration: x minutes\nClient: x\n\nDescription:\nx\n\nReason:\nx\n\n\
        Join Teams Meeting: https://teams.example/l/meetup-join/1?a=1&b=2\n\nCalendar file: x\n";
    assert_eq!(text, expected);
    let bare = rendered(
        MailKey::AppointmentRequestApprovedClient,
        Locale::En,
        "",
        "",
    )
    .text;
    assert_eq!(
        bare,
        "Hello,\n\nYour appointment is confirmed.\n\nService: \nTime: \nDuration:  minutes\n"
    );
}

/// A part or section that is missing leaves the mail out: it is skipped, not
/// sent half.
#[test]
fn a_file_without_a_section_is_no_template() {
    let parts = HashMap::new();
    assert_eq!(assemble("=== subject\nHi\n=== text\nHi\n", &parts), None);
    assert!(assemble("=== subject\nHi\n=== text\nHi\n=== html\nHi\n", &parts).is_some());
}

/// AP-8: day, time and zone, also across a change of the clocks.
#[test]
fn times_name_their_zone() {
    let zone = Zone::parse("America/New_York").unwrap();
    let shown = |at: &str, locale| shown_time(locale, at.parse().unwrap(), &zone);
    assert_eq!(
        shown("2026-11-01T05:30:00Z", Locale::En),
        "Sunday, 1 November 2026, 01:30 (America/New_York)"
    );
    assert_eq!(
        shown("2026-11-02T00:05:00Z", Locale::Pseudo),
        "[Sunday, 1 November 2026, 19:05] (America/New_York)"
    );
}

/// IV-3, IV-7: an invitation reads as it would be written by hand, with the way
/// in and the three answers; without them nothing of them is left over.
#[test]
fn an_invitation_is_laid_out() {
    let values = |filled: bool| -> BTreeMap<String, String> {
        let names = MailKey::ScheduledMeetingInvitation.variable_names();
        let value = |name: &str| match name {
            "title" => "Review".to_owned(),
            "onlineMeetingUrl" | "onlineMeetingIsTeams" if !filled => String::new(),
            name if filled => format!("<{name}>"),
            _ => String::new(),
        };
        names
            .into_iter()
            .map(|name| (name.to_owned(), value(name)))
            .collect()
    };
    let of = |filled| {
        let source = source(MailKey::ScheduledMeetingInvitation, Locale::En).unwrap();
        render(source, &values(filled)).unwrap()
    };
    let expected = "Hello <recipientName>,\n\n<hostName> invites you to a meeting.\n\nMeeting: Review\n\
        Time: <startsAt>\nBy the meeting's own clock: <startsAtInMeetingZone>\nDuration: <durationMinutes> minutes\n\
        Place: <location>\nHost: <hostName>\n\nDescription:\n<description>\n\n\
        Join Teams Meeting: <onlineMeetingUrl>\n\nCalendar file: <calendarUrl>\n\n\
        Will you come?\nAccept: <acceptUrl>\nMaybe: <tentativeUrl>\nDecline: <declineUrl>\n";
    assert_eq!(of(true).text, expected);
    let bare =
        "Hello,\n\nYou are invited to a meeting.\n\nMeeting: Review\nTime: \nDuration:  minutes\n";
    assert_eq!(of(false).text, bare);
    assert_eq!(of(false).html.matches("<a ").count(), 0);
    let html = of(true).html;
    assert_eq!(html.matches("<a ").count(), 5, "{html}");
    for name in ["acceptUrl", "tentativeUrl", "declineUrl"] {
        assert!(html.contains(&format!("href=\"&lt;{name}&gt;\"")), "{html}");
    }
}

/// IV-4: an update begins with what changed.
#[test]
fn an_update_is_laid_out() {
    let update = |before: &str| {
        let names = MailKey::MeetingUpdated.variable_names();
        let value = |name: &str| match name {
            "title" => "Review".to_owned(),
            "changes" => "Time, place".to_owned(),
            "previousStartsAt" => before.to_owned(),
            "onlineMeetingUrl" => LINK.to_owned(),
            _ => String::new(),
        };
        let values = names
            .into_iter()
            .map(|name| (name.to_owned(), value(name)))
            .collect();
        render(
            source(MailKey::MeetingUpdated, Locale::En).unwrap(),
            &values,
        )
        .unwrap()
    };
    let head = "Hello,\n\nA meeting that you are invited to has changed.\n\nChanged: Time, place\n";
    let rest = "\nMeeting: Review\nTime: \nDuration:  minutes\n\n\
        Join meeting: https://teams.example/l/meetup-join/1?a=1&b=2\n";
    assert_eq!(update("").text, format!("{head}{rest}"));
    let moved = update("Monday").text;
    assert_eq!(moved, format!("{head}Time before: Monday\n{rest}"));
    assert!(update("Monday").html.contains("<s>Monday</s>"));
}
