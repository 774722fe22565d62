//! Asking before what harms.

use super::{CommandError, Context, Kind};

/// Has the operator type the name of the switch. Without somebody to ask it is refused, with the
/// form of the line that does it.
///
/// # Errors
/// A usage error when there is nobody to ask; [`Kind::Interrupted`] when the answer is not the name.
pub(super) async fn by_name(
    cx: &mut Context<'_>,
    why: &str,
    with_yes: &str,
) -> Result<(), CommandError> {
    if cx.operator().is_none() {
        return Err(CommandError::usage(format!("not sent: {why}")).hint(with_yes.to_owned()));
    }
    let name = cx.switch()?.name().to_owned();
    let answer = cx.ask(&format!("{why}\nType {name} to go on:")).await?;
    if answer == name {
        return Ok(());
    }
    let message = format!("{answer:?} is not {name}: nothing was sent");
    Err(CommandError::new(Kind::Interrupted, message).hint(with_yes.to_owned()))
}
