//! Changes an event's agenda without losing its Teams meeting.
//!
//! Exchange keeps the join block inside the event's HTML body, and a PATCH of a
//! body without it switches the meeting off (*Update event*). The block has no
//! documented shape, so this module finds where it begins and keeps everything
//! from there on, byte for byte.
//!
//! Guarantee: every byte of the old body from the block's first element to the end
//! of `<body>` is in the new one. When no beginning is found, the whole old body
//! is kept below the new agenda: an agenda too long is better than a meeting lost.
//! The result may close elements that it does not open; HTML ignores those.

/// Exchange's separator above the block: a line of underscores.
const RULE: &str = "________________________________";
/// The classes of Exchange's block, newest first.
const BLOCK_CLASSES: [&str; 2] = ["me-email-text", "me-email-link"];

/// `html` followed by the Teams block of `old`.
pub(crate) fn body_with_teams_block(html: &str, old: &str, join_url: Option<&str>) -> String {
    let inside = inside_body(old);
    let block = block_start(inside, join_url).map_or(inside, |start| &inside[start..]);
    let html = inside_body(html);
    format!("<html><body>{html}{block}</body></html>")
}

/// What is between `<body …>` and `</body>`, or all of a fragment.
fn inside_body(html: &str) -> &str {
    let lower = html.to_ascii_lowercase();
    let start = lower
        .find("<body")
        .and_then(|tag| lower[tag..].find('>').map(|end| tag + end + 1))
        .unwrap_or(0);
    let end = lower
        .rfind("</body")
        .filter(|end| *end >= start)
        .unwrap_or(html.len());
    &html[start..end]
}

/// Where the block begins: at Exchange's rule or classes, else around the join link.
fn block_start(body: &str, join_url: Option<&str>) -> Option<usize> {
    let class = BLOCK_CLASSES
        .iter()
        .filter_map(|class| body.find(class))
        .min();
    let link = join_url.filter(|link| !link.is_empty()).and_then(|link| {
        let escaped = link.replace('&', "&amp;");
        [body.find(link), body.find(&escaped)]
            .into_iter()
            .flatten()
            .min()
    });
    // An agenda may have a line of underscores of its own: the last one above the
    // block's other marks is the block's.
    let rule = match class.or(link) {
        Some(mark) => body[..mark].rfind(RULE),
        None => body.find(RULE),
    };
    let rule = rule.map(|found| body[..found].trim_end_matches('_').len());
    match rule.or(class) {
        Some(mark) => Some(element_around(body, mark, false)),
        None => link.map(|mark| element_around(body, mark, true)),
    }
}

/// The start of the largest element around byte `mark`. `with_text` also takes one
/// that has text above the mark: where nothing but a link is known, the text
/// beside it may belong to the block.
fn element_around(body: &str, mark: usize, with_text: bool) -> usize {
    let open = open_elements(body, mark);
    let mut largest = open
        .iter()
        .filter(|start| with_text || is_blank(&body[**start..mark]));
    largest.next().copied().unwrap_or(mark)
}

/// The starts of the elements that are open at byte `mark`, outermost first; a tag
/// that has the mark among its attributes is the last.
fn open_elements(body: &str, mark: usize) -> Vec<usize> {
    let mut open: Vec<(&str, usize)> = Vec::new();
    let mut position = 0;
    while let Some(start) = body[position..].find('<').map(|found| position + found) {
        let tag = &body[start..];
        let Some(length) = tag_length(tag).filter(|_| start < mark) else {
            break;
        };
        let name = tag_name(tag);
        if tag.starts_with("</") {
            let opened = open
                .iter()
                .rposition(|(opened, _)| opened.eq_ignore_ascii_case(name));
            open.truncate(opened.unwrap_or(open.len()));
        } else if !name.is_empty() && !is_void(name) && !tag[..length].ends_with("/>") {
            open.push((name, start));
        }
        position = start + length;
    }
    open.into_iter().map(|(_, start)| start).collect()
}

/// Whether a piece of HTML shows nothing but lines; it may end within a tag.
fn is_blank(html: &str) -> bool {
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        if !is_blank_text(&rest[..start]) {
            return false;
        }
        rest = tag_length(&rest[start..]).map_or("", |length| &rest[start + length..]);
    }
    is_blank_text(rest)
}

fn is_blank_text(text: &str) -> bool {
    let text = text.replace("&nbsp;", " ");
    text.chars()
        .all(|character| character.is_whitespace() || character == '_')
}

/// The bytes from `<` to its `>`, which quotes may hide.
fn tag_length(tag: &str) -> Option<usize> {
    if let Some(comment) = tag.strip_prefix("<!--") {
        return comment.find("-->").map(|end| end + 7);
    }
    let mut quote = None;
    for (position, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(position + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

fn tag_name(tag: &str) -> &str {
    let name = tag.trim_start_matches(['<', '/']);
    let end = name
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(name.len());
    &name[..end]
}

fn is_void(name: &str) -> bool {
    ["br", "hr", "img", "meta", "link", "input", "col", "wbr"]
        .iter()
        .any(|void| void.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://teams.microsoft.com/l/meetup-join/19%3am/0?context=%7b%7d&x=1";

    fn exchange_block() -> String {
        let rule = "_".repeat(80);
        let link = LINK.replace('&', "&amp;");
        format!(
            "<br>\n<div style=\"width:100%\"><span>{rule}</span></div>\
             <div class=\"me-email-text\"><a class=\"me-email-link\" href=\"{link}\">Join</a></div>"
        )
    }

    /// §2: a changed agenda keeps Exchange's block and drops the old agenda.
    #[test]
    fn the_block_is_kept_and_the_old_agenda_replaced() {
        let old = format!(
            "<html><head><style>x</style></head><body><p>Old agenda</p>{}</body></html>",
            exchange_block()
        );
        let new = body_with_teams_block("<p>New</p>", &old, Some(LINK));
        let kept = exchange_block().replace("<br>\n", "");
        assert_eq!(new, format!("<html><body><p>New</p>{kept}</body></html>"));
    }

    #[test]
    fn changing_twice_does_not_grow_the_body() {
        let old = format!("<body><p>Old</p>{}</body>", exchange_block());
        let once = body_with_teams_block("<p>New</p>", &old, Some(LINK));
        let twice = body_with_teams_block("<p>New</p>", &once, Some(LINK));
        assert_eq!(once, twice);
    }

    #[test]
    fn a_line_of_underscores_in_the_agenda_is_not_the_block() {
        let line = "_".repeat(60);
        let old = format!("<p>Old {line}</p><p>more</p>{}", exchange_block());
        let new = body_with_teams_block("<p>New</p>", &old, Some(LINK));
        assert!(
            !new.contains("more") && new.contains("me-email-link"),
            "{new}"
        );
    }

    #[test]
    fn a_wrapper_around_agenda_and_block_does_not_keep_the_agenda() {
        let old = format!(
            "<body><div class=\"w\"><p>Old</p>{}</div></body>",
            exchange_block()
        );
        let new = body_with_teams_block("<p>New</p>", &old, Some(LINK));
        let kept = exchange_block().replace("<br>\n", "");
        assert_eq!(
            new,
            format!("<html><body><p>New</p>{kept}</div></body></html>")
        );
    }

    #[test]
    fn a_join_link_in_the_agenda_is_not_the_block() {
        let old = format!("<p>Old <a href=\"{LINK}\">x</a></p>{}", exchange_block());
        let new = body_with_teams_block("<p>New</p>", &old, Some(LINK));
        assert!(
            !new.contains("Old") && new.contains("me-email-link"),
            "{new}"
        );
    }

    #[test]
    fn text_beside_a_bare_link_is_kept_with_it() {
        let old = format!("<p>Old</p><div>Join here: <a href='{LINK}'>x</a></div>");
        let new = body_with_teams_block("<p>New</p>", &old, Some(LINK));
        assert!(new.contains("Join here") && !new.contains("Old"), "{new}");
    }

    #[test]
    fn a_block_without_known_marks_is_found_by_its_link() {
        let old = format!(
            "<p>Old</p><section><ul><li><a href='{LINK}'>Join</a></li></ul></section><p>tail</p>"
        );
        let new = body_with_teams_block("<p>New</p>", &old, Some(LINK));
        assert_eq!(
            new,
            format!(
                "<html><body><p>New</p><section><ul><li><a href='{LINK}'>Join</a></li></ul></section>\
                 <p>tail</p></body></html>"
            )
        );
    }

    #[test]
    fn a_block_that_cannot_be_found_costs_nothing_of_the_old_body() {
        let old = "<html><body><p>Old</p><div id=unknown>x</div></body></html>";
        let new = body_with_teams_block("<p>New</p>", old, Some(LINK));
        assert_eq!(
            new,
            "<html><body><p>New</p><p>Old</p><div id=unknown>x</div></body></html>"
        );
    }

    #[test]
    fn broken_html_loses_no_link() {
        for old in [
            format!("<p>Old <a href=\"{LINK}"),
            format!("</div></p>{LINK}"),
            format!("plain {LINK} text"),
            format!("<body><div><div>Old {LINK}</div>"),
            format!("é<!-- {LINK} --><p>ü"),
        ] {
            assert!(
                body_with_teams_block("<p>New</p>", &old, Some(LINK)).contains(LINK),
                "{old}"
            );
        }
    }
}
