//! The whole API's OpenAPI document, put together from its functions' parts.

use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, Ref, Required, ResponseBuilder, Server,
};
use utoipa::{PartialSchema, ToSchema};

use convoke_platform::http::{FieldProblem, Problem};

/// What each refusal means, whichever route gives it.
const PROBLEMS: [(&str, &str); 12] = [
    (
        "400",
        "Malformed: no JSON, a bad query parameter, a foreign cursor",
    ),
    ("401", "No valid token"),
    (
        "403",
        "The token lacks the permission, or is a portal user's",
    ),
    ("404", "Nothing of that id for this organisation"),
    ("409", "The state does not allow it"),
    ("412", "If-Match names another version"),
    ("413", "The body is too large"),
    ("415", "The body is not application/json"),
    ("422", "Well-formed, but invalid"),
    ("429", "Too much at once; see Retry-After"),
    ("500", "A bug; nothing internal is shown"),
    ("503", "Not configured, or something upstream is down"),
];

/// The document.
pub fn document() -> OpenApi {
    let mut document = meeting_api::openapi::document();
    document.merge(ics_download::document());
    document.merge(settings::openapi::document());
    document.merge(approval::openapi::document());
    document.merge(recording_proxy::openapi::document());
    document.merge(graph_webhook::document());
    document.info = InfoBuilder::new()
        .title("Convoke")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Meetings from \"we should meet\" to the record that we met. Errors are RFC 9457 problem documents; \
             the gateway's own 401, 404, 413, 429 and 5xx are `{\"message\"}`.",
        ))
        .license(Some(utoipa::openapi::LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .build();
    document.servers = Some(vec![Server::new("http://127.0.0.1:8787")]);
    let components = document.components.get_or_insert_with(Components::new);
    components
        .schemas
        .insert(Problem::name().into_owned(), Problem::schema());
    components
        .schemas
        .insert(FieldProblem::name().into_owned(), FieldProblem::schema());
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    document.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(
        "token",
        [],
    )]);
    for item in document.paths.paths.values_mut() {
        complete(item);
    }
    document
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

/// Adds what all operations of a method have in common.
fn complete(item: &mut PathItem) {
    let header = |name: &str, text: &str| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(text))
            .schema(Some(String::schema()))
            .build()
    };
    let idempotency = header(
        "Idempotency-Key",
        "The same key and body is answered again for 24 h, not done again",
    );
    let if_match = header(
        "If-Match",
        "The ETag that was read; another version answers 412",
    );
    let per_method = [
        (&mut item.get, None),
        (&mut item.put, Some(if_match.clone())),
        (&mut item.post, Some(idempotency)),
        (&mut item.patch, Some(if_match.clone())),
        (&mut item.delete, Some(if_match)),
    ];
    for (operation, parameter) in per_method {
        let Some(operation) = operation else { continue };
        // No caller of ours: what Microsoft is answered is described in full.
        if operation.tags.as_deref() == Some(&["webhooks".to_owned()]) {
            continue;
        }
        operation
            .parameters
            .get_or_insert_default()
            .extend(parameter.map(Into::into));
        for (status, meaning) in PROBLEMS {
            let content = ContentBuilder::new()
                .schema(Some(Ref::from_schema_name(Problem::name())))
                .build();
            let response = ResponseBuilder::new()
                .description(meaning)
                .content("application/problem+json", content)
                .build();
            operation
                .responses
                .responses
                .entry(status.to_owned())
                .or_insert_with(|| response.into());
        }
    }
}
