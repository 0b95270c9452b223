//! Lists that Graph answers in pages.
//!
//! Guarantee: a page's `nextLink` is followed only below the configured Graph
//! address and API version: the token goes nowhere else.

use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::answer::{Json, unusable};
use crate::call::{Call, Operation};
use crate::error::GraphError;

/// One page of a list.
#[derive(Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    next_link: Option<String>,
    /// Where what comes later will be listed; on the last page of a delta.
    #[serde(rename = "@odata.deltaLink")]
    pub(crate) delta_link: Option<String>,
}

impl Operation<'_> {
    /// One page's items, and where the next page is: an empty page may have one too.
    pub(crate) async fn page<T>(&self, call: &Call) -> Result<(Vec<T>, Option<Url>), GraphError>
    where
        T: DeserializeOwned + Send,
    {
        let (page, next) = self.whole_page(call).await?;
        Ok((page.value, next))
    }

    /// One page with its links, and where the next page is.
    pub(crate) async fn whole_page<T>(
        &self,
        call: &Call,
    ) -> Result<(Page<T>, Option<Url>), GraphError>
    where
        T: DeserializeOwned + Send,
    {
        let Json(page) = self.send::<Json<Page<T>>>(call).await?;
        let next = page.next_link.as_deref();
        let next = next.map(|link| self.follow(link)).transpose()?;
        Ok((page, next))
    }

    fn follow(&self, link: &str) -> Result<Url, GraphError> {
        next_page(&self.url(&[], &[])?, link).ok_or_else(|| {
            unusable(
                "ForeignNextLink",
                "the next page is not on the configured host",
            )
        })
    }
}

/// A `nextLink`, if it stays below `root`: the address of an API version.
fn next_page(root: &Url, link: &str) -> Option<Url> {
    let next = Url::parse(link).ok()?;
    let plain = next.username().is_empty() && next.password().is_none();
    let below = next
        .path()
        .strip_prefix(root.path())
        .is_some_and(|rest| rest.starts_with('/'));
    (plain && below && next.origin() == root.origin()).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OM-9: a page that continues elsewhere would take the token there.
    #[test]
    fn a_next_page_stays_on_the_same_host_and_version() {
        let root = Url::parse("https://graph.example/v1.0").unwrap();
        for own in [
            "https://graph.example/v1.0/x?$skip=1",
            "https://graph.example:443/v1.0/users('a')/x?$skiptoken=b",
        ] {
            assert!(next_page(&root, own).is_some(), "{own}");
        }
        for foreign in [
            "https://graph.example.evil.test/v1.0/x",
            "http://graph.example/v1.0/x",
            "https://graph.example:8443/v1.0/x",
            "https://graph.example@evil.test/v1.0/x",
            "https://u:p@graph.example/v1.0/x",
            "https://graph.example/beta/x",
            "https://graph.example/v1.01/x",
            "https://graph.example/v1.0/../beta/x",
            "https://graph.example/v1.0/%2e%2e/beta/x",
            "/v1.0/x",
            "",
        ] {
            assert!(next_page(&root, foreign).is_none(), "{foreign}");
        }
    }
}
