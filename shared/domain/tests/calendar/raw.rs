//! Calendar files read octet by octet, strictly, with no knowledge of the
//! writer. The fuzz target compiles this file too.

use std::collections::HashSet;

/// One content line, unfolded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) params: Vec<(String, String)>,
    /// As in the file: still escaped.
    pub(crate) value: String,
}

impl Line {
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value of a TEXT property.
    pub(crate) fn text(&self) -> String {
        unescape(&self.value)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Component {
    pub(crate) name: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) children: Vec<Component>,
}

impl Component {
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Line> {
        self.lines.iter().filter(move |line| line.name == name)
    }

    pub(crate) fn one(&self, name: &str) -> &Line {
        let mut all = self.all(name);
        let line = all
            .next()
            .unwrap_or_else(|| panic!("{} has no {name}", self.name));
        assert!(all.next().is_none(), "{} has {name} twice", self.name);
        line
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Line> {
        self.all(name).next()
    }

    pub(crate) fn inside<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Component> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

/// The calendar that a file is; panics where its lines are not well-formed.
pub(crate) fn read(ics: &str) -> Component {
    let lines: Vec<Line> = logical_lines(ics).iter().map(parse_line).collect();
    nest(&lines)
}

/// A logical line with the places at which it was folded.
struct Logical {
    text: String,
    folds: HashSet<usize>,
}

fn logical_lines(ics: &str) -> Vec<Logical> {
    let body = ics.strip_suffix("\r\n").expect("the file ends with CRLF");
    let mut lines: Vec<Logical> = Vec::new();
    for octets in body.as_bytes().split(|&b| b == b'\n') {
        let line = std::str::from_utf8(octets).expect("no fold cuts a character");
        // The last line has lost its CRLF already.
        let line = line.strip_suffix('\r').unwrap_or(line);
        assert!(line.len() <= 75, "{} octets: {line:?}", line.len());
        assert!(!line.is_empty(), "an empty line");
        assert!(
            !line.chars().any(|c| c.is_control() && c != '\t'),
            "a control character: {line:?}"
        );
        match line.strip_prefix(' ') {
            Some(rest) => {
                assert!(!rest.is_empty(), "a fold without content");
                let last = lines.last_mut().expect("a continued line has a beginning");
                last.folds.insert(last.text.len());
                last.text.push_str(rest);
            }
            None => lines.push(Logical {
                text: line.to_owned(),
                folds: HashSet::new(),
            }),
        }
    }
    assert_eq!(
        ics.matches('\n').count(),
        ics.matches("\r\n").count(),
        "a bare LF"
    );
    assert_eq!(
        ics.matches('\r').count(),
        ics.matches("\r\n").count(),
        "a bare CR"
    );
    lines
}

const TEXT: [&str; 7] = [
    "SUMMARY",
    "DESCRIPTION",
    "LOCATION",
    "UID",
    "TZNAME",
    "TZID",
    "PRODID",
];

fn parse_line(logical: &Logical) -> Line {
    let text = logical.text.as_str();
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
    let name_end = text.find(|c| !is_name(c)).expect("a name ends");
    assert!(name_end > 0, "a line without a name: {text:?}");
    let name = text[..name_end].to_owned();
    let (mut params, mut at) = (Vec::new(), name_end);
    while text[at..].starts_with(';') {
        let equals = at + text[at..].find('=').expect("a parameter has a value");
        let key = text[at + 1..equals].to_owned();
        assert!(
            !key.is_empty() && key.chars().all(is_name),
            "a parameter's name: {key:?}"
        );
        let (value, end) = if text[equals + 1..].starts_with('"') {
            quoted(logical, equals + 2)
        } else {
            bare(text, equals + 1)
        };
        params.push((key, value));
        at = end;
    }
    assert!(text[at..].starts_with(':'), "no value in {text:?} at {at}");
    let value = text[at + 1..].to_owned();
    if TEXT.contains(&name.as_str()) || name == "CATEGORIES" {
        check_escapes(logical, at + 1, name == "CATEGORIES");
    }
    let keys: HashSet<&String> = params.iter().map(|(key, _)| key).collect();
    assert_eq!(
        keys.len(),
        params.len(),
        "a parameter comes twice in {text:?}"
    );
    Line {
        name,
        params,
        value,
    }
}

/// A bare parameter value is a word of the format or a list of them.
fn bare(text: &str, start: usize) -> (String, usize) {
    let end = start + text[start..].find([';', ':']).expect("the value ends");
    let value = &text[start..end];
    let is_word = |c: char| c.is_ascii_alphanumeric() || "-_+/,".contains(c);
    assert!(
        !value.is_empty() && value.chars().all(is_word),
        "an unquoted value: {value:?}"
    );
    (value.to_owned(), end)
}

/// A quoted parameter value, decoded (RFC 6868); `start` is after the quote.
fn quoted(logical: &Logical, start: usize) -> (String, usize) {
    let text = logical.text.as_str();
    let end = start + text[start..].find('"').expect("the quote is closed");
    let mut value = String::new();
    let mut chars = text[start..end].char_indices();
    while let Some((at, c)) = chars.next() {
        if c != '^' {
            value.push(c);
            continue;
        }
        let escaped = chars.next().expect("a caret escapes something").1;
        assert!(
            !logical.folds.contains(&(start + at + 1)),
            "a fold inside ^{escaped}"
        );
        value.push(match escaped {
            '^' => '^',
            '\'' => '"',
            'n' => '\n',
            other => panic!("an unknown escape ^{other}"),
        });
    }
    (value, end + 1)
}

fn check_escapes(logical: &Logical, start: usize, is_list: bool) {
    let text = logical.text.as_str();
    let mut chars = text[start..].char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                let escaped = chars.next().map(|(_, c)| c);
                assert!(
                    matches!(escaped, Some('\\' | ';' | ',' | 'n')),
                    "an unknown escape"
                );
                assert!(
                    !logical.folds.contains(&(start + at + 1)),
                    "a fold inside an escape"
                );
            }
            ';' => panic!("a bare semicolon in {text:?}"),
            ',' => assert!(is_list, "a bare comma in {text:?}"),
            _ => {}
        }
    }
}

/// The text behind TEXT's escapes.
pub(crate) fn unescape(value: &str) -> String {
    let mut out = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(other) => out.push(other),
                None => panic!("a backslash at the end"),
            },
            c => out.push(c),
        }
    }
    out
}

fn nest(lines: &[Line]) -> Component {
    let mut open: Vec<Component> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        match line.name.as_str() {
            "BEGIN" => open.push(Component {
                name: line.value.clone(),
                lines: Vec::new(),
                children: Vec::new(),
            }),
            "END" => {
                let done = open.pop().expect("what ends has begun");
                assert_eq!(done.name, line.value, "components overlap");
                let Some(parent) = open.last_mut() else {
                    assert_eq!(index + 1, lines.len(), "something follows the calendar");
                    return done;
                };
                parent.children.push(done);
            }
            _ => open
                .last_mut()
                .expect("a line is in a component")
                .lines
                .push(line.clone()),
        }
    }
    panic!("a component does not end")
}
