//! What a refusal says, and what it never says (XC-3).

mod outages;
mod sessions;

use http::Method;
use it::api::{ALL_SCOPES, Answer, Api};
use it::deployed::new_org;
use it::gateway::Event;
use serde_json::{Value, json};

use crate::routes::{self, admin, text};

fn event(org: &str, method: &str, path: &str) -> Event {
    Event::new(method, path).internal(org, "u-admin", ALL_SCOPES)
}

/// Checks that an answer is a whole problem document, and gives it.
fn problem(answer: &Answer, status: u16, code: &str) -> Value {
    assert_eq!(
        answer.problem(status),
        code,
        "{}",
        String::from_utf8_lossy(&answer.body)
    );
    let problem = answer.json();
    assert_eq!(
        problem["type"],
        format!("https://convoke.dev/problems/{code}")
    );
    for field in ["title", "detail", "instance", "request_id"] {
        assert!(!text(&problem[field]).is_empty(), "{field} of {problem}");
    }
    let request_id = text(&problem["request_id"]);
    assert_eq!(
        problem["instance"],
        format!("urn:convoke:request:{request_id}")
    );
    assert_eq!(answer.header("x-request-id"), Some(request_id));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    let known = [
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "code",
        "request_id",
        "errors",
        "missing_keys",
        "required_permissions",
    ];
    for field in problem.as_object().unwrap().keys() {
        assert!(
            known.contains(&field.as_str()),
            "{field} is no field of a problem"
        );
    }
    let shown = problem.to_string().to_lowercase();
    for internal in [
        "dynamodb",
        "aws",
        "panicked",
        ".rs:",
        "sdkerror",
        "t#",
        "127.0.0.1",
        "convoke_services",
    ] {
        assert!(!shown.contains(internal), "{internal} in {shown}");
    }
    problem
}

fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| text(&error["pointer"]))
        .collect()
}

/// XC-3: what breaks rules is 422, every broken rule at once, each with its place.
#[tokio::test]
async fn invalid_input_is_answered_with_every_place() {
    let ((process, _), org) = (routes::process(), new_org());
    let path = format!("/api/v1/orgs/{org}/controls/c1/meetings");
    let body = json!({ "title": "", "frequency": "FORTNIGHTLY", "duration_minutes": 0, "timezone": "Mars/Base",
        "attendees": [{ "user_id": "u1" }, { "email": "not an address", "name": "N" }] });
    let refused = problem(
        &admin(&process, &org, "POST", &path, Some(&body)).await,
        422,
        "invalid_input",
    );
    let places = pointers(&refused);
    for place in [
        "/title",
        "/frequency",
        "/duration_minutes",
        "/timezone",
        "/attendees/1/email",
    ] {
        assert!(places.contains(&place), "{place} in {refused}");
    }
    for error in refused["errors"].as_array().unwrap() {
        assert!(
            !text(&error["code"]).is_empty() && !text(&error["detail"]).is_empty(),
            "{error}"
        );
    }
}

/// XC-3: an unknown field is refused with its name, in every command.
#[tokio::test]
async fn an_unknown_field_is_refused_by_name() {
    let (process, _) = routes::process();
    let estate = routes::Estate::of(&process, &new_org()).await;
    let mut driven = 0;
    for case in routes::cases() {
        // What Microsoft posts is no command, nor is a page's form.
        let is_command = case.has_caller();
        if case.method == Method::GET || case.method == Method::DELETE || !is_command {
            continue;
        }
        let mut body = case.body_with(&estate).unwrap_or_else(|| json!({}));
        body["colour/of~it"] = json!("blue");
        let event = event(
            &estate.org,
            case.method.as_str(),
            &estate.fill(case.template),
        )
        .json(&body);
        let refused = problem(&case.send(&process, event).await, 422, "invalid_input");
        assert_eq!(
            pointers(&refused),
            ["/colour~1of~0it"],
            "{}",
            case.operation
        );
        assert_eq!(
            refused["errors"][0]["code"], "unknown_field",
            "{}",
            case.operation
        );
        driven += 1;
    }
    assert!(driven > 8);
}

/// XC-3: what cannot be read is 400, whatever nonsense it is.
#[tokio::test]
async fn what_is_no_json_is_malformed() {
    let ((process, _), org) = (routes::process(), new_org());
    let path = format!("/api/v1/orgs/{org}/controls/c1/meetings");
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let deep_field = format!("{{\"attendees\":{}", "[".repeat(10_000));
    let twice = routes::meeting().to_string().repeat(2);
    for body in [
        "{",
        "nonsense",
        &twice,
        "\u{feff}{}",
        "{\"title\":\"\\ud800\"}",
        "{\"title\":01}",
    ] {
        let event = event(&org, "POST", &path)
            .header("content-type", "application/json")
            .text(body);
        problem(&process.api(event).await, 400, "malformed_json");
    }
    for body in [deep.as_str(), &deep_field, "[]", "null", "7", "\"text\""] {
        let event = event(&org, "POST", &path)
            .header("content-type", "application/json")
            .text(body);
        let answer = process.api(event).await;
        assert!(
            answer.status == 400 || answer.status == 422,
            "{} for {:.20}",
            answer.status,
            body
        );
        problem(&answer, answer.status, text(&answer.json()["code"]));
    }
}

/// XC-3: a wrong content type is 415, a huge body 413.
#[tokio::test]
async fn the_wrong_kind_or_size_of_body_is_refused() {
    let ((process, _), org) = (routes::process(), new_org());
    let path = format!("/api/v1/orgs/{org}/controls/c1/meetings");
    for kind in [
        "text/plain",
        "application/xml",
        "",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let event = event(&org, "POST", &path)
            .header("content-type", kind)
            .text("{}");
        problem(&process.api(event).await, 415, "unsupported_media_type");
    }
    for kind in [
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/merge-patch+json",
    ] {
        let event = event(&org, "POST", &path)
            .header("content-type", kind)
            .text(&routes::meeting().to_string());
        process.api(event).await.expect(201);
    }
    let huge = json!({ "title": "x".repeat(2 * 1024 * 1024) });
    problem(
        &process.api(event(&org, "POST", &path).json(&huge)).await,
        413,
        "payload_too_large",
    );
}

/// XC-3: unknown paths are 404, known ones with another method 405.
#[tokio::test]
async fn unknown_paths_and_methods_are_told_apart() {
    let ((process, _), org) = (routes::process(), new_org());
    for path in [
        "/",
        "/api/v1/nothing",
        "/api/v1/users/u1/more",
        "/api/v1/users/%ff",
        "//api/v1/users",
    ] {
        problem(
            &process.api(event(&org, "GET", path)).await,
            404,
            "not_found",
        );
    }
    let answer = process.api(event(&org, "DELETE", "/api/v1/users")).await;
    let refused = problem(&answer, 405, "method_not_allowed");
    assert!(text(&refused["detail"]).contains("GET"), "{refused}");
}

/// XC-3: a query parameter that is given twice or cannot be read is 400.
#[tokio::test]
async fn a_query_that_cannot_be_read_is_malformed() {
    let ((process, _), org) = (routes::process(), new_org());
    let meetings = format!("/api/v1/orgs/{org}/meetings");
    for query in [
        "due_before=yesterday",
        "due_before=2050-01-01&due_before=2050-01-02",
        "control_id=a%2Fb",
    ] {
        let answer = process
            .api(event(&org, "GET", &format!("{meetings}?{query}")))
            .await;
        problem(&answer, 400, "invalid_query");
    }
    problem(
        &process
            .api(event(&org, "GET", "/api/v1/users?active=perhaps"))
            .await,
        400,
        "invalid_query",
    );
    problem(
        &process
            .api(event(&org, "GET", "/api/v1/users?limit=1&limit=2"))
            .await,
        400,
        "invalid_query",
    );
}

/// XC-3, XC-5: what the state forbids is 409, a failed `If-Match` 412.
#[tokio::test]
async fn conflicts_and_failed_preconditions_say_so() {
    let (process, _) = routes::process();
    let estate = routes::Estate::of(&process, &new_org()).await;
    let path = estate.fill("/api/v1/orgs/{org_id}/meetings/{meeting_id}");
    for tag in ["\"999\"", "\"x\"", "999", "W/\"1\""] {
        let event = event(&estate.org, "PATCH", &path)
            .header("if-match", tag)
            .json(&json!({ "title": "T" }));
        problem(&process.api(event).await, 412, "version_mismatch");
    }
    let cancel = || event(&estate.org, "POST", &format!("{path}/cancel"));
    process.api(cancel()).await.expect(200);
    problem(&process.api(cancel()).await, 409, "already_cancelled");
}

/// XC-3: the deployed API answers alike; what never reaches a function the
/// gateway answers with its own `{"message"}`.
#[tokio::test]
async fn the_deployed_api_answers_problems() {
    let api = Api::admin(&new_org());
    problem(&api.get("/api/v1/users/nobody").await, 404, "not_found");
    let answer = api
        .post(
            &api.org_path("/controls/c1/meetings"),
            &json!({ "titel": "x" }),
        )
        .await;
    assert_eq!(
        pointers(&problem(&answer, 422, "invalid_input")),
        ["/titel"]
    );
    let unrouted = api.get("/nowhere").await;
    assert_eq!(unrouted.status, 404);
    assert!(unrouted.json()["message"].is_string());
}
