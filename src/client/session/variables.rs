//! The variables of a session: read, set, and all of them.

use super::Session;
use crate::client::dial_string;
use crate::client::error::Error;
use crate::model::dial::encode;

impl Session {
    /// `uuid_getvar`: the value as it is; `None` where it is not set.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`](crate::Client::api).
    pub async fn getvar(&self, name: &str) -> Result<Option<String>, Error> {
        let name = dial_string::word("variable", name)?;
        let reply = self.client.api(&format!("uuid_getvar {} {name}", self.id())).await?;
        // Blanks at its ends are part of it.
        let value = reply.text();
        Ok((value.trim() != "_undef_").then_some(value))
    }

    /// `uuid_setvar`. The value arrives as it is. An empty one takes the variable away.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// [`Error::DialString`] for a value with a line break; otherwise as [`Client::api`](crate::Client::api).
    pub async fn setvar(&self, name: &str, value: &str) -> Result<(), Error> {
        let name = dial_string::word("variable", name)?;
        let encoded = encode::rest(value);
        let value = encoded.map_err(|why| dial_string::unsendable("variable value", value, why))?;
        self.verb("uuid_setvar", &format!("{name} {value}")).await
    }

    /// `uuid_setvar` without a value.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`](crate::Client::api).
    pub async fn unsetvar(&self, name: &str) -> Result<(), Error> {
        self.verb("uuid_setvar", dial_string::word("variable", name)?).await
    }

    /// `uuid_setvar_multi`: several at once, at most 63. The values arrive as they are.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// [`Error::DialString`] for a value with a line break, and for too many; otherwise as
    /// [`Client::api`](crate::Client::api).
    pub async fn setvars(&self, variables: &[(&str, &str)]) -> Result<(), Error> {
        let mut pairs = Vec::new();
        for (name, value) in variables {
            let pair = format!("{}={value}", dial_string::word("variable", name)?);
            let part = encode::part(&pair, ';');
            pairs.push(part.map_err(|why| dial_string::unsendable("variable value", value, why))?);
        }
        if pairs.len() > MOST_VARIABLES {
            let why = "uuid_setvar_multi takes at most 63 variables";
            return Err(dial_string::refused("variables", &pairs.len().to_string(), why));
        }
        self.verb("uuid_setvar_multi", &pairs.join(";")).await
    }

    /// `uuid_dump`: every header of the channel, as text.
    ///
    /// # Cancel safety
    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As [`Client::api`](crate::Client::api).
    pub async fn dump(&self) -> Result<String, Error> {
        self.client.cmd(&format!("uuid_dump {} plain", self.id())).await
    }
}

/// As many as `uuid_setvar_multi` reads one by one (`mod_commands.c`).
const MOST_VARIABLES: usize = 63;
