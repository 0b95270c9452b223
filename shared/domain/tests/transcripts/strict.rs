//! Strict readers of both renderings: of WebVTT only what a conforming author
//! writes (with two digits of hours, no settings, no identifiers), of text only
//! turns of two lines. The fuzz target compiles this file too.

/// What a cue says: milliseconds, then speaker and text of each voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cue {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) voices: Vec<(Option<String>, String)>,
}

/// A turn of the text: speaker, time, paragraph.
pub(crate) type Turn = (Option<String>, String, String);

fn check_characters(text: &str) {
    for c in text.chars() {
        let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(c == '\n' || !c.is_control() && !turns, "{c:?} in {text:?}");
        assert!(!matches!(c, '\u{2028}' | '\u{2029}'), "{c:?} ends a line");
    }
}

fn number(digits: &str, least: usize) -> u64 {
    assert!(digits.len() >= least, "{digits:?}");
    assert!(digits.bytes().all(|b| b.is_ascii_digit()), "{digits:?}");
    digits.parse().expect("a number")
}

/// `00:00:00`, in seconds.
fn clock(text: &str) -> u64 {
    let mut parts = text.rsplitn(3, ':');
    let [seconds, minutes, hours] = [(); 3].map(|()| parts.next().expect("three parts"));
    assert!(
        seconds.len() == 2 && minutes.len() == 2,
        "two digits: {text}"
    );
    let (seconds, minutes) = (number(seconds, 2), number(minutes, 2));
    assert!(seconds < 60 && minutes < 60, "{text}");
    (number(hours, 2) * 60 + minutes) * 60 + seconds
}

fn timestamp(text: &str) -> u64 {
    let (whole, fraction) = text.split_once('.').expect("a fraction");
    assert_eq!(fraction.len(), 3, "thousandths: {text}");
    clock(whole) * 1_000 + number(fraction, 3)
}

fn unescaped(text: &str) -> String {
    assert!(!text.contains(['<', '>']), "no bare bracket in {text:?}");
    let mut parts = text.split('&');
    let mut plain = parts.next().expect("a first part").to_owned();
    for part in parts {
        let (name, rest) = part.split_once(';').expect("a reference ends");
        plain.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            other => panic!("&{other};"),
        });
        plain.push_str(rest);
    }
    plain
}

fn voices(payload: &str) -> Vec<(Option<String>, String)> {
    let mut voices = Vec::new();
    let mut rest = payload;
    while !rest.is_empty() {
        if let Some(tagged) = rest.strip_prefix("<v ") {
            let (name, tagged) = tagged.split_once('>').expect("a tag ends");
            let (text, after) = tagged.split_once("</v>").expect("a voice ends");
            let name = name
                .strip_suffix("-- ")
                .map_or(name.to_owned(), |name| format!("{name}--"));
            let name = unescaped(&name);
            assert!(!name.trim().is_empty() && name.trim() == name, "{name:?}");
            voices.push((Some(name), unescaped(text)));
            rest = after;
        } else {
            let end = rest.find("<v ").unwrap_or(rest.len());
            let (text, after) = rest.split_at(end);
            voices.push((None, unescaped(text.trim_end_matches('\n'))));
            rest = after;
        }
        rest = rest.strip_prefix('\n').unwrap_or(rest);
    }
    voices
}

/// Reads WebVTT; panics at anything a validator would complain about.
pub(crate) fn read_vtt(vtt: &str) -> Vec<Cue> {
    check_characters(vtt);
    let body = vtt.strip_prefix("WEBVTT\n").expect("the header");
    if body.is_empty() {
        return Vec::new();
    }
    let body = body.strip_prefix('\n').expect("a blank line");
    let body = body.strip_suffix('\n').expect("a final newline");
    let mut last = 0;
    let cues = body.split("\n\n").map(|block| {
        let (timing, payload) = block.split_once('\n').expect("a timing and a payload");
        let (start, end) = timing.split_once(" --> ").expect("a timing");
        let (start, end) = (timestamp(start), timestamp(end));
        assert!(last <= start, "in order: {timing}");
        assert!(start < end, "{timing}");
        assert!(!payload.contains("-->"), "{payload:?}");
        let is_blank = |line: &str| line.trim().is_empty();
        assert!(!payload.split('\n').any(is_blank), "{payload:?}");
        last = start;
        let voices = voices(payload);
        assert!(!voices.is_empty(), "{block:?}");
        Cue { start, end, voices }
    });
    cues.collect()
}

/// Reads the text; panics at anything that is no turn.
pub(crate) fn read_text(text: &str) -> Vec<Turn> {
    check_characters(text);
    if text.is_empty() {
        return Vec::new();
    }
    let body = text.strip_suffix('\n').expect("a final newline");
    let turns = body.split("\n\n").map(|turn| {
        let (heading, paragraph) = turn.split_once('\n').expect("heading and paragraph");
        let (speaker, time) = match heading.rsplit_once("  ") {
            Some((speaker, time)) => (Some(speaker.to_owned()), time),
            None => (None, heading),
        };
        clock(time);
        assert!(!paragraph.contains('\n'), "{turn:?}");
        assert!(!paragraph.trim().is_empty(), "{turn:?}");
        (speaker, time.to_owned(), paragraph.to_owned())
    });
    turns.collect()
}

/// Everything that holds of any input; gives what the WebVTT says.
pub(crate) fn check(input: &[u8]) -> Vec<Cue> {
    use convoke_domain::transcript::Transcript;

    let transcript = Transcript::parse(input);
    let (vtt, text) = (transcript.to_vtt(), transcript.to_text());
    let cues = read_vtt(&vtt);
    let turns = read_text(&text);
    assert_eq!(Transcript::parse(vtt.as_bytes()), transcript, "{vtt}");
    assert_eq!(transcript.is_empty(), cues.is_empty());
    assert_eq!(transcript.is_empty(), text.is_empty());

    let said = |parts: Vec<&str>| parts.join(" ").replace('\n', " ");
    let in_vtt = cues
        .iter()
        .flat_map(|cue| cue.voices.iter().map(|voice| &*voice.1));
    let in_text = turns.iter().map(|turn| &*turn.2);
    assert_eq!(said(in_vtt.collect()), said(in_text.collect()));

    let mut speakers: Vec<&str> = Vec::new();
    for name in cues
        .iter()
        .flat_map(|cue| &cue.voices)
        .filter_map(|v| v.0.as_deref())
    {
        if speakers.len() < 1_000 && !speakers.contains(&name) {
            speakers.push(name);
        }
    }
    assert_eq!(transcript.is_attributed(), !speakers.is_empty());
    assert!(transcript.speakers().starts_with(&speakers));

    let most = input.len() * 8 + 64;
    assert!(
        vtt.len() <= most && text.len() <= most,
        "{} octets",
        vtt.len()
    );
    cues
}
