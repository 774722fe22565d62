//! The client: drives one switch over its own connection.
//!
//! # Invariants
//! - Job ids and session uuids are chosen here and announced to the listener before the bytes
//!   leave, so that no result is too fast.
//! - `hupall` names ids that this client issued, never an empty value: FreeSWITCH would hang up
//!   every channel (`mod_commands.c`, `hupall_api_function`).

mod announced;
pub mod app;
mod call;
mod cleared;
mod dial_string;
mod error;
#[cfg(feature = "shell")]
mod gate;
mod handle;
mod hung_up;
mod hupall;
mod kind;
mod originate;
mod pool;
mod scope;
mod sent;
mod session;
#[cfg(feature = "shell")]
mod started;
mod verify;
mod wait;

pub use handle::Client;

pub use app::unloaded::{Callback, CallsAfterUnload, Unloaded};
pub use app::{App, AppContext, LiveCalls, LoadAs, LoadedApp};
pub use call::Call;
pub use dial_string::has_many_legs;
pub use error::Error;
#[cfg(feature = "shell")]
pub(crate) use gate::{Asked, By};
pub use hung_up::HungUp;
pub use hung_up::LegEnd;
pub use kind::ErrorKind;
pub use originate::{AppRef, Originate};
pub use pool::Pool;
pub use scope::{Active, active_client};
pub use session::Session;
pub use session::digits::{Digits, DigitsEnd, Pressed};
pub use session::media::{Leg, MuteSide, Recording};
#[cfg(feature = "shell")]
pub(crate) use started::Started;
pub use wait::Expect;

pub use crate::model::dial::is_dial_string;
