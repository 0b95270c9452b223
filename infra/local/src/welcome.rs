//! What is printed once everything answers: where it is, and commands that work when they are pasted.

use anyhow::Result;
use chrono::{Days, NaiveDate};

use crate::environment;
use crate::seed::{CONTROL, TECHNICIAN, TECHNICIAN_EMAIL};
use crate::stack_file::StackFile;
use crate::workspace::Workspace;

/// Addresses, tokens, and four things from beginning to end: the quarterly review, an appointment, a session that people
/// are invited to, and a meeting on the record.
pub(crate) fn text(workspace: &Workspace, stack: &StackFile) -> Result<String> {
    let local = if environment::current_folder()? == workspace.root() {
        ".local".to_owned()
    } else {
        workspace.local().display().to_string()
    };
    let today = environment::today();
    let parts = [
        places(stack, &local),
        review(stack, &local, today),
        appointment(stack, &local, today),
        session(stack, today),
        on_the_record(stack),
    ];
    Ok(parts.concat())
}

fn places(stack: &StackFile, local: &str) -> String {
    let StackFile {
        api_url,
        graph_base_url,
        google_base_url,
        aws_endpoint,
        org_id,
        streaming_url,
        ..
    } = stack;
    let streaming = streaming_url.as_deref().unwrap_or("nowhere");
    format!(
        "
Convoke is running. Ctrl-C stops it; what was stored is there again next time.

  API      {api_url}   organisation {org_id}
  Stream   {streaming}   recordings, by ticket
  Graph    {graph_base_url}
  Google   {google_base_url}
  AWS      {aws_endpoint}   us-east-1, credentials test and test
  Tokens   {local}/tokens/admin, approver and portal, for a day; others: cargo run -- token --help
  Mails    are kept here and go nowhere: cargo run -- mails
"
    )
}

/// No comments among the commands: interactive zsh takes them for commands.
fn review(stack: &StackFile, local: &str, today: NaiveDate) -> String {
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
"#
    )
}

fn appointment(stack: &StackFile, local: &str, today: NaiveDate) -> String {
    let api_url = &stack.api_url;
    let (day, day_after) = (today + Days::new(7), today + Days::new(8));
    format!(
        r#"
A client asks for an appointment; it is approved with a Teams link, moved, and cancelled:

  REQUESTS={api_url}/api/v1/appointment-requests
  REQUEST=$(curl -sS -H "Authorization: Bearer $(cat {local}/tokens/portal)" -H 'Content-Type: application/json' $REQUESTS -d '{{"service_name":"Security review","requested_date":"{day}","requested_time":"10:00","requested_duration":60,"timezone":"America/New_York","preferred_assigned_user_id":"{TECHNICIAN}"}}' | sed -E 's/.*"appointment_request_id":"([^"]+)".*/\1/')
  api $REQUESTS/$REQUEST/approve -d '{{"generate_teams_meeting":true}}'
  api $REQUESTS/$REQUEST/reschedule -d '{{"new_date":"{day_after}","new_time":"15:00"}}'
  api $REQUESTS/$REQUEST/cancel -d '{{"reason":"Not needed any more"}}'
  cargo run -- mails
"#
    )
}

/// Six are named and five invited: one of the addresses is a colleague's. Whoever is told late is told the last state
/// alone, so each state is given a moment.
fn session(stack: &StackFile, today: NaiveDate) -> String {
    let api_url = &stack.api_url;
    let (day, day_after) = (today + Days::new(14), today + Days::new(15));
    format!(
        r#"
A session for a client, colleagues and others: each is told in their own way, and hears of what changes:

  SESSIONS={api_url}/api/v1/meetings
  SESSION=$(api $SESSIONS -d '{{"title":"Kick-off","start":"{day}T10:00","duration_minutes":45,"timezone":"Europe/Berlin","invitees":{{"contact_ids":["cleo"],"user_ids":["ann","{TECHNICIAN}"],"emails":["{TECHNICIAN_EMAIL}","ada@auditors.example","eve@initech.example"]}}}}' | sed -E 's/.*"meeting_id":"([^"]+)".*/\1/')
  sleep 3; api -X PATCH $SESSIONS/$SESSION -d '{{"start":"{day_after}T11:00"}}'
  sleep 3; api -X POST $SESSIONS/$SESSION/cancel
  sleep 3; cargo run -- mails
"#
    )
}

fn on_the_record(stack: &StackFile) -> String {
    let StackFile {
        api_url,
        graph_base_url,
        ..
    } = stack;
    let (start, end) = environment::the_last_hour();
    format!(
        r#"
An online meeting, held at once (the simulator plays the people); its recording and transcript arrive by themselves:

  MEETINGS={api_url}/api/v1/online-meetings
  HELD=$(api $MEETINGS -d '{{"subject":"Firewall review","contact_id":"cleo","start":"{start}","end":"{end}"}}')
  MEETING=$(echo "$HELD" | sed -E 's/.*"online_meeting_id":"([^"]+)".*/\1/')
  curl -sS {graph_base_url}/_simulator/meetings/hold -d "{{\"join_url\":\"$(echo "$HELD" | sed -E 's/.*"join_url":"([^"]+)".*/\1/')\"}}"
  sleep 5; api $MEETINGS/$MEETING
  api "{api_url}/api/v1/interactions?contact_id=cleo"

What the functions log:
"#
    )
}
