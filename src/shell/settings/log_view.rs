//! Which log lines are shown, and what precedes them.

use nu_ansi_term::{Color, Style};

use crate::shell::text::sanitise;
use crate::wire::LogLine;

/// A choice among log lines. Lines that belong to no call are always shown, as in fs_cli.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogView {
    /// Only lines of this call.
    pub uuid: Option<String>,
    /// Only lines with this text in them.
    pub text: Option<String>,
    /// How the call's uuid is shown.
    pub prefix: Prefix,
    /// How each level looks, console first; none is as usual.
    pub(crate) styles: [Option<Style>; 8],
}

/// How much of the call's uuid precedes a log line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Prefix {
    /// Nothing.
    #[default]
    Off,
    /// This many of its first characters.
    First(usize),
    /// All of it.
    Full,
}

impl LogView {
    /// How a level looks.
    pub(in crate::shell) fn style_of(&self, level: u8) -> Style {
        let configured = self.styles.get(usize::from(level)).copied().flatten();
        configured.unwrap_or_else(|| match level {
            1..=3 => Color::Red.normal(),
            4 => Color::Purple.normal(),
            5 => Color::Cyan.normal(),
            6 => Color::Green.normal(),
            7 => Color::Yellow.normal(),
            _ => Style::new(),
        })
    }

    /// Whether a line is shown.
    pub(in crate::shell) fn shows(&self, line: &LogLine) -> bool {
        let owner = line.user_data();
        let is_callers = owner.is_empty() || self.uuid.as_ref().is_none_or(|uuid| *uuid == owner);
        is_callers && self.text.as_ref().is_none_or(|text| line.text().contains(text))
    }

    /// What precedes a line.
    pub(in crate::shell) fn prefix_of(&self, line: &LogLine) -> String {
        let owner = line.user_data();
        let shown = match self.prefix {
            Prefix::Off => "",
            Prefix::First(count) => owner.get(..count).unwrap_or(&owner),
            Prefix::Full => &owner,
        };
        if shown.is_empty() { String::new() } else { format!("{} ", sanitise::line(shown)) }
    }
}

/// The style of a color's name in the configuration: `red`, `bold`, `bold-red`, `default`.
pub(crate) fn style_named(name: &str) -> Option<Style> {
    let (is_bold, color) = match name.split_once('-') {
        Some(("bold", color)) => (true, color),
        Some(_) => return None,
        None => (false, name),
    };
    let style = match color {
        "default" => Style::new(),
        "bold" => Style::new().bold(),
        "black" => Color::Black.normal(),
        "red" => Color::Red.normal(),
        "green" => Color::Green.normal(),
        "yellow" => Color::Yellow.normal(),
        "blue" => Color::Blue.normal(),
        "magenta" => Color::Purple.normal(),
        "cyan" => Color::Cyan.normal(),
        "white" => Color::White.normal(),
        _ => return None,
    };
    Some(if is_bold { style.bold() } else { style })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[limited::test]
    fn as_much_of_the_uuid_as_is_wanted_stands_in_front() {
        let line = |owner: &str| {
            LogLine::new(Bytes::from(format!("User-Data: {owner}\n")), Bytes::from_static(b"x"))
        };
        for (prefix, shown) in [
            (Prefix::Off, ""),
            (Prefix::First(8), "4aa1eade "),
            (Prefix::First(13), "4aa1eade-eb3e "),
            (Prefix::First(99), "4aa1eade-eb3e-4838-ad79-a1dee234dbe2 "),
            (Prefix::Full, "4aa1eade-eb3e-4838-ad79-a1dee234dbe2 "),
        ] {
            let view = LogView { prefix, ..LogView::default() };
            assert_eq!(view.prefix_of(&line("4aa1eade-eb3e-4838-ad79-a1dee234dbe2")), shown);
            assert_eq!(view.prefix_of(&line("")), "");
        }
    }
}
