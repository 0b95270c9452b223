//! The recording or transcript that a notification carried, once it is opened.
//!
//! Guarantee: only what names an artifact is read; addresses in it are not, since
//! they cannot be called as they are (`graph-protocol.md` §0.11).

use serde::Deserialize;

use crate::answer::json;

/// Ids have some hundred characters.
const LONGEST_ID: usize = 1_024;

/// What an opened object says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecryptedArtifact {
    /// Microsoft's id of the recording or transcript.
    pub id: String,
    /// Microsoft's id of the online meeting.
    pub meeting_id: String,
    /// Whose meeting it is.
    pub organizer_object_id: Option<String>,
    /// The organiser's Entra tenant.
    pub tenant_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireArtifact {
    id: String,
    meeting_id: String,
    meeting_organizer: Option<WireOrganizer>,
}

#[derive(Deserialize)]
struct WireOrganizer {
    user: Option<WireUser>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireUser {
    id: Option<String>,
    tenant_id: Option<String>,
}

impl DecryptedArtifact {
    /// Reads the JSON that [`DecryptionKey::decrypt`](super::DecryptionKey::decrypt)
    /// answers; `None` if it names no artifact.
    pub fn parse(plain: &[u8]) -> Option<Self> {
        let wire: WireArtifact = json(plain)?;
        let user = wire.meeting_organizer.and_then(|organizer| organizer.user);
        let (organizer_object_id, tenant_id) =
            user.map_or((None, None), |user| (user.id, user.tenant_id));
        let optional = [&organizer_object_id, &tenant_id];
        let usable = is_id(&wire.id)
            && is_id(&wire.meeting_id)
            && optional.iter().all(|id| id.as_deref().is_none_or(is_id));
        usable.then_some(Self {
            id: wire.id,
            meeting_id: wire.meeting_id,
            organizer_object_id,
            tenant_id,
        })
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_ID && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NT-3: the object of `graph-protocol.md` §7 reads, and so does one without an organiser.
    #[test]
    fn the_documented_object_reads() {
        let plain = r#"{ "id": "VjIj", "meetingId": "MSo", "createdDateTime": null,
            "recordingContentUrl": "communications/onlineMeetings/MSo/recordings/VjIj/content",
            "meetingOrganizer": { "application": null, "device": null,
              "user": { "userIdentityType": "aadUser", "id": "2b0c", "displayName": null,
                        "tenantId": "77aa" } },
            "content": null }"#;
        assert_eq!(
            DecryptedArtifact::parse(plain.as_bytes()),
            Some(DecryptedArtifact {
                id: "VjIj".into(),
                meeting_id: "MSo".into(),
                organizer_object_id: Some("2b0c".into()),
                tenant_id: Some("77aa".into()),
            })
        );
        for bare in [
            r#"{"id":"a","meetingId":"b"}"#,
            r#"{"id":"a","meetingId":"b","meetingOrganizer":null}"#,
            r#"{"id":"a","meetingId":"b","meetingOrganizer":{"user":null}}"#,
            r#"{"id":"a","meetingId":"b","meetingOrganizer":{"user":{"id":null}}}"#,
        ] {
            let artifact = DecryptedArtifact::parse(bare.as_bytes()).unwrap();
            assert_eq!(artifact.organizer_object_id, None, "{bare}");
        }
    }

    #[test]
    fn what_names_no_artifact_is_none() {
        let deep = format!(
            r#"{{"id":"a","meetingId":"b","content":{}"#,
            "[".repeat(100_000)
        );
        let long = format!(r#"{{"id":"{}","meetingId":"b"}}"#, "a".repeat(2_000));
        for nothing in [
            "",
            "null",
            "[]",
            r#"{"id":"a"}"#,
            r#"{"id":"","meetingId":"b"}"#,
            r#"{"id":"a\n","meetingId":"b"}"#,
            r#"{"id":7,"meetingId":"b"}"#,
            &deep,
            &long,
        ] {
            assert_eq!(DecryptedArtifact::parse(nothing.as_bytes()), None);
        }
    }
}
