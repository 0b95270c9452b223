//! Templates by hostile authors, and templates with hostile values.

use std::time::{Duration, Instant};

use convoke_domain::error::{Error, Violation};

use super::*;

const KNOWN: [&str; 3] = ["name", "description", "url"];

fn source(body: &str) -> Source {
    Source {
        subject: "Hello".to_owned(),
        text: body.to_owned(),
        html: body.to_owned(),
    }
}

fn variables(value: &str) -> BTreeMap<String, String> {
    KNOWN.map(|name| (name.to_owned(), value.to_owned())).into()
}

fn violations(source: &Source) -> Vec<Violation> {
    match check(source, &KNOWN) {
        Ok(()) => vec![],
        Err(Error::Invalid { violations }) => violations,
        Err(other) => panic!("{other:?}"),
    }
}

/// The codes that a text section with this source is refused with.
fn codes(text: &str) -> Vec<&'static str> {
    let source = Source {
        text: text.to_owned(),
        ..source("Hi")
    };
    let found = violations(&source);
    assert!(found.iter().all(|one| one.pointer == "/text"), "{found:?}");
    found.iter().map(|one| one.code).collect()
}

/// XC-13: what tenants need passes.
#[test]
fn variables_and_conditions_are_taken() {
    for text in [
        "Hi {{name}}",
        "{{ name }}{{~name~}}",
        "{{#if url}}Join: {{url}}{{else}}No link{{/if}}",
        "{{#unless url}}-{{/unless}}",
        "{{#if name}}a{{else if url}}b{{else}}c{{/if}}",
        "{{#if name}}a{{^}}b{{/if}}",
        "{{! a (comment) with [brackets] }}{{!-- {{{x}}} --}}Hi",
        "CSS { color: red } and (more) [text] \"quotes\" }} \\ \\n",
    ] {
        assert_eq!(codes(text), Vec::<&str>::new(), "{text}");
        assert!(render(&source(text), &variables("v")).is_ok(), "{text}");
    }
}

/// XC-13: no triple-stash, `&`, partials, loops, or anything else.
#[test]
fn whatever_else_handlebars_knows_is_refused() {
    for (text, code) in [
        ("{{{name}}}", "unescaped_output"),
        ("{{ {name} }}", "unescaped_output"),
        ("{{~{name}~}}", "unescaped_output"),
        ("{{&name}}", "unescaped_output"),
        ("{{~& name}}", "unescaped_output"),
        ("{{> partial}}", "not_allowed"),
        ("{{#> layout}}x{{/layout}}", "not_allowed"),
        ("{{* inline}}", "not_allowed"),
        ("{{#* inline}}x{{/inline}}", "not_allowed"),
        ("{{#each name}}x{{/each}}", "not_allowed"),
        ("{{#with name}}x{{/with}}", "not_allowed"),
        ("{{#name}}x{{/name}}", "not_allowed"),
        ("{{lookup name url}}", "not_allowed"),
        ("{{log name}}", "not_allowed"),
        ("{{if name url}}", "not_allowed"),
        ("{{name url=name}}", "not_allowed"),
        ("{{#if name url}}x{{/if}}", "not_allowed"),
        ("{{#if name includeZero=true}}x{{/if}}", "not_allowed"),
        ("{{#if name as |x|}}x{{/if}}", "not_allowed"),
        ("{{#if (lookup name url)}}x{{/if}}", "not_allowed"),
        ("{{\"__proto__\"}}", "not_allowed"),
        ("{{'constructor'}}", "not_allowed"),
        ("{{[name]}}", "not_allowed"),
        ("{{#if {}}}x{{/if}}", "not_allowed"),
        ("{{{{raw}}}}x{{{{/raw}}}}", "unescaped_output"),
        ("\\{{name}}", "not_allowed"),
        ("\\{{!-- {{#each name}} --}}", "not_allowed"),
        ("{{../name}}", "unknown_variable"),
        ("{{./name}}", "unknown_variable"),
        ("{{this}}", "unknown_variable"),
        ("{{this.name}}", "unknown_variable"),
        ("{{@root.name}}", "unknown_variable"),
        ("{{@root}}", "unknown_variable"),
        ("{{name.length}}", "unknown_variable"),
        ("{{__proto__}}", "unknown_variable"),
        ("{{#if 1}}x{{/if}}", "unknown_variable"),
        ("{{#if true}}x{{/if}}", "unknown_variable"),
        (
            "{{#if name}}{{#unless nam}}x{{/unless}}{{/if}}",
            "unknown_variable",
        ),
        ("{{#if name}}x{{else if nam}}y{{/if}}", "unknown_variable"),
        ("{{#if name}}x{{else each name}}y{{/if}}", "not_allowed"),
        ("{{if}}", "unknown_variable"),
        ("{{name", "template_syntax"),
        ("{{! open", "template_syntax"),
        ("{{}}", "template_syntax"),
        ("{{else}}", "template_syntax"),
        ("{{#if name}}x", "template_syntax"),
        ("{{#if name}}x{{/unless}}", "template_syntax"),
        ("x{{/if}}", "template_syntax"),
        (" \n", "empty"),
    ] {
        assert_eq!(codes(text), [code], "{text}");
    }
}

/// Each section's own limit, and every section's violations at once.
#[test]
fn each_section_is_checked_and_named() {
    let bad = Source {
        subject: "x".repeat(1025),
        text: "{{nobody}}{{nobody}}{{{name}}}".to_owned(),
        html: "{{nobody}}{{&name}}".to_owned(),
    };
    let found: Vec<_> = violations(&bad)
        .into_iter()
        .map(|one| (one.pointer, one.code))
        .collect();
    let expected = [
        ("/subject", "too_long"),
        ("/text", "unescaped_output"),
        ("/html", "unknown_variable"),
        ("/html", "unescaped_output"),
    ];
    assert_eq!(
        found,
        expected.map(|(pointer, code)| (pointer.to_owned(), code))
    );
    assert_eq!(codes(&"x".repeat(64 * 1024 + 1)), ["too_long"]);
    assert_eq!(codes(&"x".repeat(64 * 1024)), Vec::<&str>::new());
}

/// XC-13: sources made to exhaust parser, stack or clock are refused quickly.
#[test]
fn hostile_sources_cost_next_to_nothing() {
    let many = |piece: &str| piece.repeat(64 * 1024 / piece.len());
    let hostile = [
        many("{{#if name}}"),
        many("{{#if name}}x{{else if name}}"),
        "{{#if name}}".repeat(17) + &"{{/if}}".repeat(17),
        format!(
            "{{{{#if name}}}}{}{{{{/if}}}}",
            "{{else if name}}".repeat(16)
        ),
        format!("{{{{#if name}}}}{}{{{{/if}}}}", "{{^if name}}".repeat(390)),
        many("{{/if}}"),
        many("{{name}}"),
        many("{{!"),
        many("{{!--"),
        many("{{{{"),
        many("{"),
        many("\\{{"),
        format!("{{{{a {}", "(a ".repeat(20_000)),
        format!("{{{{a {}}}}}", "(a ".repeat(20_000)),
        format!("{{{{#if {}}}}}", "[".repeat(60_000)),
        format!("{{{{{}}}}}", "../".repeat(20_000)),
        format!("{{{{{}}}}}", "a ".repeat(30_000)),
        format!("{{{{{}name}}}}", " ".repeat(60_000)),
        format!("{{{{{}}}}}", "~".repeat(60_000)),
    ];
    // The stack of a thread that is smaller than any function's.
    let small_stack = std::thread::Builder::new().stack_size(1024 * 1024);
    let checking = small_stack.spawn(move || {
        for text in hostile {
            let began = Instant::now();
            let refused = codes(&text);
            let took = began.elapsed();
            assert!(took < Duration::from_secs(2), "{took:?}: {text:.40}");
            let harmless = format!("{{{{{}name}}}}", " ".repeat(60_000));
            assert!(!refused.is_empty() || text == harmless, "{text:.40}");
        }
    });
    checking.unwrap().join().unwrap();
}

/// The most complex source that passes, with the longest values.
#[test]
fn the_most_that_passes_is_rendered_quickly() {
    let nested = "{{#if name}}".repeat(16) + &"{{name}}".repeat(300) + &"{{/if}}".repeat(16);
    let text = format!("{}{nested}", "x\n".repeat(20_000));
    assert_eq!(codes(&text), Vec::<&str>::new());
    let began = Instant::now();
    assert!(render(&source(&text), &variables("<v>")).is_ok());
    let flood = render(&source(&text), &variables(&"<".repeat(32 * 1024)));
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    let expected = RenderError {
        section: Section::Text,
        reason: Unrenderable::TooLong,
    };
    assert_eq!(flood, Err(expected), "cut off while it is written");
}

/// XC-13: all values are escaped in HTML, and only there.
#[test]
fn values_are_escaped_in_html_and_nowhere_else() {
    let hostile = "<script>\"'&`=\r\n{{name}}\0\u{1b}";
    let template = Source {
        subject: "Re: {{name}}".to_owned(),
        text: "{{name}}".to_owned(),
        html: "<a title=\"{{name}}\">".to_owned(),
    };
    let rendered = render(&template, &variables(hostile)).unwrap();
    assert_eq!(rendered.subject, "Re: <script>\"'&`= {{name}}");
    assert_eq!(rendered.text, "<script>\"'&`=\n{{name}}");
    assert_eq!(
        rendered.html,
        "<a title=\"&lt;script&gt;&quot;&#x27;&amp;&#x60;&#x3D;<br>\n{{name}}\">"
    );
}

#[test]
fn what_cannot_be_rendered_says_where_and_why() {
    for (text, reason) in [
        ("{{nobody}}", Unrenderable::Unknown),
        ("{{#each name}}x{{/each}}", Unrenderable::Unknown),
        ("{{#if name}}", Unrenderable::Unreadable),
        ("{{{name}}}", Unrenderable::Unreadable),
    ] {
        let failed = render(&source(text), &variables("v")).unwrap_err();
        assert_eq!(
            (failed.section, failed.reason),
            (Section::Text, reason),
            "{text}"
        );
    }
    let blank = Source {
        subject: "{{name}}".to_owned(),
        ..source("x")
    };
    let failed = render(&blank, &variables(" \n")).unwrap_err();
    assert_eq!(failed.reason, Unrenderable::Empty);
    assert_eq!(failed.to_string(), "the template's subject: empty");
}
