//! Recordings that the bucket has a copy of (OM-9, OM-10).

use graph_simulator::{Content, Delivery};
use it::api::Answer;

use super::laboratory::{KIB, LIMIT, Laboratory, between};

/// OM-9: a stored recording plays from the bucket, by the same ranges, and without
/// Microsoft.
#[tokio::test]
async fn a_stored_recording_plays_from_the_bucket() {
    let laboratory = Laboratory::open().await;
    let size = LIMIT + 5_000;
    let content = Content::generated(size, 21);
    let recording = laboratory.add_stored(&content).await;
    let path = laboratory.ticket(&recording).await;
    laboratory.practice.graph.clear_received();
    for (range, first, last) in [
        ("bytes=0-", 0, LIMIT - 1),
        ("bytes=4000-4099", 4_000, 4_099),
        ("bytes=-100", size - 100, size - 1),
        ("bytes=262144-", LIMIT, size - 1),
    ] {
        let mut answer = laboratory.range(&path, range).await;
        assert!(
            answer.octets(206).await == between(&content, first, last),
            "{range}"
        );
        let named = format!("bytes {first}-{last}/{size}");
        assert_eq!(answer.header("content-range"), Some(named.as_str()));
        assert_eq!(answer.header("content-type"), Some("video/mp4"));
    }
    let mut answer = laboratory.range(&path, &format!("bytes={size}-")).await;
    assert_eq!(answer.problem(416).await, "range_not_satisfiable");
    let answer = laboratory.stream("HEAD", &path, &[]).await;
    let length = size.to_string();
    assert_eq!(answer.header("content-length"), Some(length.as_str()));
    let headers = [("range", "bytes=0-9"), ("if-range", "\"other\"")];
    let answer = laboratory.stream("GET", &path, &headers).await;
    assert_eq!(answer.status, 303, "the whole is wanted");
    assert!(laboratory.practice.graph.received().is_empty());
}

/// OM-9: a small stored one comes whole.
#[tokio::test]
async fn a_small_stored_recording_comes_whole() {
    let laboratory = Laboratory::open().await;
    for size in [0, 10 * KIB] {
        let content = Content::generated(size, 22);
        let recording = laboratory.add_stored(&content).await;
        let path = laboratory.ticket(&recording).await;
        let mut answer = laboratory.get(&path).await;
        assert!(answer.octets(200).await == content.read(0, 10 * 1024));
        let length = size.to_string();
        assert_eq!(answer.header("content-length"), Some(length.as_str()));
    }
}

/// OM-9: a whole download over the limit goes to a presigned link of minutes, which
/// gives the file with its name.
#[tokio::test]
async fn a_large_stored_recording_downloads_by_a_presigned_link() {
    let laboratory = Laboratory::open().await;
    let content = Content::generated(3 * LIMIT, 23);
    let recording = laboratory.add_stored(&content).await;
    let path = laboratory.ticket(&recording).await;
    let mut answer = laboratory.get(&path).await;
    assert_eq!(answer.octets(303).await, b"");
    let link = answer.header("location").expect("a link").to_owned();
    assert!(
        link.contains("X-Amz-Expires=300") && !link.contains("ticket="),
        "{link}"
    );
    let file = fetch(&link).await;
    assert_eq!(file.status, 200);
    assert!(file.body == between(&content, 0, 3 * LIMIT - 1));
    assert_eq!(
        file.header("content-disposition"),
        Some(
            "attachment; filename=\"Recording-Quarterly-review.mp4\"; filename*=UTF-8''Recording%20-%20Quarterly%20review.mp4"
        )
    );
    assert_eq!(file.header("content-type"), Some("video/mp4"));
    let other = link.replace("/recordings/", "/transcripts/");
    assert_eq!(
        fetch(&other).await.status,
        403,
        "the link is for one object"
    );
}

/// OM-9: where a copy was removed, Microsoft's original plays.
#[tokio::test]
async fn a_removed_copy_plays_from_microsoft() {
    let laboratory = Laboratory::open().await;
    let content = Content::generated(50 * KIB, 24);
    let delivery = Delivery::default();
    let recording = laboratory.add_recording(content.clone(), delivery).await;
    laboratory.pretend_stored(&recording, &content).await;
    let path = laboratory.ticket(&recording).await;
    let mut answer = laboratory.range(&path, "bytes=100-199").await;
    assert!(answer.octets(206).await == between(&content, 100, 199));
    assert_eq!(laboratory.fetches().len(), 1);
}

#[allow(clippy::disallowed_methods, reason = "a test's own client")]
async fn fetch(link: &str) -> Answer {
    let response = reqwest::Client::new().get(link).send().await.unwrap();
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.bytes().await.unwrap().to_vec(),
    }
}
