//! Limits of free text, in one place.
//!
//! Text is kept as it was sent: what a control character or a quote means is
//! decided where the text is written (an .ics escapes, a log line is JSON).

use crate::error::Violations;

/// Longest title, in characters: what Graph keeps of an event's subject.
pub const TITLE_MAX: usize = 255;
/// Longest description, in octets.
pub const DESCRIPTION_MAX: usize = 32 * 1024;
/// Longest location, in characters.
pub const LOCATION_MAX: usize = 500;
/// Longest name of a person, client or control, in characters.
pub const NAME_MAX: usize = 255;
/// Longest message of a conversation, in characters.
pub const MESSAGE_MAX: usize = 4000;

/// Most octets of a meeting's text, attendees included: forty meetings must fit
/// into one transaction of the store (4 MB), however much their people write.
pub const MEETING_OCTETS_MAX: usize = 96 * 1024;

/// A title: some visible character, at most [`TITLE_MAX`] characters.
pub fn check_title(text: &str, pointer: &str, wrong: &mut Violations) {
    check_line(text, pointer, TITLE_MAX, wrong);
}

/// A name: some visible character, at most [`NAME_MAX`] characters.
pub fn check_name(text: &str, pointer: &str, wrong: &mut Violations) {
    check_line(text, pointer, NAME_MAX, wrong);
}

/// A message: some visible character, at most [`MESSAGE_MAX`] characters.
pub fn check_message(text: &str, pointer: &str, wrong: &mut Violations) {
    check_line(text, pointer, MESSAGE_MAX, wrong);
}

/// A location: at most [`LOCATION_MAX`] characters.
pub fn check_location(text: &str, pointer: &str, wrong: &mut Violations) {
    if text.chars().count() > LOCATION_MAX {
        wrong.add(
            pointer,
            "too_long",
            format!("at most {LOCATION_MAX} characters"),
        );
    }
}

/// A description: at most [`DESCRIPTION_MAX`] octets.
pub fn check_description(text: &str, pointer: &str, wrong: &mut Violations) {
    if text.len() > DESCRIPTION_MAX {
        wrong.add(
            pointer,
            "too_long",
            format!("at most {DESCRIPTION_MAX} octets of UTF-8"),
        );
    }
}

fn check_line(text: &str, pointer: &str, max: usize, wrong: &mut Violations) {
    if text.chars().all(|c| c.is_whitespace() || c.is_control()) {
        wrong.add(pointer, "empty", "some visible text is needed");
    } else if text.chars().count() > max {
        wrong.add(pointer, "too_long", format!("at most {max} characters"));
    }
}
