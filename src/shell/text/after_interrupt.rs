//! What continues after Ctrl-C.

/// What becomes of a line that is not waited for any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AfterInterrupt {
    /// What continues without a prompt that waits for it; nothing does when it is absent.
    pub continues: Option<&'static str>,
    /// What the operator can type about it.
    pub hint: Option<&'static str>,
}

impl AfterInterrupt {
    /// It looked on, or waited for something: what it looked at continues, as it does anyway.
    pub(crate) const ENDED: Self = Self { continues: None, hint: None };

    /// A job runs on the server.
    pub(crate) const JOB: Self = Self {
        continues: Some("the server may still finish it"),
        hint: Some("its result is shown when it comes; \"jobs\" shows what the server still does"),
    };

    /// The server has a command that it answers when it is done.
    pub(crate) const SENT: Self = Self {
        continues: Some("the server may still finish it"),
        hint: Some("\"bgapi\" runs what takes long, and shows the result when it comes"),
    };

    /// The server was asked to act, and has not confirmed it.
    pub(crate) const MAY_STILL_ACT: Self = Self {
        continues: Some("the server may still do it"),
        hint: Some("\"calls\" and \"apps\" show how things are"),
    };

    /// Some calls were hung up, others not.
    pub(crate) const CALLS_LEFT: Self = Self {
        continues: Some("calls that it did not reach stay"),
        hint: Some("\"calls\" shows which are left"),
    };
}
