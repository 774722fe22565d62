use super::{CommandError, Context};

/// Show the server's log above the prompt
///
/// Levels: 0 console, 1 alert, 2 crit, 3 err, 4 warning, 5 notice, 6 info, 7 debug.
///
/// Examples:
///   log warning
///   log 7
///   log off
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The level, by name or number, or "off"
    #[arg(value_name = "LEVEL")]
    level: String,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let is_off = args.level == "off";
    let level = Some(args.level.as_str()).filter(|_| !is_off);
    let text = cx.listener()?.log(level).await.map_err(|err| {
        let err = CommandError::from(err);
        match err.message.as_str() {
            "-ERR invalid log level" => err.hint(
                "levels: console, alert, crit, err, warning, notice, info, debug, or 0 to 7, or off",
            ),
            _ => err,
        }
    })?;
    cx.shell.narration().set_log(!is_off);
    cx.server_text(&text)
}
