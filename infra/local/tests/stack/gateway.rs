//! Into the functions by the HTTP API.

use super::*;

/// XC-2: the gateway verifies tokens; the function gets the claims as strings.
#[tokio::test]
async fn a_valid_token_reaches_the_function_with_its_claims() -> Result<()> {
    let (status, seen) = call(Method::GET, "/api/v1/orgs/acme/meetings", Some(&token())).await?;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(seen["function"], "convoke-meeting-api");
    let claims = &seen["event"]["requestContext"]["authorizer"]["jwt"]["claims"];
    assert_eq!(claims["sub"], "ann");
    assert_eq!(claims["org_id"], "acme");
    assert!(claims["exp"].is_string());
    Ok(())
}

/// XC-2: forged, foreign, expired and missing tokens stop at the gateway.
#[tokio::test]
async fn tokens_that_do_not_verify_are_refused_by_the_gateway() -> Result<()> {
    let claims = TokenClaims::internal("acme", "ann", "meetings:read");
    let foreign =
        convoke_local::Issuer::with_new_key(STACK.issuer.url().to_owned())?.token(&claims)?;
    let expired = STACK.issuer.token(&TokenClaims {
        expires_in: -60,
        ..claims.clone()
    })?;
    let elsewhere = STACK
        .issuer
        .sign(&json!({ "iss": STACK.issuer.url(), "aud": "other", "sub": "ann" }))?;
    for token in [
        None,
        Some("nonsense"),
        Some(&*foreign),
        Some(&*expired),
        Some(&*elsewhere),
    ] {
        let (status, body) = call(Method::GET, "/api/v1/orgs/acme/meetings", token).await?;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{token:?}");
        assert_eq!(body, json!({ "message": "Unauthorized" }));
    }
    Ok(())
}

/// What each function owns, a request a line.
const OWNED: [(&str, &str); 5] = [
    (
        "meeting-api",
        "
         POST /api/v1/orgs/acme/meetings/m1/cancel
         PUT /api/v1/orgs/acme/controls/c1/schedule
         DELETE /api/v1/orgs/acme/meetings/m1
         POST /api/v1/online-meetings
         GET /api/v1/online-meetings/o1
         POST /api/v1/online-meetings/o1/refresh-recordings
         GET /api/v1/interactions?client_id=x
         POST /api/v1/interactions
         GET /api/v1/interactions/i1
         PATCH /api/v1/interactions/i1
         DELETE /api/v1/interactions/i1
         GET /api/v1/interaction-types
         GET /api/v1/users
         PUT /api/v1/users/ann
         GET /api/v1/contacts?client_id=globex
         PUT /api/v1/clients/globex
         POST /api/v1/directory/import
         GET /api/v1/meetings
         POST /api/v1/meetings
         GET /api/v1/meetings/m1
         PATCH /api/v1/meetings/m1
         POST /api/v1/meetings/m1/cancel
         POST /api/v1/meetings/m1/invitations/i1/respond
         GET /api/v1/conversations/m1/messages
         POST /api/v1/conversations/m1/messages
         GET /api/v1/notifications
         POST /api/v1/notifications/n1/read
         POST /api/v1/notifications/read-all
         GET /api/v1/calendar-connections/google
         PUT /api/v1/calendar-connections/google
         DELETE /api/v1/calendar-connections/microsoft
        ",
    ),
    (
        "recording-proxy",
        "
         POST /api/v1/online-meetings/recordings/r1/ticket
         GET /api/v1/online-meetings/recordings/r1
         GET /api/v1/documents/d1
         PATCH /api/v1/documents/d1
         GET /api/v1/documents/d1/download?format=vtt
        ",
    ),
    (
        "ics-download",
        "
         GET /api/v1/orgs/acme/meetings/m1/ics
         GET /api/v1/appointment-requests/a1/ics
         GET /api/v1/meetings/m1/invitation
        ",
    ),
    (
        "approval",
        "
         GET /api/v1/appointment-requests
         POST /api/v1/appointment-requests
         GET /api/v1/appointment-requests/a1
         PATCH /api/v1/appointment-requests/a1
         DELETE /api/v1/appointment-requests/a1
         POST /api/v1/appointment-requests/a1/approve
         GET /api/v1/schedule-entries?from=x
         GET /api/v1/schedule-entries/e1
         PATCH /api/v1/schedule-entries/e1
         DELETE /api/v1/schedule-entries/e1
        ",
    ),
    (
        "settings",
        "
         GET /api/v1/teams-integration
         PUT /api/v1/teams-integration
         POST /api/v1/teams-integration/verify-organizer
         GET /api/v1/teams-integration/capability
         GET /api/v1/mail-templates/k/en
         PUT /api/v1/mail-templates/k/en
        ",
    ),
];

/// Each function owns a prefix; a longer path or single segments win over a greedy one.
#[tokio::test]
async fn every_route_reaches_the_function_that_owns_it() -> Result<()> {
    let token = token();
    let requests = OWNED.iter().flat_map(|(function, requests)| {
        let requests = requests
            .lines()
            .filter_map(|line| line.trim().split_once(' '));
        requests.map(move |(method, path)| (function, method.parse::<Method>().unwrap(), path))
    });
    for (function, method, path) in requests {
        let (status, seen) = call(method.clone(), path, Some(&token)).await?;
        assert_eq!(status, StatusCode::OK, "{method} {path}");
        assert_eq!(
            seen["function"],
            format!("convoke-{function}"),
            "{method} {path}"
        );
    }
    let (status, _) = call(Method::GET, "/api/v1/elsewhere", Some(&token)).await?;
    assert_eq!(status, StatusCode::NOT_FOUND);
    Ok(())
}

/// NT-2: Microsoft has no token; what it sends arrives as it was sent, at the address that subscriptions name.
#[tokio::test]
async fn microsofts_posts_need_no_token_and_arrive_as_they_are() -> Result<()> {
    let webhook_url = outputs().webhook_url.as_deref().context("an address")?;
    assert_eq!(Some(webhook_url), STACK.api_url.as_deref());
    for path in ["/webhooks/graph/notifications", "/webhooks/graph/lifecycle"] {
        let query = "validationToken=Validation%3a+Testing+%2B%25&a=b";
        let (status, seen) = call(Method::POST, &format!("{path}?{query}"), None).await?;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert_eq!(seen["function"], "convoke-graph-webhook", "{path}");
        assert_eq!(seen["event"]["rawQueryString"], query);
        assert_eq!(seen["event"]["rawPath"], path);
    }
    let (status, _) = call(Method::GET, "/webhooks/graph/notifications", None).await?;
    assert_eq!(status, StatusCode::NOT_FOUND);
    Ok(())
}

#[tokio::test]
async fn a_signed_link_needs_no_token() -> Result<()> {
    let (status, seen) = call(Method::GET, "/ics/abc", None).await?;
    assert_eq!(
        (status, &seen["function"]),
        (StatusCode::OK, &json!("convoke-ics-download"))
    );
    let (status, _) = call(Method::HEAD, "/ics/abc", None).await?;
    assert_eq!(status, StatusCode::OK);
    Ok(())
}

/// IV-7: who answers by the link in a mail has no token; the page and the answer are one function's.
#[tokio::test]
async fn an_answer_link_needs_no_token() -> Result<()> {
    for method in [Method::GET, Method::POST] {
        let (status, seen) = call(method.clone(), "/rsvp/abc?response=accepted", None).await?;
        assert_eq!(
            (status, &seen["function"]),
            (StatusCode::OK, &json!("convoke-meeting-api")),
            "{method}"
        );
        assert_eq!(seen["event"]["rawQueryString"], "response=accepted");
        assert_eq!(seen["event"]["requestContext"]["authorizer"], Value::Null);
    }
    Ok(())
}

/// The address in front changes nothing of what was sent.
#[tokio::test]
async fn path_and_query_arrive_with_their_percent_encoding() -> Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let address = STACK
        .api_url
        .as_deref()
        .context("an API")?
        .trim_start_matches("http://");
    let mut socket = tokio::net::TcpStream::connect(address).await?;
    let request = format!(
        "GET /api/v1/orgs/acme/x%2Fy/a%252Fb/..%2fz?q=a%2Bb+c&q=%26 HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Authorization: Bearer {}\r\nX-Odd: kept\r\n\r\n",
        token()
    );
    socket.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await?;
    let body = answer.split_once("\r\n\r\n").context("a body")?.1;
    let body = body
        .get(body.find('{').context("JSON")?..=body.rfind('}').context("JSON")?)
        .context("JSON")?;
    let seen: Value = serde_json::from_str(body)?;
    assert_eq!(seen["event"]["rawQueryString"], "q=a%2Bb+c&q=%26");
    // API Gateway itself decodes the path of an HTTP API once, except for the percent sign.
    assert_eq!(
        seen["event"]["rawPath"],
        "/api/v1/orgs/acme/x/y/a%252Fb/../z"
    );
    assert_eq!(seen["event"]["headers"]["x-odd"], "kept");
    Ok(())
}
