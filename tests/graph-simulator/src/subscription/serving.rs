//! Creating and changing subscriptions: the rules, then the handshake while the
//! app's request waits, then the rules once more, for what happened meanwhile.

use super::handshake;
use crate::bearer::Caller;
use crate::graph::{self, Planned};
use crate::incoming::Incoming;
use crate::reply::{GraphError, Reply, RequestIds};
use crate::server::Shared;

/// `POST /subscriptions` and `PATCH /subscriptions/{id}`.
pub(crate) async fn serve(
    shared: &Shared,
    incoming: &Incoming,
    caller: &Caller,
    ids: &RequestIds,
) -> Result<Reply, GraphError> {
    let planned: Planned = graph::plan_subscription(&mut shared.world(), incoming, caller)?;
    for url in planned.addresses() {
        handshake::validate(shared, url, &ids.request).await?;
    }
    shared.change(|world| graph::carry_out(world, incoming, caller, planned))
}
