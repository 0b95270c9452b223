//! What path, query and header parameters take: one meaning per name, whichever route has it.

use convoke_domain::directory::Locale;
use convoke_platform::http::{IDEMPOTENCY_KEY_MAX, LIST_DEFAULT, LIST_MAX};
use convoke_services::mail::MailKey;
use serde_json::{Value, json};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{RefOr, Required};

use super::{DescribedRoute, schema_of};

/// As `convoke_domain::id` reads the deployment's own ids, but for `.` and `..`.
const OPAQUE_ID: &str = r"^[A-Za-z0-9!$&()*+,:;=@\[\]^_{|}~.-]{1,128}$";

/// Completes what the handler declares, and adds the headers that its method takes.
pub(super) fn complete(operation: &mut Operation, route: &DescribedRoute) {
    let has_etag = operation
        .responses
        .responses
        .values()
        .any(|response| match response {
            RefOr::T(response) => response.headers.contains_key("ETag"),
            RefOr::Ref(_) => false,
        });
    let is_keyless = recording_proxy::routes::KEYLESS.contains(&route.operation);
    let header = match route.method.as_str() {
        "GET" if has_etag => Some("If-None-Match"),
        "PUT" | "PATCH" | "DELETE" => Some("If-Match"),
        "POST" if route.takes_token() && !is_keyless => Some("Idempotency-Key"),
        _ => None,
    };
    let parameters = operation.parameters.get_or_insert_default();
    if let Some(name) = header
        && !parameters.iter().any(|one| name_of(one) == Some(name))
    {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False);
        parameters.push(parameter.build().into());
    }
    for parameter in parameters {
        if let RefOr::T(parameter) = parameter {
            explain(parameter);
        }
    }
}

/// The name of a parameter.
pub(super) fn name_of(parameter: &RefOr<Parameter>) -> Option<&str> {
    match parameter {
        RefOr::T(parameter) => Some(&parameter.name),
        RefOr::Ref(_) => None,
    }
}

fn explain(parameter: &mut Parameter) {
    let meaning = meaning(&parameter.name, &parameter.parameter_in);
    parameter.schema = match meaning {
        Some((_, Some(ref schema))) => Some(schema_of(schema.clone())),
        _ => parameter.schema.take().map(present),
    };
    if let Some((text, _)) = meaning
        && parameter.description.is_none()
    {
        parameter.description = Some(text.to_owned());
    }
}

/// What is sent is never `null`: what is optional is left out.
fn present(schema: RefOr<utoipa::openapi::Schema>) -> RefOr<utoipa::openapi::Schema> {
    let mut json = serde_json::to_value(schema).expect("a schema is JSON");
    if let Some(types) = json["type"].as_array() {
        let kept = types.iter().find(|one| **one != json!("null")).cloned();
        json["type"] = kept.unwrap_or_default();
    }
    schema_of(json)
}

/// What a parameter of this name is, and takes; `None` for what the handler has said.
fn meaning(name: &str, place: &ParameterIn) -> Option<(&'static str, Option<Value>)> {
    let (text, schema) = match name {
        "status" => return Some(("Only those in this status", None)),
        "org_id" => (
            "The token's organisation; no other exists",
            opaque_id("acme"),
        ),
        "control_id" => (
            "A control, in the deployment's own numbering",
            opaque_id("pci-scope"),
        ),
        "user_id" => ("A user of the organisation", opaque_id("ann")),
        "assigned_user_id" => ("Whose: a user of the organisation", opaque_id("tess")),
        "client_id" => ("A client of the organisation", opaque_id("globex")),
        "contact_id" => ("A person at a client", opaque_id("cleo")),
        "meeting_id" => ("The meeting's id", minted_id()),
        "online_meeting_id" => ("Convoke's own id of the online meeting", minted_id()),
        "appointment_request_id" => ("The request's id", minted_id()),
        "schedule_entry_id" => ("The entry's id", minted_id()),
        "interaction_id" => ("The interaction's id", minted_id()),
        "artifact_id" => ("The recording's id", minted_id()),
        "document_id" => ("The transcript's id", minted_id()),
        "invitation_id" => ("The invitation's id", minted_id()),
        "notification_id" => ("The notification's id", minted_id()),
        "conversation_id" => ("The conversation's id, which is its meeting's", minted_id()),
        "token" => (
            "What the signed link carries",
            json!({ "type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9_-]+$" }),
        ),
        "key" => (
            "Which mail",
            json!({ "type": "string", "enum": MailKey::ALL.map(MailKey::as_str), "example": "appointment-assigned" }),
        ),
        "locale" => (
            "Its language",
            json!({ "type": "string", "enum": [Locale::En.as_str(), Locale::Pseudo.as_str()], "example": "en" }),
        ),
        "provider" if *place == ParameterIn::Query => (
            "Only meetings of this provider: `mock`, `ics` or `graph`",
            json!({ "type": "string", "example": "ics" }),
        ),
        "provider" => (
            "Whose calendars",
            json!({ "type": "string", "enum": ["google", "microsoft"] }),
        ),
        "limit" => (
            "Items of a page",
            json!({ "type": "integer", "minimum": 1, "maximum": LIST_MAX, "default": LIST_DEFAULT }),
        ),
        "cursor" => (
            "The `next_cursor` of the page before, with the same filters",
            json!({ "type": "string", "minLength": 1, "maxLength": 4096, "pattern": "^[A-Za-z0-9_-]+$" }),
        ),
        "q" => (
            "Only those whose name or id has this text, without case",
            json!({ "type": "string" }),
        ),
        "email" => (
            "Only who has this address, without case",
            json!({ "type": "string", "example": "ann@contoso.example" }),
        ),
        "active" => (
            "Only active users, or only others",
            json!({ "type": "boolean" }),
        ),
        "count" => (
            "How many",
            json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 10 }),
        ),
        "due_before" => ("Only what is due before this date or instant", when()),
        "from" => ("From this date or instant on", when()),
        "to" => ("Before this date or instant", when()),
        "If-Match" => (
            "The `ETag` that was read, or `*`; another version answers 412",
            json!({ "type": "string", "pattern": r#"^(\*|"[0-9]{1,9}")$"#, "example": "\"3\"" }),
        ),
        "If-None-Match" => (
            "The `ETag` that is known; the same version answers 304",
            json!({ "type": "string", "pattern": r#"^(\*|"[0-9]{1,9}")$"#, "example": "\"3\"" }),
        ),
        "Idempotency-Key" => (
            "The same key and body is answered again for 24 h, not done again",
            json!({ "type": "string", "pattern": format!("^[!-~]{{1,{IDEMPOTENCY_KEY_MAX}}}$"),
                "example": "7a1f5c0e-6f0b-4c56-9f7e-0d6f7c1b2a3d" }),
        ),
        _ => return None,
    };
    Some((text, Some(schema)))
}

fn opaque_id(example: &str) -> Value {
    json!({ "type": "string", "pattern": OPAQUE_ID, "example": example })
}

fn minted_id() -> Value {
    json!({ "type": "string", "format": "uuid", "example": "0192f5a0-1111-7222-8333-444455556666" })
}

fn when() -> Value {
    json!({ "anyOf": [{ "type": "string", "format": "date" }, { "type": "string", "format": "date-time" }],
        "example": "2027-01-15" })
}

impl DescribedRoute {
    /// Whether callers have to show a token.
    pub(super) fn takes_token(&self) -> bool {
        use convoke_platform::http::Access;
        !matches!(self.access, Access::SignedLink | Access::Webhook)
    }
}
