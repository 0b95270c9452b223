//! The two kinds of artifact that a Teams meeting leaves behind, and what Graph's
//! paths call them.

/// A recording or a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArtifactKind {
    /// `callRecording`: a video.
    Recording,
    /// `callTranscript`: what was said.
    Transcript,
}

impl ArtifactKind {
    /// The function that lists or watches all of an organiser's, the end of a
    /// subscription's resource.
    pub(crate) fn function(self) -> &'static str {
        match self {
            Self::Recording => "getAllRecordings",
            Self::Transcript => "getAllTranscripts",
        }
    }
}
