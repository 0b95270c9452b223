//! Recordings and transcripts of a meeting that was held: listed, read, and read on.

use convoke_graph::{ContentRange, GraphError, GraphErrorClass, GraphSession, RecordingContent};
use graph_simulator::{
    AccessPolicy, ArtifactKind, ArtifactPaging, Content, Delivery, HeldMeeting, NewArtifact, demo,
};

use crate::world::{World, meeting};

const ORGANIZER: &str = demo::ORGANIZER_ID;

impl World {
    /// A Teams meeting that was held, with a recording of these octets and a transcript.
    async fn held(&self, recording: Content, delivery: Delivery) -> HeldMeeting {
        let created = self
            .session()
            .create_event(demo::ORGANIZER_UPN, &meeting("t-1"))
            .await
            .unwrap();
        let recording = NewArtifact::of(recording).delivered(delivery);
        let transcript = NewArtifact::default();
        self.sim
            .hold_meeting_with(&created.id, Some(recording), Some(transcript))
            .unwrap()
    }

    fn session(&self) -> GraphSession<'_> {
        self.client.session(&self.profile)
    }

    async fn open(
        &self,
        held: &HeldMeeting,
        range: ContentRange,
    ) -> Result<RecordingContent, GraphError> {
        let recording = held.recording.as_ref().unwrap();
        self.session()
            .recording_content(ORGANIZER, &held.online_meeting_id, &recording.id, range)
            .await
    }
}

/// What arrived until the end or an error.
async fn arrived(content: &mut RecordingContent) -> (Vec<u8>, Option<GraphError>) {
    let mut bytes = Vec::new();
    loop {
        match content.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return (bytes, None),
            Err(error) => return (bytes, Some(error)),
        }
    }
}

/// OM-7: whichever way Graph cuts its lists, each recording is told once and in order.
#[tokio::test]
async fn every_recording_is_listed_once() {
    for paging in [
        ArtifactPaging::Plain,
        ArtifactPaging::EmptyThenDuplicates,
        ArtifactPaging::Overlapping,
    ] {
        let world = World::start().await;
        let held = world.held(Content::Sample, Delivery::default()).await;
        for _ in 0..6 {
            let another = NewArtifact::default();
            world
                .sim
                .add_recording(&held.online_meeting_id, another)
                .unwrap();
        }
        world.sim.configure(|behaviour| {
            behaviour.artifact_page_size = 3;
            behaviour.artifact_paging = paging;
        });
        let session = world.session();
        let listed = session
            .list_recordings(ORGANIZER, &held.online_meeting_id)
            .await
            .unwrap();
        let mut ids: Vec<_> = listed.into_iter().map(|info| info.id).collect();
        let stored = world.sim.artifacts(&held.online_meeting_id);
        let mut expected: Vec<_> = stored
            .into_iter()
            .filter(|artifact| artifact.kind == ArtifactKind::Recording)
            .map(|artifact| artifact.id)
            .collect();
        ids.sort();
        expected.sort();
        assert_eq!(ids, expected, "{paging:?}");
    }
}

/// OM-7: recording and transcript can be paired, and a transcript may not say when it was made.
#[tokio::test]
async fn what_is_listed_is_what_was_made() {
    let world = World::start().await;
    let held = world.held(Content::Sample, Delivery::default()).await;
    let session = world.session();
    let meeting = &held.online_meeting_id;
    let recordings = session.list_recordings(ORGANIZER, meeting).await.unwrap();
    let transcripts = session.list_transcripts(ORGANIZER, meeting).await.unwrap();
    let recording = held.recording.as_ref().unwrap();
    let told = (recordings[0].created, recordings[0].ended);
    assert_eq!(told, (Some(recording.created_at), Some(recording.ended_at)));
    let pair = &recordings[0].content_correlation_id;
    assert!(pair.is_some() && *pair == transcripts[0].content_correlation_id);

    world
        .sim
        .configure(|behaviour| behaviour.artifact_created_null = true);
    let transcripts = session.list_transcripts(ORGANIZER, meeting).await.unwrap();
    assert_eq!(transcripts[0].created, None);
}

/// OM-7: a meeting that expired, one of somebody else's, and the tenant's switch.
#[tokio::test]
async fn refusals_of_lists_are_told_apart() {
    let world = World::start().await;
    let held = world.held(Content::Sample, Delivery::default()).await;
    let session = world.session();
    let meeting = &held.online_meeting_id;
    let of_ann = || session.list_recordings(demo::ANN_ID, meeting);
    let uncovered = of_ann().await.unwrap_err();
    assert_eq!(uncovered.class, GraphErrorClass::AccessPolicyMissing);
    world
        .sim
        .update_user(demo::ANN_ID, |user| {
            user.access_policy = Some(AccessPolicy {
                apps: vec![demo::CLIENT_ID.to_owned()],
                effective_at: None,
            });
        })
        .unwrap();
    let foreign = of_ann().await.unwrap_err();
    assert_eq!(foreign.class, GraphErrorClass::NotOrganiser);
    world
        .sim
        .update_tenant(demo::TENANT_ID, |tenant| {
            tenant.graph_transcript_access = false;
        })
        .unwrap();
    let blocked = session.list_transcripts(ORGANIZER, meeting).await;
    assert_eq!(
        blocked.unwrap_err().class,
        GraphErrorClass::TranscriptsDisabled
    );
    assert_eq!(
        session
            .list_recordings(ORGANIZER, meeting)
            .await
            .unwrap()
            .len(),
        1
    );
    world.sim.set_now("2027-12-01T00:00:00Z".parse().unwrap());
    let expired = session.list_recordings(ORGANIZER, meeting).await;
    assert_eq!(expired.unwrap_err().class, GraphErrorClass::NotFoundOrGone);
}

/// OM-7: with speakers where the tenant allows it, without them where it does not.
#[tokio::test]
async fn transcripts_are_read_in_the_form_the_tenant_allows() {
    let world = World::start().await;
    let held = world.held(Content::Sample, Delivery::default()).await;
    let session = world.session();
    let id = held.transcript.unwrap().id;
    let meeting = &held.online_meeting_id;
    for allowed in [true, false] {
        world
            .sim
            .update_tenant(demo::TENANT_ID, |tenant| {
                tenant.attributed_transcripts = allowed;
            })
            .unwrap();
        let read = session
            .transcript_content(ORGANIZER, meeting, &id)
            .await
            .unwrap();
        let text = String::from_utf8(read.bytes).unwrap();
        assert_eq!(read.is_attributed, allowed);
        assert_eq!(text.starts_with("WEBVTT"), allowed);
        assert_eq!(text.contains("<v "), allowed);
    }
}

/// OM-9: a range is answered with its octets, and one beyond the end with the length,
/// by Graph and by the storage behind it.
#[tokio::test]
async fn ranges_are_answered_directly_and_by_the_storage() {
    for delivery in [Delivery::default(), Delivery::redirected()] {
        let redirects = delivery.redirects;
        let world = World::start().await;
        let content = Content::generated(10_000, 7);
        let held = world.held(content.clone(), delivery).await;
        let range = ContentRange::Between {
            first: 100,
            last: 299,
        };
        let mut opened = world.open(&held, range).await.unwrap();
        assert_eq!((opened.first, opened.total), (100, Some(10_000)));
        assert!(opened.is_partial);
        assert_eq!(arrived(&mut opened).await.0, content.read(100, 200));
        let beyond = world.open(&held, ContentRange::From(10_000)).await;
        let total = Some(10_000);
        assert_eq!(
            beyond.unwrap_err().class,
            GraphErrorClass::RangeNotSatisfiable { total }
        );
        let stored = world.sim.storage_received();
        assert_eq!(stored.len(), if redirects { 2 } else { 0 });
        for request in stored {
            assert!(!request.headers.contains_key("authorization"));
        }
    }
}

/// OM-9: where Graph takes no notice of ranges, the caller is told.
#[tokio::test]
async fn ignored_ranges_are_told() {
    let world = World::start().await;
    let content = Content::generated(5_000, 7);
    let held = world
        .held(content.clone(), Delivery::without_ranges())
        .await;
    let mut opened = world.open(&held, ContentRange::From(4_000)).await.unwrap();
    assert_eq!((opened.is_partial, opened.first), (false, 0));
    assert_eq!(arrived(&mut opened).await.0, content.read(0, 5_000));
}

/// OM-9, OM-10: a cut is an error, silent or not, and a range goes on where it was,
/// with a new token or a new link where the old one is worth nothing any more.
#[tokio::test]
async fn a_cut_recording_is_read_on() {
    for (redirects, cut_quietly) in [(false, false), (false, true), (true, false), (true, true)] {
        let world = World::start().await;
        let content = Content::generated(300_000, 7);
        let delivery = Delivery {
            redirects,
            cut_quietly,
            tells_length: !cut_quietly,
            cut_after: Some(100_000),
            cut_times: Some(1),
            revokes_when_cut: true,
            ..Delivery::default()
        };
        let held = world.held(content.clone(), delivery).await;
        let mut opened = world.open(&held, ContentRange::From(0)).await.unwrap();
        let (mut bytes, error) = arrived(&mut opened).await;
        let error = error.expect("the cut is noticed");
        assert_eq!(
            (error.class.clone(), error.code.as_str()),
            (GraphErrorClass::Transient, "ContentCut")
        );
        let rest = ContentRange::From(bytes.len() as u64);
        let mut opened = world.open(&held, rest).await.unwrap();
        assert_eq!(opened.total, Some(300_000));
        let (rest, error) = arrived(&mut opened).await;
        assert!(error.is_none());
        bytes.extend(rest);
        assert!(bytes == content.read(0, 300_000), "no octet twice or lost");
    }
}

/// OM-9: links that expire before they are used are asked for anew, and those that
/// always do end in an error that says "later".
#[tokio::test]
async fn storage_links_that_never_work_end_in_an_error() {
    let world = World::start().await;
    world
        .sim
        .configure(|behaviour| behaviour.storage_link_seconds = 0);
    let held = world.held(Content::Sample, Delivery::redirected()).await;
    let error = world.open(&held, ContentRange::Whole).await.unwrap_err();
    assert_eq!(error.class, GraphErrorClass::Transient);
    assert!(error.retryable());
    assert!(world.sim.storage_received().len() > 1, "asked for anew");
}

/// OM-9, OM-10: a large recording arrives whole and in small pieces.
#[tokio::test]
async fn a_large_recording_needs_little_memory() {
    let world = World::start().await;
    let content = Content::generated(24 * 1024 * 1024, 7);
    let held = world.held(content.clone(), Delivery::redirected()).await;
    let mut opened = world.open(&held, ContentRange::Whole).await.unwrap();
    let (mut place, mut largest) = (0, 0);
    while let Some(chunk) = opened.chunk().await.unwrap() {
        assert!(chunk == content.read(place, chunk.len()), "at {place}");
        place += chunk.len() as u64;
        largest = largest.max(chunk.len());
    }
    assert_eq!(place, content.size());
    assert!(largest <= 1024 * 1024, "{largest} octets at once");
}
