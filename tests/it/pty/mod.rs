//! The program in a real terminal, as an operator sees it.

mod commands;
mod completion;
mod desk;
mod drain;
mod ending;
mod events;
mod first_contact;
mod history;
mod hostile;
mod log;
mod plain;
mod profiles;
mod rogue;
mod secrets;
mod shells;
mod suspend;
pub(crate) mod terminal;
mod tmux;
mod typing;
mod words;
