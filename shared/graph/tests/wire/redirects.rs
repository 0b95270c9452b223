//! Content that lies in a storage behind Graph: what travels there, and what its
//! refusals mean.

use convoke_graph::{ContentRange, GraphErrorClass};

use crate::recordings::{all, open, partial};
use crate::server::{Request, Server, Step, content, redirect};

const MIDDLE: ContentRange = ContentRange::Between { first: 2, last: 5 };

/// Neither the token nor anything else of Graph's travelled.
fn assert_anonymous(request: &Request) {
    for name in [
        "authorization",
        "client-request-id",
        "cookie",
        "referer",
        "prefer",
    ] {
        assert_eq!(request.header(name), None, "{name}");
    }
    let all = format!("{request:?}");
    assert!(!all.contains("token-"), "{all}");
}

/// OM-9: every kind of redirect is followed with the range and without the token.
#[tokio::test]
async fn the_token_does_not_follow_a_redirect() {
    for status in [301, 302, 303, 307, 308] {
        let storage = Server::start([partial("bytes 2-5/10", b"2345")]).await;
        let server =
            Server::start([redirect(status, &format!("{}/c?sig=s%2Bx", storage.url))]).await;
        let mut opened = open(&server, MIDDLE).await.unwrap();
        assert_eq!(all(&mut opened).await.unwrap(), b"2345");
        let requests = storage.received();
        assert_eq!(requests.len(), 1);
        assert_eq!(
            (requests[0].method.as_str(), requests[0].target.as_str()),
            ("GET", "/c?sig=s%2Bx")
        );
        assert_eq!(requests[0].header("range"), Some("bytes=2-5"));
        assert_anonymous(&requests[0]);
        assert_eq!(
            server.graph_requests()[0].header("authorization"),
            Some("Bearer token-1")
        );
    }
}

/// OM-9: the same machine by another name is another host.
#[tokio::test]
async fn another_name_is_another_host() {
    let server = Server::start([]).await;
    let other_name = server.url.replace("127.0.0.1", "localhost");
    server.then([
        redirect(302, &format!("{other_name}/c")),
        content(200, &[], b"0123"),
    ]);
    open(&server, ContentRange::Whole).await.unwrap();
    let requests = server.graph_requests();
    assert_eq!(requests[1].target, "/c");
    assert_anonymous(&requests[1]);
}

/// OM-9: within Graph the token goes along; away from it and back it does not.
#[tokio::test]
async fn the_token_stays_with_graph_until_it_is_left() {
    let (server, storage) = (Server::start([]).await, Server::start([]).await);
    server.then([
        redirect(302, "/v1.0/other"),
        redirect(307, &format!("{}/c", storage.url)),
        content(200, &[], b"0123"),
    ]);
    storage.then([redirect(302, &format!("{}/v1.0/back", server.url))]);
    let mut opened = open(&server, ContentRange::Whole).await.unwrap();
    assert_eq!(all(&mut opened).await.unwrap(), b"0123");
    let requests = server.graph_requests();
    assert_eq!(requests[1].target, "/v1.0/other");
    assert_eq!(requests[1].header("authorization"), Some("Bearer token-1"));
    assert_anonymous(&storage.received()[0]);
    assert_eq!(requests[2].target, "/v1.0/back");
    assert_anonymous(&requests[2]);
}

/// OM-9: redirects end, and lead only to addresses that may be asked.
#[tokio::test]
async fn unusable_redirects_are_refused() {
    let storage = Server::start([]).await;
    for location in ["ftp://storage.example/c", "data:video/mp4,x", "http://"] {
        let server = Server::start((0..3).map(|_| redirect(302, location))).await;
        let error = open(&server, MIDDLE).await.unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.status),
            ("UnusableRedirect", Some(302)),
            "{location}"
        );
    }
    let with_password = storage.url.replace("http://", "http://user:password@");
    let server = Server::start((0..3).map(|_| redirect(302, &with_password))).await;
    assert!(open(&server, MIDDLE).await.is_err());
    assert!(storage.received().is_empty());

    let server = Server::start((0..12).map(|_| redirect(302, "/v1.0/again"))).await;
    let error = open(&server, MIDDLE).await.unwrap_err();
    assert_eq!(error.code, "TooManyRedirects");
    assert_eq!(
        server.graph_requests().len(),
        12,
        "three attempts of one request and three hops"
    );
}

/// OM-9: a link that expired is replaced by a new one from Graph.
#[tokio::test]
async fn an_expired_link_is_asked_of_graph_again() {
    for refused in [
        content(
            403,
            &[],
            b"<Error><Code>AuthenticationFailed</Code></Error>",
        ),
        content(401, &[], b""),
        content(404, &[], b""),
        content(503, &[("retry-after", "0")], b""),
        Step::Cut,
    ] {
        let storage = Server::start([refused, partial("bytes 2-5/10", b"2345")]).await;
        let link = |number: u32| redirect(302, &format!("{}/c?sig={number}", storage.url));
        let server = Server::start([link(1), link(2)]).await;
        let mut opened = open(&server, MIDDLE).await.unwrap();
        assert_eq!(all(&mut opened).await.unwrap(), b"2345");
        let targets: Vec<_> = storage
            .received()
            .into_iter()
            .map(|request| request.target)
            .collect();
        assert_eq!(targets, ["/c?sig=1", "/c?sig=2"]);
        assert_eq!(
            server.token_requests().len(),
            1,
            "the storage says nothing about the token"
        );
    }
}

/// OM-9: what the storage says for good reaches the caller in the crate's own words.
#[tokio::test]
async fn the_storages_refusals_are_mapped() {
    let denied = || {
        content(
            403,
            &[("x-ms-error-code", "AuthenticationFailed")],
            b"<Error>canary</Error>",
        )
    };
    let storage = Server::start([denied(), denied(), denied()]).await;
    let link = || redirect(302, &format!("{}/c?sig=canary", storage.url));
    let server = Server::start([link(), link(), link(), link(), link()]).await;
    let error = open(&server, MIDDLE).await.unwrap_err();
    assert_eq!(
        (error.class.clone(), error.code.as_str(), error.status),
        (GraphErrorClass::Transient, "StorageHttp403", Some(403))
    );
    assert!(!format!("{error:?}").contains("canary"));

    storage.then([
        content(416, &[("content-range", "bytes */10")], b""),
        content(429, &[("retry-after", "60")], b""),
    ]);
    let error = open(&server, MIDDLE).await.unwrap_err();
    assert_eq!(
        error.class,
        GraphErrorClass::RangeNotSatisfiable { total: Some(10) }
    );
    let error = open(&server, MIDDLE).await.unwrap_err();
    assert_eq!(
        (error.class.as_str(), error.retry_after.unwrap().as_secs()),
        ("throttled", 60)
    );
}
