//! Builds Graph addresses from raw ids.
//!
//! Guarantees: an id stays one path segment whatever it contains (`=`, `/`, `+`),
//! cannot climb to another path, and a query value arrives as it was given.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

use crate::error::GraphError;

/// Everything but RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// `value` for a path segment or query value.
pub(crate) fn encode(value: &str) -> String {
    utf8_percent_encode(value, ENCODED).to_string()
}

/// `base` with path segments below it and `name=value` pairs; names are sent as they are.
pub(crate) fn address(
    base: &Url,
    segments: &[&str],
    query: &[(&str, &str)],
) -> Result<Url, GraphError> {
    let mut text = base.as_str().trim_end_matches('/').to_owned();
    for segment in segments {
        if matches!(*segment, "" | "." | "..") {
            return Err(GraphError::refused_locally(
                "InvalidId",
                "an id in the path is empty or no id",
            ));
        }
        text.push('/');
        text.push_str(&encode(segment));
    }
    for (position, (name, value)) in query.iter().enumerate() {
        text.push(if position == 0 { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        text.push_str(&encode(value));
    }
    Url::parse(&text)
        .map_err(|_| GraphError::refused_locally("InvalidAddress", "the address cannot be built"))
}

/// `url` with a call of an `OData` function below it: parentheses, quotes and commas
/// travel as they are, which is how Graph documents such paths.
pub(crate) fn with_function(mut url: Url, name: &str, arguments: &[(&str, String)]) -> Url {
    let arguments: Vec<String> = arguments
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let path = format!("{}/{name}({})", url.path(), arguments.join(","));
    url.set_path(&path);
    url
}

/// A text argument of [`with_function`], which cannot end before its closing quote.
pub(crate) fn function_text(value: &str) -> String {
    format!("'{}'", encode(&value.replace('\'', "''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("https://graph.example").unwrap()
    }

    #[test]
    fn ids_stay_one_segment() {
        let url = address(
            &base(),
            &["v1.0", "users", "a@b.c", "events", "A+/=?#%2e"],
            &[],
        )
        .unwrap();
        assert_eq!(
            url.as_str(),
            "https://graph.example/v1.0/users/a%40b.c/events/A%2B%2F%3D%3F%23%252e"
        );
    }

    #[test]
    fn empty_and_climbing_ids_are_refused() {
        for id in ["", ".", ".."] {
            assert!(
                address(&base(), &["v1.0", "users", id, "events"], &[]).is_err(),
                "{id:?}"
            );
        }
    }

    /// §3: the join link is encoded once more, so `%3a` travels as `%253a`.
    #[test]
    fn query_values_arrive_as_given() {
        let query = [("$select", "id,type"), ("q", "19%3ameeting 'x' & +é")];
        let url = address(&base(), &["v1.0"], &query).unwrap();
        assert_eq!(
            url.query(),
            Some("$select=id%2Ctype&q=19%253ameeting%20%27x%27%20%26%20%2B%C3%A9")
        );
    }

    /// §5: a function's arguments are written plainly, and a text cannot leave its quotes.
    #[test]
    fn function_arguments_stay_in_their_place() {
        let url = address(&base(), &["v1.0", "x"], &[]).unwrap();
        let arguments = [
            ("id", function_text("a'b/..,c=d)?")),
            ("from", "2026-11-01T00:00:00Z".to_owned()),
        ];
        assert_eq!(
            with_function(url, "getAll", &arguments).as_str(),
            "https://graph.example/v1.0/x/getAll(id='a%27%27b%2F..%2Cc%3Dd%29%3F',from=2026-11-01T00:00:00Z)"
        );
    }
}
