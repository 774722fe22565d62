//! Says what leaving leaves behind: running calls, loaded apps.

use super::Shell;
use crate::shell::view::counted;

/// What continues without this shell, or ends with it.
pub(crate) fn left_behind(shell: &Shell) -> Option<String> {
    let (mut calls, mut apps) = (0, Vec::new());
    for switch in shell.switches() {
        let running = switch.listener().calls();
        calls += switch
            .listener()
            .with(|tracker| running.iter().filter(|call| tracker.is_own_call(&call.id)).count());
        apps.extend(switch.client().loaded_apps().into_iter().map(|(name, _)| name));
    }
    let verb = if calls == 1 { "continues" } else { "continue" };
    let calls = (calls > 0).then(|| {
        format!("{} of this shell {verb} after it; \"hupall\" ends them", counted(calls, "call"))
    });
    let apps = (!apps.is_empty()).then(|| format!("unloaded with it: {}", apps.join(", ")));
    let left: Vec<String> = calls.into_iter().chain(apps).collect();
    (!left.is_empty()).then(|| left.join("\n"))
}

impl Shell {
    /// Whether leaving would leave calls of this shell behind, or end its apps.
    #[cfg(feature = "cli")]
    pub(crate) fn leaves_something(&self) -> bool {
        left_behind(self).is_some()
    }
}
