//! What is printed once everything answers: where it is, and commands that work when they are pasted.

use anyhow::Result;
use chrono::{Days, NaiveDate};

use crate::environment;
use crate::seed::CONTROL;
use crate::stack_file::StackFile;
use crate::workspace::Workspace;

/// Addresses, tokens, and the quarterly review from beginning to end.
pub(crate) fn text(workspace: &Workspace, stack: &StackFile) -> Result<String> {
    let local = if environment::current_folder()? == workspace.root() {
        ".local".to_owned()
    } else {
        workspace.local().display().to_string()
    };
    Ok(places(stack, &local) + &commands(stack, &local, environment::today()))
}

fn places(stack: &StackFile, local: &str) -> String {
    let StackFile {
        api_url,
        graph_base_url,
        aws_endpoint,
        org_id,
        ..
    } = stack;
    format!(
        "
Convoke is running. Ctrl-C stops it; what was stored is there again next time.

  API      {api_url}   organisation {org_id}
  Graph    {graph_base_url}
  AWS      {aws_endpoint}   us-east-1, credentials test and test
  Tokens   {local}/tokens/admin, approver and portal, for a day; others: cargo run -- token --help
"
    )
}

/// No comments among the commands: interactive zsh takes them for commands.
fn commands(stack: &StackFile, local: &str, today: NaiveDate) -> String {
    let org = format!("{}/api/v1/orgs/{}", stack.api_url, stack.org_id);
    let due = today + Days::new(30);
    let yesterday = today - Days::new(1);
    format!(
        r#"
In another terminal, a control that is tested every quarter, and its review meeting:

  ORG={org}
  api() {{ curl -sS -H "Authorization: Bearer $(cat {local}/tokens/admin)" -H 'Content-Type: application/json' "$@"; echo; }}
  api -X PUT $ORG/controls/{CONTROL}/schedule -d '{{"frequency":"QUARTERLY","next_due":"{due}","timezone":"Europe/Berlin"}}'
  MEETING=$(api $ORG/controls/{CONTROL}/meetings -d '{{"title":"PCI Scope Review","frequency":"QUARTERLY","duration_minutes":60,"timezone":"Europe/Berlin","is_online":true,"attendees":[{{"user_id":"ann","role":"required"}},{{"email":"ada@auditors.example","name":"Ada Auditor","role":"optional"}}]}}' | sed -E 's/.*"meeting_id":"([^"]+)".*/\1/')

Scheduled with each provider:

  for PROVIDER in mock ics graph; do api -X PATCH $ORG/meetings/$MEETING -d "{{\"provider\":\"$PROVIDER\"}}"; api -X POST $ORG/meetings/$MEETING/schedule; done

The control was tested, twice; the meeting moves on by a quarter each time:

  api $ORG/controls/{CONTROL}/schedule/complete -d '{{"completed_on":"{yesterday}"}}'
  api $ORG/controls/{CONTROL}/schedule/complete -d '{{"completed_on":"{today}"}}'

Its calendar file:

  api -OJ $ORG/meetings/$MEETING/ics

What the functions log:
"#
    )
}
