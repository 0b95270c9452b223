//! Microsoft tells of recordings and transcripts, or somebody in its name, or
//! nobody: from the post to what is on the timeline (NT-3, NT-5, TS-5).

#[cfg(feature = "enterprise")]
mod attacks;
#[cfg(feature = "enterprise")]
mod canaries;
#[cfg(not(feature = "enterprise"))]
mod community;
#[cfg(feature = "enterprise")]
mod lifecycle;
#[cfg(feature = "enterprise")]
mod lost;
#[cfg(feature = "enterprise")]
mod matching;
#[cfg(feature = "enterprise")]
mod unavailable;
#[cfg(feature = "enterprise")]
mod walk;

#[cfg(feature = "enterprise")]
use serde_json::Value;

/// The ways by which a meeting's artifacts came up, by kind, as staff read them.
#[cfg(feature = "enterprise")]
fn ways(meeting: &Value) -> Vec<(String, String)> {
    let arrivals = meeting["capture_ledger"]["arrivals"].as_array();
    let arrivals = arrivals.expect("a ledger").iter();
    let text = |value: &Value| value.as_str().expect("a word").to_owned();
    let mut ways: Vec<_> = arrivals
        .map(|one| (text(&one["artifact_type"]), text(&one["path"])))
        .collect();
    ways.sort();
    ways
}

/// Both kinds, by each of these ways.
#[cfg(feature = "enterprise")]
fn both_by(paths: &[&str]) -> Vec<(String, String)> {
    let kinds = ["recording", "transcript"].into_iter();
    let mut ways: Vec<_> = kinds
        .flat_map(|kind| {
            paths
                .iter()
                .map(move |path| (kind.to_owned(), (*path).to_owned()))
        })
        .collect();
    ways.sort();
    ways
}
