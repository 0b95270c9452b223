//! A recording as headers tell of it, and how much of it an answer holds.

use convoke_domain::ics;
use convoke_domain::id::ArtifactId;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::range::{Asked, Part};

/// A recording, as far as headers tell of it.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) artifact_id: ArtifactId,
    pub(super) subject: String,
    pub(super) content_type: String,
    /// Octets of the whole, where that is known.
    pub(super) total: Option<u64>,
}

/// How much of a recording an answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// 200 with the headers alone.
    Head,
    /// 206.
    Part(Part),
    /// 200.
    Whole,
    /// More than an answer may hold, and no range was asked for.
    TooLarge,
    /// 416.
    Nothing,
}

impl Extent {
    /// Decides for a recording of known length.
    pub(super) fn of(method: &Method, asked: Option<Asked>, total: u64, limit: u64) -> Self {
        if method == Method::HEAD {
            return Self::Head;
        }
        match asked {
            Some(asked) => asked.within(total, limit).map_or(Self::Nothing, Self::Part),
            None if total <= limit => Self::Whole,
            None => Self::TooLarge,
        }
    }
}

impl Facts {
    /// A strong validator: an artifact's octets never change, its length tells a
    /// damaged copy from it.
    pub(super) fn etag(&self) -> Option<String> {
        self.total
            .map(|total| format!("\"{}-{total}\"", self.artifact_id))
    }

    /// Whether a range may be answered, or the whole is wanted since it is another
    /// recording by now (RFC 9110, section 13.1.5). No answer tells a date.
    pub(super) fn holds(&self, if_range: Option<&str>) -> bool {
        if_range.is_none_or(|tag| self.etag().as_deref() == Some(tag.trim()))
    }

    /// Content headers of 200 and 206.
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = guards();
        let title = format!("Recording - {}", self.subject);
        let disposition = ics::disposition("inline", &title, self.extension());
        let etag = self.etag();
        for (name, value) in [
            (header::ACCEPT_RANGES, Some("bytes")),
            (header::CONTENT_TYPE, Some(self.content_type.as_str())),
            (header::CONTENT_DISPOSITION, Some(disposition.as_str())),
            (header::ETAG, etag.as_deref()),
        ] {
            set(&mut headers, name, value);
        }
        headers
    }

    /// Headers of a 206.
    pub(super) fn headers_of(&self, part: Part) -> HeaderMap {
        let mut headers = self.headers();
        let total = self.total.map_or("*".to_owned(), |total| total.to_string());
        let range = format!("bytes {}-{}/{total}", part.first, part.last);
        set(&mut headers, header::CONTENT_RANGE, Some(&range));
        headers
    }

    /// As a file to keep.
    pub(super) fn attachment(&self) -> String {
        let title = format!("Recording - {}", self.subject);
        ics::disposition("attachment", &title, self.extension())
    }

    fn extension(&self) -> &'static str {
        match self.content_type.as_str() {
            "video/webm" => "webm",
            _ => "mp4",
        }
    }
}

/// Headers of every answer: kept by nobody, told to nobody, shown as nothing else.
/// A page of another origin may play it: whoever has the ticket may.
pub(super) fn guards() -> HeaderMap {
    let of = |name: &'static str, value| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    HeaderMap::from_iter([
        of("cache-control", "private, no-store"),
        of("x-content-type-options", "nosniff"),
        of("referrer-policy", "no-referrer"),
        of("cross-origin-resource-policy", "cross-origin"),
        of(
            "content-security-policy",
            "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'",
        ),
    ])
}

/// Adds a header; what cannot stand in one is left out.
pub(super) fn set(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use convoke_domain::id::ArtifactId;

    use super::*;

    fn facts(total: Option<u64>) -> Facts {
        Facts {
            artifact_id: ArtifactId::parse("0192f5a0-1111-7222-8333-444455556666").unwrap(),
            subject: "Review: Q3\r\nSet-Cookie: a=b \"Café\"".to_owned(),
            content_type: "video/mp4".to_owned(),
            total,
        }
    }

    /// OM-9: a subject cannot add a header, and the file has a safe name.
    #[test]
    fn a_subject_becomes_a_safe_file_name() {
        let headers = facts(Some(9)).headers();
        let disposition = headers[header::CONTENT_DISPOSITION].to_str().unwrap();
        assert_eq!(
            disposition,
            "inline; filename=\"Recording-Review-Q3-Set-Cookie-a-b-Caf.mp4\"; filename*=UTF-8''Recording%20-%20Review%20Q3%20Set-Cookie%20a%3Db%20Caf%C3%A9.mp4"
        );
        assert_eq!(headers[header::CACHE_CONTROL], "private, no-store");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
    }

    /// OM-9: `If-Range` holds for the very tag only: a weak one, another length, a
    /// date and anything else ask for the whole.
    #[test]
    fn if_range_holds_for_the_very_tag_only() {
        let facts = facts(Some(9));
        let tag = facts.etag().unwrap();
        assert!(facts.holds(None) && facts.holds(Some(&tag)));
        for other in [
            format!("W/{tag}"),
            tag.replace("-9\"", "-8\""),
            tag.trim_matches('"').to_owned(),
            "*".to_owned(),
            "Sat, 21 Nov 2026 10:00:00 GMT".to_owned(),
        ] {
            assert!(!facts.holds(Some(&other)), "{other}");
        }
        let unknown = self::facts(None);
        assert!(unknown.holds(None) && !unknown.holds(Some(&tag)));
    }

    /// OM-9: a whole recording over the limit is not streamed, its ranges are.
    #[test]
    fn what_an_answer_holds_depends_on_range_and_limit() {
        let of = |method: Method, asked, total| Extent::of(&method, asked, total, 10);
        assert_eq!(of(Method::GET, None, 10), Extent::Whole);
        assert_eq!(of(Method::GET, None, 0), Extent::Whole);
        assert_eq!(of(Method::GET, None, 11), Extent::TooLarge);
        assert_eq!(of(Method::HEAD, None, 11), Extent::Head);
        assert_eq!(of(Method::HEAD, Some(Asked::From(99)), 11), Extent::Head);
        assert_eq!(of(Method::GET, Some(Asked::From(11)), 11), Extent::Nothing);
        let part = Part { first: 1, last: 10 };
        let asked = Some(Asked::From(1));
        assert_eq!(of(Method::GET, asked, 99), Extent::Part(part));
    }

    /// OM-9: a length that nobody tells is `*`.
    #[test]
    fn a_part_names_its_place_in_the_whole() {
        let part = Part { first: 1, last: 3 };
        for (total, range) in [(Some(9), "bytes 1-3/9"), (None, "bytes 1-3/*")] {
            let headers = facts(total).headers_of(part);
            assert_eq!(headers[header::CONTENT_RANGE], range);
        }
    }
}
