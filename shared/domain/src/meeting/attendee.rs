//! Who is asked to a meeting, and as what (CM-2).

use std::collections::HashSet;

use crate::address::EmailAddress;
use crate::error::Violations;
use crate::id::UserId;
use crate::text;

/// Most attendees of one meeting: what an Outlook event takes.
pub const ATTENDEES_MAX: usize = 500;

/// What is expected of an attendee (RFC 5545 `ROLE`/`CUTYPE`, Graph's `type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Role {
    /// Must take part.
    #[default]
    Required,
    /// May take part.
    Optional,
    /// A room or a thing.
    Resource,
}

impl Role {
    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
            Self::Resource => "resource",
        }
    }

    /// Reads the API's word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Required, Self::Optional, Self::Resource]
            .into_iter()
            .find(|role| role.as_str() == word)
    }
}

/// Who an attendee is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A user of the organisation; name and address are copies of the
    /// directory's, absent when it knows none.
    Internal {
        /// The directory's id.
        user_id: UserId,
        /// The directory's address.
        email: Option<EmailAddress>,
        /// The directory's name.
        name: Option<String>,
    },
    /// Somebody from outside.
    External {
        /// Where to reach them.
        email: EmailAddress,
        /// As files and mails show them.
        name: String,
    },
}

/// One attendee of a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendee {
    /// Who.
    pub identity: Identity,
    /// As what.
    pub role: Role,
}

impl Attendee {
    /// Where they can be reached; `None` keeps them out of files, mails and Graph (XC-14).
    pub fn email(&self) -> Option<&EmailAddress> {
        match &self.identity {
            Identity::Internal { email, .. } => email.as_ref(),
            Identity::External { email, .. } => Some(email),
        }
    }

    /// As they are called, if anybody said.
    pub fn name(&self) -> Option<&str> {
        match &self.identity {
            Identity::Internal { name, .. } => name.as_deref(),
            Identity::External { name, .. } => Some(name),
        }
    }

    /// The directory's id of an internal attendee.
    pub fn user_id(&self) -> Option<&UserId> {
        match &self.identity {
            Identity::Internal { user_id, .. } => Some(user_id),
            Identity::External { .. } => None,
        }
    }
}

/// An attendee as a command names one, before the directory was asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttendeeInput {
    /// For an internal user.
    pub user_id: Option<String>,
    /// For an external person.
    pub email: Option<String>,
    /// For an external person.
    pub name: Option<String>,
    /// `required` where absent.
    pub role: Option<String>,
}

/// Reads a whole attendee list; duplicates are refused (CM-2).
pub fn parse_attendees(inputs: &[AttendeeInput], wrong: &mut Violations) -> Vec<Attendee> {
    if inputs.len() > ATTENDEES_MAX {
        wrong.add(
            "/attendees",
            "too_many",
            format!("at most {ATTENDEES_MAX} attendees"),
        );
        return vec![];
    }
    let attendees: Vec<_> = inputs
        .iter()
        .enumerate()
        .filter_map(|(at, input)| parse_attendee(input, &format!("/attendees/{at}"), wrong))
        .collect();
    if attendees.len() == inputs.len() {
        refuse_duplicates(&attendees, wrong);
    }
    attendees
}

/// Refuses one user, or one address without case, named twice.
///
/// Run again once the directory has filled in the addresses of internal users.
pub fn refuse_duplicates(attendees: &[Attendee], wrong: &mut Violations) {
    let mut users = HashSet::new();
    let mut addresses = HashSet::new();
    for (at, attendee) in attendees.iter().enumerate() {
        let twice = attendee
            .user_id()
            .is_some_and(|id| !users.insert(id.clone()))
            || attendee
                .email()
                .is_some_and(|email| !addresses.insert(email.lookup_key()));
        if twice {
            wrong.add(
                format!("/attendees/{at}"),
                "duplicate",
                "this person is already among the attendees",
            );
        }
    }
}

fn parse_attendee(
    input: &AttendeeInput,
    pointer: &str,
    wrong: &mut Violations,
) -> Option<Attendee> {
    let role = match input.role.as_deref() {
        None => Role::Required,
        Some(word) => Role::parse(word).or_else(|| {
            wrong.add(
                format!("{pointer}/role"),
                "unknown_role",
                "use required, optional or resource",
            );
            None
        })?,
    };
    let identity = match (&input.user_id, &input.email) {
        (Some(_), Some(_)) | (None, None) => {
            wrong.add(
                pointer,
                "ambiguous_attendee",
                "give either user_id, or email and name",
            );
            return None;
        }
        (Some(user_id), None) => {
            if input.name.is_some() {
                wrong.add(
                    format!("{pointer}/name"),
                    "not_allowed",
                    "the name of a user comes from the directory",
                );
            }
            let user_id = wrong.keep(
                &format!("{pointer}/user_id"),
                "invalid_id",
                UserId::parse(user_id),
            )?;
            Identity::Internal {
                user_id,
                email: None,
                name: None,
            }
        }
        (None, Some(email)) => {
            let email = wrong.keep(
                &format!("{pointer}/email"),
                "invalid_email",
                EmailAddress::parse(email),
            );
            let Some(name) = &input.name else {
                wrong.add(
                    format!("{pointer}/name"),
                    "required",
                    "an external attendee needs a name",
                );
                return None;
            };
            text::check_name(name, &format!("{pointer}/name"), wrong);
            Identity::External {
                email: email?,
                name: name.clone(),
            }
        }
    };
    Some(Attendee { identity, role })
}
