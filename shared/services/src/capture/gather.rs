//! One look: what Microsoft lists, each kind and each artifact by itself, so that
//! one that fails keeps no other away (OM-7).

use convoke_domain::artifact::{Arrival, ArrivalPath, Artifact, ArtifactType, Document};
use convoke_domain::engagement::{Engagement, Look};
use convoke_domain::error::Error;
use convoke_domain::id::ArtifactId;
use convoke_domain::online_meeting::OnlineMeeting;
use convoke_domain::subscription::SubscriptionState;
use convoke_domain::transcript::Transcript;
use convoke_platform::backoff::Attempt;
use convoke_platform::blobs::BlobName;
use convoke_platform::records::{ArtifactPointerRecord, ArtifactRecord};
use convoke_platform::store::{Record, StoreError, TenantStore};
use futures_util::StreamExt;

use super::Recorder;
use crate::core::undisturbed;
use crate::jobs::Job;
use crate::microsoft::read_integration;
use crate::subscriptions;
use crate::teams::FoundArtifact;

/// Transcripts that are fetched at once.
const AT_ONCE: usize = 3;
/// Most artifacts of a kind that a meeting keeps: what belongs together is read as one.
const KEPT_MAX: usize = 250;
/// The media type that transcripts are stored with.
const VTT: &str = "text/vtt; charset=utf-8";

/// The failure of a look that was cut off with nothing to show.
const TOO_SLOW: &str = "graph_unavailable";

/// What a look has come to so far; it may be cut off at any point.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// The first thing that failed.
    pub(super) failure: Option<String>,
    /// The online meeting's id, where it was not known before.
    pub(super) meeting_id: Option<String>,
    /// The organiser's object id, likewise.
    pub(super) organizer_object_id: Option<String>,
    /// Of which kinds Microsoft notifies, where nobody has noted that yet.
    pub(super) watched: Option<Vec<ArtifactType>>,
}

impl Findings {
    /// What is to be written down. One that was cut off goes on at once, unless
    /// that would come to nothing again: then it failed, and counts.
    pub(super) fn to_look(&self, is_cut: bool, is_worth_going_on: bool) -> Look {
        let has_failed = is_cut && !is_worth_going_on;
        let too_slow = || has_failed.then(|| TOO_SLOW.to_owned());
        Look {
            failure: self.failure.clone().or_else(too_slow),
            has_leftover: is_cut && is_worth_going_on,
            meeting_id: self.meeting_id.clone(),
            organizer_object_id: self.organizer_object_id.clone(),
            watched: self.watched.clone(),
        }
    }

    fn note(&mut self, error: &Error) {
        if let Error::Internal { context } = error {
            tracing::error!(context, "an artifact was not captured");
        }
        self.failure.get_or_insert_with(|| error.code().to_owned());
    }
}

/// Looks at what Microsoft has, and keeps what is new.
pub(super) async fn gather(
    recorder: &Recorder,
    store: &TenantStore,
    engagement: &Engagement,
    path: ArrivalPath,
    findings: &mut Findings,
) {
    let Some(meeting) = &engagement.meeting else {
        return;
    };
    let mut meeting = meeting.clone();
    if meeting.provider_meeting_id.is_none() {
        // Nobody may have had the time to ask for it.
        let resolved = recorder.desk.teams.resolve(store, &meeting).await;
        let found = resolved.ok().flatten();
        if let Some(found) = found {
            meeting.provider_meeting_id.clone_from(&found.meeting_id);
            meeting.organizer.object_id = Some(found.organizer_object_id.clone());
            findings.organizer_object_id = Some(found.organizer_object_id);
            findings.meeting_id = found.meeting_id;
        }
    }
    let is_over = meeting.end <= recorder.desk.core.ports.now();
    let capture = engagement.capture.as_ref();
    if is_over && capture.is_some_and(|capture| capture.watched.is_none()) {
        // A line of the ledger; it keeps no look from being made.
        findings.watched = watched(recorder, store, &meeting).await.ok();
    }
    let looking = Looking {
        recorder,
        store,
        meeting: &meeting,
        path,
        known: &engagement.artifacts,
        transfers: &engagement.transfers,
    };
    let (recordings, transcripts) =
        futures_util::future::join(looking.recordings(), looking.transcripts()).await;
    for error in recordings.into_iter().chain(transcripts) {
        findings.note(&error);
    }
}

/// Of which kinds Microsoft notifies. Where nothing is even wanted, since nobody
/// has saved the settings with this version, it is from now on.
async fn watched(
    recorder: &Recorder,
    store: &TenantStore,
    meeting: &OnlineMeeting,
) -> Result<Vec<ArtifactType>, Error> {
    let organizer = meeting.organizer.object_id.as_deref().unwrap_or_default();
    let rows = subscriptions::list(store).await?;
    if rows.is_empty() {
        let outbox = recorder.desk.core.outbox(&[Job::AlignSubscriptions {}])?;
        store.put_new(&outbox).await?;
    }
    let is_watched = |kind: &ArtifactType| {
        rows.iter().any(|row| {
            row.kind == *kind
                && row.state == SubscriptionState::Live
                && row.organizer_object_id.eq_ignore_ascii_case(organizer)
        })
    };
    Ok(ArtifactType::ALL.into_iter().filter(is_watched).collect())
}

struct Looking<'a> {
    recorder: &'a Recorder,
    store: &'a TenantStore,
    meeting: &'a OnlineMeeting,
    path: ArrivalPath,
    known: &'a [Artifact],
    transfers: &'a [ArtifactId],
}

impl Looking<'_> {
    async fn recordings(&self) -> Vec<Error> {
        let (recordings, mut failed) = self.listed(ArtifactType::Recording).await;
        let are_copied = match read_integration(self.store).await {
            Ok(integration) => integration.is_some_and(|one| one.download_recordings),
            Err(error) => {
                failed.push(error.into());
                false
            }
        };
        for recording in &recordings {
            let is_at_work = self.transfers.contains(&recording.artifact_id);
            if !are_copied || recording.file.is_some() || is_at_work {
                continue;
            }
            if let Err(error) =
                crate::transfer::begin(&self.recorder.desk.core, self.store, recording).await
            {
                failed.push(error);
            }
        }
        failed
    }

    async fn transcripts(&self) -> Vec<Error> {
        let (transcripts, mut failed) = self.listed(ArtifactType::Transcript).await;
        let missing: Vec<_> = transcripts
            .iter()
            .filter(|transcript| transcript.document.is_none())
            .map(|transcript| self.keep_text(transcript))
            .collect();
        let results: Vec<_> = futures_util::stream::iter(missing)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        failed.extend(results.into_iter().filter_map(Result::err));
        failed
    }

    /// All of a kind, each with a row by now.
    async fn listed(&self, kind: ArtifactType) -> (Vec<Artifact>, Vec<Error>) {
        let teams = &self.recorder.desk.teams;
        let listed = match teams.list_artifacts(self.store, self.meeting, kind).await {
            Ok(listed) => listed,
            // What is known already may still lack its text.
            Err(failure) => return (self.known_of(kind), vec![failure.error]),
        };
        let mut artifacts = vec![];
        let mut failed = vec![];
        if listed.len() > KEPT_MAX {
            let (listed, kept) = (listed.len(), KEPT_MAX);
            tracing::warn!(
                listed,
                kept,
                kind = kind.as_str(),
                "too many artifacts of one meeting"
            );
        }
        for found in listed.into_iter().take(KEPT_MAX) {
            match self.keep_row(kind, &found).await {
                Ok(artifact) => artifacts.push(artifact),
                Err(error) => failed.push(error),
            }
        }
        (artifacts, failed)
    }

    fn known_of(&self, kind: ArtifactType) -> Vec<Artifact> {
        let of_kind = |artifact: &&Artifact| artifact.artifact_type == kind;
        self.known.iter().filter(of_kind).cloned().collect()
    }

    /// The artifact's row; whoever comes first makes it.
    async fn keep_row(&self, kind: ArtifactType, found: &FoundArtifact) -> Result<Artifact, Error> {
        let is_it = |artifact: &&Artifact| {
            artifact.artifact_type == kind
                && artifact.provider_artifact_id == found.provider_artifact_id
        };
        if let Some(known) = self.known.iter().find(is_it) {
            return Ok(known.clone());
        }
        let ports = &self.recorder.desk.core.ports;
        let at = ports.now();
        let artifact = Artifact {
            artifact_id: ArtifactId::new(ports.mint()),
            online_meeting_id: self.meeting.online_meeting_id,
            artifact_type: kind,
            provider_artifact_id: found.provider_artifact_id.clone(),
            created_at: found.created_at.unwrap_or(at),
            document: None,
            file: None,
            arrivals: vec![Arrival {
                path: self.path,
                at,
            }],
            version: 1,
        };
        let mut transaction = self.store.transaction();
        transaction.create(&ArtifactRecord::from(&artifact));
        transaction.create(&ArtifactPointerRecord::to(&artifact));
        match transaction.commit().await {
            Ok(()) => Ok(artifact),
            Err(StoreError::AlreadyExists(_)) => Ok(self.row_of(&artifact).await?),
            Err(error) => Err(error.into()),
        }
    }

    async fn row_of(&self, artifact: &Artifact) -> Result<Artifact, StoreError> {
        let key = ArtifactRecord::from(artifact).key();
        let record = self.store.get::<ArtifactRecord>(&key).await?;
        record
            .ok_or(StoreError::NotFound(ArtifactRecord::KIND))?
            .try_into()
    }

    /// A transcript's text becomes a document. Two that do it at once store the
    /// same octets under the same key.
    async fn keep_text(&self, transcript: &Artifact) -> Result<(), Error> {
        let teams = &self.recorder.desk.teams;
        let text = teams
            .transcript_text(self.store, self.meeting, &transcript.provider_artifact_id)
            .await
            .map_err(|failure| failure.error)?;
        let vtt = Transcript::parse(&text.bytes).to_vtt();
        let document = Document {
            name: format!("Transcript - {}", self.meeting.subject),
            is_client_visible: false,
            size: vtt.len() as u64,
            is_attributed: text.is_attributed,
            stored_at: self.recorder.desk.core.ports.now(),
        };
        let name = BlobName::Transcript(self.meeting.online_meeting_id, transcript.artifact_id);
        self.recorder
            .blobs
            .tenant(self.store.tenant())
            .put(name, VTT, vtt.into())
            .await?;
        undisturbed(|| self.note_document(transcript, &document)).await
    }

    async fn note_document(
        &self,
        transcript: &Artifact,
        document: &Document,
    ) -> Result<(), Attempt> {
        let mut row = self.row_of(transcript).await?;
        if row.document.is_some() {
            return Ok(());
        }
        let expected = row.version;
        row.document = Some(document.clone());
        row.version += 1;
        let mut transaction = self.store.transaction();
        transaction.replace(&ArtifactRecord::from(&row), expected);
        Ok(transaction.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OM-11: a look that is cut off goes on at once while that leads somewhere;
    /// one that leads nowhere failed, and counts.
    #[test]
    fn a_look_that_leads_nowhere_has_failed() {
        let nothing = Findings::default();
        let whole = nothing.to_look(false, false);
        assert_eq!((whole.has_leftover, whole.failure), (false, None));
        let further = nothing.to_look(true, true);
        assert_eq!((further.has_leftover, further.failure), (true, None));
        let stuck = nothing.to_look(true, false);
        assert!(!stuck.has_leftover);
        assert_eq!(stuck.failure.as_deref(), Some(TOO_SLOW));
        let refused = Findings {
            failure: Some("transcripts_disabled".to_owned()),
            ..Findings::default()
        };
        let refused = refused.to_look(true, false).failure;
        assert_eq!(refused.as_deref(), Some("transcripts_disabled"));
    }
}
