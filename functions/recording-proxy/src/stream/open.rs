//! Finding where a recording's octets are, and how much of them an answer holds:
//! the bucket's copy, or else Microsoft, whose call tells the length.

use convoke_domain::artifact::StoredFile;
use convoke_domain::error::Error;
use convoke_platform::blobs::{BlobError, BlobName, BlobRange, TenantBlobs};
use convoke_platform::store::TenantStore;
use convoke_services::providers::Effect;
use convoke_services::recordings::access::Shown;
use convoke_services::recordings::documents::LINK_VALID_FOR;
use convoke_services::recordings::source::{Source, video_type};
use convoke_services::teams::{ByteRange, NotOpened};
use http::Method;

use super::StreamApp;
use super::facts::{Extent, Facts};
use super::pump::Origin;
use super::range::{Asked, Part};

/// What is asked for.
pub(super) struct Asking<'a> {
    pub(super) method: &'a Method,
    pub(super) range: Option<Asked>,
    pub(super) if_range: Option<&'a str>,
    pub(super) shown: &'a Shown,
}

/// What is given.
pub(super) enum Found {
    /// The headers are all there is to say.
    Head(Facts),
    /// The whole, of unknown length where Microsoft tells none.
    Whole(Facts, Origin),
    /// A part.
    Part(Facts, Part, Origin),
    /// The range lies beyond the end.
    Nothing(Facts),
    /// The whole is over the limit, and may be fetched by this link.
    Link(String),
    /// The whole is over the limit.
    TooLarge,
    /// Microsoft does not have it any more.
    Gone,
    /// The path takes no such method.
    NoMethod,
}

/// How opening at Microsoft ended.
enum Opened {
    Source(Box<Source>),
    Beyond { total: Option<u64> },
    Gone,
}

impl StreamApp {
    pub(super) async fn find(
        &self,
        store: &TenantStore,
        blobs: &TenantBlobs,
        asking: &Asking<'_>,
    ) -> Result<Found, Error> {
        if let Some(file) = &asking.shown.artifact.file {
            match self.find_in_bucket(blobs, file, asking).await {
                // Somebody removed the copy: Microsoft may still have it.
                Err(BlobError::NotFound) => {
                    tracing::warn!("a stored recording is not in the bucket");
                }
                found => return Ok(found?),
            }
        }
        self.find_at_microsoft(store, asking).await
    }

    async fn find_in_bucket(
        &self,
        blobs: &TenantBlobs,
        file: &StoredFile,
        asking: &Asking<'_>,
    ) -> Result<Found, BlobError> {
        let shown = asking.shown;
        let id = shown.artifact.artifact_id;
        let name = BlobName::Recording(shown.meeting.online_meeting_id, id);
        let facts = asking.facts(Some(file.size), Some(&file.content_type));
        let range = asking.range.filter(|_| facts.holds(asking.if_range));
        let (first, last) = match Extent::of(asking.method, range, file.size, self.limit) {
            Extent::Head => return Ok(Found::Head(facts)),
            Extent::Nothing => return Ok(Found::Nothing(facts)),
            Extent::TooLarge => {
                let link = blobs
                    .presign(
                        name,
                        &facts.attachment(),
                        &facts.content_type,
                        LINK_VALID_FOR,
                    )
                    .await?;
                return Ok(Found::Link(link.as_str().to_owned()));
            }
            Extent::Whole => {
                let stream = blobs.open(name, BlobRange::Whole).await?;
                return Ok(Found::Whole(facts, Origin::Bucket(Box::new(stream))));
            }
            Extent::Part(part) => (part.first, part.last),
        };
        let stream = blobs.open(name, BlobRange::Between { first, last }).await?;
        let origin = Origin::Bucket(Box::new(stream));
        Ok(Found::Part(facts, Part { first, last }, origin))
    }

    async fn find_at_microsoft(
        &self,
        store: &TenantStore,
        asking: &Asking<'_>,
    ) -> Result<Found, Error> {
        // Even the whole as a range: an answer to that tells the length for sure.
        let whole = ByteRange::Between {
            first: 0,
            last: if asking.method == Method::HEAD {
                0
            } else {
                self.limit - 1
            },
        };
        let wanted = asking
            .range
            .map_or(whole, |asked| asked.to_fetch(self.limit));
        let opened = self.open_source(store, asking.shown, wanted).await?;
        let (facts, opened) = asking.facts_of(opened);
        if asking.range.is_none() || facts.holds(asking.if_range) {
            return self.fit(store, asking, asking.range, facts, opened).await;
        }
        let opened = self.open_source(store, asking.shown, whole).await?;
        let (facts, opened) = asking.facts_of(opened);
        self.fit(store, asking, None, facts, opened).await
    }

    /// What of an opened recording answers the request.
    async fn fit(
        &self,
        store: &TenantStore,
        asking: &Asking<'_>,
        range: Option<Asked>,
        facts: Facts,
        opened: Opened,
    ) -> Result<Found, Error> {
        let source = match opened {
            Opened::Gone => return Ok(Found::Gone),
            // An empty recording has no first octet.
            Opened::Beyond { total: Some(0) } if range.is_none() => return Ok(Found::Head(facts)),
            Opened::Beyond { .. } => return Ok(Found::Nothing(facts)),
            Opened::Source(source) => source,
        };
        let Some(total) = facts.total else {
            return self.fit_unknown(store, asking, range, facts, source).await;
        };
        match Extent::of(asking.method, range, total, self.limit) {
            Extent::Head => Ok(Found::Head(facts)),
            Extent::Nothing => Ok(Found::Nothing(facts)),
            Extent::TooLarge => Ok(Found::TooLarge),
            Extent::Whole => Ok(Found::Whole(facts, Origin::Microsoft(source))),
            Extent::Part(part) if part.first == source.first() => {
                Ok(Found::Part(facts, part, Origin::Microsoft(source)))
            }
            Extent::Part(_) => Err(Error::internal("Microsoft answered another range")),
        }
    }

    /// Microsoft tells no length: a closed range is answered as such, anything
    /// else with the whole, which the RFC allows.
    async fn fit_unknown(
        &self,
        store: &TenantStore,
        asking: &Asking<'_>,
        range: Option<Asked>,
        facts: Facts,
        source: Box<Source>,
    ) -> Result<Found, Error> {
        if asking.method == Method::HEAD {
            return Ok(Found::Head(facts));
        }
        if let Some(Asked::Between { first, last }) = range {
            let last = last.min(first.saturating_add(self.limit - 1));
            let part = Part { first, last };
            return Ok(Found::Part(facts, part, Origin::Microsoft(source)));
        }
        drop(source);
        match self
            .open_source(store, asking.shown, ByteRange::Whole)
            .await?
        {
            Opened::Source(source) => Ok(Found::Whole(facts, Origin::Microsoft(source))),
            Opened::Beyond { .. } => Ok(Found::Nothing(facts)),
            Opened::Gone => Ok(Found::Gone),
        }
    }

    async fn open_source(
        &self,
        store: &TenantStore,
        shown: &Shown,
        range: ByteRange,
    ) -> Result<Opened, Error> {
        let Shown { meeting, artifact } = shown;
        match Source::open_range(&self.teams, store, meeting, artifact, range).await {
            Ok(source) => Ok(Opened::Source(Box::new(source))),
            Err(NotOpened::BeyondEnd { total }) => Ok(Opened::Beyond { total }),
            Err(NotOpened::Failed(failure)) if failure.effect == Effect::Gone => Ok(Opened::Gone),
            Err(NotOpened::Failed(failure)) => Err(failure.error),
        }
    }
}

impl Asking<'_> {
    fn facts(&self, total: Option<u64>, content_type: Option<&str>) -> Facts {
        Facts {
            artifact_id: self.shown.artifact.artifact_id,
            subject: self.shown.meeting.subject.clone(),
            content_type: video_type(content_type).to_owned(),
            total,
        }
    }

    fn facts_of(&self, opened: Opened) -> (Facts, Opened) {
        let facts = match &opened {
            Opened::Source(source) => self.facts(source.total(), source.content_type()),
            Opened::Beyond { total } => self.facts(*total, None),
            Opened::Gone => self.facts(None, None),
        };
        (facts, opened)
    }
}
