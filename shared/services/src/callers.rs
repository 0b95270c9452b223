//! A caller's token keeps their own name and verified address fresh (XC-14).
//!
//! It never takes an address that another entry holds, and never sets a
//! client: a contact has to be known already.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use convoke_platform::http::{Caller, CallerHook, CallerKind};
use convoke_platform::keyring::sha256_hex;

use crate::core::Core;
use crate::directory;

/// Callers remembered per process, so that a familiar one costs no call.
const REMEMBERED: usize = 10_000;

/// Notes callers in the directory.
pub struct KeepFresh {
    core: Core,
    seen: Mutex<HashMap<String, String>>,
}

impl KeepFresh {
    /// Over the table.
    pub fn new(core: Core) -> Self {
        Self {
            core,
            seen: Mutex::default(),
        }
    }

    /// Whether this process has not noted the caller as they are now.
    fn is_news(&self, who: &str, as_now: &str) -> bool {
        let Ok(seen) = self.seen.lock() else {
            return true;
        };
        seen.get(who).is_none_or(|known| known != as_now)
    }

    fn remember(&self, who: String, as_now: String) {
        if let Ok(mut seen) = self.seen.lock() {
            if seen.len() >= REMEMBERED {
                seen.clear();
            }
            seen.insert(who, as_now);
        }
    }
}

#[async_trait]
impl CallerHook for KeepFresh {
    async fn welcome(&self, caller: &Caller) {
        if caller.name.is_none() && caller.verified_email.is_none() {
            return;
        }
        let who = format!(
            "{}/{:?}/{}",
            caller.tenant().id(),
            caller.kind,
            caller.user_id
        );
        let as_now = sha256_hex(format!("{:?}{:?}", caller.name, caller.verified_email).as_bytes());
        if !self.is_news(&who, &as_now) {
            return;
        }
        let (name, email) = (caller.name.as_deref(), caller.verified_email.as_ref());
        let noted = match &caller.kind {
            CallerKind::Internal => {
                directory::freshen_user(&self.core, caller.tenant(), &caller.user_id, name, email)
                    .await
            }
            CallerKind::Portal { contact_id, .. } => {
                directory::freshen_contact(&self.core, caller.tenant(), contact_id, name, email)
                    .await
            }
        };
        match noted {
            Ok(()) => self.remember(who, as_now),
            // The call itself goes on: the next one tries again.
            Err(error) => tracing::warn!(
                code = error.code(),
                "a caller could not be noted in the directory"
            ),
        }
    }
}
