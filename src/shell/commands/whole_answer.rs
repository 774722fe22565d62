//! Writes an answer and ends with an error when it may lack something.

use serde_json::Value;

use super::context::Context;
use crate::shell::session::completeness::{Gap, lost_rows, of_calls};
use crate::shell::text::error::CommandError;
use crate::shell::view::select::Select;
use crate::shell::view::{Format, View};

impl Context<'_> {
    /// That all calls of the switch are known.
    ///
    /// # Errors
    /// Why they are not. Rows that could not be read are no error here: what they hold is unknown,
    /// the calls of the others are not.
    pub(super) fn all_calls_known(&self) -> Result<(), CommandError> {
        match of_calls(&*self.switch()?) {
            Some(gap @ Gap::Unknown { .. }) => Err(gap.error("calls")),
            Some(Gap::Rows(_)) | None => Ok(()),
        }
    }

    /// That no row of the switch's table was lost: for what acted on all that are known.
    ///
    /// # Errors
    /// How many were.
    pub(super) fn no_rows_lost(&self) -> Result<(), CommandError> {
        match of_calls(&*self.switch()?) {
            Some(gap @ Gap::Rows(_)) => {
                Err(gap.error("calls").hint("calls may be left that this shell does not know"))
            }
            _ => Ok(()),
        }
    }

    /// Writes a list that comes from events, and ends with an error when it may lack something.
    /// `is_sum` says that the view only counts.
    pub(super) fn followed(
        &mut self,
        view: &View,
        is_sum: bool,
        things: &str,
    ) -> Result<(), CommandError> {
        let gap = of_calls(&*self.switch()?);
        match gap {
            None => self.view(view),
            Some(gap @ Gap::Rows(_)) => {
                self.view(view)?;
                Err(gap.error(things))
            }
            Some(gap) if is_sum || view.is_empty() => {
                self.nothing_known()?;
                Err(gap.error(things))
            }
            Some(gap) => {
                self.view(view)?;
                if self.format() == Format::Table {
                    self.line(&format!("these {things} are known from events, there may be more"))?;
                }
                Err(gap.error(things))
            }
        }
    }

    /// Writes what was asked for of a table of the server. Where there is no table, JSON says so, too.
    pub(super) fn selected(
        &mut self,
        name: &str,
        table: Result<View, CommandError>,
        select: &Select,
    ) -> Result<(), CommandError> {
        if table.is_err() {
            self.nothing_known()?;
        }
        self.table(&table?.select(name, select)?)
    }

    /// Writes a table of the server; ends with an error when rows of it could not be read.
    pub(super) fn table(&mut self, view: &View) -> Result<(), CommandError> {
        self.view(view)?;
        match view.unreadable() {
            0 => Ok(()),
            count => Err(lost_rows(count)),
        }
    }

    /// Writes `null` where JSON is wanted: an error says why.
    pub(super) fn nothing_known(&mut self) -> Result<(), CommandError> {
        if self.format() == Format::Json {
            return self.line(&Value::Null.to_string());
        }
        Ok(())
    }
}
