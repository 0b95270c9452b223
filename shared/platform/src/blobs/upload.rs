//! Objects that are stored part by part, by several processes one after the
//! other. S3 checks each part's CRC-32 as it comes, and again when it puts them
//! together.

use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;

use super::{BlobError, BlobName, TenantBlobs, error};

/// The most parts that S3 takes.
pub(super) const PARTS_MAX: u32 = 10_000;

/// S3's name of an upload that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadId(String);

impl UploadId {
    /// As a row keeps it.
    pub fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// For the row.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A part that S3 holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// From 1 on.
    pub number: u32,
    /// Octets.
    pub size: u64,
    tag: String,
    checksum: Option<String>,
}

impl TenantBlobs {
    /// Begins an upload.
    pub async fn begin_upload(
        &self,
        name: BlobName,
        content_type: &str,
    ) -> Result<UploadId, BlobError> {
        let (bucket, key) = self.place(name);
        let begun = self
            .client()
            .create_multipart_upload()
            .bucket(bucket)
            .key(key)
            .content_type(content_type)
            .checksum_algorithm(ChecksumAlgorithm::Crc32)
            .send()
            .await
            .map_err(|error| error::from_sdk(&error))?;
        begun
            .upload_id
            .map(UploadId)
            .ok_or_else(|| BlobError::Other("S3 named no upload".to_owned()))
    }

    /// Stores a part, over one of the same number. [`BlobError::NotFound`]: the
    /// upload is gone.
    pub async fn upload_part(
        &self,
        name: BlobName,
        upload: &UploadId,
        number: u32,
        bytes: Bytes,
    ) -> Result<(), BlobError> {
        let (bucket, key) = self.place(name);
        self.client()
            .upload_part()
            .bucket(bucket)
            .key(key)
            .upload_id(upload.as_str())
            .part_number(part_number(number)?)
            .checksum_algorithm(ChecksumAlgorithm::Crc32)
            .body(bytes.into())
            .send()
            .await
            .map_err(|error| error::from_sdk(&error))?;
        Ok(())
    }

    /// The parts that S3 holds, by number. [`BlobError::NotFound`]: the upload is
    /// gone, or complete.
    pub async fn parts(&self, name: BlobName, upload: &UploadId) -> Result<Vec<Part>, BlobError> {
        let (bucket, key) = self.place(name);
        let (mut parts, mut after) = (vec![], None);
        loop {
            let page = self
                .client()
                .list_parts()
                .bucket(bucket)
                .key(key.as_str())
                .upload_id(upload.as_str())
                .set_part_number_marker(after)
                .send()
                .await
                .map_err(|error| error::from_sdk(&error))?;
            for part in page.parts.unwrap_or_default() {
                parts.push(read_part(part)?);
            }
            after = page.next_part_number_marker;
            if !page.is_truncated.unwrap_or(false) || after.is_none() {
                parts.sort_by_key(|part| part.number);
                return Ok(parts);
            }
        }
    }

    /// Puts the parts together. [`BlobError::NotFound`]: the upload is gone, or
    /// complete.
    pub async fn complete_upload(
        &self,
        name: BlobName,
        upload: &UploadId,
        parts: &[Part],
    ) -> Result<(), BlobError> {
        let (bucket, key) = self.place(name);
        let parts = parts
            .iter()
            .map(|part| {
                let completed = CompletedPart::builder()
                    .part_number(part_number(part.number)?)
                    .e_tag(&part.tag)
                    .set_checksum_crc32(part.checksum.clone())
                    .build();
                Ok(completed)
            })
            .collect::<Result<_, BlobError>>()?;
        let whole = CompletedMultipartUpload::builder()
            .set_parts(Some(parts))
            .build();
        self.client()
            .complete_multipart_upload()
            .bucket(bucket)
            .key(key)
            .upload_id(upload.as_str())
            .multipart_upload(whole)
            .send()
            .await
            .map_err(|error| error::from_sdk(&error))?;
        Ok(())
    }

    /// Drops an upload and its parts; one that is gone is as good as dropped.
    pub async fn abort_upload(&self, name: BlobName, upload: &UploadId) -> Result<(), BlobError> {
        let (bucket, key) = self.place(name);
        let aborted = self
            .client()
            .abort_multipart_upload()
            .bucket(bucket)
            .key(key)
            .upload_id(upload.as_str())
            .send()
            .await
            .map_err(|error| error::from_sdk(&error));
        match aborted {
            Ok(_) | Err(BlobError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn part_number(number: u32) -> Result<i32, BlobError> {
    if !(1..=PARTS_MAX).contains(&number) {
        return Err(BlobError::Other(format!("S3 takes no part {number}")));
    }
    i32::try_from(number).map_err(|error| BlobError::Other(error.to_string()))
}

fn read_part(part: aws_sdk_s3::types::Part) -> Result<Part, BlobError> {
    let number = part
        .part_number
        .and_then(|number| u32::try_from(number).ok());
    match (number, part.e_tag) {
        (Some(number), Some(tag)) => Ok(Part {
            number,
            size: error::octets(part.size)?,
            tag,
            checksum: part.checksum_crc32,
        }),
        _ => Err(BlobError::Other(
            "S3 holds a part without number or tag".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_numbered_from_one_to_ten_thousand() {
        for (number, is_taken) in [(0, false), (1, true), (10_000, true), (10_001, false)] {
            assert_eq!(part_number(number).is_ok(), is_taken, "{number}");
        }
    }
}
