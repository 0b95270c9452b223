//! Transcripts as documents: what is known of one, whether the client sees it,
//! and its text as WebVTT or for people (OM-8).

use std::time::Duration;

use bytes::Bytes;
use convoke_domain::artifact::{Artifact, Document};
use convoke_domain::error::Error;
use convoke_domain::ics;
use convoke_domain::id::{ArtifactId, DocumentId};
use convoke_domain::transcript::Transcript;
use convoke_platform::backoff::Attempt;
use convoke_platform::blobs::{BlobName, Blobs, PresignedUrl, TenantBlobs};
use convoke_platform::http::require_version;
use convoke_platform::records::ArtifactRecord;
use convoke_platform::store::TenantStore;
use convoke_platform::tenant::Tenant;

use super::access::{self, Shown};
use crate::core::{Core, undisturbed};
use crate::engagements::Eyes;

/// Media type of a stored transcript.
pub const VTT: &str = "text/vtt; charset=utf-8";
/// Media type of its readable text.
pub const TEXT: &str = "text/plain; charset=utf-8";
/// How long a presigned link to an object opens it.
pub const LINK_VALID_FOR: Duration = Duration::from_mins(5);

/// Octets of a file that a function answers with itself: Lambda takes 6 MB, in
/// which line ends and quotes are escaped, or everything is base64.
const ANSWER_MAX: u64 = 4_500_000;
/// Octets of WebVTT that are made readable in memory: weeks of speech.
const READ_MAX: u64 = 32 * 1024 * 1024;
const DOCUMENT: &str = "document";

/// A document that the caller may see, with its meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentShown {
    /// Its meeting and artifact.
    pub shown: Shown,
    /// What is known of it.
    pub document: Document,
}

/// How a transcript is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// WebVTT.
    Vtt,
    /// Plain text with speakers.
    Text,
}

impl Format {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Vtt, Self::Text];

    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vtt => "vtt",
            Self::Text => "text",
        }
    }

    /// Reads the API's word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

/// A document on its way to the caller.
#[derive(Debug)]
pub struct Download {
    /// `Content-Disposition`.
    pub disposition: String,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Where the octets are.
    pub content: Content,
}

/// A document's octets.
#[derive(Debug)]
pub enum Content {
    /// Here.
    Octets(Bytes),
    /// Too many for an answer: by a link of minutes.
    Link(PresignedUrl),
}

/// Reads a document's description.
pub async fn get(
    core: &Core,
    tenant: &Tenant,
    id: DocumentId,
    eyes: &Eyes,
) -> Result<DocumentShown, Error> {
    find(&core.store(tenant), id, eyes).await
}

/// Shows a document to its client, or no longer, whatever the tenant's settings
/// say of recordings in general.
pub async fn show_to_client(
    core: &Core,
    tenant: &Tenant,
    id: DocumentId,
    is_client_visible: bool,
    if_match: Option<u64>,
) -> Result<DocumentShown, Error> {
    let store = core.store(tenant);
    undisturbed(|| show_once(&store, id, is_client_visible, if_match)).await
}

async fn show_once(
    store: &TenantStore,
    id: DocumentId,
    is_client_visible: bool,
    if_match: Option<u64>,
) -> Result<DocumentShown, Attempt> {
    let mut found = find(store, id, &Eyes::Staff).await?;
    let Artifact {
        document, version, ..
    } = &mut found.shown.artifact;
    require_version(if_match, *version)?;
    if found.document.is_client_visible == is_client_visible {
        return Ok(found);
    }
    let before = *version;
    found.document.is_client_visible = is_client_visible;
    *document = Some(found.document.clone());
    *version += 1;
    let mut transaction = store.transaction();
    transaction.replace(&ArtifactRecord::from(&found.shown.artifact), before);
    transaction.commit().await?;
    Ok(found)
}

/// Reads a document's text.
pub async fn download(
    core: &Core,
    blobs: &Blobs,
    tenant: &Tenant,
    id: DocumentId,
    eyes: &Eyes,
    format: Format,
) -> Result<Download, Error> {
    let found = find(&core.store(tenant), id, eyes).await?;
    let blobs = blobs.tenant(tenant);
    let name = BlobName::Transcript(
        found.shown.meeting.online_meeting_id,
        found.shown.artifact.artifact_id,
    );
    let title = &found.document.name;
    match format {
        Format::Vtt => {
            let disposition = ics::disposition("attachment", title, "vtt");
            let content = vtt(&blobs, name, found.document.size, &disposition).await?;
            Ok(Download {
                disposition,
                content_type: VTT,
                content,
            })
        }
        Format::Text => Ok(Download {
            disposition: ics::disposition("attachment", title, "txt"),
            content_type: TEXT,
            content: text(&blobs, name, found.document.size).await?,
        }),
    }
}

async fn vtt(
    blobs: &TenantBlobs,
    name: BlobName,
    size: u64,
    disposition: &str,
) -> Result<Content, Error> {
    if size <= ANSWER_MAX {
        return Ok(Content::Octets(blobs.get(name, ANSWER_MAX).await?));
    }
    let link = blobs
        .presign(name, disposition, VTT, LINK_VALID_FOR)
        .await?;
    Ok(Content::Link(link))
}

async fn text(blobs: &TenantBlobs, name: BlobName, size: u64) -> Result<Content, Error> {
    if size > READ_MAX {
        return Err(too_large());
    }
    let text = Transcript::parse(&blobs.get(name, READ_MAX).await?).to_text();
    if text.len() as u64 > ANSWER_MAX {
        return Err(too_large());
    }
    Ok(Content::Octets(text.into()))
}

fn too_large() -> Error {
    Error::conflict(
        "document_too_large",
        "the readable text is too large for an answer: download the document as vtt",
    )
}

async fn find(store: &TenantStore, id: DocumentId, eyes: &Eyes) -> Result<DocumentShown, Error> {
    // A document has the UUID of its artifact.
    let shown = access::find(store, ArtifactId::new(id.uuid()), eyes, DOCUMENT).await?;
    let document = shown.artifact.document.clone();
    let document = document.ok_or(Error::NotFound { what: DOCUMENT })?;
    Ok(DocumentShown { shown, document })
}
