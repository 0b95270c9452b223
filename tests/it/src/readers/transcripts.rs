//! Independent readers judge our WebVTT: Python's `webvtt-py`, and W3C's own
//! `webvtt-parser`, which is the format's validator.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use convoke_domain::transcript::Transcript;
use serde_json::{Value, json};

/// A transcript as it arrives, and what readers should make of what we write.
struct Sample {
    arrived: &'static str,
    cues: &'static [Cue],
}

struct Cue {
    start: &'static str,
    end: &'static str,
    /// Speakers (empty where unknown) and texts.
    voices: &'static [(&'static str, &'static str)],
}

const SAMPLES: &[Sample] = &[
    // Teams' own form, with what may stand in it.
    Sample {
        arrived: "\u{feff}WEBVTT\r\n\r\nNOTE none said\r\n\r\n\
            7c2f9a10-33b5-4f7e-9d57-0a4c11c0ffee/12-0\r\n-00:00:03.120 --> 00:00:01.000\r\n\
            <v Ann Müller>Good morning.</v>\r\n\r\n\
            7c2f9a10-33b5-4f7e-9d57-0a4c11c0ffee/13-0\r\n00:00:05.480 --> 00:00:09.000\r\n\
            <v Ann Müller>The Q&amp;A:\r\nis 1 &lt; 2?</v>\r\n<v 山田 太郎>はい。</v>\r\n\r\n\
            7c2f9a10-33b5-4f7e-9d57-0a4c11c0ffee/14-0\r\n30:00:00.000 --> 29:00:00.000\r\n\
            <v Bob>Bye.</v>\r\n",
        cues: &[
            Cue {
                start: "00:00:00.000",
                end: "00:00:01.000",
                voices: &[("Ann Müller", "Good morning.")],
            },
            Cue {
                start: "00:00:05.480",
                end: "00:00:09.000",
                voices: &[
                    ("Ann Müller", "The Q&A:\nis 1 < 2?"),
                    ("山田 太郎", "はい。"),
                ],
            },
            Cue {
                start: "30:00:00.000",
                end: "30:00:00.001",
                voices: &[("Bob", "Bye.")],
            },
        ],
    },
    // The form without speakers, out of order.
    Sample {
        arrived: "0:0:7.5 --> 0:0:9.0\n\nNOTE that, please.\n\n0:0:0.0 --> 0:0:5.320\n\nThis is a test.\n",
        cues: &[
            Cue {
                start: "00:00:00.000",
                end: "00:00:05.320",
                voices: &[("", "This is a test.")],
            },
            Cue {
                start: "00:00:07.500",
                end: "00:00:09.000",
                voices: &[("", "NOTE that, please.")],
            },
        ],
    },
    // Text and names that could be something else.
    Sample {
        arrived: "WEBVTT\n\n00:01.000 --> 00:02.000 align:start\n\
            <v A &lt;/v&gt; B-->see 00:00:05.000 --> 00:00:06.000\nSTYLE <script>x</script> &amp;lt; &\0\u{202e} <b\n\n\
            00:03.000 --> 00:04.000\n--&gt;\nWEBVTT <v C--&gt;>a</v\n",
        cues: &[
            Cue {
                start: "00:00:01.000",
                end: "00:00:02.000",
                voices: &[(
                    "A </v> B--",
                    "see 00:00:05.000 --> 00:00:06.000\nSTYLE <script>x</script> &lt; & <b",
                )],
            },
            Cue {
                start: "00:00:03.000",
                end: "00:00:04.000",
                voices: &[("", "-->\nWEBVTT"), ("C-->", "a</v")],
            },
        ],
    },
    // Nothing was said.
    Sample {
        arrived: "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann></v>\n",
        cues: &[],
    },
];

/// What is sent to a reader.
fn request() -> Value {
    let files = SAMPLES
        .iter()
        .map(|sample| Transcript::parse(sample.arrived.as_bytes()).to_vtt());
    json!({ "files": files.collect::<Vec<_>>() })
}

fn compare(answer: &Value, expected: impl Fn(&Sample) -> Value) -> Result<()> {
    let read = answer["files"].as_array().context("a list of files")?;
    ensure!(read.len() == SAMPLES.len(), "{} files read", read.len());
    for (read, sample) in read.iter().zip(SAMPLES) {
        let expected = expected(sample);
        ensure!(*read == expected, "read  {read}\nwrote {expected}");
    }
    Ok(())
}

/// Lets `webvtt-py` read: times, the first voice, and all text.
pub fn check_with_python(python: &Path) -> Result<()> {
    let mut command = Command::new(python);
    command.arg(super::folder().join("read_vtt.py"));
    let answer = super::ask(command, &request()).context("webvtt-py")?;
    compare(&answer, |sample| {
        let cue = |cue: &Cue| {
            let texts: Vec<_> = cue.voices.iter().map(|voice| voice.1).collect();
            let first = Some(cue.voices[0].0).filter(|name| !name.is_empty());
            json!({ "start": cue.start, "end": cue.end, "id": null, "voice": first,
                "text": texts.join("\n") })
        };
        sample.cues.iter().map(cue).collect()
    })
}

/// Lets W3C's validator read, with the `node` of the path; it must have nothing
/// to say. The folder is the `node_modules` of `readers/package.json`.
pub fn check_with_node(node_modules: &Path) -> Result<()> {
    let mut command = Command::new("node");
    command
        .arg(super::folder().join("read_vtt.mjs"))
        .env("NODE_PATH", node_modules);
    let answer = super::ask(command, &request()).context("webvtt-parser")?;
    compare(&answer, |sample| {
        let voice = |(speaker, text): &(&str, &str)| {
            let speaker = Some(*speaker).filter(|name| !name.is_empty());
            json!({ "speaker": speaker, "text": text })
        };
        let cue = |cue: &Cue| {
            json!({ "start": millis(cue.start), "end": millis(cue.end),
                "voices": cue.voices.iter().map(voice).collect::<Vec<_>>() })
        };
        json!({ "errors": [], "cues": sample.cues.iter().map(cue).collect::<Vec<_>>() })
    })
}

/// Of `00:00:00.000`.
fn millis(timestamp: &str) -> u64 {
    timestamp
        .replace('.', ":")
        .split(':')
        .zip([3_600_000, 60_000, 1_000, 1])
        .fold(0, |sum, (digits, unit)| {
            sum + digits.parse::<u64>().expect("digits") * unit
        })
}
