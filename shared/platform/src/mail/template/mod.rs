//! Handlebars templates of mails: a subject, a text and an HTML body, filled in
//! from a flat map of strings.
//!
//! Values are escaped in HTML (a line break becomes `<br>`), never elsewhere;
//! the subject is one line. A missing variable is an error, not a gap. What a
//! tenant may write is decided in [`check`]; rendering is bounded whoever wrote
//! the template: no helper but `if` and `unless` exists, so that time is linear
//! in the source, and what comes out is cut off while it is written.

mod check;
mod tags;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use handlebars::{
    Context, Handlebars, Output, RenderContext, Renderable, Template, html_escape, no_escape,
};
use serde_json::{Map, Value};

pub use check::{check, check_section};

use super::wording::{clean_line, clean_lines};

/// Most octets that one section may become.
pub const RENDERED_MAX: usize = 256 * 1024;

/// The parts of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The subject line.
    Subject,
    /// The body for readers of plain text.
    Text,
    /// The body for all others.
    Html,
}

impl Section {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Subject, Self::Text, Self::Html];

    /// The section's field in a request, and its name in log lines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Text => "text",
            Self::Html => "html",
        }
    }

    /// Most octets of its source.
    pub const fn source_max(self) -> usize {
        match self {
            Self::Subject => 1024,
            Self::Text | Self::Html => 64 * 1024,
        }
    }
}

/// A template's Handlebars sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The subject line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
}

impl Source {
    /// One of its sections.
    pub fn section(&self, section: Section) -> &str {
        match section {
            Section::Subject => &self.subject,
            Section::Text => &self.text,
            Section::Html => &self.html,
        }
    }
}

/// A template that was filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line, not empty.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
}

/// Why a template was not filled in; says nothing of its text or values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the template's {}: {}", section.as_str(), reason.as_str())]
pub struct RenderError {
    /// Where.
    pub section: Section,
    /// What is wrong there.
    pub reason: Unrenderable,
}

/// What can be wrong with a template that is to be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unrenderable {
    /// No Handlebars, or more of it than any template needs.
    Unreadable,
    /// It names a variable or helper that does not exist.
    Unknown,
    /// More than [`RENDERED_MAX`] octets.
    TooLong,
    /// A subject without any visible character.
    Empty,
}

impl Unrenderable {
    /// A word for the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Unknown => "unknown_name",
            Self::TooLong => "too_long",
            Self::Empty => "empty",
        }
    }
}

/// Fills a template in.
pub fn render(
    source: &Source,
    variables: &BTreeMap<String, String>,
) -> Result<Rendered, RenderError> {
    let values = variables
        .iter()
        .map(|(name, value)| (name.clone(), Value::String(clean_lines(value))));
    let context = Context::from(Value::Object(values.collect::<Map<_, _>>()));
    let of = |section| {
        let rendered = render_section(section, source.section(section), &context);
        rendered.map_err(|reason| RenderError { section, reason })
    };
    let subject = clean_line(&of(Section::Subject)?);
    if subject.is_empty() {
        return Err(RenderError {
            section: Section::Subject,
            reason: Unrenderable::Empty,
        });
    }
    Ok(Rendered {
        subject,
        text: of(Section::Text)?,
        html: of(Section::Html)?,
    })
}

fn render_section(
    section: Section,
    source: &str,
    context: &Context,
) -> Result<String, Unrenderable> {
    // An old override may have been stored under other limits.
    if source.len() > section.source_max() || tags::scan(source).is_err() {
        return Err(Unrenderable::Unreadable);
    }
    let template = Template::compile(source).map_err(|_| Unrenderable::Unreadable)?;
    let registry = match section {
        Section::Html => &*HTML,
        Section::Subject | Section::Text => &*PLAIN,
    };
    let mut out = Capped::default();
    let mut state = RenderContext::new(None);
    match template.render(registry, context, &mut state, &mut out) {
        _ if out.is_full => Err(Unrenderable::TooLong),
        Ok(()) => Ok(out.text),
        Err(_) => Err(Unrenderable::Unknown),
    }
}

static HTML: LazyLock<Handlebars<'static>> = LazyLock::new(|| {
    let mut registry = registry();
    registry.register_escape_fn(|text| html_escape(text).replace('\n', "<br>\n"));
    registry
});

static PLAIN: LazyLock<Handlebars<'static>> = LazyLock::new(|| {
    let mut registry = registry();
    registry.register_escape_fn(no_escape);
    registry
});

/// Helpers that `Handlebars::new` brings and no mail needs.
const SURPLUS: [&str; 15] = [
    "each", "with", "lookup", "raw", "log", "eq", "ne", "gt", "gte", "lt", "lte", "and", "or",
    "not", "len",
];

fn registry() -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    for name in SURPLUS {
        registry.unregister_helper(name);
    }
    registry
}

/// What comes out, up to [`RENDERED_MAX`] octets.
#[derive(Default)]
struct Capped {
    text: String,
    is_full: bool,
}

impl Output for Capped {
    fn write(&mut self, piece: &str) -> Result<(), std::io::Error> {
        if self.text.len() + piece.len() > RENDERED_MAX {
            self.is_full = true;
            return Err(std::io::ErrorKind::OutOfMemory.into());
        }
        self.text.push_str(piece);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
