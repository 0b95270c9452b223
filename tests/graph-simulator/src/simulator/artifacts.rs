//! The handle's part for recordings and transcripts, and for the storage that
//! content may be redirected to.

use super::GraphSimulator;
use crate::artifact::{ArtifactKind, HeldMeeting, NewArtifact, StoredArtifact};
use crate::received::Received;
use crate::server::Side;
use crate::storage;

impl GraphSimulator {
    /// Makes a recording and a transcript of a meeting, with all defaults. The
    /// meeting is named by its id, its join link or the id of its event.
    pub fn hold_meeting(&self, meeting: &str) -> anyhow::Result<HeldMeeting> {
        let usual = Some(NewArtifact::default());
        self.hold_meeting_with(meeting, usual.clone(), usual)
    }

    /// Makes these of a meeting, as a pair; all or nothing.
    pub fn hold_meeting_with(
        &self,
        meeting: &str,
        recording: Option<NewArtifact>,
        transcript: Option<NewArtifact>,
    ) -> anyhow::Result<HeldMeeting> {
        self.shared
            .change(|world| world.hold_meeting(meeting, recording, transcript))
            .map_err(anyhow::Error::msg)
    }

    /// Adds a recording to a meeting, named by its id, its join link or the id of its event.
    pub fn add_recording(
        &self,
        meeting: &str,
        recording: NewArtifact,
    ) -> anyhow::Result<StoredArtifact> {
        self.add_artifact(ArtifactKind::Recording, meeting, recording)
    }

    /// Adds a transcript to a meeting, named by its id, its join link or the id of its event.
    pub fn add_transcript(
        &self,
        meeting: &str,
        transcript: NewArtifact,
    ) -> anyhow::Result<StoredArtifact> {
        self.add_artifact(ArtifactKind::Transcript, meeting, transcript)
    }

    fn add_artifact(
        &self,
        kind: ArtifactKind,
        meeting: &str,
        new: NewArtifact,
    ) -> anyhow::Result<StoredArtifact> {
        self.shared
            .change(|world| world.add_artifact(kind, meeting, new))
            .map_err(anyhow::Error::msg)
    }

    /// A meeting's recordings and transcripts, in the order they were added, seen
    /// by Graph's clients or not.
    pub fn artifacts(&self, meeting: &str) -> Vec<StoredArtifact> {
        self.shared.world().artifacts_of(Some(meeting))
    }

    /// Changes an artifact: its content, times, visibility, delivery.
    pub fn update_artifact(
        &self,
        id: &str,
        change: impl FnOnce(&mut StoredArtifact),
    ) -> anyhow::Result<()> {
        self.shared.change(|world| {
            change(world.artifact_mut(id).map_err(anyhow::Error::msg)?);
            Ok(())
        })
    }

    /// Removes an artifact, as the tenant's retention does; false: there is none.
    pub fn remove_artifact(&self, id: &str) -> bool {
        self.shared.change(|world| world.remove_artifact(id))
    }

    /// Where content is redirected to: another port and, on a loopback address,
    /// another host name. No slash at the end.
    pub fn storage_base_url(&self) -> String {
        storage::base_url(&self.base_url, self.shared.storage_port)
    }

    /// The requests to the storage so far, oldest first.
    pub fn storage_received(&self) -> Vec<Received> {
        self.shared.log(Side::Storage).list()
    }

    /// Every link to the storage given out so far is worth nothing from now on.
    pub fn expire_storage_links(&self) {
        self.shared.expire_storage_links();
    }
}
