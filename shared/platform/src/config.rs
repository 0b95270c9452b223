//! The environment, read once at start. The only place that reads variables.

use std::collections::HashMap;

/// A variable that the function cannot start without.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Absent or empty.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// Present, but not what it should be.
    #[error("the environment variable {name} {problem}")]
    Invalid {
        /// Which.
        name: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// The variables of one process; an empty one counts as absent.
#[derive(Clone, Default)]
pub struct Environment(HashMap<String, String>);

impl Environment {
    /// What the process was started with.
    pub fn of_process() -> Self {
        Self::of(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }))
    }

    /// Variables of the caller's making.
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(
            variables
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .collect(),
        )
    }

    /// A variable that may be absent.
    pub fn optional(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    /// A variable that must be there.
    pub fn required(&self, name: &'static str) -> Result<String, ConfigError> {
        self.optional(name).ok_or(ConfigError::Missing(name))
    }

    /// A whole number, with a default where it is absent.
    pub fn number(&self, name: &'static str, default: u32) -> Result<u32, ConfigError> {
        match self.0.get(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| ConfigError::Invalid {
                name,
                problem: "is not a whole number",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_or_empty_variable_is_named() {
        let environment = Environment::of([("A".into(), "x".into()), ("B".into(), String::new())]);
        assert_eq!(environment.required("A").as_deref(), Ok("x"));
        assert_eq!(environment.required("B"), Err(ConfigError::Missing("B")));
        assert_eq!(environment.number("C", 7), Ok(7));
        assert!(environment.number("A", 7).is_err());
    }
}
