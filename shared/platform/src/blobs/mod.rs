//! Transcripts and recordings in the bucket, reached only with a verified tenant.
//!
//! [`Blobs`] hands out a [`TenantBlobs`] for a [`Tenant`] and nothing else, and
//! keys are made here alone, of ids: `t/<tenant>/m/<online meeting>/transcripts/<artifact>.vtt`
//! and `…/recordings/<artifact>.mp4`. The bucket encrypts what it holds by itself.

mod error;
mod stream;
mod upload;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use bytes::Bytes;
use convoke_domain::id::{ArtifactId, OnlineMeetingId};

pub use error::BlobError;
pub use stream::{BlobRange, BlobStream};
pub use upload::{Part, UploadId};

use crate::tenant::Tenant;

/// The bucket.
#[derive(Clone)]
pub struct Blobs {
    client: aws_sdk_s3::Client,
    bucket: Arc<str>,
}

impl Blobs {
    /// Over a client and the bucket's name.
    pub fn new(client: aws_sdk_s3::Client, bucket: &str) -> Self {
        Self {
            client,
            bucket: bucket.into(),
        }
    }

    /// The objects of one tenant.
    pub fn tenant(&self, tenant: &Tenant) -> TenantBlobs {
        TenantBlobs {
            blobs: self.clone(),
            tenant: tenant.clone(),
        }
    }
}

/// What an object is, within a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlobName {
    /// A transcript's text, WebVTT.
    Transcript(OnlineMeetingId, ArtifactId),
    /// A recording.
    Recording(OnlineMeetingId, ArtifactId),
}

impl BlobName {
    fn key(self, tenant: &Tenant) -> String {
        let (meeting, folder, artifact, ending) = match self {
            Self::Transcript(meeting, artifact) => (meeting, "transcripts", artifact, "vtt"),
            Self::Recording(meeting, artifact) => (meeting, "recordings", artifact, "mp4"),
        };
        format!("t/{}/m/{meeting}/{folder}/{artifact}.{ending}", tenant.id())
    }
}

/// A link that opens one object for whoever has it, for some minutes; never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedUrl(String);

impl PresignedUrl {
    /// The link, for a `Location`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PresignedUrl(…)")
    }
}

/// The objects of one tenant.
#[derive(Clone)]
pub struct TenantBlobs {
    blobs: Blobs,
    tenant: Tenant,
}

impl TenantBlobs {
    /// Stores a small object whole, over what was there.
    pub async fn put(
        &self,
        name: BlobName,
        content_type: &str,
        bytes: Bytes,
    ) -> Result<(), BlobError> {
        let (bucket, key) = self.place(name);
        self.client()
            .put_object()
            .bucket(bucket)
            .key(key)
            .content_type(content_type)
            .body(bytes.into())
            .send()
            .await
            .map_err(|error| error::from_sdk(&error))?;
        Ok(())
    }

    /// Reads an object whole, if it has no more than `limit` octets.
    pub async fn get(&self, name: BlobName, limit: u64) -> Result<Bytes, BlobError> {
        let mut stream = self.open(name, BlobRange::Whole).await?;
        if stream.total > limit {
            return Err(BlobError::TooLarge { limit });
        }
        let mut whole = Vec::with_capacity(usize::try_from(stream.total).unwrap_or_default());
        while let Some(chunk) = stream.chunk().await? {
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.into())
    }

    /// How many octets an object has.
    pub async fn size(&self, name: BlobName) -> Result<u64, BlobError> {
        let (bucket, key) = self.place(name);
        let head = self
            .client()
            .head_object()
            .bucket(bucket)
            .key(key)
            .send()
            .await
            .map_err(|error| error::from_sdk(&error))?;
        error::octets(head.content_length())
    }

    /// Removes an object; one that is gone already is as good as removed.
    pub async fn delete(&self, name: BlobName) -> Result<(), BlobError> {
        let (bucket, key) = self.place(name);
        self.client()
            .delete_object()
            .bucket(bucket)
            .key(key)
            .send()
            .await
            .map_err(|error| error::from_sdk(&error))?;
        Ok(())
    }

    /// A link to the whole object that ends after `valid_for`, answering with
    /// this `Content-Disposition` and `Content-Type`. Made without a call.
    pub async fn presign(
        &self,
        name: BlobName,
        disposition: &str,
        content_type: &str,
        valid_for: Duration,
    ) -> Result<PresignedUrl, BlobError> {
        let (bucket, key) = self.place(name);
        let validity = PresigningConfig::expires_in(valid_for)
            .map_err(|error| BlobError::Other(error.to_string()))?;
        let request = self
            .client()
            .get_object()
            .bucket(bucket)
            .key(key)
            .response_content_disposition(disposition)
            .response_content_type(content_type)
            .response_cache_control("private, no-store")
            .presigned(validity)
            .await
            .map_err(|error| error::from_sdk(&error))?;
        Ok(PresignedUrl(request.uri().to_owned()))
    }

    fn client(&self) -> &aws_sdk_s3::Client {
        &self.blobs.client
    }

    fn place(&self, name: BlobName) -> (&str, String) {
        (&self.blobs.bucket, name.key(&self.tenant))
    }
}

#[cfg(test)]
mod tests {
    use convoke_domain::id::TenantId;
    use uuid::Uuid;

    use super::*;

    /// XC-1: a key begins with its tenant, whatever is asked for, and is made of
    /// ids only.
    #[test]
    fn every_key_lies_below_its_tenant_and_meeting() {
        let meeting = OnlineMeetingId::new(Uuid::from_u128(1));
        let artifact = ArtifactId::new(Uuid::from_u128(2));
        let tenant = Tenant::of_queue_message(TenantId::parse("acme").unwrap());
        let below = "t/acme/m/00000000-0000-0000-0000-000000000001";
        let file = "00000000-0000-0000-0000-000000000002";
        assert_eq!(
            BlobName::Transcript(meeting, artifact).key(&tenant),
            format!("{below}/transcripts/{file}.vtt")
        );
        assert_eq!(
            BlobName::Recording(meeting, artifact).key(&tenant),
            format!("{below}/recordings/{file}.mp4")
        );
    }

    /// XC-9: a link that opens an object is not printed with what holds it.
    #[test]
    fn a_presigned_link_does_not_print_itself() {
        let url = PresignedUrl("https://bucket.example/canary?X-Amz-Signature=1".to_owned());
        assert!(!format!("{url:?}").contains("canary"));
    }
}
