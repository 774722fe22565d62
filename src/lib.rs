//! Switchy: a shell and a library for people who run live FreeSWITCH servers.
//!
//! Two objects do the work. An [`EventListener`] holds one event-socket connection and tracks the
//! state of one FreeSWITCH process: sessions, calls, jobs. A [`Client`] holds another connection
//! and drives that process. Whatever a client does in the background, its listener reports.
//!
//! ```
//! use std::time::Duration;
//!
//! use switchy::client::{Digits, Error, Originate};
//! use switchy::conn::Config;
//! use switchy::sim::{self, Sim};
//! use switchy::{Client, EventListener};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! // A simulated switch; for a real one give its host, port (8021) and password.
//! let sim = Sim::start(sim::Config::new());
//! let port = sim.listen("127.0.0.1:0").await?.port();
//! let config = Config::new("127.0.0.1").with_port(port).with_password("ClueCon");
//!
//! let listener = EventListener::with_config(config.clone());
//! listener.connect().await?;
//! listener.start().await?;
//! let client = Client::with_config(config).with_listener(listener);
//! client.connect().await?;
//!
//! let job = client.originate(&Originate::to("9196@127.0.0.1:5080")).await?;
//! let id = job.session(Duration::from_secs(30)).await?; // answered
//! let session = client.session(&id).ok_or("the call ended at once")?;
//! let call = session.call().ok_or("the call ended at once")?;
//!
//! let menu = Digits::new().with_max(4).with_prompt("ivr/ivr-enter_ext.wav");
//! # let menu = menu.with_prompt("").with_timeout(Duration::from_secs(1));
//! match session.digits(&menu).await {
//!     Ok(pressed) => println!("extension {}", pressed.digits),
//!     Err(Error::NoDigits { .. }) => println!("nothing was pressed"),
//!     Err(err) => return Err(err.into()),
//! }
//! call.hangup().await?;
//! let ending = call.ended().await?;
//! println!("{}, ended by {}", ending.cause, ending.by.map_or("unknown", |by| by.word()));
//! # assert_eq!(ending.cause.name(), "NORMAL_CLEARING");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # Features
//!
//! All are on by default, for the program. A library needs none of them: `default-features = false`.
//!
//! | feature | adds |
//! |---|---|
//! | `sim` | the module [`sim`]: a simulated FreeSWITCH for demos and tests |
//! | `ssh` | servers behind `ssh://USER@HOST`; without it, connecting to one is [`conn::ConnectError::NoSsh`] |
//! | `lua` | apps in Lua files, `apps::LuaApp`; builds the Lua interpreter, which is written in C |
//! | `shell` | the module `shell`; without `sim`, `connect sim` is an error that names the feature |
//! | `cli` | the program `switchy` and the module `cli`; includes `shell` and `sim` |
//!
//! # Architecture
//!
//! Each layer uses only layers above it in this table; a test checks it. The modules of `shell` and `sim` have
//! tables of the same kind at their own pages.
//!
//! | layer | purpose | may use |
//! |---|---|---|
//! | [`wire`] | bytes to frames and back, without I/O | |
//! | [`model`] | events, sessions, calls, jobs, causes, what replies really say | `wire` |
//! | [`conn`] | [`conn::Connection`]: one socket, its login and its queue of replies | `wire` |
//! | [`track`] | [`track::Tracker`]: a pure fold from events to calls | `model` |
//! | [`listener`] | [`EventListener`] and [`listener::Job`] | `conn`, `track` |
//! | [`client`] | [`Client`], calls and sessions with verbs, the [`client::App`] trait | `listener` |
//! | [`apps`] | the apps that come with Switchy | `client` |
//! | [`load`] | calls in number, by a seeded plan | `client`, `apps` |
//! | [`sim`] | a simulated FreeSWITCH for demos and tests (feature `sim`) | `wire`, `model` |
//! | `shell` | a line in, an answer out; no terminal (feature `shell`) | all above |
//! | `cli` | the process (feature `cli`) | `shell` |
//!
//! The trait [`client::App`] is in `client`, not in `apps`, because [`Client::load_app`] takes it.
//!
//! # Errors
//!
//! One type for each room. What each says is a whole sentence with what it is about and why; a caller
//! separates the situations by their variants.
//!
//! | error | of | says, for example |
//! |---|---|---|
//! | [`client::Error`] | every verb of a client, a call, a session | `cannot connect: 10.0.0.1:8021 refuses the connection` |
//! | [`listener::Error`] | connecting and subscribing | `permission denied for "event plain ALL"` |
//! | [`listener::JobError`] | the result of a job | `-ERR USER_BUSY` |
//! | [`conn::ConnectError`] | opening a connection; [`hint`](conn::ConnectError::hint) says what to do | `10.0.0.1:8021 does not accept the password` |
//! | [`conn::SendError`] | a command without its reply | `no reply to "api status" within 5s` |
//! | [`conn::CloseReason`] | a connection that ended | `the server closed the connection` |
//! | [`wire::WireError`] | bytes that are no frame, text that is no command | `a frame announces a body of 90000000 bytes, the limit is 67108864` |
//! | [`model::TableError`] | a table that the server did not give | `the reply announces 3 rows and has 2` |
//! | [`model::IdError`] | a text that cannot be an id | `"a b" is not an id: an id is one word without blanks, such as a uuid` |
//! | [`model::dial::Unclosed`], [`model::dial::encode::Unsendable`] | dial strings | `{ has no matching }` |
//! | [`apps::ParamError`] | parameters of an app | `app PlayRec has no parameter "file"` |
//! | `apps::lua::LuaError` | a Lua file (feature `lua`) | `ivr.lua defines no function that is called for an event, such as on_park` |
//! | [`sim::FaultError`] | a fault for the simulated switch | `there is no fault "drpo"; there are: ..` |
//! | `shell::CommandError` | a line of the shell (feature `shell`), with its hints and exit code | `127.0.0.1:8021 refuses the connection` |
//!
//! # What holds everywhere
//!
//! - The socket is always drained. A consumer that does not keep up loses updates and receives their
//!   number; it never delays FreeSWITCH.
//! - A command that timed out or was dropped cannot give its late reply to the next one.
//! - Job ids and session uuids are chosen by us and registered before the bytes leave.
//! - Text for the wire with CR, LF or NUL in it is refused; text from the wire is hostile until
//!   it is sanitised.
//! - Times are FreeSWITCH's own, in microseconds since 1970. No global state.
//! - Everything runs on the caller's tokio runtime, but for Lua: each loaded Lua app has its own
//!   thread with a small runtime, so that a script that blocks delays nothing else.
// Where these items are not compiled, their links lead to the table of features.
#![cfg_attr(
    not(feature = "sim"),
    doc = "",
    doc = "[`sim`]: #features",
    doc = "[`sim::FaultError`]: #features"
)]

pub mod apps;
#[cfg(feature = "cli")]
pub mod cli;
pub mod client;
pub mod conn;
pub mod listener;
pub mod load;
pub mod model;
mod private;
#[cfg(feature = "shell")]
pub mod shell;
#[cfg(feature = "sim")]
pub mod sim;
mod spreadsheet;
mod time_span;
pub mod track;
pub mod wire;

pub use client::Client;
pub use listener::{EventListener, get_listener};

/// What programs hold goes between tasks and threads.
const _: () = {
    const fn is_shared<T: Send + Sync>() {}
    is_shared::<Client>();
    is_shared::<client::Active>();
    is_shared::<client::Call>();
    is_shared::<client::Digits>();
    is_shared::<client::Error>();
    is_shared::<client::Expect>();
    is_shared::<client::LoadedApp>();
    is_shared::<client::Originate>();
    is_shared::<client::Pool>();
    is_shared::<client::Session>();
    is_shared::<conn::Config>();
    is_shared::<conn::Connection>();
    is_shared::<EventListener>();
    is_shared::<listener::Error>();
    is_shared::<listener::Job>();
    is_shared::<listener::Updates<listener::Update>>();
    is_shared::<load::Load>();
    is_shared::<model::CallInfo>();
    is_shared::<model::Event>();
    is_shared::<model::Id<model::SessionInfo>>();
    is_shared::<track::Tracker>();
};

/// The example of the first page is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct FirstPage;
