//! Arguments that several functions take.

use crate::client::Originate;
use mlua::Table;
use std::time::Duration;

/// Where a call goes: a dial string or `USER@HOST[:PORT]`, and the options of a table.
pub(super) fn dial(to: &str, options: Option<&Table>) -> mlua::Result<Originate> {
    let mut call = Originate::of(to);
    let Some(options) = options else { return Ok(call) };
    let text = |name: &str| options.get::<Option<String>>(name);
    if let Some(profile) = text("profile")? {
        call = call.with_profile(&profile);
    }
    if let Some(gateway) = text("gateway")? {
        call = call.with_gateway(&gateway);
    }
    if let Some(proxy) = text("proxy")? {
        call = call.with_proxy(&proxy);
    }
    if let Some(exten) = text("exten")? {
        call = call.with_exten(&exten);
    }
    if let Some(seconds) = options.get::<Option<u32>>("timeout")? {
        let timeout = Duration::from_secs(u64::from(seconds));
        call = call.with_timeout(timeout).with_variable("originate_timeout", &seconds.to_string());
    }
    if let Some(number) = text("caller_number")? {
        let name = text("caller_name")?.unwrap_or_else(|| number.clone());
        call = call.with_caller_id(&name, &number);
    }
    if let Some(vars) = options.get::<Option<Table>>("vars")? {
        for pair in vars.pairs::<String, String>() {
            let (name, value) = pair?;
            call = call.with_variable(&name, &value);
        }
    }
    Ok(call)
}

/// A span from a number of a script.
pub(super) fn seconds(time: f64) -> Duration {
    Duration::try_from_secs_f64(time.clamp(0.0, 1e8)).unwrap_or_default()
}
