//! A meeting that is over, its recordings at Microsoft, and what is in table and
//! bucket of them.

use std::time::Duration;

use aws_sdk_s3::types::MultipartUpload;
use convoke_domain::artifact::{Artifact, ArtifactType, StoredFile};
use convoke_domain::id::{ArtifactId, OnlineMeetingId};
use convoke_platform::blobs::{BlobError, BlobName, TenantBlobs};
use convoke_platform::records::{
    ArtifactRecord, TransferRecord, engagement_partition, read_engagement,
};
use convoke_platform::store::{Record, TenantStore};
use convoke_platform::tenant::Tenant;
use convoke_services::transfer::{self, Terms};
use graph_simulator::{Content, Delivery, NewArtifact};
use it::deployed;
use it::practice::Practice;
use it::process::Process;
use serde_json::{Value, json};

use crate::routes::tenant;

pub(super) const MIB: u64 = 1024 * 1024;
/// The least that S3 takes as a part.
pub(super) const PART: u64 = 5 * MIB;

/// See the module.
pub(super) struct Laboratory {
    pub(super) practice: Practice,
    /// The meeting that was held; its request's id too.
    pub(super) meeting: OnlineMeetingId,
    join_url: String,
}

impl Laboratory {
    /// An appointment that was held, by a process that copies 5 MiB at a time.
    pub(super) async fn open() -> Self {
        let mut practice = Practice::open().await;
        let id = practice.approved().await;
        let request = practice.read(&id).await;
        practice.clock.set("2026-12-01T09:30:00Z");
        practice.process.artifact_capture.terms = terms(Duration::from_mins(10));
        practice.relay().await;
        Self {
            practice,
            meeting: OnlineMeetingId::parse(&id).expect("one id for all parts"),
            join_url: request["online_meeting_url"]
                .as_str()
                .expect("a link")
                .to_owned(),
        }
    }

    /// From now on a run stores one part and leaves.
    pub(super) fn hurry(&mut self) {
        self.practice.process.artifact_capture.terms = terms(Duration::ZERO);
    }

    /// The same organisation's functions in another process.
    pub(super) fn another_process(&self) -> Process {
        let (clock, graph) = (&self.practice.clock, &self.practice.graph);
        let site = &self.practice.process.site;
        let mut process = Process::with_graph(site, clock.ports(), None, graph.base_url());
        process.artifact_capture.terms = self.practice.process.artifact_capture.terms;
        process
    }

    pub(super) fn tenant(&self) -> Tenant {
        tenant(&self.practice.org)
    }

    pub(super) fn store(&self) -> TenantStore {
        self.practice.process.store.tenant(&self.tenant())
    }

    pub(super) fn blobs(&self) -> TenantBlobs {
        let recorder = &self.practice.process.artifact_capture.recorder;
        recorder.blobs.tenant(&self.tenant())
    }

    pub(super) fn name(&self, recording: &Artifact) -> BlobName {
        BlobName::Recording(self.meeting, recording.artifact_id)
    }

    /// A recording that Microsoft has, whose copy is begun.
    pub(super) async fn recorded(&self, content: Content, delivery: Delivery) -> Artifact {
        let new = NewArtifact::of(content).delivered(delivery);
        let held = self
            .practice
            .graph
            .add_recording(&self.join_url, new)
            .expect("the meeting is known");
        let recording = Artifact {
            artifact_id: ArtifactId::new(self.practice.process.ports.mint()),
            online_meeting_id: self.meeting,
            artifact_type: ArtifactType::Recording,
            provider_artifact_id: held.id,
            created_at: held.created_at,
            document: None,
            file: None,
            arrivals: vec![],
            version: 1,
        };
        let mut transaction = self.store().transaction();
        transaction.create(&ArtifactRecord::from(&recording));
        transaction.commit().await.unwrap();
        self.begin(&recording).await;
        recording
    }

    /// Begins a copy with the recording as it is stored now.
    pub(super) async fn begin(&self, recording: &Artifact) {
        let stored = self.artifact(recording).await.expect("a row");
        let core = &self.practice.process.core;
        transfer::begin(core, &self.store(), &stored).await.unwrap();
    }

    pub(super) async fn run(&self, recording: &Artifact) -> bool {
        self.run_by(&self.practice.process, recording).await
    }

    pub(super) async fn run_by(&self, process: &Process, recording: &Artifact) -> bool {
        process
            .capture(&self.practice.org, &self.job(recording))
            .await
    }

    fn job(&self, recording: &Artifact) -> Value {
        json!({ "job": "transfer_recording", "online_meeting_id": self.meeting.uuid(),
            "artifact_id": recording.artifact_id.uuid() })
    }

    pub(super) async fn artifact(&self, recording: &Artifact) -> Option<Artifact> {
        let partition = engagement_partition(self.meeting.uuid());
        let items = self.store().collection(&partition).await.unwrap();
        let artifacts = read_engagement(items).unwrap().artifacts;
        artifacts
            .into_iter()
            .find(|one| one.artifact_id == recording.artifact_id)
    }

    pub(super) async fn file(&self, recording: &Artifact) -> Option<StoredFile> {
        self.artifact(recording).await?.file
    }

    pub(super) async fn row(&self, recording: &Artifact) -> Option<TransferRecord> {
        let key = TransferRecord::key_of(self.meeting, recording.artifact_id);
        self.store().get(&key).await.unwrap()
    }

    /// How often the content of a recording was asked for.
    pub(super) fn fetches(&self) -> usize {
        self.practice.requests("GET", "/content").len()
    }

    /// Waits until a run has begun an upload.
    pub(super) async fn until_claimed(&self, recording: &Artifact) {
        let claimed = async {
            while self
                .row(recording)
                .await
                .is_none_or(|row| row.upload.is_none())
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), claimed)
            .await
            .expect("it is claimed");
    }

    /// Waits until the simulator has noted so many answers: it does when they end,
    /// which for one that was left is a moment after.
    pub(super) async fn until_fetched(&self, times: usize) {
        let fetching = async {
            while self.fetches() < times {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), fetching)
            .await
            .expect("it is fetched");
    }

    /// The bucket holds the recording as Microsoft has it, its row says so, and
    /// nothing is left to do.
    pub(super) async fn assert_copied(&self, recording: &Artifact, content: &Content, case: &str) {
        let artifact = self.artifact(recording).await.expect("its row stays");
        let file = artifact.file.unwrap_or_else(|| panic!("{case}: no file"));
        assert_eq!(file.size, content.size(), "{case}");
        assert_eq!(file.sha256, content.sha256(), "{case}");
        assert_eq!(artifact.version, recording.version + 1, "{case}: once");
        let stored = self.blobs().get(self.name(recording), u64::MAX).await;
        let stored = stored.unwrap_or_else(|error| panic!("{case}: {error}"));
        let length = usize::try_from(content.size()).unwrap();
        assert!(stored == content.read(0, length), "{case}: other octets");
        assert_eq!(self.row(recording).await, None, "{case}");
        assert_eq!(self.uploads().await, Vec::<String>::new(), "{case}");
    }

    /// Neither object nor upload nor row is left.
    pub(super) async fn assert_nothing_is_left(&self, recording: &Artifact, case: &str) {
        let size = self.blobs().size(self.name(recording)).await;
        assert_eq!(size, Err(BlobError::NotFound), "{case}");
        assert_eq!(self.row(recording).await, None, "{case}");
        assert_eq!(self.uploads().await, Vec::<String>::new(), "{case}");
    }

    /// Keys of this organisation's uploads that are neither complete nor dropped.
    pub(super) async fn uploads(&self) -> Vec<String> {
        let uploads = self.list_uploads().await;
        uploads.into_iter().filter_map(|one| one.key).collect()
    }

    /// Drops what [`Self::uploads`] lists.
    pub(super) async fn abort_uploads(&self) {
        for upload in self.list_uploads().await {
            bucket_client()
                .abort_multipart_upload()
                .bucket(&deployed::resources().outputs.bucket_name)
                .set_key(upload.key)
                .set_upload_id(upload.upload_id)
                .send()
                .await
                .unwrap();
        }
    }

    async fn list_uploads(&self) -> Vec<MultipartUpload> {
        let list = bucket_client()
            .list_multipart_uploads()
            .bucket(&deployed::resources().outputs.bucket_name)
            .prefix(format!("t/{}/", self.practice.org));
        list.send().await.unwrap().uploads.unwrap_or_default()
    }

    /// Removes the recording's own row.
    pub(super) async fn forget(&self, recording: &Artifact) {
        let key = ArtifactRecord::from(recording).key();
        self.store().delete(&key).await.unwrap();
    }
}

fn terms(budget: Duration) -> Terms {
    Terms {
        part_size: PART,
        budget,
    }
}

fn bucket_client() -> aws_sdk_s3::Client {
    let endpoint = &deployed::resources().aws_endpoint;
    convoke_platform::aws::bucket_client(&it::process::sdk_config(endpoint))
}
