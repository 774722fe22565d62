//! What each view tells: the names that machines get and filters take.

use super::filter::Kind;
use super::render::{Cell, Column, View};
use super::{cmd, rows, tables};

/// The views whose names are fixed, and their columns.
fn views() -> [(&'static str, Vec<Column>); 7] {
    [
        ("status", cmd::status_columns()),
        ("calls", rows::call_columns()),
        ("channels", rows::channel_columns()),
        ("gateways", tables::gateway_columns()),
        ("registrations", tables::registration_columns()),
        ("profiles", tables::profile_columns()),
        ("conferences", tables::conference_columns()),
    ]
}

/// The columns of a view, by its name.
pub(super) fn columns(view: &str) -> Option<Vec<Column>> {
    let found = views().into_iter().find(|(name, _)| name.eq_ignore_ascii_case(view));
    found.map(|(_, columns)| columns)
}

/// All fields of all views.
pub(super) fn fields() -> View {
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
