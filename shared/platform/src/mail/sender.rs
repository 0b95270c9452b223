//! Who mails come from: the deployment's `CONVOKE_MAIL_FROM`.

use convoke_domain::address::EmailAddress;

use super::wording::clean_line;
use crate::config::{ConfigError, Environment};

const VARIABLE: &str = "CONVOKE_MAIL_FROM";

/// The deployment's own mail address; also the ORGANIZER of what is mailed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    address: EmailAddress,
    name: Option<String>,
}

impl Sender {
    /// Reads `CONVOKE_MAIL_FROM` (`Name <a@b>` or `a@b`); absent: this
    /// deployment sends no mail.
    pub fn of_environment(environment: &Environment) -> Result<Option<Self>, ConfigError> {
        environment
            .optional(VARIABLE)
            .map(|text| Self::parse(&text))
            .transpose()
    }

    /// Reads `Name <a@b>` or `a@b`; the name may be quoted.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>') {
            Some(rest) => rest.rsplit_once('<').ok_or(UNREADABLE)?,
            None => ("", text),
        };
        let name = name.trim();
        let name = name
            .strip_prefix('"')
            .and_then(|name| name.strip_suffix('"'))
            .unwrap_or(name);
        let name = clean_line(&name.replace("\\\"", "\""));
        Ok(Self {
            address: EmailAddress::parse(address.trim()).map_err(|_| UNREADABLE)?,
            name: (!name.is_empty()).then_some(name),
        })
    }

    /// The address.
    pub fn address(&self) -> &EmailAddress {
        &self.address
    }

    /// What readers see in its place.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

const UNREADABLE: ConfigError = ConfigError::Invalid {
    name: VARIABLE,
    problem: "is neither an e-mail address nor of the form Name <address>",
};

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Option<String>, String), ConfigError> {
        let environment = Environment::of([(VARIABLE.to_owned(), text.to_owned())]);
        let sender = Sender::of_environment(&environment)?.unwrap();
        Ok((sender.name.clone(), sender.address().to_string()))
    }

    #[test]
    fn an_address_is_read_with_and_without_a_name() {
        let address = "mail@acme.example".to_owned();
        for (text, name) in [
            ("mail@acme.example", None),
            (" <mail@acme.example> ", None),
            ("Acme <mail@acme.example>", Some("Acme")),
            (
                "\"Acme, \\\"Inc.\\\"\" <mail@acme.example>",
                Some("Acme, \"Inc.\""),
            ),
            ("Acme\r\nBcc: x <mail@acme.example>", Some("Acme Bcc: x")),
        ] {
            assert_eq!(
                read(text),
                Ok((name.map(str::to_owned), address.clone())),
                "{text:?}"
            );
        }
    }

    #[test]
    fn an_unreadable_sender_is_an_error_and_an_absent_one_is_not() {
        for text in [
            "Acme",
            "Acme <>",
            "mail@acme.example>",
            "a b@acme.example",
            "<a@b>",
        ] {
            assert_eq!(read(text), Err(UNREADABLE), "{text:?}");
        }
        assert_eq!(Sender::of_environment(&Environment::default()), Ok(None));
    }
}
