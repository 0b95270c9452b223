//! The `Prefer` header: `IdType="ImmutableId"` and `outlook.timezone="…"`, in
//! one header or in several (graph-protocol §2).

use axum::http::HeaderMap;

use crate::calendar::entry_id::IdForm;
use crate::calendar::zones::Zone;
use crate::reply::{GraphError, Reply};
use crate::world::{World, same};

/// What the caller prefers.
#[derive(Clone, Debug)]
pub(super) struct Prefer {
    pub(super) id_form: IdForm,
    /// Zone of returned times.
    pub(super) zone: Zone,
    /// `odata.maxpagesize`.
    pub(super) page_size: Option<usize>,
    zone_given: bool,
}

impl Prefer {
    pub(super) fn parse(world: &World, headers: &HeaderMap) -> Result<Self, GraphError> {
        let mut prefer = Self {
            id_form: IdForm::Default,
            zone: Zone::utc(),
            page_size: None,
            zone_given: false,
        };
        for header in headers.get_all("prefer") {
            let text = String::from_utf8_lossy(header.as_bytes()).into_owned();
            for preference in split_outside_quotes(&text) {
                let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
                let (name, value) = (name.trim(), value.trim().trim_matches('"'));
                if same(name, "IdType") && same(value, "ImmutableId") {
                    prefer.id_form = IdForm::Immutable;
                } else if same(name, "outlook.timezone") {
                    prefer.zone = find_zone(world, value)?;
                    prefer.zone_given = true;
                } else if same(name, "odata.maxpagesize") {
                    prefer.page_size = value.parse().ok().filter(|size| *size > 0);
                }
                // Unknown preferences are ignored (RFC 7240, section 2).
            }
        }
        Ok(prefer)
    }

    /// Says in the answer which preference was honoured.
    pub(super) fn acknowledge(&self, reply: Reply) -> Reply {
        if self.zone_given {
            let applied = format!("outlook.timezone=\"{}\"", self.zone.name);
            return reply.with_header("Preference-Applied", &applied);
        }
        reply
    }
}

/// graph-protocol §2: Windows names and the listed IANA names; others are refused.
pub(super) fn find_zone(world: &World, name: &str) -> Result<Zone, GraphError> {
    Zone::find(name, world.behaviour.any_iana_zone).ok_or_else(|| {
        let message = format!(
            "A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'."
        );
        GraphError::new(400, "TimeZoneNotSupportedException", message)
    })
}

fn split_outside_quotes(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut quoted, mut start) = (false, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b',' | b';' if !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
