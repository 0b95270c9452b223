//! A request as the function gets it: a function URL's event, payload format 2.0.

use std::collections::BTreeMap;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_TYPE, COOKIE, HOST, USER_AGENT};
use http::request::Parts;
use serde_json::{Map, Value, json};

use crate::deployment::REGION;
use crate::environment;

/// Stands for the id that AWS gives a function URL.
const URL_ID: &str = "convoke";

/// A request's id, which has the form of a random UUID.
pub(super) fn new_id() -> String {
    let mut bytes = [0; 16];
    // Without randomness the id is a poor one; nothing else hangs on it.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    format!(
        "{}-{}-4{}-8{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..]
    )
}

/// The event of one request.
pub(super) fn of(head: &Parts, body: &[u8], peer: IpAddr, id: &str) -> Value {
    let domain = format!("{URL_ID}.lambda-url.{REGION}.on.aws");
    let query = head.uri.query().unwrap_or_default();
    let now = environment::now();
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": head.uri.path(),
        "rawQueryString": query,
        "headers": headers(head, &domain, peer),
        "requestContext": {
            "accountId": "anonymous",
            "apiId": URL_ID,
            "domainName": domain,
            "domainPrefix": URL_ID,
            "http": {
                "method": head.method.as_str(),
                "path": head.uri.path(),
                "protocol": "HTTP/1.1",
                "sourceIp": peer.to_string(),
                "userAgent": header(head, USER_AGENT.as_str()),
            },
            "requestId": id,
            "routeKey": "$default",
            "stage": "$default",
            "time": now.format("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.timestamp_millis(),
        },
        "isBase64Encoded": false,
    });
    // What a request does not have, its event does not name.
    if !query.is_empty() {
        event["queryStringParameters"] = parameters(query);
    }
    let cookies = header(head, COOKIE.as_str());
    if !cookies.is_empty() {
        event["cookies"] = cookies.split("; ").collect();
    }
    if !body.is_empty() {
        let text = is_text(head)
            .then(|| std::str::from_utf8(body).ok())
            .flatten();
        event["isBase64Encoded"] = json!(text.is_none());
        event["body"] = json!(text.map_or_else(|| STANDARD.encode(body), str::to_owned));
    }
    event
}

fn header(head: &Parts, name: &str) -> String {
    let values: Vec<_> = head
        .headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    values.join(",")
}

fn headers(head: &Parts, domain: &str, peer: IpAddr) -> Map<String, Value> {
    let mut headers: Map<String, Value> = head
        .headers
        .keys()
        .filter(|name| !matches!(name.as_str(), "connection" | "transfer-encoding" | "cookie"))
        .map(|name| (name.to_string(), json!(header(head, name.as_str()))))
        .collect();
    let set = [
        (HOST.as_str(), domain.to_owned()),
        ("x-forwarded-for", peer.to_string()),
        ("x-forwarded-port", "443".to_owned()),
        ("x-forwarded-proto", "https".to_owned()),
    ];
    headers.extend(set.map(|(name, value)| (name.to_owned(), json!(value))));
    headers
}

/// Decoded; what comes several times is joined by commas.
fn parameters(query: &str) -> Value {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if let Ok(url) = reqwest::Url::parse(&format!("http://localhost/?{query}")) {
        for (name, value) in url.query_pairs() {
            found
                .entry(name.into_owned())
                .or_default()
                .push(value.into_owned());
        }
    }
    found
        .into_iter()
        .map(|(name, values)| (name, json!(values.join(","))))
        .collect::<Map<_, _>>()
        .into()
}

fn is_text(head: &Parts) -> bool {
    let kind = header(head, CONTENT_TYPE.as_str());
    kind.starts_with("text/")
        || kind.starts_with("application/json")
        || kind.starts_with("application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn event(request: http::request::Builder, body: &[u8]) -> Value {
        let (head, ()) = request.body(()).unwrap().into_parts();
        of(&head, body, IpAddr::from([192, 0, 2, 1]), "r-1")
    }

    #[test]
    fn path_query_and_headers_are_what_was_sent() {
        let seen = event(
            Request::head("/recordings/a%2Fb?ticket=x%2By&q=1&q=2")
                .header("Range", "bytes=0-9")
                .header("X-Odd", "a")
                .header("X-Odd", "b")
                .header("Host", "127.0.0.1:8791")
                .header("User-Agent", "curl"),
            b"",
        );
        assert_eq!(seen["rawPath"], "/recordings/a%2Fb");
        assert_eq!(seen["rawQueryString"], "ticket=x%2By&q=1&q=2");
        assert_eq!(
            seen["queryStringParameters"],
            json!({ "ticket": "x+y", "q": "1,2" })
        );
        assert_eq!(seen["headers"]["range"], "bytes=0-9");
        assert_eq!(seen["headers"]["x-odd"], "a,b");
        assert_eq!(
            seen["headers"]["host"],
            "convoke.lambda-url.us-east-1.on.aws"
        );
        let context = &seen["requestContext"];
        assert_eq!(context["http"]["method"], "HEAD");
        assert_eq!(context["http"]["sourceIp"], "192.0.2.1");
        assert_eq!(context["http"]["userAgent"], "curl");
        assert!(context.get("authorizer").is_none() && seen.get("body").is_none());
    }

    #[test]
    fn a_body_is_text_or_encoded() {
        let text = event(
            Request::post("/").header("content-type", "text/plain"),
            b"hi",
        );
        assert_eq!(
            (&text["body"], &text["isBase64Encoded"]),
            (&json!("hi"), &json!(false))
        );
        let other = event(Request::post("/"), b"\xff");
        assert_eq!(
            (&other["body"], &other["isBase64Encoded"]),
            (&json!("/w=="), &json!(true))
        );
    }

    #[test]
    fn ids_have_the_form_of_uuids_and_differ() {
        let (one, other) = (new_id(), new_id());
        assert_eq!(one.len(), 36);
        assert_ne!(one, other);
    }
}
