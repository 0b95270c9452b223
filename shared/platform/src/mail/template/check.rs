//! What a tenant's own template may hold: text, variables of its mail, and
//! `if` and `unless` about them. Whatever else Handlebars knows is refused with
//! what to write instead, so nothing is escaped less, repeated or looked up.

use convoke_domain::error::{Error, Violations};
use handlebars::Template;
use handlebars::template::{HelperTemplate, Parameter, TemplateElement};

use super::{Section, Source, tags};

/// Checks a whole template; `known` are the variables of its mail.
pub fn check(source: &Source, known: &[&str]) -> Result<(), Error> {
    let mut wrong = Violations::new();
    for section in Section::ALL {
        check_section(section, source.section(section), known, &mut wrong);
    }
    wrong.finish()
}

/// Checks one section, and notes all that is wrong with it.
pub fn check_section(section: Section, source: &str, known: &[&str], wrong: &mut Violations) {
    let pointer = format!("/{}", section.as_str());
    let max = section.source_max();
    if source.len() > max {
        return wrong.add(
            pointer,
            "too_long",
            format!("at most {max} octets of UTF-8"),
        );
    }
    if source.trim().is_empty() {
        return wrong.add(pointer, "empty", "some text is needed");
    }
    if let Err(refusal) = tags::scan(source) {
        return wrong.add(pointer, refusal.code(), refusal.message());
    }
    match Template::compile(source) {
        Ok(template) => {
            let mut walk = Walk {
                known,
                pointer: &pointer,
                wrong,
                noted: vec![],
            };
            walk.template(&template);
        }
        Err(error) => {
            let place = error.pos().map_or_else(String::new, |(line, column)| {
                format!(" at line {line}, column {column}")
            });
            wrong.add(
                pointer,
                "template_syntax",
                format!("not readable as Handlebars{place}"),
            );
        }
    }
}

/// Goes through a parsed template, no deeper than [`tags::DEPTH_MAX`].
struct Walk<'a> {
    known: &'a [&'a str],
    pointer: &'a str,
    wrong: &'a mut Violations,
    /// Each thing is said once, however often it is done.
    noted: Vec<String>,
}

impl Walk<'_> {
    fn template(&mut self, template: &Template) {
        for element in &template.elements {
            match element {
                TemplateElement::RawString(_) | TemplateElement::Comment(_) => {}
                TemplateElement::Expression(expression) => self.expression(expression),
                TemplateElement::HelperBlock(block) => self.block(block),
                TemplateElement::HtmlExpression(_) => self.note(
                    "unescaped_output",
                    "use {{name}}: {{& would not be escaped".to_owned(),
                ),
                TemplateElement::PartialExpression(_) | TemplateElement::PartialBlock(_) => self
                    .note(
                        "not_allowed",
                        "partials ({{>) cannot be used; write the text out".to_owned(),
                    ),
                _ => self.note("not_allowed", "decorators ({{*) cannot be used".to_owned()),
            }
        }
    }

    fn expression(&mut self, expression: &HelperTemplate) {
        if expression.params.is_empty() && expression.hash.is_empty() {
            self.variable(&expression.name);
        } else {
            let name = expression.name.as_name().unwrap_or_default();
            self.note(
                "not_allowed",
                format!("{{{{{}}}}} takes nothing after its name", shown(name)),
            );
        }
    }

    fn block(&mut self, block: &HelperTemplate) {
        let name = block.name.as_name().unwrap_or_default();
        if !matches!(name, "if" | "unless") {
            return self.note(
                "not_allowed",
                format!(
                    "{{{{#{}}}}} cannot be used; only #if and #unless can",
                    shown(name)
                ),
            );
        }
        if block.block_param.is_some() {
            self.note(
                "not_allowed",
                "block parameters (as |x|) cannot be used".to_owned(),
            );
        }
        match block.params.as_slice() {
            [condition] if block.hash.is_empty() => self.variable(condition),
            _ => self.note(
                "not_allowed",
                format!("{{{{#{name}}}}} takes one variable and nothing else"),
            ),
        }
        for part in [&block.template, &block.inverse].into_iter().flatten() {
            self.template(part);
        }
    }

    /// A bare name of the list: no path, no `this`, no `@root`, no literal.
    fn variable(&mut self, parameter: &Parameter) {
        let name = match parameter {
            Parameter::Path(_) | Parameter::Name(_) => parameter.as_name().unwrap_or_default(),
            _ => "",
        };
        if !self.known.contains(&name) {
            let message = format!(
                "{:?} is no variable of this mail; there are {}",
                shown(name),
                self.known.join(", ")
            );
            self.note("unknown_variable", message);
        }
    }

    fn note(&mut self, code: &'static str, message: String) {
        if !self.noted.contains(&message) {
            self.wrong.add(self.pointer, code, message.clone());
            self.noted.push(message);
        }
    }
}

/// A name as an answer shows it.
fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}
