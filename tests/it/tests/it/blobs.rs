//! Objects in the bucket: whole, in ranges, in parts, and only their tenant's
//! (XC-1, OM-8, OM-9, OM-10).

use std::time::Duration;

use bytes::Bytes;
use convoke_domain::id::{ArtifactId, OnlineMeetingId};
use convoke_platform::aws;
use convoke_platform::blobs::{BlobError, BlobName, BlobRange, Blobs, TenantBlobs, UploadId};
use convoke_platform::clock::Ports;
use it::deployed;
use it::process::sdk_config;

use crate::routes::tenant;

/// The least that S3 takes as a part that is not the last.
const PART: usize = 5 * 1024 * 1024;

fn client() -> aws_sdk_s3::Client {
    aws::bucket_client(&sdk_config(&deployed::resources().aws_endpoint))
}

fn bucket() -> &'static str {
    &deployed::resources().outputs.bucket_name
}

fn of(org: &str) -> TenantBlobs {
    Blobs::new(client(), bucket()).tenant(&tenant(org))
}

fn recording() -> BlobName {
    let ports = Ports::system();
    BlobName::Recording(
        OnlineMeetingId::new(ports.mint()),
        ArtifactId::new(ports.mint()),
    )
}

async fn keys_of(org: &str) -> Vec<String> {
    let client = client();
    let list = client
        .list_objects_v2()
        .bucket(bucket())
        .prefix(format!("t/{org}/"));
    let objects = list.send().await.unwrap().contents.unwrap_or_default();
    objects
        .into_iter()
        .filter_map(|object| object.key)
        .collect()
}

/// OM-8, XC-1: what is stored reads back whole, for its own tenant only, though
/// another asks for the very same ids.
#[tokio::test]
async fn an_object_reads_back_for_its_own_tenant_only() {
    let (org, other) = (deployed::new_org(), deployed::new_org());
    let (ours, theirs) = (of(&org), of(&other));
    let BlobName::Recording(meeting, artifact) = recording() else {
        unreachable!()
    };
    let name = BlobName::Transcript(meeting, artifact);
    let text = Bytes::from_static("WEBVTT\n\n\u{1f600} canary".as_bytes());
    ours.put(name, "text/vtt", text.clone()).await.unwrap();
    assert_eq!(ours.get(name, 1_000).await.unwrap(), text);
    assert_eq!(ours.size(name).await.unwrap(), text.len() as u64);
    assert_eq!(
        ours.get(name, 5).await,
        Err(BlobError::TooLarge { limit: 5 })
    );
    assert_eq!(theirs.get(name, 1_000).await, Err(BlobError::NotFound));
    assert_eq!(theirs.size(name).await, Err(BlobError::NotFound));
    theirs.delete(name).await.unwrap();
    let key = format!("t/{org}/m/{meeting}/transcripts/{artifact}.vtt");
    assert_eq!(keys_of(&org).await, [key]);
    assert_eq!(keys_of(&other).await, Vec::<String>::new());
    ours.delete(name).await.unwrap();
    ours.delete(name).await.unwrap();
    assert_eq!(ours.get(name, 1_000).await, Err(BlobError::NotFound));
}

/// OM-9: a range is what was asked for, with its place in the whole.
#[tokio::test]
async fn a_range_comes_with_its_place_in_the_whole() {
    let (blobs, name) = (of(&deployed::new_org()), recording());
    let whole: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    blobs
        .put(name, "video/mp4", whole.clone().into())
        .await
        .unwrap();
    let last = 299_999;
    for (range, first, length) in [
        (BlobRange::Whole, 0, 300_000),
        (BlobRange::From(299_990), 299_990, 10),
        (
            BlobRange::Between {
                first: 7,
                last: 70_000,
            },
            7,
            69_994,
        ),
        (
            BlobRange::Between {
                first: last,
                last: u64::MAX >> 1,
            },
            last,
            1,
        ),
    ] {
        let mut stream = blobs.open(name, range).await.unwrap();
        assert_eq!(
            (stream.first, stream.length, stream.total),
            (first, length, 300_000),
            "{range:?}"
        );
        assert_eq!(stream.content_type.as_deref(), Some("video/mp4"));
        let mut read = vec![];
        while let Some(chunk) = stream.chunk().await.unwrap() {
            read.extend_from_slice(&chunk);
        }
        let first = usize::try_from(first).unwrap();
        assert!(read == whole[first..first + read.len()], "{range:?}");
        assert_eq!(read.len() as u64, length, "{range:?}");
    }
    let beyond = blobs.open(name, BlobRange::From(300_000)).await;
    assert_eq!(beyond.unwrap_err(), BlobError::RangeNotSatisfiable);
}

/// OM-9: a presigned link opens that one object without any header, as a download
/// with its name, and only for its time.
#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "a test's own client")]
async fn a_presigned_link_opens_one_object_for_its_time() {
    let (blobs, name) = (of(&deployed::new_org()), recording());
    let other = recording();
    for name in [name, other] {
        blobs
            .put(name, "text/plain", Bytes::from_static(b"octets"))
            .await
            .unwrap();
    }
    let disposition = "attachment; filename=\"Jour fixe.mp4\"";
    let short = Duration::from_secs(2);
    let url = blobs
        .presign(name, disposition, "video/mp4", short)
        .await
        .unwrap();
    let client = reqwest::Client::new();
    let answer = client.get(url.as_str()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-disposition"], disposition);
    assert_eq!(answer.headers()["content-type"], "video/mp4");
    assert_eq!(answer.headers()["cache-control"], "private, no-store");
    assert_eq!(answer.bytes().await.unwrap(), "octets");
    let (BlobName::Recording(meeting, artifact), BlobName::Recording(others, another)) =
        (name, other)
    else {
        unreachable!()
    };
    let moved = url
        .as_str()
        .replace(&meeting.to_string(), &others.to_string())
        .replace(&artifact.to_string(), &another.to_string());
    assert_ne!(moved, url.as_str());
    assert_eq!(client.get(&moved).send().await.unwrap().status(), 403);
    tokio::time::sleep(Duration::from_millis(3_100)).await;
    let late = client.get(url.as_str()).send().await.unwrap();
    assert_eq!(late.status(), 403);
}

/// OM-10: parts come in any order and may come again; S3 has a checksum of each;
/// what is gone is told apart from what failed.
#[tokio::test]
async fn parts_become_one_object() {
    let (blobs, name) = (of(&deployed::new_org()), recording());
    let upload = blobs.begin_upload(name, "video/webm").await.unwrap();
    let (first, last) = (vec![1; PART], vec![3; 1_000]);
    for (number, octets) in [(2, vec![2; 999]), (1, first.clone()), (2, last.clone())] {
        blobs
            .upload_part(name, &upload, number, octets.into())
            .await
            .unwrap();
    }
    assert_eq!(blobs.size(name).await, Err(BlobError::NotFound));
    let parts = blobs.parts(name, &upload).await.unwrap();
    let sizes: Vec<_> = parts.iter().map(|part| (part.number, part.size)).collect();
    assert_eq!(sizes, [(1, PART as u64), (2, 1_000)]);
    assert_eq!(checksums(name, &upload).await, 2);
    blobs.complete_upload(name, &upload, &parts).await.unwrap();
    let whole = blobs.get(name, u64::MAX).await.unwrap();
    assert!(whole == [first, last].concat());
    let stream = blobs.open(name, BlobRange::From(0)).await.unwrap();
    assert_eq!(stream.content_type.as_deref(), Some("video/webm"));
    assert_eq!(
        blobs.parts(name, &upload).await.unwrap_err(),
        BlobError::NotFound
    );
    let late = blobs.upload_part(name, &upload, 1, Bytes::from_static(b"x"));
    assert_eq!(late.await, Err(BlobError::NotFound));
    blobs.abort_upload(name, &upload).await.unwrap();
    assert!(blobs.size(name).await.is_ok(), "the object stays");
}

/// How many parts S3 has a CRC-32 of.
async fn checksums(name: BlobName, upload: &UploadId) -> usize {
    let BlobName::Recording(_, artifact) = name else {
        unreachable!()
    };
    let uploads = client()
        .list_multipart_uploads()
        .bucket(bucket())
        .send()
        .await
        .unwrap();
    let key = uploads
        .uploads()
        .iter()
        .filter_map(|one| one.key())
        .find(|key| key.contains(&artifact.to_string()))
        .expect("the upload is under way");
    let parts = client()
        .list_parts()
        .bucket(bucket())
        .key(key)
        .upload_id(upload.as_str())
        .send()
        .await
        .unwrap();
    let sums = parts
        .parts()
        .iter()
        .filter_map(|part| part.checksum_crc32());
    sums.count()
}

/// XC-7: a bucket that cannot be reached is told as an outage, which may pass.
#[tokio::test]
async fn an_unreachable_bucket_is_an_outage() {
    let client = aws::bucket_client(&sdk_config("http://127.0.0.1:9"));
    let blobs = Blobs::new(client, bucket()).tenant(&tenant(&deployed::new_org()));
    let error = blobs.size(recording()).await.unwrap_err();
    assert_eq!(error.code(), "blobs_unavailable", "{error}");
    assert!(convoke_domain::error::Error::from(error).retryable());
}
