//! Several lines at once: nothing runs before they were seen.

use super::Repl;
pub(in crate::cli) use super::not_run::NOT_RUN;
use super::running::brief;
use crate::shell::counted;

impl Repl {
    /// Shows the lines of a paste, and asks whether they shall run.
    pub(super) async fn is_agreed(&self, lines: &[String]) -> bool {
        let shown = lines.iter().zip(1..).take(SHOWN);
        let mut question: Vec<_> =
            shown.map(|(line, number)| format!("{number:>4}  {}", brief(line))).collect();
        let more = lines.len().saturating_sub(SHOWN);
        if more > 0 {
            question.push(format!("      and {more} more"));
        }
        question.push(format!("run these {}? [y/N]", counted(lines.len(), "line")));
        let question = question.join("\n");
        let answer = self.operator.ask(&question).await.unwrap_or_default();
        ["y", "yes"].iter().any(|yes| answer.eq_ignore_ascii_case(yes))
    }
}

/// Lines that are shown at most.
const SHOWN: usize = 20;
