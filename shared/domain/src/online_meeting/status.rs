//! Where an online meeting stands, and what may follow (OM-2).

/// Where an online meeting stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// It lies ahead, or is on its way to be made.
    Scheduled,
    /// Its end has passed.
    Ended,
    /// Recording or transcript are being looked for.
    RecordingPending,
    /// There is one.
    RecordingReady,
    /// None appeared while they were looked for.
    NoRecording,
    /// It will not take place; final.
    Cancelled,
    /// Microsoft did not make it; a later try may.
    Failed,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Scheduled,
        Self::Ended,
        Self::RecordingPending,
        Self::RecordingReady,
        Self::NoRecording,
        Self::Cancelled,
        Self::Failed,
    ];

    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Ended => "ended",
            Self::RecordingPending => "recording_pending",
            Self::RecordingReady => "recording_ready",
            Self::NoRecording => "no_recording",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// Reads the API's word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }

    /// The one table of transitions. Rescheduling starts over (`scheduled`);
    /// capture may find something before the end was noticed, and after it was
    /// given up.
    pub const fn may_become(self, next: Self) -> bool {
        use Status::{
            Cancelled, Ended, Failed, NoRecording, RecordingPending, RecordingReady, Scheduled,
        };
        match self {
            Scheduled => matches!(
                next,
                Ended | RecordingPending | RecordingReady | Cancelled | Failed
            ),
            Ended => matches!(
                next,
                Scheduled | RecordingPending | RecordingReady | NoRecording | Cancelled
            ),
            RecordingPending => {
                matches!(next, Scheduled | RecordingReady | NoRecording | Cancelled)
            }
            RecordingReady => matches!(next, Scheduled | Cancelled),
            NoRecording => matches!(
                next,
                Scheduled | RecordingPending | RecordingReady | Cancelled
            ),
            Failed => matches!(next, Scheduled | Cancelled),
            Cancelled => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OM-2: every pair, against the table as people would draw it.
    #[test]
    fn every_pair_of_states_is_decided() {
        // Columns in the order of ALL.
        let table = [
            (Status::Scheduled, "exrcf".to_owned()),
            (Status::Ended, "sxrnc".to_owned()),
            (Status::RecordingPending, "srnc".to_owned()),
            (Status::RecordingReady, "sc".to_owned()),
            (Status::NoRecording, "sxrc".to_owned()),
            (Status::Cancelled, String::new()),
            (Status::Failed, "sc".to_owned()),
        ];
        let letter = |status| match status {
            Status::Scheduled => 's',
            Status::Ended => 'e',
            Status::RecordingPending => 'x',
            Status::RecordingReady => 'r',
            Status::NoRecording => 'n',
            Status::Cancelled => 'c',
            Status::Failed => 'f',
        };
        assert_eq!(table.len(), Status::ALL.len());
        for (from, allowed) in table {
            for to in Status::ALL {
                assert_eq!(
                    from.may_become(to),
                    allowed.contains(letter(to)),
                    "{from:?} to {to:?}"
                );
            }
            assert_eq!(Status::parse(from.as_str()), Some(from));
        }
    }
}
