//! Which answers an operation gives: refusals by what its method, path and body can lead to, and words for its successes.

use convoke_platform::http::{FieldProblem, Problem};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Components, Content, ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use super::parameters::name_of;
use super::{DescribedRoute, schema_of};

/// What the gateway answers by itself.
const GATEWAY_MESSAGE: &str = "GatewayMessage";

/// A refusal that many operations give.
struct Refusal {
    status: u16,
    /// Its name among the document's components.
    name: &'static str,
    meaning: &'static str,
    title: &'static str,
    code: &'static str,
    detail: &'static str,
    /// What the gateway's message is, where it may answer before the function.
    gateway: Option<&'static str>,
}

const fn refusal(
    (status, name, title): (u16, &'static str, &'static str),
    meaning: &'static str,
    (code, detail): (&'static str, &'static str),
    gateway: Option<&'static str>,
) -> Refusal {
    Refusal {
        status,
        name,
        meaning,
        title,
        code,
        detail,
        gateway,
    }
}

const REFUSALS: &[Refusal] = &[
    refusal(
        (400, "Malformed", "Bad Request"),
        "Malformed: no JSON, a bad query parameter, a foreign cursor",
        ("invalid_limit", "limit is a number from 1 to 100"),
        None,
    ),
    refusal(
        (401, "Unauthenticated", "Unauthorized"),
        "No valid token",
        ("unauthenticated", "a verified token is needed"),
        Some("Unauthorized"),
    ),
    refusal(
        (403, "Forbidden", "Forbidden"),
        "The token lacks the permission or a claim, or is a portal user's",
        (
            "permission_missing",
            "the token lacks the permission meetings:write",
        ),
        None,
    ),
    refusal(
        (404, "NotFound", "Not Found"),
        "Nothing of that id for this organisation",
        ("not_found", "meeting not found"),
        None,
    ),
    refusal(
        (409, "Conflict", "Conflict"),
        "The state does not allow it",
        ("already_cancelled", "the meeting is cancelled already"),
        None,
    ),
    refusal(
        (412, "VersionMismatch", "Precondition Failed"),
        "If-Match names another version",
        (
            "version_mismatch",
            "the resource is at another version than If-Match names",
        ),
        None,
    ),
    refusal(
        (413, "TooLarge", "Payload Too Large"),
        "The body is too large",
        ("payload_too_large", "a body may have 2097152 octets"),
        Some("Request Entity Too Large"),
    ),
    refusal(
        (415, "UnsupportedMediaType", "Unsupported Media Type"),
        "The body is not application/json",
        (
            "unsupported_media_type",
            "send the body as application/json",
        ),
        None,
    ),
    refusal(
        (422, "Invalid", "Unprocessable Entity"),
        "Well-formed, but invalid",
        ("invalid_input", "/title: some visible text is needed"),
        None,
    ),
    refusal(
        (429, "TooManyRequests", "Too Many Requests"),
        "Too much at once; see Retry-After",
        ("busy", "too many writers at once; try again"),
        Some("Too Many Requests"),
    ),
    refusal(
        (500, "InternalError", "Internal Server Error"),
        "A bug; nothing internal is shown",
        (
            "internal_error",
            "something went wrong on our side; the request id helps to find it",
        ),
        Some("Internal Server Error"),
    ),
    refusal(
        (503, "Unavailable", "Service Unavailable"),
        "Not configured, or something upstream is down",
        ("store_unavailable", "the store cannot be reached"),
        Some("Service Unavailable"),
    ),
];

/// The refusals, once each.
pub(super) fn add_components(components: &mut Components) {
    let message = json!({ "type": "object", "description": "What the gateway answers by itself, before any function",
        "required": ["message"], "properties": { "message": { "type": "string" } } });
    components
        .schemas
        .insert(GATEWAY_MESSAGE.to_owned(), schema_of(message));
    for refusal in REFUSALS {
        components
            .responses
            .insert(refusal.name.to_owned(), refusal.response().into());
    }
}

impl Refusal {
    fn response(&self) -> Response {
        let mut response = ResponseBuilder::new()
            .description(self.meaning)
            .content("application/problem+json", problem(Some(self.example())));
        if let Some(message) = self.gateway {
            let content = ContentBuilder::new()
                .schema(Some(Ref::from_schema_name(GATEWAY_MESSAGE)))
                .example(Some(json!({ "message": message })));
            response = response.content("application/json", content.build());
        }
        if matches!(self.status, 429 | 503) {
            let seconds = schema_of(json!({ "type": "integer", "minimum": 1 }));
            let header = HeaderBuilder::new()
                .schema(Some(seconds))
                .description(Some("Seconds to wait, where that helps"));
            response = response.header("Retry-After", header.build());
        }
        response.build()
    }

    fn example(&self) -> Value {
        let broken = FieldProblem {
            pointer: "/title".to_owned(),
            code: "empty".to_owned(),
            detail: "some visible text is needed".to_owned(),
        };
        let request_id = "JKJaXmPLvHcESHA=";
        let problem = Problem {
            kind: format!("https://convoke.dev/problems/{}", self.code),
            title: self.title.to_owned(),
            status: self.status,
            detail: self.detail.to_owned(),
            instance: format!("urn:convoke:request:{request_id}"),
            code: self.code.to_owned(),
            request_id: request_id.to_owned(),
            errors: if self.status == 422 {
                vec![broken]
            } else {
                vec![]
            },
            missing_keys: vec![],
            required_permissions: vec![],
        };
        serde_json::to_value(problem).expect("a problem is JSON")
    }
}

fn problem(example: Option<Value>) -> Content {
    ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(Problem::name())))
        .example(example)
        .build()
}

/// Adds the refusals, and describes what the handler declares.
pub(super) fn complete(operation: &mut Operation, route: &DescribedRoute) {
    let possible = possible(operation, route);
    let is_list = matches!(route.operation.split('_').next(), Some("list"));
    let answers = &mut operation.responses.responses;
    for (status, answer) in answers.iter_mut() {
        let RefOr::T(answer) = answer else { continue };
        if answer.description.is_empty() {
            answer.description = success(&route.method, status, is_list).to_owned();
        }
        if !status.starts_with(['2', '3']) && answer.content.is_empty() {
            let known = REFUSALS
                .iter()
                .find(|one| one.status.to_string() == *status);
            if let Some(known) = known.map(Refusal::response) {
                (answer.content, answer.headers) = (known.content, known.headers);
            } else {
                let media = "application/problem+json".to_owned();
                answer.content.insert(media, problem(None).into());
            }
        }
        for (name, header) in &mut answer.headers {
            if let (RefOr::T(header), Some(text)) = (header, header_text(name)) {
                header.description = Some(text.to_owned());
            }
        }
    }
    if names(operation).any(|name| name == "If-None-Match") {
        let unchanged =
            ResponseBuilder::new().description("It is still the version that If-None-Match names");
        let answers = &mut operation.responses.responses;
        answers.insert("304".to_owned(), unchanged.build().into());
    }
    let answers = &mut operation.responses.responses;
    for refusal in REFUSALS.iter().filter(|one| possible.contains(&one.status)) {
        answers
            .entry(refusal.status.to_string())
            .or_insert_with(|| Ref::from_response_name(refusal.name).into());
    }
}

fn names(operation: &Operation) -> impl Iterator<Item = &str> {
    operation.parameters.iter().flatten().filter_map(name_of)
}

/// The refusals that an operation can give.
fn possible(operation: &Operation, route: &DescribedRoute) -> Vec<u16> {
    let is_read = route.method == "GET";
    let is_post = route.method == "POST";
    let takes_body = is_post || operation.request_body.is_some();
    let has_query = operation.parameters.iter().flatten().any(|parameter| {
        use utoipa::openapi::path::ParameterIn;
        matches!(parameter, RefOr::T(one) if one.parameter_in == ParameterIn::Query)
    });
    // An id of the deployment's own is checked; one that Convoke mints names something or nothing.
    let checked = ["{control_id}", "{user_id}", "{contact_id}", "{client_id}"];
    let checks_id = checked.iter().any(|id| route.path.contains(id));
    // Whatever is put under an id of the deployment's own is there afterwards.
    let makes_it = route.method == "PUT" && !route.path.contains("{org_id}") && checks_id;
    let possible = [
        (400, takes_body || has_query),
        (401, route.takes_token()),
        (403, route.takes_token()),
        (404, route.path.contains('{') && !makes_it),
        (409, !is_read),
        (412, names(operation).any(|name| name == "If-Match")),
        (413, takes_body),
        (415, takes_body),
        (422, takes_body || checks_id),
        (429, true),
        (500, true),
        (503, true),
    ];
    let possible = possible.into_iter().filter(|(_, is_possible)| *is_possible);
    possible.map(|(status, _)| status).collect()
}

fn success(method: &str, status: &str, is_list: bool) -> &'static str {
    match (method, status) {
        ("GET", _) if is_list => "What there is, or a page of it",
        ("GET", _) => "What was asked for",
        (_, "201") => "It is made; `Location` says where it is",
        ("PUT" | "PATCH", _) => "It is set; this is what it is now",
        ("DELETE", _) => "It is gone",
        _ => "It is done; this is what came of it",
    }
}

fn header_text(name: &str) -> Option<&'static str> {
    Some(match name {
        "ETag" => "The version, for `If-Match` and `If-None-Match`",
        "Location" => "Where it is",
        "Content-Disposition" => "A name for the file",
        _ => return None,
    })
}
