//! Pages for people who follow a link: plain HTML with one style, which loads and
//! runs nothing, and which no other site frames, keeps or hears of.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::Reply;
use crate::keyring::sha256;

/// A page of one column.
#[derive(Debug, Clone)]
pub struct Page<'a> {
    /// What the window is called: text.
    pub title: &'a str,
    /// What all of its pages look like; the only style that the browser takes.
    pub style: &'static str,
    /// What it shows: HTML, with each value of people's [`escape`]d.
    pub main: &'a str,
}

/// A text as HTML shows it, in an element or in a quoted attribute.
pub fn escape(text: &str) -> String {
    handlebars::html_escape(text)
}

impl Page<'_> {
    /// The page with a status, and the headers that keep it to itself.
    pub fn reply(&self, status: StatusCode) -> Reply {
        let html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
            <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
            <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n\
            <title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n{}\n</main>\n</body>\n</html>\n",
            escape(self.title),
            self.style,
            self.main.trim(),
        );
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; form-action 'self'; base-uri 'none'; \
            frame-ancestors 'none'",
            STANDARD.encode(sha256(self.style.as_bytes())),
        );
        let mut reply = Reply::bytes(status, "text/html; charset=utf-8", html)
            .with_header(header::CONTENT_SECURITY_POLICY, &policy);
        for (name, value) in [
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CACHE_CONTROL, "private, no-store"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (HeaderName::from_static("x-robots-tag"), "noindex"),
        ] {
            reply.set_header(name, HeaderValue::from_static(value));
        }
        reply
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// IV-7: nothing that a value holds runs, loads or ends an attribute, and the
    /// policy would stop it if it did.
    #[test]
    fn a_page_holds_text_and_takes_its_own_style_only() {
        let hostile = "</title><script>alert(1)</script>\" onload='x' &amp; <style>";
        let main = format!("<p title=\"{0}\">{0}</p>", escape(hostile));
        let page = Page {
            title: hostile,
            style: "p{margin:0}",
            main: &main,
        };
        let reply = page.reply(StatusCode::CONFLICT);
        let html = std::str::from_utf8(reply.body()).unwrap();
        assert!(
            !html.contains("<script") && !html.contains("\" onload"),
            "{html}"
        );
        assert_eq!(html.matches("<style>").count(), 1);
        assert!(html.contains("&lt;/title&gt;&lt;script&gt;") && html.contains("&amp;amp;"));
        assert_eq!(reply.status(), StatusCode::CONFLICT);
        let header = |name: &'static str| {
            let value = reply.header(HeaderName::from_static(name));
            value.unwrap().to_str().unwrap().to_owned()
        };
        // printf 'p{margin:0}' | openssl dgst -sha256 -binary | base64
        let style = "QRQPRLGyxt3RJiKpYNjpkgHcmHU2PywsfL2e8oI0LQA=";
        assert_eq!(
            header("content-security-policy"),
            format!(
                "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; \
                base-uri 'none'; frame-ancestors 'none'"
            )
        );
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cache-control"), "private, no-store");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("content-type"), "text/html; charset=utf-8");
    }
}
