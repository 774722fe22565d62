//! The fields of each view: the names in machine formats and filters.

use super::column::Column;
use super::filter::Kind;
use super::{Cell, View, call_rows, server_columns};

/// The views whose names are fixed, and their columns.
fn views() -> [(&'static str, Vec<Column>); 7] {
    [
        ("status", server_columns::status_columns()),
        ("calls", call_rows::call_columns()),
        ("channels", call_rows::channel_columns()),
        ("gateways", server_columns::gateway_columns()),
        ("registrations", server_columns::registration_columns()),
        ("profiles", server_columns::profile_columns()),
        ("conferences", server_columns::conference_columns()),
    ]
}

/// The columns of a view, by its name.
pub(in crate::shell) fn columns(view: &str) -> Option<Vec<Column>> {
    let found = views().into_iter().find(|(name, _)| name.eq_ignore_ascii_case(view));
    found.map(|(_, columns)| columns)
}

/// All fields of all views.
pub(in crate::shell) fn fields() -> View {
    let mut view = View::new(&["view", "field", "holds", "means"], "");
    for (name, columns) in views() {
        for column in columns {
            let holds = match column.kind() {
                Some(Kind::Number) => "number",
                Some(Kind::Span) => "milliseconds",
                Some(Kind::Time) => "time, 2026-11-22T19:08:00.5Z",
                Some(Kind::Truth) => "true or false",
                Some(Kind::Text) | None => "text",
            };
            view.push(vec![
                Cell::text(name),
                Cell::text(column.key()),
                Cell::text(holds),
                Cell::text(column.about()),
            ]);
        }
    }
    view
}
