//! How a recording's content comes: ranges, lengths, pace, cuts, tokens
//! (graph-protocol §5, §12).

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::StreamExt;
use graph_simulator::{ArtifactKind, Content, Delivery, Fault, NewArtifact, Outcome, demo};

use crate::held::Held;

const GIB: u64 = 1 << 30;

/// What arrives until the end or the cut, and whether it was cut.
async fn drain(response: reqwest::Response) -> (u64, bool) {
    let mut stream = response.bytes_stream();
    let mut got = 0;
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(piece) => got += piece.len() as u64,
            Err(_) => return (got, true),
        }
    }
    (got, false)
}

fn header<'a>(response: &'a reqwest::Response, name: &str) -> Option<&'a str> {
    let value = response.headers().get(name)?;
    Some(value.to_str().unwrap())
}

/// The last log entry, once it has this outcome.
async fn settled(held: &Held, outcome: Outcome) -> graph_simulator::Received {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let last = held.peer.sim.received().pop().unwrap();
        if last.outcome == outcome {
            return last;
        }
        assert!(Instant::now() < deadline, "{last:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_recording_is_a_video_that_players_can_begin_at_once() {
    let held = Held::start().await;
    let recording = held.record(NewArtifact::default());
    let response = held.fetch(&recording).await;
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "content-type"), Some("video/mp4"));
    assert_eq!(response.content_length(), Some(recording.content.size()));
    let bytes = response.bytes().await.unwrap();
    assert_eq!(
        Content::bytes(bytes.to_vec()).sha256(),
        Content::Sample.sha256()
    );
    assert_eq!(&bytes[4..8], b"ftyp");
    let place = |name: &[u8]| bytes.windows(4).position(|w| w == name).unwrap();
    assert!(place(b"moov") < place(b"mdat"), "the index comes first");
    assert!(bytes.len() < 400_000);
}

#[tokio::test]
async fn given_octets_come_back_as_they_are() {
    let held = Held::start().await;
    let octets: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    let recording = held.record(NewArtifact::of(Content::bytes(octets.clone())));
    assert_eq!(held.fetch(&recording).await.bytes().await.unwrap(), octets);
    let entry = settled(&held, Outcome::Answered).await;
    assert_eq!((entry.status, entry.sent), (Some(200), Some(200_000)));
}

#[tokio::test]
async fn generated_octets_are_a_function_of_seed_and_offset() {
    let held = Held::start().await;
    let recording = held.delivered(3_000_000, Delivery::default());
    let bytes = held.fetch(&recording).await.bytes().await.unwrap();
    assert_eq!(
        Content::bytes(bytes.to_vec()).sha256(),
        recording.content.sha256()
    );
    let part = held.fetch_range(&recording, "bytes=1234567-2345678").await;
    assert_eq!(part.bytes().await.unwrap(), bytes[1_234_567..=2_345_678]);
}

#[tokio::test]
async fn a_range_is_answered_with_its_part() {
    let held = Held::start().await;
    let recording = held.delivered(1_000, Delivery::default());
    for (range, status, expected) in [
        ("bytes=0-99", 206, "bytes 0-99/1000"),
        ("bytes=900-", 206, "bytes 900-999/1000"),
        ("bytes=-1", 206, "bytes 999-999/1000"),
        ("bytes=0-0,5-6", 200, ""),
        ("bytes=1000-", 416, "bytes */1000"),
    ] {
        let response = held.fetch_range(&recording, range).await;
        assert_eq!(response.status(), status, "{range}");
        assert_eq!(
            header(&response, "content-range").unwrap_or_default(),
            expected
        );
        if status == 206 {
            assert_eq!(header(&response, "accept-ranges"), Some("bytes"));
            let length = response.content_length();
            assert_eq!(
                response.bytes().await.unwrap().len() as u64,
                length.unwrap()
            );
        }
    }
}

#[tokio::test]
async fn a_range_can_be_ignored() {
    let held = Held::start().await;
    let recording = held.delivered(1_000, Delivery::without_ranges());
    for range in ["bytes=500-", "bytes=1000-"] {
        let response = held.fetch_range(&recording, range).await;
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "content-range"), None);
        assert_eq!(header(&response, "accept-ranges"), None);
        assert_eq!(response.bytes().await.unwrap().len(), 1_000);
    }
}

#[tokio::test]
async fn the_length_can_be_left_out_and_the_type_be_wrong() {
    let held = Held::start().await;
    let delivery = Delivery {
        tells_length: false,
        content_type: Some("application/octet-stream".into()),
        ..Delivery::default()
    };
    let recording = held.delivered(100_000, delivery);
    for (range, status, size) in [("bytes=50000-", 206, 50_000), ("none", 200, 100_000)] {
        let response = held.fetch_range(&recording, range).await;
        assert_eq!(response.status(), status);
        assert_eq!(header(&response, "content-length"), None);
        assert_eq!(header(&response, "transfer-encoding"), Some("chunked"));
        assert_eq!(
            header(&response, "content-type"),
            Some("application/octet-stream")
        );
        assert_eq!(response.bytes().await.unwrap().len(), size);
    }
}

#[tokio::test]
async fn content_can_be_slow() {
    let held = Held::start().await;
    let slow = Delivery {
        bytes_per_second: Some(50_000),
        ..Delivery::default()
    };
    let recording = held.delivered(20_000, slow);
    let began = Instant::now();
    let (got, cut) = drain(held.fetch(&recording).await).await;
    assert_eq!((got, cut), (20_000, false));
    // Five thousand at a time, the first at once.
    assert!(
        began.elapsed() >= Duration::from_millis(290),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn the_connection_closes_after_so_many_octets() {
    let held = Held::start().await;
    for tells_length in [true, false] {
        let cut = Delivery {
            cut_after: Some(150_000),
            cut_times: Some(2),
            tells_length,
            ..Delivery::default()
        };
        let recording = held.delivered(400_000, cut);
        assert_eq!(drain(held.fetch(&recording).await).await, (150_000, true));
        let entry = settled(&held, Outcome::Cut).await;
        assert_eq!((entry.status, entry.sent), (Some(200), Some(150_000)));
        let rest = held.fetch_range(&recording, "bytes=150000-").await;
        assert_eq!(drain(rest).await, (150_000, true));
        let rest = held.fetch_range(&recording, "bytes=300000-").await;
        assert_eq!(
            drain(rest).await,
            (100_000, false),
            "two answers were to be cut"
        );
        let again = held.peer.sim.artifacts(&held.meeting);
        assert_eq!(
            again.iter().find(|a| a.id == recording.id).unwrap().served,
            3
        );
    }
}

#[tokio::test]
async fn a_body_can_end_early_as_if_it_were_complete() {
    let held = Held::start().await;
    let quiet = Delivery {
        cut_after: Some(1_000),
        cut_quietly: true,
        tells_length: false,
        ..Delivery::default()
    };
    let recording = held.delivered(4_000, quiet);
    let response = held.fetch_range(&recording, "bytes=0-").await;
    assert_eq!(
        header(&response, "content-range"),
        Some("bytes 0-3999/4000")
    );
    assert_eq!(drain(response).await, (1_000, false));
}

#[tokio::test]
async fn a_token_can_be_refused_by_age_or_revoked_in_use() {
    let mut held = Held::start().await;
    let impatient = Delivery {
        max_token_age_ms: Some(60_000),
        ..Delivery::default()
    };
    let recording = held.delivered(1_000, impatient);
    assert_eq!(held.answer(&recording).await.status, 200);
    held.peer.sim.advance(TimeDelta::minutes(2));
    let refused = held.answer(&recording).await;
    assert_eq!(refused.refusal(), (401, "InvalidAuthenticationToken"));
    assert_eq!(
        held.peer.get(&held.recordings()).await.status,
        200,
        "content only"
    );
    held.peer.renew_token().await;
    assert_eq!(held.answer(&recording).await.status, 200);

    let revoking = Delivery {
        cut_after: Some(500),
        cut_times: Some(1),
        revokes_when_cut: true,
        ..Delivery::default()
    };
    let recording = held.delivered(1_000, revoking);
    assert_eq!(drain(held.fetch(&recording).await).await, (500, true));
    let refused = held.answer(&recording).await;
    assert_eq!(refused.refusal(), (401, "InvalidAuthenticationToken"));
    held.peer.renew_token().await;
    let rest = held.fetch_range(&recording, "bytes=500-").await;
    assert_eq!(drain(rest).await, (500, false));
}

#[tokio::test]
async fn a_way_of_delivery_is_for_one_artifact_or_for_its_kind() {
    let held = Held::start().await;
    held.peer
        .sim
        .configure(|b| b.recording_delivery.content_type = Some("text/html".into()));
    let usual = held.record(NewArtifact::default());
    let own = held.delivered(10, Delivery::default());
    let transcript = held.transcribe(NewArtifact::default());
    for (artifact, expected) in [
        (usual, "text/html"),
        (own, "video/mp4"),
        (transcript, "text/vtt"),
    ] {
        let response = held.fetch(&artifact).await;
        assert_eq!(header(&response, "content-type"), Some(expected));
    }
}

#[tokio::test]
async fn a_client_that_leaves_is_seen_in_the_log() {
    let held = Held::start().await;
    let recording = held.delivered(GIB, Delivery::default());
    let mut response = held.fetch(&recording).await;
    response.chunk().await.unwrap();
    drop(response);
    let entry = settled(&held, Outcome::Abandoned).await;
    assert!(entry.sent.unwrap() < GIB, "{entry:?}");
    assert_eq!(entry.body, None);
}

#[tokio::test]
async fn faults_strike_content_and_lists_as_they_strike_anything() {
    let held = Held::start().await;
    let recording = held.delivered(1_000_000, Delivery::default());
    let transcript = held.transcribe(NewArtifact::default());
    let sim = &held.peer.sim;
    let content = "/v1.0/users/*/onlineMeetings/*/recordings/*/content";
    sim.inject(Fault::on("GET", content).throttle("0.05"));
    let throttled = held.answer(&recording).await;
    assert_eq!(
        (throttled.status, throttled.header("retry-after")),
        (429, "0.05")
    );
    sim.inject(Fault::on("GET", content).after().truncate());
    assert_eq!(drain(held.fetch(&recording).await).await, (500_000, true));
    sim.inject(Fault::on("GET", content).after().malformed_json());
    let spoilt = held.fetch(&recording).await;
    assert!(spoilt.text().await.unwrap().starts_with("{\"id\""));
    sim.inject(Fault::on("GET", content).html(502));
    assert_eq!(held.fetch(&recording).await.status(), 502);
    sim.inject(Fault::on("GET", content).cut());
    assert!(held.ask(&recording).send().await.is_err());
    assert_eq!(held.fetch(&recording).await.status(), 200);

    let lists = "/v1.0/users/*/onlineMeetings/*/transcripts";
    sim.inject(Fault::on("GET", lists).always().unavailable("1"));
    assert_eq!(held.peer.get(&held.transcripts()).await.status, 503);
    assert_eq!(held.fetch(&transcript).await.status(), 200, "another path");
    sim.inject(Fault::on("GET", "**/getAllRecordings(*").error(500, "UnknownError", ""));
    let organizer = demo::ORGANIZER_ID;
    let all = format!(
        "/users/{organizer}/onlineMeetings/getAllRecordings(meetingOrganizerUserId='{organizer}',startDateTime=2026-11-01T00:00:00Z,endDateTime=2026-11-30T00:00:00Z)"
    );
    assert_eq!(held.peer.get(&all).await.status, 500);
    assert_eq!(held.peer.get(&all).await.values().len(), 1);
    assert_eq!(recording.kind, ArtifactKind::Recording);
}

/// Peak memory of this process in octets, as Linux counts it.
#[cfg(target_os = "linux")]
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes * 1024
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn two_gibibytes_need_no_memory() {
    let held = Held::start().await;
    let recording = held.delivered(2 * GIB, Delivery::default());
    let before = peak_memory();
    let (got, cut) = drain(held.fetch(&recording).await).await;
    assert_eq!((got, cut), (2 * GIB, false));
    let grown = peak_memory() - before;
    // Tests beside this one take some of it.
    assert!(grown < 128 << 20, "{grown} octets more");
    let log = serde_json::to_string(&held.peer.sim.received()).unwrap();
    assert!(log.len() < 10_000);
}
