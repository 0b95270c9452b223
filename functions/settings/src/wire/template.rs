//! Mail templates on the wire.

use convoke_domain::event::rfc3339;
use convoke_services::mail::Variable;
use convoke_services::mail::templates::{EffectiveTemplate, TemplateInput};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Sections of an organisation's own; an absent one is the product's, and all
/// absent restores the product's template.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MailTemplateInput)]
pub(crate) struct TemplateBody {
    subject: Option<String>,
    /// Plain text.
    text: Option<String>,
    html: Option<String>,
}

impl From<TemplateBody> for TemplateInput {
    fn from(body: TemplateBody) -> Self {
        Self {
            subject: body.subject,
            text: body.text,
            html: body.html,
        }
    }
}

/// A template as mails use it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailTemplate)]
pub(crate) struct TemplateView {
    key: &'static str,
    locale: &'static str,
    subject: String,
    /// Plain text.
    text: String,
    html: String,
    /// Whether a section is the organisation's own.
    overridden: bool,
    /// What `{{…}}` may name.
    variables: Vec<VariableView>,
    version: u64,
    #[schema(required = true, format = DateTime)]
    updated_at: Option<String>,
}

/// A name that a template may use.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailTemplateVariable)]
pub(crate) struct VariableView {
    name: &'static str,
    description: &'static str,
}

impl From<&Variable> for VariableView {
    fn from(variable: &Variable) -> Self {
        Self {
            name: variable.name,
            description: variable.description,
        }
    }
}

impl From<&EffectiveTemplate> for TemplateView {
    fn from(template: &EffectiveTemplate) -> Self {
        Self {
            key: template.key.as_str(),
            locale: template.locale.as_str(),
            subject: template.source.subject.clone(),
            text: template.source.text.clone(),
            html: template.source.html.clone(),
            overridden: template.overridden,
            variables: template.variables.iter().map(VariableView::from).collect(),
            version: template.version,
            updated_at: template.updated_at.map(rfc3339),
        }
    }
}
