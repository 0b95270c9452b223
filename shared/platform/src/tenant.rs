//! The proof that a tenant was verified.
//!
//! The store hands out nothing without one, so a query without a tenant cannot
//! be written. Every way to make one is in this file (XC-1): a verified caller,
//! a verified signature, a parsed message of our own queues, a row that a
//! sweeper found, a row of the deployment's own.

use convoke_domain::id::TenantId;

/// A tenant that somebody vouched for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tenant(TenantId);

impl Tenant {
    /// The tenant of a token that the gateway has verified.
    pub(crate) fn of_verified_claims(org_id: TenantId) -> Self {
        Self(org_id)
    }

    /// The tenant inside a payload whose signature holds.
    pub(crate) fn of_verified_signature(tenant: TenantId) -> Self {
        Self(tenant)
    }

    /// The tenant of a message on one of our own queues, which only our own
    /// roles may write to.
    pub(crate) fn of_queue_message(tenant: TenantId) -> Self {
        Self(tenant)
    }

    /// The tenant in the partition key of a stored row, as stream and sweeper
    /// see it: `T#<tenant>#…`.
    pub(crate) fn of_stored_row(partition_key: &str) -> Option<Self> {
        let tenant = partition_key.strip_prefix("T#")?.split('#').next()?;
        TenantId::parse(tenant).ok().map(Self)
    }

    /// The deployment's own, for what belongs to no organisation: its
    /// certificates, and whose each of Microsoft's subscriptions is.
    pub fn of_deployment() -> Self {
        Self(TenantId::deployment())
    }

    /// The tenant that one of the deployment's own rows names (NT-3: whose
    /// subscription a notification is of).
    pub(crate) fn of_deployments_row(tenant: TenantId) -> Self {
        Self(tenant)
    }

    /// The id, for keys, events and logs.
    pub fn id(&self) -> &TenantId {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Tenant;

    #[test]
    fn a_stored_row_names_its_tenant() {
        let tenant = Tenant::of_stored_row("T#acme#M#1");
        assert_eq!(
            tenant.map(|tenant| tenant.id().to_string()).as_deref(),
            Some("acme")
        );
        for foreign in ["", "acme", "T#", "T##M#1", "DUE#OUTBOX#0", "X#acme#M#1"] {
            assert_eq!(Tenant::of_stored_row(foreign), None, "{foreign:?}");
        }
    }
}
