//! The whole API's OpenAPI document: put together from its functions' parts, and completed with what holds for every
//! route, from the functions' own tables where there is one.
//!
//! Guarantees: who may call a route stands in the document as the route's function checks it; what a parameter of a
//! name takes is said once; an operation has the refusals that its method, path and body can lead to, and no others.

mod access;
mod answers;
mod examples;
mod parameters;

pub use self::examples::folder as examples_folder;

use convoke_platform::http::{Access, FieldProblem, Problem, Route};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, InfoBuilder, LicenseBuilder, OpenApi, RefOr, Schema, Server, Tag,
};
use utoipa::{PartialSchema, ToSchema};

/// What each group of operations is about.
const TAGS: &[(&str, &str)] = &[
    (
        "control meetings",
        "Recurring meetings against a compliance control, in step with its evidence schedule",
    ),
    (
        "directory",
        "The people and clients that everything else names by their ids",
    ),
    (
        "appointments",
        "What clients ask for, and staff approve, move, decline and cancel",
    ),
    (
        "schedule entries",
        "Working time that appointments and meetings take",
    ),
    (
        "meetings with invitees",
        "Meetings that people are invited to, their answers, and their conversation",
    ),
    (
        "notifications",
        "What users are told in the application itself",
    ),
    (
        "calendar connections",
        "Users' own calendars at Google or Microsoft, which follow their meetings",
    ),
    (
        "online meetings",
        "Teams meetings, and the recordings and transcripts that they leave behind",
    ),
    (
        "recordings",
        "Recordings by ticket, transcripts as documents",
    ),
    ("interactions", "The timeline of a client or contact"),
    ("ics", "Calendar files, with a token or by a signed link"),
    (
        "settings",
        "An organisation's Microsoft Teams integration, and its own wording of mails",
    ),
    (
        "webhooks",
        "Where Microsoft Graph posts; for no other caller",
    ),
];

/// A route of any function.
pub struct DescribedRoute {
    /// HTTP method.
    pub method: String,
    /// Path with `{parameters}`.
    pub path: &'static str,
    /// `operationId`.
    pub operation: &'static str,
    /// Who may call it.
    pub access: Access,
}

/// Every function's routes.
pub fn routes() -> Vec<DescribedRoute> {
    fn of<S>(routes: &'static [Route<S>]) -> impl Iterator<Item = DescribedRoute> {
        routes.iter().map(|route| DescribedRoute {
            method: route.method.to_string(),
            path: route.path,
            operation: route.operation,
            access: route.access,
        })
    }
    let webhook = graph_webhook::ROUTES.iter().map(|route| DescribedRoute {
        method: route.method.to_string(),
        path: route.path,
        operation: route.operation,
        access: route.access,
    });
    of(meeting_api::routes::ROUTES)
        .chain(of(ics_download::ROUTES))
        .chain(of(settings::routes::ROUTES))
        .chain(of(approval::routes::ROUTES))
        .chain(of(recording_proxy::routes::ROUTES))
        .chain(webhook)
        .collect()
}

/// What each function says of itself.
pub fn parts() -> Vec<OpenApi> {
    vec![
        meeting_api::openapi::document(),
        ics_download::document(),
        settings::openapi::document(),
        approval::openapi::document(),
        recording_proxy::openapi::document(),
        graph_webhook::document(),
    ]
}

/// The document.
pub fn document() -> OpenApi {
    let mut parts = parts().into_iter();
    let mut document = parts.next().unwrap_or_default();
    for part in parts {
        document.merge(part);
    }
    document.info = InfoBuilder::new()
        .title("Convoke")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Meetings from \"we should meet\" to the record that we met.\n\n\
             JSON, snake_case; instants are RFC 3339 in UTC, zones IANA names. Lists are pages of `items`; `next_cursor` is \
             given back as `cursor`. What has a version carries it as `ETag`, and honours `If-Match`. Errors are RFC 9457 \
             problem documents; the gateway's own answers are `{\"message\"}`. Unknown fields are refused by name.\n\n\
             `x-access` says of each operation whether it takes a token, which permission (a scope of the token) it needs, \
             and what portal users may: `refused`, `own` (what belongs to their client) or `taking_part` (what they were \
             invited to).",
        ))
        .license(Some(
            LicenseBuilder::new()
                .name("Apache-2.0")
                .identifier(Some("Apache-2.0"))
                .build(),
        ))
        .build();
    document.servers = Some(vec![Server::new("http://127.0.0.1:8787")]);
    let components = document.components.get_or_insert_with(Components::new);
    for (name, schema) in [
        (Problem::name(), Problem::schema()),
        (FieldProblem::name(), FieldProblem::schema()),
    ] {
        components.schemas.insert(name.into_owned(), schema);
    }
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    answers::add_components(components);
    document.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(
        "token",
        [],
    )]);
    document.tags = Some(tags());
    for route in routes() {
        let item = document.paths.paths.get_mut(route.path);
        if let Some(operation) = item.and_then(|item| operation_of(item, &route.method)) {
            complete(operation, &route);
        }
    }
    document
}

fn complete(operation: &mut Operation, route: &DescribedRoute) {
    access::describe(operation, route.access);
    // No caller of ours: what Microsoft is answered is described in full.
    if route.access != Access::Webhook {
        parameters::complete(operation, route);
        answers::complete(operation, route);
    }
    examples::add(operation, route.operation);
}

fn tags() -> Vec<Tag> {
    let described = TAGS.iter().map(|(name, text)| {
        let mut tag = Tag::new(*name);
        tag.description = Some((*text).to_owned());
        tag
    });
    described.collect()
}

/// The document as it is committed. What an older YAML would read as a date or as a number of seconds is quoted.
pub fn yaml() -> String {
    let yaml = document().to_yaml().expect("a document is YAML");
    let mut text = String::with_capacity(yaml.len());
    for line in yaml.lines() {
        let value = line.rsplit_once(": ").map(|(_, value)| value);
        let value = value.or_else(|| line.trim_start().strip_prefix("- "));
        match value.filter(|value| is_ambiguous(value)) {
            Some(value) => {
                text.push_str(line.strip_suffix(value).unwrap_or(line));
                text.extend(["'", value, "'"]);
            }
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

/// `2027-01-15`, `2027-01-15T09:00:00Z`, `09:00`.
fn is_ambiguous(plain: &str) -> bool {
    let shape: String = plain
        .chars()
        .map(|c| if c.is_ascii_digit() { '9' } else { c })
        .collect();
    shape == "99:99" || shape.starts_with("9999-99-99")
}

/// The operations of a path, by method.
pub fn operations(item: &PathItem) -> Vec<(&'static str, &Operation)> {
    [
        ("GET", &item.get),
        ("PUT", &item.put),
        ("POST", &item.post),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
    .collect()
}

fn operation_of<'a>(item: &'a mut PathItem, method: &str) -> Option<&'a mut Operation> {
    match method {
        "GET" => item.get.as_mut(),
        "PUT" => item.put.as_mut(),
        "POST" => item.post.as_mut(),
        "PATCH" => item.patch.as_mut(),
        "DELETE" => item.delete.as_mut(),
        _ => None,
    }
}

/// A schema as JSON writes it.
fn schema_of(json: serde_json::Value) -> RefOr<Schema> {
    serde_json::from_value(json).expect("a schema")
}
