//! The tags of a template, found before Handlebars reads it.
//!
//! Handlebars' parser recurses into blocks and parentheses, and looks the
//! position of each tag up from the start: what it gets must be bounded. So the
//! few forms that tenants need are all that passes. Within them, cutting at the
//! braces yields what the parser sees: a tag holds no brace, quote, bracket or
//! parenthesis, and no backslash stands before one.

/// Most tags of a section, comments included.
pub(super) const TAGS_MAX: usize = 400;
/// How deep blocks may lie in each other; each `else if` counts.
pub(super) const DEPTH_MAX: usize = 16;

/// Why a source does not get to the parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Escaped,
    Unclosed,
    TripleStash,
    Brackets,
    TooMany,
    TooDeep,
}

impl Refusal {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::TripleStash => "unescaped_output",
            Self::Unclosed => "template_syntax",
            Self::Escaped | Self::Brackets => "not_allowed",
            Self::TooMany | Self::TooDeep => "too_complex",
        }
    }

    pub(super) fn message(self) -> String {
        match self {
            Self::Escaped => {
                "a backslash before {{ cannot be used; in HTML write &#123;&#123;".into()
            }
            Self::Unclosed => "a {{ has no }}".into(),
            Self::TripleStash => "use two braces: {{{ would not be escaped".into(),
            Self::Brackets => {
                "a tag holds names only: no quotes, parentheses, brackets or braces".into()
            }
            Self::TooMany => format!("at most {TAGS_MAX} tags"),
            Self::TooDeep => format!("at most {DEPTH_MAX} blocks within each other"),
        }
    }
}

/// Goes through a source once and refuses what the parser must not get.
pub(super) fn scan(source: &str) -> Result<(), Refusal> {
    let mut rest = source;
    let mut tags = 0;
    // For each open block, how deep it nests: one, and one more per `else if`.
    let mut blocks: Vec<usize> = vec![];
    while let Some(at) = rest.find("{{") {
        if rest[..at].ends_with('\\') {
            return Err(Refusal::Escaped);
        }
        tags += 1;
        if tags > TAGS_MAX {
            return Err(Refusal::TooMany);
        }
        rest = &rest[at + 2..];
        if let Some(comment) = rest.strip_prefix('!') {
            rest = after_comment(comment)?;
            continue;
        }
        let end = rest.find("}}").ok_or(Refusal::Unclosed)?;
        let tag = rest[..end].trim_matches(|c: char| c == '~' || c.is_ascii_whitespace());
        check_characters(tag)?;
        follow_depth(tag, &mut blocks)?;
        rest = &rest[end + 2..];
    }
    Ok(())
}

fn after_comment(comment: &str) -> Result<&str, Refusal> {
    let long = comment.trim_start().strip_prefix("--");
    let after = |text, end: &str| str::split_once(text, end).map(|(_, after)| after);
    long.and_then(|text| after(text, "--}}"))
        .or_else(|| after(comment, "}}"))
        .ok_or(Refusal::Unclosed)
}

fn check_characters(tag: &str) -> Result<(), Refusal> {
    if tag.starts_with('{') {
        return Err(Refusal::TripleStash);
    }
    if tag.contains(['{', '}', '(', ')', '[', ']', '"', '\'', '`', '\\']) {
        return Err(Refusal::Brackets);
    }
    Ok(())
}

fn follow_depth(tag: &str, blocks: &mut Vec<usize>) -> Result<(), Refusal> {
    if tag.starts_with('#') {
        blocks.push(1);
    } else if tag.starts_with('/') {
        blocks.pop();
    } else if tag.starts_with("else") || tag.starts_with('^') {
        // A plain `else` as well: it costs no more than one tag of the depth.
        if let Some(depth) = blocks.last_mut() {
            *depth += 1;
        }
    }
    if blocks.iter().sum::<usize>() > DEPTH_MAX {
        return Err(Refusal::TooDeep);
    }
    Ok(())
}
