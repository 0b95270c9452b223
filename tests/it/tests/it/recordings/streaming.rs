//! Playing and seeking, as browsers ask for it (OM-9).

use graph_simulator::{Content, Delivery};

use super::laboratory::{KIB, LIMIT, Laboratory, between};

const SIZE: u64 = 100 * KIB + 7;

fn content() -> Content {
    Content::generated(SIZE, 1)
}

/// OM-9: a small recording comes whole, with what a player wants to know, under a
/// safe name.
#[tokio::test]
async fn a_small_recording_plays_without_a_range() {
    let (laboratory, path) = Laboratory::recorded(content(), Delivery::default()).await;
    let mut answer = laboratory.get(&path).await;
    assert_eq!(answer.octets(200).await, between(&content(), 0, SIZE - 1));
    let length = SIZE.to_string();
    for (name, value) in [
        ("content-type", "video/mp4"),
        ("content-length", length.as_str()),
        ("accept-ranges", "bytes"),
        (
            "content-disposition",
            "inline; filename=\"Recording-Quarterly-review.mp4\"; filename*=UTF-8''Recording%20-%20Quarterly%20review.mp4",
        ),
        ("cross-origin-resource-policy", "cross-origin"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert!(answer.header("etag").is_some() && answer.header("content-range").is_none());
    assert_eq!(laboratory.fetches().len(), 1);
}

/// OM-9: each kind of range brings the octets that it names, by one call to Graph
/// for no more than them.
#[tokio::test]
async fn ranges_bring_what_they_name() {
    let (laboratory, path) = Laboratory::recorded(content(), Delivery::default()).await;
    for (range, first, last) in [
        ("bytes=0-", 0, SIZE - 1),
        ("bytes=0-1", 0, 1),
        ("bytes=5000-", 5_000, SIZE - 1),
        ("bytes=70000-70099", 70_000, 70_099),
        ("bytes=100000-999999999", 100_000, SIZE - 1),
        ("bytes=-1", SIZE - 1, SIZE - 1),
        ("bytes=-3000", SIZE - 3_000, SIZE - 1),
        ("bytes=-999999", 0, SIZE - 1),
    ] {
        laboratory.practice.graph.clear_received();
        let mut answer = laboratory.range(&path, range).await;
        let octets = answer.octets(206).await;
        assert!(octets == between(&content(), first, last), "{range}");
        let named = format!("bytes {first}-{last}/{SIZE}");
        assert_eq!(answer.header("content-range"), Some(named.as_str()));
        let length = (last - first + 1).to_string();
        assert_eq!(answer.header("content-length"), Some(length.as_str()));
        let fetches = laboratory.fetches();
        assert_eq!(fetches.len(), 1, "{range}");
        assert_eq!(fetches[0].sent, Some(last - first + 1), "{range}");
    }
}

/// OM-9: what lies beyond the end answers 416 with the length.
#[tokio::test]
async fn a_range_beyond_the_end_is_not_satisfiable() {
    let (laboratory, path) = Laboratory::recorded(content(), Delivery::default()).await;
    let total = format!("bytes */{SIZE}");
    for range in [
        format!("bytes={SIZE}-"),
        "bytes=999999999-9999999999".to_owned(),
        "bytes=99999999999999999999-".to_owned(),
        "bytes=-0".to_owned(),
    ] {
        let mut answer = laboratory.range(&path, &range).await;
        assert_eq!(answer.problem(416).await, "range_not_satisfiable");
        assert_eq!(
            answer.header("content-range"),
            Some(total.as_str()),
            "{range}"
        );
    }
}

/// OM-9: several ranges and malformed ones are left aside.
#[tokio::test]
async fn what_is_no_single_range_brings_the_whole() {
    let (laboratory, path) = Laboratory::recorded(content(), Delivery::default()).await;
    for range in ["bytes=0-1,5-6", "bytes=9-1", "items=0-1", "bytes=x-"] {
        let mut answer = laboratory.range(&path, range).await;
        assert_eq!(answer.octets(200).await.len() as u64, SIZE, "{range}");
    }
}

/// OM-9: a recording over the limit plays by capped ranges, one after the other,
/// and seeks anywhere; its whole is refused with what to do instead.
#[tokio::test]
async fn a_large_recording_plays_by_capped_ranges() {
    let size = 3 * LIMIT + 1234;
    let content = Content::generated(size, 2);
    let (laboratory, path) = Laboratory::recorded(content.clone(), Delivery::default()).await;
    let mut whole = vec![];
    while (whole.len() as u64) < size {
        let at = whole.len() as u64;
        let mut answer = laboratory.range(&path, &format!("bytes={at}-")).await;
        let last = (at + LIMIT - 1).min(size - 1);
        let octets = answer.octets(206).await;
        let named = format!("bytes {at}-{last}/{size}");
        assert_eq!(answer.header("content-range"), Some(named.as_str()));
        whole.extend(octets);
    }
    assert!(whole == between(&content, 0, size - 1));
    // The end of a long one: the first octets of what was asked for.
    let first = size - LIMIT - 99;
    let mut answer = laboratory
        .range(&path, &format!("bytes=-{}", LIMIT + 99))
        .await;
    assert!(answer.octets(206).await == between(&content, first, size - 100));
    let mut answer = laboratory.get(&path).await;
    assert_eq!(answer.problem(409).await, "recording_too_large");
}

/// OM-9: HEAD tells what GET would, and fetches one octet at most.
#[tokio::test]
async fn head_tells_the_length() {
    let size = 5 * LIMIT;
    let content = Content::generated(size, 3);
    let (laboratory, path) = Laboratory::recorded(content, Delivery::default()).await;
    for headers in [&[][..], &[("range", "bytes=7-9")]] {
        laboratory.practice.graph.clear_received();
        let mut answer = laboratory.stream("HEAD", &path, headers).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.read().await.0, b"");
        let length = size.to_string();
        assert_eq!(answer.header("content-length"), Some(length.as_str()));
        assert_eq!(answer.header("accept-ranges"), Some("bytes"));
        let fetches = laboratory.fetches();
        assert_eq!(fetches.len(), 1);
        assert!(fetches[0].sent <= Some(1), "{:?}", fetches[0].sent);
    }
    let mut answer = laboratory
        .stream("HEAD", "/recordings/x?ticket=y", &[])
        .await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.read().await.0, b"");
}

/// OM-9: `If-Range` with the very tag brings the range, any other the whole.
#[tokio::test]
async fn if_range_keeps_parts_of_two_recordings_apart() {
    let (laboratory, path) = Laboratory::recorded(content(), Delivery::default()).await;
    let tag = laboratory
        .get(&path)
        .await
        .header("etag")
        .unwrap()
        .to_owned();
    let asked = |tag: &str| {
        [
            ("range", "bytes=10-19".to_owned()),
            ("if-range", tag.to_owned()),
        ]
    };
    let weak = format!("W/{tag}");
    for (given, status, length) in [
        (tag.as_str(), 206, 10),
        ("\"other\"", 200, SIZE),
        (weak.as_str(), 200, SIZE),
        ("Sat, 21 Nov 2026 10:00:00 GMT", 200, SIZE),
    ] {
        let headers = asked(given);
        let headers = headers
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let mut answer = laboratory.stream("GET", &path, &headers).await;
        assert_eq!(answer.octets(status).await.len() as u64, length, "{given}");
    }
}

/// OM-9: Graph that takes no notice of ranges is skipped through; without any
/// length told, a closed range is one of `*`, anything else the whole.
#[tokio::test]
async fn a_graph_without_ranges_still_seeks() {
    let (laboratory, path) = Laboratory::recorded(content(), Delivery::without_ranges()).await;
    for (range, first, last) in [
        ("bytes=50000-", 50_000, SIZE - 1),
        ("bytes=70000-70099", 70_000, 70_099),
        ("bytes=-3000", SIZE - 3_000, SIZE - 1),
    ] {
        let mut answer = laboratory.range(&path, range).await;
        assert!(
            answer.octets(206).await == between(&content(), first, last),
            "{range}"
        );
        let named = format!("bytes {first}-{last}/{SIZE}");
        assert_eq!(answer.header("content-range"), Some(named.as_str()));
    }
    let mut beyond = laboratory.range(&path, &format!("bytes={SIZE}-")).await;
    assert_eq!(beyond.problem(416).await, "range_not_satisfiable");

    let unknown = Delivery {
        tells_length: false,
        ..Delivery::without_ranges()
    };
    let recording = laboratory.add_recording(content(), unknown).await;
    let path = laboratory.ticket(&recording).await;
    let mut answer = laboratory.range(&path, "bytes=70000-70099").await;
    assert!(answer.octets(206).await == between(&content(), 70_000, 70_099));
    assert_eq!(answer.header("content-range"), Some("bytes 70000-70099/*"));
    assert_eq!(answer.header("content-length"), None);
    for range in ["bytes=0-", "bytes=5000-", "bytes=-100"] {
        let mut answer = laboratory.range(&path, range).await;
        assert!(
            answer.octets(200).await == between(&content(), 0, SIZE - 1),
            "{range}"
        );
        assert_eq!(answer.header("content-length"), None);
    }
    // More than there is: nobody can tell before the end.
    let mut answer = laboratory.range(&path, "bytes=0-200000").await;
    let (octets, _) = answer.read().await;
    assert_eq!(octets.len() as u64, SIZE);
    assert_eq!(answer.header("content-length"), None);
}

/// OM-9: the storage that Graph redirects to gets the range, and never the token;
/// nobody is redirected there.
#[tokio::test]
async fn graphs_storage_is_read_without_the_token() {
    let (laboratory, path) = Laboratory::recorded(content(), Delivery::redirected()).await;
    let mut answer = laboratory.range(&path, "bytes=1000-1999").await;
    assert!(answer.octets(206).await == between(&content(), 1_000, 1_999));
    let stored = laboratory.practice.graph.storage_received();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].headers.get("authorization"), None);
    assert_eq!(stored[0].headers["range"], "bytes=1000-1999");
}

/// OM-9: whatever Microsoft calls it, it is no page.
#[tokio::test]
async fn a_recording_is_never_a_page() {
    for (theirs, ours) in [("text/html", "video/mp4"), ("video/webm", "video/webm")] {
        let delivery = Delivery {
            content_type: Some(theirs.to_owned()),
            ..Delivery::default()
        };
        let (laboratory, path) = Laboratory::recorded(content(), delivery).await;
        let answer = laboratory.get(&path).await;
        assert_eq!(answer.header("content-type"), Some(ours));
    }
}

/// OM-9: an empty recording is empty.
#[tokio::test]
async fn an_empty_recording_has_no_octets() {
    let (laboratory, path) =
        Laboratory::recorded(Content::bytes(vec![]), Delivery::default()).await;
    let mut answer = laboratory.get(&path).await;
    assert_eq!(answer.octets(200).await, b"");
    assert_eq!(answer.header("content-length"), Some("0"));
    let mut answer = laboratory.range(&path, "bytes=0-").await;
    assert_eq!(answer.problem(416).await, "range_not_satisfiable");
    assert_eq!(answer.header("content-range"), Some("bytes */0"));
}

/// XC-3: other paths do not exist, other methods are refused, by problem documents.
#[tokio::test]
async fn other_paths_and_methods_are_problems() {
    let (laboratory, path) = Laboratory::recorded(content(), Delivery::default()).await;
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let mut answer = laboratory.stream(method, &path, &[]).await;
        assert_eq!(answer.problem(405).await, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    }
    let (bare, ticket) = path.split_once('?').unwrap();
    for other in [
        "/".to_owned(),
        format!("/?{ticket}"),
        format!("{bare}/?{ticket}"),
        format!("/x{bare}?{ticket}"),
        bare.to_owned(),
    ] {
        let mut answer = laboratory.get(&other).await;
        assert_eq!(answer.problem(404).await, "not_found", "{other}");
    }
}
