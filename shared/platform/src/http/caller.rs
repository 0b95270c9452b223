//! Who calls: read from the claims that the gateway's authorizer has verified.
//!
//! A [`Caller`] can only be made here (XC-2); whatever a caller sends about
//! themselves elsewhere counts for nothing.

use std::collections::{HashMap, HashSet};

use convoke_domain::address::EmailAddress;
use convoke_domain::error::Error;
use convoke_domain::id::{ClientId, ContactId, TenantId, UserId};

use crate::config::{ConfigError, Environment};
use crate::tenant::Tenant;

/// Names of the claims, which the deployment may set.
#[derive(Debug, Clone)]
pub struct ClaimNames {
    names: HashMap<&'static str, String>,
    default_user_type: Option<String>,
}

const CLAIMS: [&str; 9] = [
    "sub",
    "email",
    "email_verified",
    "name",
    "scope",
    "org_id",
    "user_type",
    "portal_client_id",
    "portal_contact_id",
];

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            names: CLAIMS
                .iter()
                .map(|name| (*name, (*name).to_owned()))
                .collect(),
            default_user_type: None,
        }
    }
}

impl ClaimNames {
    /// Reads `CONVOKE_CLAIMS` (`org_id=https://example.com/org,scope=permissions`)
    /// and `CONVOKE_DEFAULT_USER_TYPE`.
    pub fn of_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let invalid = |problem| ConfigError::Invalid {
            name: "CONVOKE_CLAIMS",
            problem,
        };
        let mut claims = Self::default();
        for pair in environment
            .optional("CONVOKE_CLAIMS")
            .iter()
            .flat_map(|text| text.split(','))
        {
            let (ours, theirs) = pair
                .split_once('=')
                .ok_or(invalid("is not a list of ours=theirs"))?;
            let ours = CLAIMS
                .iter()
                .find(|name| **name == ours.trim())
                .ok_or(invalid("names an unknown claim"))?;
            claims.names.insert(ours, theirs.trim().to_owned());
        }
        claims.default_user_type = environment.optional("CONVOKE_DEFAULT_USER_TYPE");
        if claims
            .default_user_type
            .as_deref()
            .is_some_and(|word| word != "internal" && word != "portal")
        {
            return Err(ConfigError::Invalid {
                name: "CONVOKE_DEFAULT_USER_TYPE",
                problem: "is neither internal nor portal",
            });
        }
        Ok(claims)
    }

    fn get<'a>(&self, claims: &'a HashMap<String, String>, name: &str) -> Option<&'a str> {
        claims
            .get(self.names.get(name)?)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }
}

/// Which side of the house a caller is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallerKind {
    /// A user of the organisation.
    Internal,
    /// A client's person; sees only what is that client's.
    Portal {
        /// The client they belong to.
        client_id: ClientId,
        /// The contact they are.
        contact_id: ContactId,
    },
}

/// A verified caller.
#[derive(Debug, Clone)]
pub struct Caller {
    tenant: Tenant,
    /// The token's `sub`.
    pub user_id: UserId,
    /// The token's address, only where it says that it is verified.
    pub verified_email: Option<EmailAddress>,
    /// The token's name.
    pub name: Option<String>,
    /// Internal or portal.
    pub kind: CallerKind,
    scopes: HashSet<String>,
}

impl Caller {
    /// Reads verified claims; they arrive as strings, lists as `[a b]`.
    pub(super) fn of_verified_claims(
        claims: &HashMap<String, String>,
        names: &ClaimNames,
    ) -> Result<Self, Error> {
        let required = |name: &'static str| {
            names
                .get(claims, name)
                .ok_or_else(|| refused("claim_missing", format!("the token has no claim {name}")))
        };
        let bad = |name: &str| {
            refused(
                "claim_invalid",
                format!("the token's claim {name} cannot be used as an id"),
            )
        };
        let org_id = TenantId::parse(required("org_id")?).map_err(|_| bad("org_id"))?;
        let user_id = UserId::parse(required("sub")?).map_err(|_| bad("sub"))?;
        let kind = match names
            .get(claims, "user_type")
            .or(names.default_user_type.as_deref())
        {
            Some("internal") => CallerKind::Internal,
            Some("portal") => CallerKind::Portal {
                client_id: ClientId::parse(required("portal_client_id")?)
                    .map_err(|_| bad("portal_client_id"))?,
                contact_id: ContactId::parse(required("portal_contact_id")?)
                    .map_err(|_| bad("portal_contact_id"))?,
            },
            _ => {
                return Err(refused(
                    "claim_missing",
                    "the token's claim user_type is neither internal nor portal",
                ));
            }
        };
        let verified = names
            .get(claims, "email_verified")
            .is_some_and(|word| word.eq_ignore_ascii_case("true"));
        let email = names.get(claims, "email").filter(|_| verified);
        Ok(Self {
            tenant: Tenant::of_verified_claims(org_id),
            user_id,
            verified_email: email.and_then(|email| EmailAddress::parse(email).ok()),
            name: names.get(claims, "name").map(str::to_owned),
            kind,
            scopes: split_list(names.get(claims, "scope").unwrap_or_default()),
        })
    }

    /// Whose data this caller may see at all.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Whether the token carries a permission.
    pub fn may(&self, permission: &str) -> bool {
        self.scopes.contains(permission)
    }

    /// Names the caller's view, for what must not be carried from one to another.
    pub(super) fn view(&self) -> String {
        match &self.kind {
            CallerKind::Internal => "internal".to_owned(),
            CallerKind::Portal {
                client_id,
                contact_id,
            } => format!("portal/{client_id}/{contact_id}"),
        }
    }
}

fn refused(code: &'static str, message: impl Into<String>) -> Error {
    Error::Forbidden {
        code,
        message: message.into(),
    }
}

fn split_list(text: &str) -> HashSet<String> {
    text.trim_start_matches('[')
        .trim_end_matches(']')
        .split([' ', ','])
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(extra: &[(&str, &str)]) -> HashMap<String, String> {
        let base = [
            ("sub", "u1"),
            ("org_id", "acme"),
            ("user_type", "internal"),
            ("scope", "a:read b:write"),
        ];
        base.iter()
            .chain(extra)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    /// XC-2: an address counts only when it is verified.
    #[test]
    fn an_unverified_address_is_not_taken() {
        let names = ClaimNames::default();
        for (verified, taken) in [("true", true), ("false", false), ("", false)] {
            let caller = Caller::of_verified_claims(
                &claims(&[("email", "a@b.example"), ("email_verified", verified)]),
                &names,
            );
            assert_eq!(
                caller.unwrap().verified_email.is_some(),
                taken,
                "{verified:?}"
            );
        }
    }

    /// XC-2: no user_type, no entry, unless the deployment names a default.
    #[test]
    fn a_missing_user_type_is_refused_unless_there_is_a_default() {
        let mut without = claims(&[]);
        without.remove("user_type");
        let names = ClaimNames::default();
        assert_eq!(
            Caller::of_verified_claims(&without, &names)
                .unwrap_err()
                .code(),
            "claim_missing"
        );
        let environment = Environment::of([(
            "CONVOKE_DEFAULT_USER_TYPE".to_owned(),
            "internal".to_owned(),
        )]);
        let names = ClaimNames::of_environment(&environment).unwrap();
        assert_eq!(
            Caller::of_verified_claims(&without, &names).unwrap().kind,
            CallerKind::Internal
        );
    }

    /// XC-2: a portal user is somebody's; OAuth's own client_id does not count.
    #[test]
    fn a_portal_user_needs_client_and_contact_of_their_own_claims() {
        let names = ClaimNames::default();
        let mut portal = claims(&[("client_id", "c9")]);
        portal.insert("user_type".into(), "portal".into());
        assert!(Caller::of_verified_claims(&portal, &names).is_err());
        portal.insert("portal_client_id".into(), "c1".into());
        portal.insert("portal_contact_id".into(), "k1".into());
        let caller = Caller::of_verified_claims(&portal, &names).unwrap();
        assert!(
            matches!(caller.kind, CallerKind::Portal { client_id, .. } if client_id.as_str() == "c1")
        );
    }

    #[test]
    fn permissions_come_as_a_sentence_or_as_a_list() {
        let names = ClaimNames::default();
        for scope in ["a:read b:write", "[a:read b:write]", "a:read,b:write"] {
            let mut claims = claims(&[]);
            claims.insert("scope".into(), scope.into());
            let caller = Caller::of_verified_claims(&claims, &names).unwrap();
            assert!(
                caller.may("a:read")
                    && caller.may("b:write")
                    && !caller.may("a")
                    && !caller.may(""),
                "{scope}"
            );
        }
    }

    #[test]
    fn claims_can_be_renamed() {
        let environment = Environment::of([(
            "CONVOKE_CLAIMS".to_owned(),
            "org_id=https://x.example/org".to_owned(),
        )]);
        let names = ClaimNames::of_environment(&environment).unwrap();
        let mut claims = claims(&[("https://x.example/org", "other")]);
        claims.insert("org_id".into(), "acme".into());
        assert_eq!(
            Caller::of_verified_claims(&claims, &names)
                .unwrap()
                .tenant()
                .id()
                .as_str(),
            "other"
        );
        for bad in ["org_id", "nope=x"] {
            let environment = Environment::of([("CONVOKE_CLAIMS".to_owned(), bad.to_owned())]);
            assert!(ClaimNames::of_environment(&environment).is_err(), "{bad}");
        }
    }
}
