//! Which recording or transcript a notification is about.
//!
//! Guarantees: both of Microsoft's spellings read, ids in quotes
//! (`recordings('VjIj…')`) and ids as path segments (`recordings/VjIj…`), below
//! `communications` or `users`; anything else is no address.

use percent_encoding::percent_decode_str;

use crate::artifact_kind::ArtifactKind;

/// Ids have some hundred characters.
const LONGEST_ID: usize = 1_024;

/// The place of one artifact, as a notification's `resource` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactAddress {
    /// Which of the two.
    pub kind: ArtifactKind,
    /// Microsoft's id of the online meeting.
    pub meeting_id: String,
    /// Microsoft's id of the recording or transcript.
    pub artifact_id: String,
    /// The organiser's object id, where the path begins with `users`.
    pub organizer_object_id: Option<String>,
}

impl ArtifactAddress {
    /// Reads a path with or without a slash in front; `None` for any other resource.
    pub fn parse(resource: &str) -> Option<Self> {
        let parts = parts(resource)?;
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (organizer, meeting) = match &parts[..] {
            [root, meeting @ ..] if is(root, "communications") => (None, meeting),
            [root, user, meeting @ ..] if is(root, "users") => (Some(*user), meeting),
            _ => return None,
        };
        let [meetings, meeting_id, collection, artifact_id, view @ ..] = meeting else {
            return None;
        };
        let of_artifact = match view {
            [] => true,
            [view] => is(view, "content"),
            _ => false,
        };
        if !is(meetings, "onlineMeetings") || !of_artifact {
            return None;
        }
        Some(Self {
            kind: kind_of(collection)?,
            meeting_id: id(meeting_id)?,
            artifact_id: id(artifact_id)?,
            organizer_object_id: match organizer {
                None => None,
                Some(organizer) => Some(id(organizer)?),
            },
        })
    }
}

fn kind_of(collection: &str) -> Option<ArtifactKind> {
    if is(collection, "recordings") {
        Some(ArtifactKind::Recording)
    } else if is(collection, "transcripts") {
        Some(ArtifactKind::Transcript)
    } else {
        None
    }
}

fn is(part: &str, name: &str) -> bool {
    part.eq_ignore_ascii_case(name)
}

/// Text that can be an id in a path of ours.
fn id(text: &str) -> Option<String> {
    let usable = !text.is_empty()
        && text.len() <= LONGEST_ID
        && text != "."
        && text != ".."
        && !text.contains(char::is_control);
    usable.then(|| text.to_owned())
}

/// Names and ids in their order, so that `a('b')/c` and `a/b/c` are the same.
fn parts(resource: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = resource.strip_prefix('/').unwrap_or(resource);
    loop {
        let end = rest.find(['/', '(']).unwrap_or(rest.len());
        parts.push(decoded(&rest[..end])?);
        rest = &rest[end..];
        if let Some(key) = rest.strip_prefix("('") {
            let (key, after) = quoted(key)?;
            parts.push(decoded(&key)?);
            rest = after.strip_prefix(')')?;
        }
        match rest.strip_prefix('/') {
            Some(next) => rest = next,
            None if rest.is_empty() => return Some(parts),
            None => return None,
        }
    }
}

/// Text up to its closing quote, and what follows; a doubled quote is one within.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut inside = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('\'')?;
        inside.push_str(before);
        match after.strip_prefix('\'') {
            Some(more) => {
                inside.push('\'');
                rest = more;
            }
            None => return Some((inside, after)),
        }
    }
}

fn decoded(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(kind: ArtifactKind, organizer: Option<&str>) -> ArtifactAddress {
        ArtifactAddress {
            kind,
            meeting_id: "MSo+yY/j=".into(),
            artifact_id: "VjIj==".into(),
            organizer_object_id: organizer.map(str::to_owned),
        }
    }

    /// NT-2: both spellings of a resource lead to the same artifact.
    #[test]
    fn both_spellings_are_the_same_address() {
        for resource in [
            "communications/onlineMeetings('MSo+yY/j=')/recordings('VjIj==')",
            "/communications/onlineMeetings('MSo+yY/j=')/recordings('VjIj==')/content",
            "communications/onlinemeetings/MSo%2ByY%2Fj%3D/recordings/VjIj%3D%3D",
            "Communications/onlineMeetings/MSo+yY%2fj=/Recordings('VjIj==')",
        ] {
            assert_eq!(
                ArtifactAddress::parse(resource),
                Some(address(ArtifactKind::Recording, None)),
                "{resource}"
            );
        }
        for resource in [
            "users('2b0c')/onlineMeetings('MSo+yY/j=')/transcripts('VjIj==')",
            "users/2b0c/onlineMeetings('MSo+yY/j=')/transcripts/VjIj==/content",
        ] {
            assert_eq!(
                ArtifactAddress::parse(resource),
                Some(address(ArtifactKind::Transcript, Some("2b0c"))),
                "{resource}"
            );
        }
    }

    #[test]
    fn a_doubled_quote_stays_within_its_id() {
        let resource = "communications/onlineMeetings('a'')/recordings(''b')/recordings('c')";
        let address = ArtifactAddress::parse(resource).unwrap();
        assert_eq!(address.meeting_id, "a')/recordings('b");
        assert_eq!(address.artifact_id, "c");
    }

    /// An id may be the word `content`.
    #[test]
    fn an_artifact_named_content_is_not_cut_off() {
        let address =
            ArtifactAddress::parse("communications/onlineMeetings/m/recordings/content").unwrap();
        assert_eq!(address.artifact_id, "content");
        let resource = "users/u/onlineMeetings/m/recordings/content";
        assert_eq!(
            ArtifactAddress::parse(resource).unwrap().artifact_id,
            "content"
        );
    }

    #[test]
    fn other_resources_are_no_address() {
        for resource in [
            "",
            "/",
            "communications/onlineMeetings/getAllRecordings",
            "communications/onlineMeetings('m')",
            "communications/onlineMeetings('m')/recordings",
            "communications/onlineMeetings('m')/recordings('')",
            "communications/onlineMeetings('m')/recordings('..')",
            "communications/onlineMeetings('m')/recordings('r",
            "communications/onlineMeetings('m')/recordings('r')x",
            "communications/onlineMeetings('m')/recordings('r')/metadata",
            "communications/onlineMeetings('m')/recordings('r\u{0}')",
            "communications/onlineMeetings('m')/recordings('%FF')",
            "communications/onlineMeetings('m')/attendanceReports('r')",
            "users('u')/events('e')",
            "users/u/adhocCalls/c/recordings/r",
            "https://graph.microsoft.com/v1.0/communications/onlineMeetings('m')/recordings('r')",
        ] {
            assert_eq!(ArtifactAddress::parse(resource), None, "{resource}");
        }
        let endless = "x".repeat(5_000);
        let resource = format!("communications/onlineMeetings('{endless}')/recordings('r')");
        assert_eq!(ArtifactAddress::parse(&resource), None);
    }
}
