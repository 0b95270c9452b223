//! Where a meeting's calendar event lives.

/// The calendar that a meeting is scheduled on (CM-7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProviderKind {
    /// Contacts nothing; mints an id.
    Mock,
    /// The .ics file is the artefact.
    Ics,
    /// A recurring event in a Microsoft 365 mailbox.
    Graph,
}

impl ProviderKind {
    /// Every provider, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::Mock, Self::Ics, Self::Graph];

    /// The API's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mock => "mock",
            Self::Ics => "ics",
            Self::Graph => "graph",
        }
    }

    /// Reads the API's word; an unknown one means [`Self::Mock`] (CM-7).
    pub fn parse_or_mock(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .unwrap_or(Self::Mock)
    }
}

#[cfg(test)]
mod tests {
    use super::ProviderKind;

    /// CM-7: an unknown value falls back to mock.
    #[test]
    fn an_unknown_provider_falls_back_to_mock() {
        for kind in ProviderKind::ALL {
            assert_eq!(ProviderKind::parse_or_mock(kind.as_str()), kind);
        }
        for word in ["", "Graph", "zoom", "teams"] {
            assert_eq!(ProviderKind::parse_or_mock(word), ProviderKind::Mock);
        }
    }
}
