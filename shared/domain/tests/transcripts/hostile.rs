//! What a name or a sentence could do to a player, a page or this machine.

use std::time::{Duration, Instant};

use convoke_domain::transcript::Transcript;

use crate::strict::check;

/// What one voice said in one cue, by the strict reader.
fn said(line: &str) -> (Option<String>, String) {
    let file = format!("WEBVTT\n\n00:01.000 --> 00:02.000\n{line}\n");
    let mut cues = check(file.as_bytes());
    assert_eq!(cues.len(), 1, "{line}");
    let mut voices = cues.remove(0).voices;
    assert_eq!(voices.len(), 1, "{line}");
    voices.remove(0)
}

/// OM-8: only WebVTT's own tags are tags; other markup is text, escaped.
#[test]
fn markup_is_text() {
    for (line, expected) in [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("<img src=x onerror=y>", "<img src=x onerror=y>"),
        ("if a < b and c > d", "if a < b and c > d"),
        ("if x <c and y> z", "if x <c and y> z"),
        ("a <v.b said", "a <v.b said"),
        ("an unclosed <v Ann", "an unclosed <v Ann"),
        ("</v said", "</v said"),
        ("<> <1:> <vv x> <lang e?>", "<> <1:> <vv x> <lang e?>"),
        ("Q&A &amp;lt; &bogus; &", "Q&A &lt; &bogus; &"),
        ("&#60;b&#x3E; &#xD800; &#+65;", "<b> &#xD800; &#+65;"),
        ("&quot;x&apos; a&lrm;b&rlm;", "\"x' a\u{200e}b\u{200f}"),
    ] {
        assert_eq!(said(line), (None, expected.to_owned()), "{line}");
    }
}

/// OM-8: a name is a name, whatever is in it.
#[test]
fn a_name_may_be_anything() {
    for (line, name, text) in [
        ("<v A>B>text</v>", Some("A"), "B>text"),
        ("<v A &gt; B &amp; C>x</v>", Some("A > B & C"), "x"),
        ("<v A <b>x</v>", Some("A <b"), "x"),
        (
            "<v   O'Neil,\t\"Pat\"   (Guest) >x</v >",
            Some("O'Neil, \"Pat\" (Guest)"),
            "x",
        ),
        ("<v Ann 00:00:09>x</v>", Some("Ann 00:00:09"), "x"),
        ("<v \u{202e}nnA\u{7}>x</v>", Some("nnA"), "x"),
        ("<v &#8238;&nbsp;>x</v>", None, "x"),
        ("<v.a.b>x</v>", None, "x"),
        ("<v -->>x", Some("--"), ">x"),
        ("<v &lt;/v&gt;>x</v>", Some("</v>"), "x"),
    ] {
        assert_eq!(
            said(line),
            (name.map(str::to_owned), text.to_owned()),
            "{line}"
        );
    }
}

/// OM-8: a timing inside a sentence is part of the sentence, and an escaped one
/// stays one.
#[test]
fn a_fake_timing_is_text() {
    for line in [
        "see 00:00:05.000 --> 00:00:06.000",
        "00:00:05.000 --> soon",
        "00:00:05.000 --&gt; 00:00:06.000",
        "--> -- > ->",
        "WEBVTT",
    ] {
        let expected = line.replace("&gt;", ">");
        assert_eq!(said(line), (None, expected), "{line}");
    }
    let latest = check(b"999999999:59:59.998 --> 0:0\nx\n");
    assert_eq!(latest[0].end, latest[0].start + 1);
    let digits = "9".repeat(1_000_000);
    let line = format!("{digits}:00:00.000 --> {digits}:00:01.000");
    assert_eq!(said(&line), (None, line.clone()));
    let long = format!("00:00:05.{digits} --> 00:00:06.{digits} x");
    assert_eq!(check(long.as_bytes())[0].start, 5_999);
}

/// OM-8: no text can pass for a turn of somebody else.
#[test]
fn a_heading_cannot_be_faked() {
    let file = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>I agree.\n\u{2028}\u{85}\u{b}\
        Bob&#10;&#10;Bob  00:00:02\nI resign.</v>\n";
    assert_eq!(
        Transcript::parse(file.as_bytes()).to_text(),
        "Ann  00:00:01\nI agree. Bob Bob 00:00:02 I resign.\n"
    );
    check(file.as_bytes());
}

/// OM-8: controls and overrides of direction go, words stay whole.
#[test]
fn controls_are_removed() {
    let line = "a\0b\u{1b}[31mc\u{9b}d \u{202e}fed\u{202c} \u{2067}g\u{2069}\u{feff}\th";
    assert_eq!(said(line), (None, "ab[31mcd fed g h".to_owned()));
}

/// OM-8: two megabytes of whatever invites looking twice take their time once.
#[test]
fn time_is_linear() {
    let timing = "0:1-->0:2\n";
    let began = Instant::now();
    for piece in [
        "<",
        "<v ",
        "<v x",
        "<v a>b",
        "<v a>b</v>",
        "<v a>\n",
        "</v",
        "</v ",
        "<c.",
        "<c.a",
        "<lang ",
        "<1:1",
        "&",
        "&#",
        "&amp",
        "-->",
        "0:1-->",
        "0:1 --> 0:2 x",
        "\n",
        "\r",
        "a\n",
        "1\n\n",
        "a\r\n\r\n",
        "0:1-->0:2\n",
        "0:1-->0:2\nx\n",
        "0:1-->0:2\n\n7\n",
        "NOTE\n\n",
        "STYLE\n",
        " ",
        "\u{a0}",
        " \u{a0}",
        "\u{202e}",
        "\0",
        "é",
        "WEBVTT\n",
    ] {
        let body = piece.repeat(2_000_000 / piece.len());
        for file in [
            format!("WEBVTT\n\n{timing}{body}"),
            format!("{timing}\n{body}>"),
            format!("{timing}<v {body}>x</v>"),
        ] {
            let transcript = Transcript::parse(file.as_bytes());
            let most = file.len() * 8 + 64;
            assert!(transcript.to_vtt().len() <= most, "{piece:?}");
            assert!(transcript.to_text().len() <= most, "{piece:?}");
        }
    }
    assert!(
        began.elapsed() < Duration::from_mins(1),
        "{:?}",
        began.elapsed()
    );
}

/// OM-8: a name of a megabyte is written as often as it was read.
#[test]
fn a_long_name_does_not_multiply() {
    let name = "n".repeat(1_000_000);
    let file = format!(
        "WEBVTT\n\n0:1-->0:2\n<v {name}>{}",
        "x<v a>y</v>z\n\n".repeat(10_000)
    );
    assert!(Transcript::parse(file.as_bytes()).to_vtt().len() < 2 * file.len());
}
