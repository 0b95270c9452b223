//! What holds of every input.

use std::fmt::Write;

use proptest::prelude::*;

use crate::strict::check;

/// Pieces of which files are made that come close to having a meaning.
const PIECES: &[&str] = &[
    "WEBVTT",
    "NOTE",
    "STYLE",
    "REGION",
    "\n",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "\u{a0}",
    "\u{202f}",
    "00:00:01.000",
    "-00:00:03.120",
    "0:0:5.3",
    "01:02",
    "999999999:59:59.999",
    "1234567890:00:00.000",
    " --> ",
    "-->",
    "00:00:01.000 --> 00:00:02.000",
    "-0:2 --> -0:1",
    "align:start",
    "<v Ann>",
    "<v Ann Müller>",
    "<v.x Bob>",
    "<v ",
    "<v>",
    "</v>",
    "<",
    ">",
    "</",
    "<i>",
    "</i>",
    "<c.a>",
    "<lang en>",
    "<00:01.000>",
    "<b",
    "&amp;",
    "&lt;",
    "&gt;",
    "&nbsp;",
    "&lrm;",
    "&#10;",
    "&#x202e;",
    "&#0;",
    "&",
    ";",
    "&#",
    "a",
    "hello",
    "7-1",
    "\0",
    "\u{1b}",
    "\u{85}",
    "\u{2028}",
    "\u{202e}",
    "\u{feff}",
    "\u{200e}",
    "\u{200b}",
    "é",
    "山",
    "🙂",
    "\u{e0067}",
];

fn near_file() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        20 => prop::sample::select(PIECES).prop_map(str::to_owned),
        1 => ".{0,8}",
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// What is written on a line, and the letters of it that were said.
fn phrase() -> impl Strategy<Value = (String, String)> {
    let piece = prop_oneof![
        6 => "[a-zäßéа-я山-岳]{1,8}".prop_map(|word| (word.clone(), word)),
        3 => prop::sample::select(vec![
            ("<i>", ""), ("</i>", ""), ("<c.x.y>", ""), ("<00:01.000>", ""), ("</v>", ""), ("<lang de>", ""),
            ("<script>", "script"), ("</div>", "div"), ("<b", "b"), ("<", ""), (">", ""), ("<c a>", "ca"),
            ("-->", ""), ("00:01 -->", ""), ("WEBVTT", "WEBVTT"), ("NOTE", "NOTE"), ("STYLE", "STYLE"),
            ("&amp;", ""), ("&", ""), ("&bogus;", "bogus"), ("&#228;", "ä"), ("&lt;v", "v"), ("\0", ""),
            ("\u{202e}", ""), ("\u{85}", ""), ("\u{2028}", ""), ("\u{feff}", ""), ("align:start", "alignstart"),
        ])
        .prop_map(|(raw, said)| (raw.to_owned(), said.to_owned())),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| {
        let (raw, said): (Vec<_>, Vec<_>) = pieces.into_iter().unzip();
        // Something before, so that no line is a comment or begins a file.
        (
            format!("x {}", raw.join(" ")),
            format!("x{}", said.concat()),
        )
    })
}

fn letters<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts
        .flat_map(str::chars)
        .filter(|c| c.is_alphabetic())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// OM-8: any octets are read, and what is written of them is valid, is read
    /// again as it was, says the same in both renderings, and is not much more.
    #[test]
    fn any_octets_are_a_transcript(octets in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&octets);
    }

    /// OM-8: the same of any text.
    #[test]
    fn any_text_is_a_transcript(text in "(?s).{0,200}") {
        check(text.as_bytes());
    }

    /// OM-8: the same of what nearly is a transcript, cut anywhere.
    #[test]
    fn anything_like_a_transcript_is_one(file in near_file(), has_header: bool, cut in 0_usize..400) {
        let file = if has_header { format!("WEBVTT\n\n{file}") } else { file };
        check(file.as_bytes());
        check(&file.as_bytes()[..cut.min(file.len())]);
    }

    /// OM-8: every letter that was said is there, in its order, under its speaker,
    /// in either form and with any line ending.
    #[test]
    fn every_letter_survives(
        cues in prop::collection::vec((prop::option::of("[A-Zа-я <&;.-]{0,12}"), prop::collection::vec(phrase(), 1..4)), 1..12),
        has_header: bool,
        ending in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        let mut file = String::from(if has_header { "WEBVTT\n\n" } else { "" });
        for (at, (speaker, lines)) in cues.iter().enumerate() {
            let _ = write!(file, "id-{at}\n00:00:{at:02}.000 --> 00:01:{at:02}.000\n");
            if !has_header {
                file.push('\n');
            }
            if let Some(speaker) = speaker {
                let _ = write!(file, "<v {speaker}>");
            }
            for (raw, _) in lines {
                file += raw;
                file.push('\n');
            }
            file.push('\n');
        }
        let read = check(file.replace('\n', ending).as_bytes());
        prop_assert_eq!(read.len(), cues.len());
        for (at, (read, (speaker, lines))) in read.iter().zip(&cues).enumerate() {
            prop_assert_eq!(read.start, at as u64 * 1_000);
            let said = letters(lines.iter().map(|line| line.1.as_str()));
            prop_assert_eq!(letters(read.voices.iter().map(|voice| voice.1.as_str())), said, "{}", file);
            let name = speaker.as_deref().map(|name| letters(std::iter::once(name)));
            let first = read.voices[0].0.as_deref().map(|name| letters(std::iter::once(name)));
            let is_named = speaker.as_deref().is_some_and(|name| !name.trim().is_empty());
            prop_assert_eq!(first, name.filter(|_| is_named));
        }
    }
}
