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
    /// The meeting's `sequence` that the page was made for: an answer to another
    /// time than the meeting has by now is asked for again.
    #[schema(pattern = "^[0-9]{1,10}$", example = "0")]
    #[serde(default)]
    sequence: String,
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
        Ok(view) => Ok(page::of(&view, marked, false)),
        Err(error) => told(&error),
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
        let (response, seen) = read(&call)?;
        let answered = sessions::answer_by_link(&app.core, &tenant, &link, response, seen).await;
        let code = answered.as_ref().err().map(Error::code);
        match code {
            None => Ok(page::recorded(response)),
            // The button was pressed twice, or the first answer was lost on its way.
            Some("link_used") => {
                let view = sessions::look_at_link(&app.core, &tenant, &link).await?;
                if view.invitee.response != response {
                    answered?;
                }
                Ok(page::recorded(response))
            }
            Some("meeting_moved") => {
                let view = sessions::look_at_link(&app.core, &tenant, &link).await?;
                Ok(page::of(&view, Some(response), true))
            }
            Some(_) => answered.map(|()| page::recorded(response)),
        }
    };
    match answered.await {
        Ok(reply) => Ok(reply),
        Err(error) => told(&error),
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

fn read(call: &Call) -> Result<(Response, Option<u32>), Error> {
    let form: AnswerForm = call.form()?;
    let answer = Response::parse_answer(&form.response);
    let answer = answer.ok_or_else(|| {
        Error::invalid(
            "/response",
            "invalid_response",
            "accepted, tentative or declined",
        )
    })?;
    // A form has texts only: an absent one is empty.
    let sequence = Some(&*form.sequence).filter(|text| !text.is_empty());
    let seen = sequence.map(str::parse).transpose();
    let seen = seen.map_err(|_| Error::invalid("/sequence", "invalid_value", "a number"))?;
    Ok((answer, seen))
}

/// The page of an error that its reader can do something about.
fn told(error: &Error) -> Result<Reply, Error> {
    let reply = page::of_error(error).ok_or_else(|| error.clone())?;
    tracing::info!(code = error.code(), "an answer's page told of an error");
    Ok(reply)
}
