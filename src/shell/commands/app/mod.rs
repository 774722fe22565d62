//! Commands that load, list and unload apps.

pub(crate) mod apps;
pub(crate) mod load_app;
pub(crate) mod reload_app;
pub(crate) mod unload_app;
pub(crate) mod with;
