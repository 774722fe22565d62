//! Checks: why a connection fails, and why a call cannot work. Each says what to change, and where.
//!
//! # Invariants
//! - A check changes nothing on the server; one of them writes a line to its log, unless the session is
//!   read-only.
//! - What cannot be asked (an old version, a login without the right) is said to be unknown, not ok.

mod connection;
mod originate;
pub(in crate::shell) mod report;
mod server;
mod xml;

pub(super) use connection::connect;
pub(super) use originate::originate;
pub(super) use server::server;

/// The dial plan that parks every call, with a limit, for apps to take them up.
pub(super) fn park_only(timeout: u32) -> String {
    format!(
        r#"<!-- conf/dialplan/switchy.xml: every call is parked; the client that listens decides what becomes
     of it. A call that no client handles, because the shell is gone, ends by itself. -->
<include>
  <context name="switchy">
    <extension name="park">
      <condition field="destination_number" expression="^(.*)$">
        <action application="set" data="park_timeout={timeout}:ALLOTTED_TIMEOUT"/>
        <action application="park"/>
      </condition>
    </extension>
  </context>
</include>

<!-- conf/sip_profiles/external.xml: let the calls of the profile go there -->
<param name="context" value="switchy"/>

<!-- then: reloadxml, and sofia profile external rescan -->"#
    )
}
