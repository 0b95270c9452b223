//! Putting the parts together, and telling the recording's row of it.

use convoke_domain::artifact::StoredFile;
use convoke_platform::blobs::{BlobError, Part, UploadId};
use convoke_platform::records::{ArtifactRecord, TransferRecord, UploadRecord};
use convoke_platform::store::{Record, StoreError};

use super::checksum::Checksum;
use super::claim::Held;
use super::{Bench, Stop};

/// Times that the outcome is tried to be written against other writers.
const TRIES: u32 = 10;

impl Bench<'_> {
    /// Ends a copy whose last part is stored.
    pub(super) async fn finish(&self, held: &mut Held) -> Result<(), Stop> {
        let Some(upload) = held.row.upload.clone() else {
            return Err(Stop::Failed("upload_gone"));
        };
        let Some(sum) = Checksum::of_state(&upload.sha256_state) else {
            return Err(self.start_over(held, "checksum_lost").await);
        };
        self.put_together(held, &upload).await?;
        let size = match self.blobs.size(self.name).await {
            Err(BlobError::NotFound) => None,
            size => Some(size?),
        };
        if size != Some(upload.octets) {
            return Err(self.start_over(held, "upload_gone").await);
        }
        self.settle(held, &upload, &sum.hex()).await
    }

    async fn put_together(&self, held: &mut Held, upload: &UploadRecord) -> Result<(), Stop> {
        let id = UploadId::of(&upload.upload_id);
        let parts = match self.blobs.parts(self.name, &id).await {
            // A run before this one died after it had put them together, or they
            // are gone: the object's size tells.
            Err(BlobError::NotFound) => return Ok(()),
            parts => parts?,
        };
        let Some(parts) = whole(parts, upload) else {
            return Err(self.start_over(held, "parts_gone").await);
        };
        match self.blobs.complete_upload(self.name, &id, &parts).await {
            Ok(()) | Err(BlobError::NotFound) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The recording gets its file, and the copy's row goes, in one transaction.
    async fn settle(&self, held: &Held, upload: &UploadRecord, sha256: &str) -> Result<(), Stop> {
        for _ in 0..TRIES {
            let Some(wanted) = self.wanted().await? else {
                return self.abandon(held).await;
            };
            let mut artifact = wanted.artifact;
            let expected = artifact.version;
            artifact.version += 1;
            artifact.file = Some(StoredFile {
                size: upload.octets,
                sha256: sha256.to_owned(),
                content_type: upload.content_type.clone(),
                stored_at: self.desk.core.ports.now(),
            });
            let mut transaction = self.store.transaction();
            transaction
                .delete(TransferRecord::KIND, &held.row.key(), held.row.version)
                .replace(&ArtifactRecord::from(&artifact), expected);
            match transaction.commit().await {
                Ok(()) => {
                    self.log(held, "a recording is copied");
                    return Ok(());
                }
                Err(StoreError::VersionConflict(kind)) if kind != TransferRecord::KIND => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Stop::Failed("artifact_busy"))
    }
}

/// The parts that the row counts, if S3 holds them all, with all their octets. One
/// beyond them was stored by a run that died before it could say so.
fn whole(parts: Vec<Part>, upload: &UploadRecord) -> Option<Vec<Part>> {
    let parts: Vec<_> = parts
        .into_iter()
        .filter(|part| part.number <= upload.parts)
        .collect();
    let is_gapless = (1..=upload.parts).eq(parts.iter().map(|part| part.number));
    let octets: u64 = parts.iter().map(|part| part.size).sum();
    (is_gapless && octets == upload.octets).then_some(parts)
}
