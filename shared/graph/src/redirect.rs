//! Content may lie behind Graph, in a storage that a redirect leads to (the
//! protocol notes, §5): where an attempt's next request goes, and what it brings.
//!
//! Guarantees: the token goes to the configured Graph address alone, and not even
//! there once a redirect has left it; a redirect leads over http(s), never from
//! https to http, and at most [`MOST_HOPS`] times; its link, which needs no token
//! to be used, is in no error. What the storage refuses is asked of Graph again,
//! since its links expire.

use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{StatusCode, Url};

use crate::answer::unusable;
use crate::content_range::unsatisfied_total;
use crate::error::{GraphError, GraphErrorClass};
use crate::retry::retry_after;

const MOST_HOPS: u32 = 3;

/// The way of one attempt, from Graph on.
pub(crate) struct Trail {
    url: Url,
    hops: u32,
    has_left: bool,
}

impl Trail {
    /// Begins at an address of Graph.
    pub(crate) fn from_graph(url: &Url) -> Self {
        Self {
            url: url.clone(),
            hops: 0,
            has_left: false,
        }
    }

    /// Where the next request goes.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Whether a redirect has led away from Graph, wherever it leads now.
    pub(crate) fn has_left(&self) -> bool {
        self.has_left
    }

    /// Takes the turn that a redirect names.
    pub(crate) fn follow(&mut self, headers: &HeaderMap) -> Result<(), GraphError> {
        if self.hops == MOST_HOPS {
            return Err(unusable(
                "TooManyRedirects",
                "the content is redirected on and on",
            ));
        }
        let next = next(&self.url, headers).ok_or_else(|| {
            unusable(
                "UnusableRedirect",
                "the content is redirected to no address that may be followed",
            )
        })?;
        self.hops += 1;
        self.has_left |= next.origin() != self.url.origin();
        self.url = next;
        Ok(())
    }
}

/// Whether the answer is elsewhere.
pub(crate) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The redirect's address. Credentials within it would be sent as `Authorization`.
fn next(from: &Url, headers: &HeaderMap) -> Option<Url> {
    let next = from.join(headers.get(LOCATION)?.to_str().ok()?).ok()?;
    let plain = next.username().is_empty() && next.password().is_none();
    let scheme = match next.scheme() {
        "https" => true,
        "http" => from.scheme() == "http",
        _ => false,
    };
    (plain && scheme && next.has_host()).then_some(next)
}

/// The error behind the storage's answer. Its body is not in Graph's shape and may
/// repeat the link, so only the status counts; that something is not there is for
/// Graph to say.
pub(crate) fn refused_by_storage(status: StatusCode, headers: &HeaderMap) -> GraphError {
    let class = match status.as_u16() {
        416 => GraphErrorClass::RangeNotSatisfiable {
            total: unsatisfied_total(headers),
        },
        429 | 509 => GraphErrorClass::Throttled,
        400 | 401 | 403 | 404 | 408 | 409 | 410 | 500.. => GraphErrorClass::Transient,
        _ => GraphErrorClass::Permanent,
    };
    let code = format!("StorageHttp{}", status.as_u16());
    let message = "the storage behind Graph refused";
    let mut error = GraphError::without_answer(class, &code, message);
    error.status = Some(status.as_u16());
    error.retry_after = retry_after(headers);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(from: &str, locations: &[&str]) -> Result<Trail, GraphError> {
        let mut trail = Trail::from_graph(&Url::parse(from).unwrap());
        for location in locations {
            let mut headers = HeaderMap::new();
            headers.insert(LOCATION, location.parse().unwrap());
            trail.follow(&headers)?;
        }
        Ok(trail)
    }

    const GRAPH: &str = "https://graph.example/v1.0/x";

    /// OM-9: host, scheme and port make Graph; whoever has left does not come back.
    #[test]
    fn leaving_graph_is_noticed_and_remembered() {
        for (locations, left) in [
            (&["/v1.0/y"][..], false),
            (&["https://graph.example:443/y"], false),
            (&["https://storage.example/y"], true),
            (&["//storage.example/y"], true),
            (&["https://graph.example:8443/y"], true),
            (&["https://graph.example.storage.example/y"], true),
            (
                &["https://storage.example/y", "https://graph.example/v1.0/x"],
                true,
            ),
        ] {
            let trail = followed(GRAPH, locations).unwrap();
            assert_eq!(trail.has_left(), left, "{locations:?}");
        }
        let trail = followed("http://graph.example/x", &["https://graph.example/x"]).unwrap();
        assert!(trail.has_left(), "another scheme is another server");
    }

    /// OM-9: the storage's link is as good as a password.
    #[test]
    fn unsafe_redirects_are_refused_and_not_named() {
        for location in [
            "http://storage.example/canary",
            "ftp://storage.example/canary",
            "data:video/mp4,canary",
            "file:///canary",
            "https://canary:password@storage.example/",
            "https://canary@storage.example/",
            "https://",
        ] {
            let error = followed(GRAPH, &[location]).err().unwrap();
            assert_eq!(error.code, "UnusableRedirect", "{location}");
            assert!(!format!("{error:?}").contains("canary"));
        }
        let mut trail = Trail::from_graph(&Url::parse(GRAPH).unwrap());
        assert!(trail.follow(&HeaderMap::new()).is_err(), "no location");
        let downgrade = ["https://storage.example/a", "http://storage.example/b"];
        assert!(followed("http://graph.example/x", &downgrade).is_err());
    }

    #[test]
    fn three_redirects_are_followed_and_a_fourth_is_not() {
        assert!(followed(GRAPH, &["/a", "/b", "/c"]).is_ok());
        let error = followed(GRAPH, &["/a", "/b", "/c", "/d"]).err().unwrap();
        assert_eq!(error.code, "TooManyRedirects");
    }

    /// OM-9: the storage's refusals mean "ask Graph again", not "gone" or "token refused".
    #[test]
    fn the_storages_refusals_are_its_own() {
        let class = |status: u16| {
            let status = StatusCode::from_u16(status).unwrap();
            refused_by_storage(status, &HeaderMap::new()).class
        };
        for status in [401, 403, 404, 410, 500, 503] {
            assert_eq!(class(status), GraphErrorClass::Transient, "{status}");
        }
        assert_eq!(class(429), GraphErrorClass::Throttled);
        assert_eq!(
            class(416),
            GraphErrorClass::RangeNotSatisfiable { total: None }
        );
        assert_eq!(class(405), GraphErrorClass::Permanent);
    }
}
