//! What the modules of the switch offer, as `show interfaces` lists it.

use std::sync::LazyLock;

use super::app_names::APPS;

/// One interface of a module. Only commands and applications have a syntax and a description.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) struct Interface {
    pub(in crate::sim) kind: &'static str,
    pub(in crate::sim) name: &'static str,
    pub(in crate::sim) module: &'static str,
    pub(in crate::sim) syntax: &'static str,
    pub(in crate::sim) about: &'static str,
}

/// The answers of a server of the stock layout to `show interfaces`, `api` and `application`,
/// sorted by kind and name.
static ALL: LazyLock<Vec<Interface>> = LazyLock::new(|| {
    include_str!("../data/interfaces.tsv")
        .lines()
        .map(|line| {
            let mut cells = line.split('\t');
            let mut next = || cells.next().unwrap_or_default();
            let (kind, name, module, syntax) = (next(), next(), next(), next());
            Interface { kind, name, module, syntax, about: next() }
        })
        .collect()
});

/// The modules that are loaded at the start.
pub(in crate::sim) fn modules() -> Vec<String> {
    let mut modules: Vec<_> = ALL.iter().map(|interface| interface.module).collect();
    modules.push("mod_event_socket");
    modules.sort_unstable();
    modules.dedup();
    modules.into_iter().map(str::to_owned).collect()
}

/// The api command of that name, in any case.
pub(in crate::sim) fn command(name: &str) -> Option<&'static Interface> {
    ALL.iter().find(|one| one.kind == "api" && one.name.eq_ignore_ascii_case(name))
}

/// Whether some module offers that.
pub(in crate::sim) fn is_known(kind: &str, name: &str) -> bool {
    ALL.iter().any(|one| one.kind == kind && one.name.eq_ignore_ascii_case(name))
}

/// What the loaded modules offer; of the applications those that are simulated.
pub(in crate::sim) fn loaded(modules: &[String]) -> impl Iterator<Item = &'static Interface> {
    ALL.iter().filter(|one| {
        let known = one.kind != "application" || APPS.iter().any(|(name, _)| *name == one.name);
        known && modules.iter().any(|module| module == one.module)
    })
}

/// Where modules are, as in the recordings.
pub(in crate::sim) const MODULE_FOLDER: &str = "/usr/local/freeswitch/lib/freeswitch/mod";

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn the_list_is_whole() {
        assert!(ALL.iter().all(|one| !one.name.is_empty() && !one.module.is_empty()));
        assert_eq!(command("STATUS").map(|one| one.about), Some("Show current status"));
        let missing: Vec<_> = APPS
            .iter()
            .filter(|(name, _)| !ALL.iter().any(|x| x.kind == "application" && x.name == *name))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
