//! Which variables and headers bind a leg to a call and to an app.

use crate::model::Association;

/// The headers that bind a session to its call and to an app, in the order in which they are
/// tried. Any header can be one: where devices on the way strip ours, another may carry the id
/// (a `From` display name, the called number).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    /// Headers that carry the uuid of the originating session, with the reason to remember.
    pub call: Vec<(String, Association)>,
    /// Headers that carry an app id.
    pub app: Vec<String>,
}

impl Rules {
    /// The channel variable that carries the originating session's uuid.
    pub const CALL_VARIABLE: &'static str = "switchy_originating_session";
    /// The channel variable that carries the app id.
    pub const APP_VARIABLE: &'static str = "switchy_app";
}

impl Default for Rules {
    /// Our SIP headers, then our plain variables.
    fn default() -> Self {
        let (call, app) = (Self::CALL_VARIABLE, Self::APP_VARIABLE);
        Self {
            call: vec![
                (format!("variable_sip_h_X-{call}"), Association::Header),
                (format!("variable_{call}"), Association::Variable),
            ],
            app: vec![format!("variable_{app}"), format!("variable_sip_h_X-{app}")],
        }
    }
}
