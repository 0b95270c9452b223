//! What goes wrong on the way: at Microsoft, in between, and at the client
//! (OM-9).

use std::time::Duration;

use futures_util::StreamExt;
use graph_simulator::{Content, Delivery, Fault, Outcome};
use serde_json::json;

use super::laboratory::{KIB, LIMIT, Laboratory, Streamed, between};

const SIZE: u64 = 200 * KIB;
const CONTENT: &str = "/v1.0/users/*/onlineMeetings/*/recordings/*/content";

fn content() -> Content {
    Content::generated(SIZE, 11)
}

/// OM-9: an answer of Graph's that breaks off is opened again at the present
/// offset, quietly broken off or not, with ranges or without.
#[tokio::test]
async fn a_cut_is_mended_within_one_answer() {
    for delivery in [
        Delivery::default(),
        Delivery {
            cut_quietly: true,
            ..Delivery::default()
        },
        Delivery::redirected(),
        Delivery::without_ranges(),
    ] {
        let case = format!("{delivery:?}");
        let cut = Delivery {
            cut_after: Some(90 * KIB),
            cut_times: Some(2),
            ..delivery
        };
        let (laboratory, path) = Laboratory::recorded(content(), cut).await;
        let mut answer = laboratory.range(&path, "bytes=5000-").await;
        assert!(
            answer.octets(206).await == between(&content(), 5_000, SIZE - 1),
            "{case}"
        );
        assert_eq!(laboratory.fetches().len(), 3, "{case}");
    }
}

/// OM-9: a token that ends in mid-stream is replaced; so is a link of the storage.
#[tokio::test]
async fn a_token_that_ends_in_mid_stream_is_replaced() {
    for delivery in [Delivery::default(), Delivery::redirected()] {
        let case = format!("{delivery:?}");
        let cut = Delivery {
            cut_after: Some(64 * KIB),
            cut_times: Some(1),
            revokes_when_cut: true,
            ..delivery
        };
        let (laboratory, path) = Laboratory::recorded(content(), cut).await;
        let mut answer = laboratory.range(&path, "bytes=0-").await;
        assert!(
            answer.octets(206).await == between(&content(), 0, SIZE - 1),
            "{case}"
        );
    }
}

/// OM-9: what cannot be resumed ends the body with an error: it is not taken for
/// whole.
#[tokio::test]
async fn a_body_that_cannot_be_mended_breaks_off() {
    let dead = Delivery {
        cut_after: Some(0),
        ..Delivery::default()
    };
    let (laboratory, path) = Laboratory::recorded(content(), dead).await;
    let mut answer = laboratory.range(&path, "bytes=0-").await;
    assert_eq!(answer.status, 206);
    let (octets, is_whole) = answer.read().await;
    assert_eq!((octets.len(), is_whole), (0, false));
    assert_eq!(laboratory.fetches().len(), 3);
}

/// OM-9: a recording that Microsoft lets go of in mid-stream ends the body.
#[tokio::test]
async fn a_recording_that_vanishes_in_mid_stream_breaks_off() {
    let slow = Delivery {
        cut_after: Some(64 * KIB),
        ..Delivery::default()
    };
    let (laboratory, path) = Laboratory::recorded(content(), slow).await;
    let mut answer = laboratory.range(&path, "bytes=0-").await;
    let gone = Fault::on("GET", CONTENT).error(404, "NotFound", "canary-text");
    laboratory.practice.graph.inject(gone.always());
    let (octets, is_whole) = answer.read().await;
    assert!(!is_whole && octets.len() as u64 <= 64 * KIB);
    assert!(octets == content().read(0, octets.len()));
}

/// OM-9: slow content comes as it comes.
#[tokio::test]
async fn slow_content_arrives_whole() {
    let slow = Delivery {
        bytes_per_second: Some(100 * KIB),
        ..Delivery::default()
    };
    let (laboratory, path) = Laboratory::recorded(content(), slow).await;
    let mut answer = laboratory.range(&path, "bytes=0-").await;
    assert!(answer.octets(206).await == between(&content(), 0, SIZE - 1));
}

async fn first_chunk(answer: &mut Streamed) {
    let chunk = answer.body.next().await.expect("a chunk");
    assert!(!chunk.expect("octets").is_empty());
}

fn long() -> (Content, Delivery) {
    let delivery = Delivery {
        bytes_per_second: Some(400 * KIB),
        ..Delivery::default()
    };
    (Content::generated(64 * 1024 * KIB, 12), delivery)
}

/// OM-9: a client that leaves ends the call to Graph, long before the content's end.
#[tokio::test]
async fn a_client_that_leaves_ends_the_work() {
    let (content, delivery) = long();
    let mut laboratory = Laboratory::open().await;
    laboratory.practice.process.recording_stream.limit = content.size();
    let recording = laboratory.add_recording(content, delivery).await;
    let path = laboratory.ticket(&recording).await;
    let mut answer = laboratory.range(&path, "bytes=0-").await;
    first_chunk(&mut answer).await;
    drop(answer);
    laboratory
        .until(|fetch| fetch.outcome == Outcome::Abandoned)
        .await;
}

/// OM-9: so does one that takes nothing; what it gets then is no end.
#[tokio::test]
async fn a_client_that_stalls_ends_the_work() {
    let (content, delivery) = long();
    let mut laboratory = Laboratory::open().await;
    laboratory.practice.process.recording_stream.limit = content.size();
    laboratory.practice.process.recording_stream.stalled = Duration::from_millis(300);
    let recording = laboratory.add_recording(content, delivery).await;
    let path = laboratory.ticket(&recording).await;
    let mut answer = laboratory.range(&path, "bytes=0-").await;
    first_chunk(&mut answer).await;
    laboratory
        .until(|fetch| fetch.outcome == Outcome::Abandoned)
        .await;
    assert!(!answer.read().await.1);
}

/// OM-9: an answer ends before the function is cut off, whoever is slow.
#[tokio::test]
async fn an_answer_ends_before_the_function_does() {
    let (content, delivery) = long();
    let mut laboratory = Laboratory::open().await;
    laboratory.practice.process.recording_stream.limit = content.size();
    laboratory.practice.process.recording_stream.longest = Duration::from_millis(500);
    let recording = laboratory.add_recording(content, delivery).await;
    let path = laboratory.ticket(&recording).await;
    let mut answer = laboratory.range(&path, "bytes=0-").await;
    let (octets, is_whole) = answer.read().await;
    assert!(!octets.is_empty() && !is_whole);
}

/// OM-9, XC-3: Graph's errors become ours: their 401 and 403 are not the caller's,
/// what is gone is gone, and none of their words reaches anybody.
#[tokio::test]
async fn graphs_errors_become_ours() {
    let (laboratory, path) = Laboratory::recorded(content(), Delivery::default()).await;
    let fault = || Fault::on("GET", CONTENT).always();
    for (fault, status, code) in [
        (
            fault().error(401, "InvalidAuthenticationToken", "canary-text"),
            503,
            None,
        ),
        (fault().error(403, "Forbidden", "canary-text"), 503, None),
        (
            fault().error(404, "NotFound", "canary-text"),
            404,
            Some("recording_gone"),
        ),
        (fault().throttle("120"), 503, None),
        (
            fault().error(500, "InternalServerError", "canary-text"),
            503,
            None,
        ),
        (fault().html(502), 503, None),
        (fault().cut(), 503, None),
    ] {
        let case = format!("{fault:?}");
        let is_throttled = case.contains("429");
        laboratory.practice.graph.inject(fault);
        for headers in [&[][..], &[("range", "bytes=0-9")]] {
            let mut answer = laboratory.stream("GET", &path, headers).await;
            if is_throttled {
                assert!(answer.header("retry-after").is_some(), "{case}");
            }
            let (body, _) = answer.read().await;
            let body = String::from_utf8(body).unwrap();
            assert_eq!(answer.status, status, "{case}: {body}");
            assert_eq!(
                answer.header("content-type"),
                Some("application/problem+json")
            );
            let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
            if let Some(code) = code {
                assert_eq!(problem["code"], json!(code), "{case}");
            }
            for theirs in ["canary", "/v1.0/", "http://", "InvalidAuthenticationToken"] {
                assert!(!body.contains(theirs), "{theirs} in {body}");
            }
        }
        laboratory.practice.graph.clear_faults();
    }
    let mut answer = laboratory.get(&path).await;
    assert_eq!(answer.octets(200).await.len() as u64, SIZE);
}

/// OM-9, TS-1: an integration that is switched off plays nothing of Microsoft's.
#[tokio::test]
async fn a_disabled_integration_plays_nothing() {
    let (laboratory, path) = Laboratory::recorded(content(), Delivery::default()).await;
    laboratory
        .practice
        .integrate(&json!({ "install_status": "disabled" }))
        .await;
    let mut answer = laboratory.get(&path).await;
    let (_, is_whole) = answer.read().await;
    assert_eq!((answer.status, is_whole), (503, true));
    assert!(laboratory.fetches().is_empty());
}

/// OM-9: many at once get what each asked for.
#[tokio::test]
async fn viewers_at_once_get_their_own_octets() {
    let content = Content::generated(4 * LIMIT, 13);
    let (laboratory, path) = Laboratory::recorded(content.clone(), Delivery::default()).await;
    let viewers = (0..24).map(|viewer| {
        let (laboratory, path, content) = (&laboratory, &path, &content);
        async move {
            let first = viewer * 40 * KIB + viewer;
            let last = first + 10 * KIB;
            let mut answer = laboratory
                .range(path, &format!("bytes={first}-{last}"))
                .await;
            assert!(
                answer.octets(206).await == between(content, first, last),
                "{viewer}"
            );
        }
    });
    futures_util::future::join_all(viewers).await;
}
