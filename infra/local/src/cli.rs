//! The command line of `cargo run`.

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};

use crate::issuer::{Issuer, TokenClaims};
use crate::stack::issuer_key;
use crate::stack_file::StackFile;
use crate::workspace::Workspace;
use crate::{demo, environment, mails, output, run};

/// Convoke on this machine.
#[derive(Parser)]
#[command(name = "convoke", bin_name = "cargo run --", version, about, long_about = LONG)]
pub struct Cli {
    #[command(subcommand)]
    word: Option<Word>,
}

const LONG: &str = "Convoke on this machine: a local AWS with the real template and the real functions, simulators \
of Microsoft Graph and Google Calendar, a token issuer and a demo tenant. Without a further word it runs until Ctrl-C.

CONVOKE_PORT            first of six ports (8787)
GRAPH_BASE_URL, LOGIN_BASE_URL
                        both: another Graph in the simulator's place
MS_GRAPH_TENANT_ID, MS_GRAPH_CLIENT_ID, MS_GRAPH_CLIENT_SECRET, MS_GRAPH_ORGANIZER_EMAIL, MS_GRAPH_ORG_ID
                        the deployment's own Microsoft profile; an empty tenant id leaves Graph unconfigured
GOOGLE_CALENDAR_BASE_URL, GOOGLE_TOKEN_BASE_URL
                        both: another Google in the simulator's place
CONVOKE_GOOGLE_CLIENT_ID, CONVOKE_GOOGLE_CLIENT_SECRET,
CONVOKE_MICROSOFT_CALENDAR_CLIENT_ID, CONVOKE_MICROSOFT_CALENDAR_CLIENT_SECRET
                        the deployment's OAuth clients for users' calendars; an empty id leaves them unconfigured";

#[derive(Subcommand)]
enum Word {
    /// Prints a token, and nothing else, that the running API accepts.
    Token(TokenArgs),
    /// Walks through the main flows on the running API and shows what happens.
    Demo,
    /// Lists the mails that the running Convoke has sent; here they go nowhere else.
    Mails(MailsArgs),
}

#[derive(Args)]
struct MailsArgs {
    /// The list as JSON.
    #[arg(long)]
    json: bool,
    /// Prints one mail as it was sent, by its number in the list.
    #[arg(long, value_name = "N", conflicts_with = "json")]
    raw: Option<usize>,
}

#[derive(Args)]
struct TokenArgs {
    /// The organisation.
    #[arg(long)]
    org: String,
    /// The user's id.
    #[arg(long)]
    sub: String,
    /// Permissions, separated by spaces.
    #[arg(long)]
    scope: String,
    /// `internal` or `portal`.
    #[arg(long, default_value = "internal", value_parser = ["internal", "portal"])]
    user_type: String,
    /// Of a portal user: whose client they act for.
    #[arg(long, required_if_eq("user_type", "portal"))]
    client_id: Option<String>,
    /// Of a portal user: which contact they are.
    #[arg(long, required_if_eq("user_type", "portal"))]
    contact_id: Option<String>,
    /// A verified address.
    #[arg(long)]
    email: Option<String>,
    /// A display name.
    #[arg(long)]
    name: Option<String>,
    /// Seconds until it expires.
    #[arg(long, default_value_t = 3600, allow_negative_numbers = true)]
    expires_in: i64,
}

impl Cli {
    /// Does what was asked for.
    pub async fn carry_out(self) -> Result<()> {
        match self.word {
            None => run::until_interrupted().await,
            Some(Word::Token(args)) => print_token(args),
            Some(Word::Demo) => demo::walk(&Workspace::of_this_build()).await,
            Some(Word::Mails(args)) => print_mails(&args).await,
        }
    }
}

fn print_token(args: TokenArgs) -> Result<()> {
    let workspace = Workspace::of_this_build();
    // Without a running stack: the issuer that the next one will have.
    let url = match StackFile::read(&workspace) {
        Ok(stack) => stack.issuer,
        Err(_) => format!(
            "http://127.0.0.1:{}",
            environment::first_port()?.saturating_add(1)
        ),
    };
    let issuer = Issuer::open(url, &issuer_key(&workspace)).context("no token can be made")?;
    let claims = TokenClaims {
        user_type: Some(args.user_type),
        portal_client_id: args.client_id,
        portal_contact_id: args.contact_id,
        email: args.email,
        name: args.name,
        expires_in: args.expires_in,
        ..TokenClaims::internal(&args.org, &args.sub, &args.scope)
    };
    output::line(&issuer.token(&claims)?);
    Ok(())
}

async fn print_mails(args: &MailsArgs) -> Result<()> {
    let stack = StackFile::read(&Workspace::of_this_build())?;
    let sent = mails::sent(&stack.aws_endpoint).await?;
    match args.raw {
        Some(number) => match number.checked_sub(1).and_then(|index| sent.get(index)) {
            Some(mail) => output::line(mail.raw.trim_end()),
            None => bail!("there is no mail {number}; there are {}", sent.len()),
        },
        None if args.json => output::line(&serde_json::to_string_pretty(&sent)?),
        None => output::line(&mails::table(&sent)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_portal_token_needs_client_and_contact() {
        let words = [
            "convoke",
            "token",
            "--org",
            "acme",
            "--sub",
            "cleo",
            "--scope",
            "x",
            "--user-type",
            "portal",
        ];
        assert!(Cli::try_parse_from(words).is_err());
        let complete = words
            .into_iter()
            .chain(["--client-id", "globex", "--contact-id", "cleo"]);
        assert!(Cli::try_parse_from(complete).is_ok());
    }
}
