//! Answering from a mail, without a token (IV-7): a page that asks, and one that
//! says what came of it.
//!
//! Looking changes nothing, however often programs that check mails look; only
//! what the page's form sends is an answer. Whoever comes here is a person with a
//! browser: what they can do something about is told by a page too. Everything
//! else (a body that is no form, a store that is away) is a problem document.

mod page;

use std::sync::Arc;

use convoke_domain::error::Error;
use convoke_domain::session::Response;
use convoke_platform::answer_link::{self, AnswerLink};
use convoke_platform::http::{Call, Reply};
use convoke_platform::tenant::Tenant;
use convoke_services::sessions;
use serde::Deserialize;
use tracing::Span;
use utoipa::ToSchema;

use crate::App;

/// What the page's form sends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerForm {
    /// The answer.
    #[schema(pattern = "^(accepted|tentative|declined)$", example = "accepted")]
    response: String,
}

#[utoipa::path(get, path = "/rsvp/{token}", tag = "meetings with invitees", security(()),
    params(("token" = String, Path),
        ("response" = Option<String>, Query, description = "Which button is marked; any other word marks none",
            example = "accepted")),
    responses((status = 200, content_type = "text/html", body = String,
            description = "The page: it asks, or says why there is nothing to answer"),
        (status = 404, content_type = "text/html", body = String,
            description = "A page: no such link, it has expired, or its reader is not invited any more")))]
/// Show the page by which somebody invited answers; nothing is changed
pub(crate) async fn show_answer_page(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let shown = async {
        let (tenant, link) = open(&app, &call).await?;
        sessions::look_at_link(&app.core, &tenant, &link).await
    };
    let marked = call.query("response").ok().flatten();
    let marked = marked.and_then(Response::parse_answer);
    match shown.await {
        Ok(view) => Ok(page::of(&view, marked)),
        Err(error) => told(error),
    }
}

#[utoipa::path(post, path = "/rsvp/{token}", tag = "meetings with invitees", security(()),
    params(("token" = String, Path)),
    request_body(content = AnswerForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html", body = String, description = "A page: the answer is recorded"),
        (status = 404, content_type = "text/html", body = String,
            description = "A page: no such link, it has expired, or its reader is not invited any more"),
        (status = 409, content_type = "text/html", body = String,
            description = "A page: the link was used, or the meeting was cancelled or has ended"),
        (status = 415, description = "The body is no form"),
        (status = 422, content_type = "text/html", body = String, description = "A page: that is no answer")))]
/// Answer by the link of a mail, which answers once
pub(crate) async fn answer_by_link(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let answered = async {
        let (tenant, link) = open(&app, &call).await?;
        let response = read(&call)?;
        sessions::answer_by_link(&app.core, &tenant, &link, response).await?;
        Ok(response)
    };
    match answered.await {
        Ok(response) => Ok(page::recorded(response)),
        Err(error) => told(error),
    }
}

async fn open(app: &App, call: &Call) -> Result<(Tenant, AnswerLink), Error> {
    let now = app.core.ports.now();
    let (tenant, link) = answer_link::open(&app.secrets, call.param("token"), now).await?;
    let span = Span::current();
    span.record("tenant", tenant.id().as_str());
    span.record("meeting_id", link.session_id.to_string());
    Ok((tenant, link))
}

fn read(call: &Call) -> Result<Response, Error> {
    let form: AnswerForm = call.form()?;
    let answer = Response::parse_answer(&form.response);
    answer.ok_or_else(|| {
        Error::invalid(
            "/response",
            "invalid_response",
            "accepted, tentative or declined",
        )
    })
}

/// The page of an error that its reader can do something about.
fn told(error: Error) -> Result<Reply, Error> {
    let reply = page::of_error(&error).ok_or_else(|| error.clone())?;
    tracing::info!(code = error.code(), "an answer's page told of an error");
    Ok(reply)
}
