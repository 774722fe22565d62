//! Colors of the operator's own choice.

use std::collections::BTreeMap;

use nu_ansi_term::Style;

use super::log_view::style_named;

/// What is drawn in which color, where it is not as usual: `prompt`, `input`, `output`, and the lines
/// about calls, by their kind: `progress`, `answered`, `ended`, `failed`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Colors(BTreeMap<String, Style>);

impl Colors {
    /// The things that have a color.
    pub const NAMES: &[&str] =
        &["prompt", "input", "output", "progress", "answered", "ended", "failed"];

    /// Gives a thing a color by its name: `red`, `bold`, `bold-red`, `default`. Returns whether
    /// there is such a thing and such a color.
    pub fn set(&mut self, name: &str, color: &str) -> bool {
        let style = style_named(color).filter(|_| Self::NAMES.contains(&name));
        style.is_some_and(|style| {
            self.0.insert(name.to_owned(), style);
            true
        })
    }

    /// The color of a thing, if it was given one.
    pub(crate) fn get(&self, name: &str) -> Option<Style> {
        self.0.get(name).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn only_what_is_known_gets_a_color() {
        let mut colors = Colors::default();
        assert!(colors.set("prompt", "bold-red") && colors.set("failed", "default"));
        assert!(!colors.set("nosuch", "red") && !colors.set("prompt", "pink"));
        assert!(colors.get("prompt").is_some_and(|style| style.is_bold));
        assert_eq!(colors.get("input"), None);
    }
}
