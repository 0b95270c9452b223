//! Both forms as Teams writes them, with invented people, and the leniencies
//! one by one.

use convoke_domain::transcript::Transcript;

use crate::strict::{Cue, check};

fn cue(start: u64, end: u64, voices: &[(&str, &str)]) -> Cue {
    let voice = |(name, text): &(&str, &str)| {
        let name = Some((*name).to_owned()).filter(|name| !name.is_empty());
        (name, (*text).to_owned())
    };
    Cue {
        start,
        end,
        voices: voices.iter().map(voice).collect(),
    }
}

const ATTRIBUTED: &str = "\u{feff}WEBVTT\r\n\r\n\
    7c2f9a10-33b5-4f7e-9d57-0a4c11c0ffee/12-0\r\n\
    00:00:03.120 --> 00:00:05.480\r\n\
    <v Ann Müller>Good morning, everybody.</v>\r\n\r\n\
    7c2f9a10-33b5-4f7e-9d57-0a4c11c0ffee/12-1\r\n\
    00:00:05.480 --> 00:00:09.000\r\n\
    <v Ann Müller>Let us begin with\r\nthe Q&amp;A, if &lt;nobody&gt;&nbsp;minds.</v>\r\n\r\n\
    7c2f9a10-33b5-4f7e-9d57-0a4c11c0ffee/15-0\r\n\
    00:01:02.000 --> 00:01:04.500\r\n\
    <v 山田 太郎>はい。</v>\r\n\r\n\
    7c2f9a10-33b5-4f7e-9d57-0a4c11c0ffee/16-0\r\n\
    01:00:00.000 --> 01:00:01.000\r\n\
    <v Ann Müller>Thanks.</v>\r\n";

/// OM-8: WebVTT as Teams writes it, and both of its renderings.
#[test]
fn an_attributed_transcript_is_read_and_written() {
    let transcript = Transcript::parse(ATTRIBUTED.as_bytes());
    assert_eq!(
        transcript.to_vtt(),
        "WEBVTT\n\n\
         00:00:03.120 --> 00:00:05.480\n<v Ann Müller>Good morning, everybody.</v>\n\n\
         00:00:05.480 --> 00:00:09.000\n<v Ann Müller>Let us begin with\nthe Q&amp;A, if &lt;nobody&gt;\u{a0}minds.</v>\n\n\
         00:01:02.000 --> 00:01:04.500\n<v 山田 太郎>はい。</v>\n\n\
         01:00:00.000 --> 01:00:01.000\n<v Ann Müller>Thanks.</v>\n"
    );
    assert_eq!(
        transcript.to_text(),
        "Ann Müller  00:00:03\nGood morning, everybody. Let us begin with the Q&A, if <nobody>\u{a0}minds.\n\n\
         山田 太郎  00:01:02\nはい。\n\n\
         Ann Müller  01:00:00\nThanks.\n"
    );
    assert!(transcript.is_attributed() && !transcript.is_empty());
    assert_eq!(transcript.speakers(), ["Ann Müller", "山田 太郎"]);
    check(ATTRIBUTED.as_bytes());
}

/// OM-8: the form of tenants that hide their speakers: each cue its own turn.
#[test]
fn an_unattributed_transcript_is_read_and_written() {
    let file = "0:0:0.0 --> 0:0:5.320\n\nThis is a test.\n\n\
        0:0:5.320 --> 0:0:7.1\n\n42\n\n0:0:8.0 --> 0:0:9.0\n\nNOTE that\nwell.\n";
    let transcript = Transcript::parse(file.as_bytes());
    assert!(!transcript.is_attributed() && !transcript.is_empty());
    assert!(transcript.speakers().is_empty());
    assert_eq!(
        transcript.to_text(),
        "00:00:00\nThis is a test.\n\n00:00:05\n42\n\n00:00:08\nNOTE that well.\n"
    );
    assert_eq!(
        transcript.to_vtt(),
        "WEBVTT\n\n00:00:00.000 --> 00:00:05.320\nThis is a test.\n\n\
         00:00:05.320 --> 00:00:07.100\n42\n\n00:00:08.000 --> 00:00:09.000\nNOTE that\nwell.\n"
    );
    check(file.as_bytes());
}

/// OM-8: what was said before the transcription's zero begins at zero, and the
/// rest keeps its time.
#[test]
fn negative_offsets_become_zero() {
    let file = "WEBVTT\n\n-00:00:03.120 --> 00:00:01.000\n<v Ann>So</v>\n\n\
        -00:00:09.000 --> -00:00:05.000\n<v Bob>Earlier</v>\n\n\
        00:00:02.000 --> 00:00:03.000\n<v Ann>then</v>\n";
    let expected = [
        cue(0, 1, &[("Bob", "Earlier")]),
        cue(0, 1_000, &[("Ann", "So")]),
        cue(2_000, 3_000, &[("Ann", "then")]),
    ];
    assert_eq!(check(file.as_bytes()), expected);
}

/// OM-8: cues come out in order, and end after they begin.
#[test]
fn cues_are_put_in_order() {
    let file = "WEBVTT\n\n00:09.000 --> 00:08.000\nlast\n\n00:01.000 --> 00:09.000\nfirst\n\n\
        00:01.000 --> 00:02.000\nsecond\n";
    let expected = [
        cue(1_000, 9_000, &[("", "first")]),
        cue(1_000, 2_000, &[("", "second")]),
        cue(9_000, 9_001, &[("", "last")]),
    ];
    assert_eq!(check(file.as_bytes()), expected);
}

/// OM-8: several voices in one cue, classes, markup, times inside of text, and
/// a voice that is not closed.
#[test]
fn a_cue_may_have_several_voices() {
    let file = "WEBVTT\n\n1\n00:01.000 --> 00:02.000 align:start position:10%\n\
        - <v.loud Ann>We <i>should</i> r<b>ai</b>se</v> <v Bob>by <00:01.500>three\nper cent\n\n\
        2\n00:03.000 --> 00:04.000\n<v Ann>yes</v><v Ann>yes</v> <lang en-GB>quite</lang>\n<v>who?</v>\n";
    let expected = [
        cue(
            1_000,
            2_000,
            &[
                ("", "-"),
                ("Ann", "We should raise"),
                ("Bob", "by three\nper cent"),
            ],
        ),
        cue(3_000, 4_000, &[("Ann", "yes\nyes"), ("", "quite\nwho?")]),
    ];
    assert_eq!(check(file.as_bytes()), expected);
}

/// OM-8: what nobody said is skipped, in a file that says it is WebVTT: until a
/// blank line or a timing.
#[test]
fn blocks_that_nobody_said_are_skipped() {
    let file = "WEBVTT - made by hand\nKind: captions\n\nSTYLE\n::cue { color: red }\n\n\
        REGION\nid:a\n\nNOTE\nseveral\nlines\n\nNOTE one\n00:01.000 --> 00:02.000\nNOTE said\n\n\
        NOTE not said\n\nSTYLE\nsaid too\n";
    let expected = [cue(1_000, 2_000, &[("", "NOTE said\nSTYLE\nsaid too")])];
    assert_eq!(check(file.as_bytes()), expected);
}

/// OM-8: an identifier is one word with a digit right before a timing; other
/// text there was said.
#[test]
fn only_an_identifier_is_taken_for_one() {
    let file = "1\n00:01.000 --> 00:02.000\n\none\n\n2\n00:03.000 --> 00:04.000\n\n3\n\n\
        well then 4\n00:05.000 --> 00:06.000\n\n5\n00:07.000 --> 00:08.000\nsix\n7\n00:09.000 --> 00:10.000\n";
    let expected = [
        cue(1_000, 2_000, &[("", "one")]),
        cue(3_000, 4_000, &[("", "3\nwell then 4")]),
        cue(5_000, 6_000, &[("", "5")]),
        cue(7_000, 8_000, &[("", "six\n7")]),
    ];
    assert_eq!(check(file.as_bytes()), expected);
}

/// OM-8: text without any timing is kept.
#[test]
fn text_without_a_time_is_at_the_beginning() {
    let file = "Hello there\n\n-00:00:02.000 --> 00:00:09.000\nyou\n";
    let expected = [
        cue(0, 5_000, &[("", "Hello there")]),
        cue(0, 9_000, &[("", "you")]),
    ];
    assert_eq!(check(file.as_bytes()), expected);
    assert_eq!(
        Transcript::parse(b"{}").to_text(),
        "00:00:00\n{}\n",
        "once seen in place of a transcript"
    );
}

/// OM-8: lines end as they like, and bytes that are no UTF-8 are replaced.
#[test]
fn any_line_ending_and_any_octets_are_read() {
    let lines = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>one\ntwo</v>\n\n00:03.000 --> 00:04.000\nthree\n";
    let expected = check(lines.as_bytes());
    for ending in ["\r\n", "\r"] {
        let file = lines.replace('\n', ending);
        assert_eq!(check(file.as_bytes()), expected, "{ending:?}");
        assert_eq!(check(file.trim_end().as_bytes()), expected);
    }
    let broken = check(b"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Andr\xe9>na\xefve\xff</v>");
    let replaced = cue(1_000, 2_000, &[("Andr\u{fffd}", "na\u{fffd}ve\u{fffd}")]);
    assert_eq!(broken, [replaced]);
}

/// OM-8: nothing said is an empty transcript, and still WebVTT.
#[test]
fn a_transcript_of_silence_is_empty() {
    for file in [
        "",
        "\u{feff}",
        "WEBVTT",
        "WEBVTT\n\n\n",
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann></v>\n\n2\n00:03.000 --> 00:04.000\n&nbsp;\n",
        "\r\n \t\n\0\u{202e}\n",
    ] {
        let transcript = Transcript::parse(file.as_bytes());
        assert!(
            transcript.is_empty() && !transcript.is_attributed(),
            "{file:?}"
        );
        assert_eq!(transcript.to_vtt(), "WEBVTT\n");
        assert_eq!(transcript.to_text(), "");
    }
}
