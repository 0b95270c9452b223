//! Transcripts as documents (OM-8).

use std::sync::Arc;

use convoke_domain::error::Error;
use convoke_domain::id::DocumentId;
use convoke_platform::http::{Call, Reply};
use convoke_services::engagements::Eyes;
use convoke_services::recordings::documents::{self, Content, Format};
use http::{StatusCode, header};

use crate::App;
use crate::wire::{DocumentBody, DocumentView};

#[utoipa::path(get, path = "/api/v1/documents/{document_id}", tag = "recordings",
    params(("document_id" = String, Path)),
    responses((status = 200, body = DocumentView, headers(("ETag" = String))),
        (status = 409, description = "Its meeting was cancelled")))]
/// Read what is known of a transcript
pub(crate) async fn get_document(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let eyes = Eyes::of(call.caller()?);
    let found = documents::get(&app.core, call.tenant()?, document_id(&call)?, &eyes).await?;
    let version = found.shown.artifact.version;
    Ok(Reply::ok(&DocumentView::from(&found)).with_version(version))
}

#[utoipa::path(patch, path = "/api/v1/documents/{document_id}", tag = "recordings",
    params(("document_id" = String, Path)),
    request_body = DocumentBody,
    responses((status = 200, body = DocumentView, headers(("ETag" = String)))))]
/// Show a transcript to its client, or no longer
pub(crate) async fn update_document(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let body: DocumentBody = call.command()?;
    let found = documents::show_to_client(
        &app.core,
        call.tenant()?,
        document_id(&call)?,
        body.is_client_visible,
        call.if_match()?,
    )
    .await?;
    let version = found.shown.artifact.version;
    Ok(Reply::ok(&DocumentView::from(&found)).with_version(version))
}

#[utoipa::path(get, path = "/api/v1/documents/{document_id}/download", tag = "recordings",
    params(("document_id" = String, Path),
        ("format" = Option<String>, Query, description = "`vtt` where absent", pattern = "^(vtt|text)$", example = "text")),
    responses(
        (status = 200, headers(("Content-Disposition" = String)),
            content((String = "text/vtt; charset=utf-8"), (String = "text/plain; charset=utf-8"))),
        (status = 303, description = "A large one: to where it lies, for five minutes", headers(("Location" = String))),
        (status = 409, description = "The readable text is larger than one answer; or the meeting was cancelled")))]
/// Download a transcript
pub(crate) async fn download_document(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let format = format_of(&call)?;
    let id = document_id(&call)?;
    let (tenant, eyes) = (call.tenant()?, Eyes::of(call.caller()?));
    let download = documents::download(&app.core, &app.blobs, tenant, id, &eyes, format).await?;
    let reply = match download.content {
        Content::Octets(octets) => Reply::bytes(StatusCode::OK, download.content_type, octets)
            .with_header(header::CONTENT_DISPOSITION, &download.disposition),
        Content::Link(link) => Reply::bytes(StatusCode::SEE_OTHER, download.content_type, "")
            .with_header(header::LOCATION, link.as_str()),
    };
    Ok(reply
        .with_header(header::REFERRER_POLICY, "no-referrer")
        .with_header(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox",
        ))
}

fn document_id(call: &Call) -> Result<DocumentId, Error> {
    let id = DocumentId::parse(call.param("document_id"));
    id.ok_or(Error::NotFound { what: "document" })
}

fn format_of(call: &Call) -> Result<Format, Error> {
    let word = call.query("format")?.unwrap_or(Format::Vtt.as_str());
    Format::parse(word).ok_or_else(|| Error::Malformed {
        code: "invalid_query",
        message: "format is vtt or text".to_owned(),
    })
}
