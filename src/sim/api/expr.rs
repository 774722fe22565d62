//! `expr` and `cond`.

use super::super::world::World;
use super::{Outcome, Waiting};

/// What is said to an expression that cannot be calculated.
const ERR: &str = "!err!";

/// Sums, products, powers, functions of one argument; `a=5; a+1` names a value.
pub(super) fn expr(_: &mut World, asked: &Waiting) -> Outcome {
    let mut names: Vec<(String, f64)> = Vec::new();
    let mut last = None;
    for statement in asked.args.split(';') {
        // Two words without a sign between them are none.
        let words = statement.split_whitespace().collect::<Vec<_>>();
        let is_word = |letter: Option<char>| letter.is_some_and(|it| it.is_alphanumeric());
        let torn = words.windows(2).any(|pair| match pair {
            [one, other] => is_word(one.chars().last()) && is_word(other.chars().next()),
            _ => false,
        });
        if torn {
            return ERR.into();
        }
        let letters: Vec<char> = words.concat().chars().collect();
        let text: String = letters.iter().collect();
        let (name, letters) = match text.split_once('=') {
            Some((name, value)) => (Some(name.to_owned()), value.chars().collect()),
            None => (None, letters),
        };
        let mut rest = letters.as_slice();
        let value = sum(&mut rest, &names, 0).filter(|it| rest.is_empty() && it.is_finite());
        let Some(value) = value else { return ERR.into() };
        if let Some(name) = name {
            names.push((name, value));
        }
        last = Some(value);
    }
    last.map_or_else(|| ERR.to_owned(), number).into()
}

/// Ten decimals at most.
fn number(value: f64) -> String {
    let text = format!("{value:.10}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn take(rest: &mut &[char]) -> Option<char> {
    let (first, tail) = rest.split_first()?;
    *rest = tail;
    Some(*first)
}

type Names = [(String, f64)];

fn sum(rest: &mut &[char], names: &Names, depth: u32) -> Option<f64> {
    let mut total = product(rest, names, depth)?;
    while let Some(sign @ ('+' | '-')) = rest.first().copied() {
        take(rest);
        let next = product(rest, names, depth)?;
        total = if sign == '+' { total + next } else { total - next };
    }
    Some(total)
}

fn product(rest: &mut &[char], names: &Names, depth: u32) -> Option<f64> {
    let mut total = power(rest, names, depth)?;
    while let Some(sign @ ('*' | '/')) = rest.first().copied() {
        take(rest);
        let next = power(rest, names, depth)?;
        total = if sign == '*' { total * next } else { total / next };
    }
    Some(total)
}

fn power(rest: &mut &[char], names: &Names, depth: u32) -> Option<f64> {
    let base = factor(rest, names, depth)?;
    if rest.first() == Some(&'^') {
        take(rest);
        return Some(base.powf(power(rest, names, depth + 1)?));
    }
    Some(base)
}

fn factor(rest: &mut &[char], names: &Names, depth: u32) -> Option<f64> {
    if depth > 50 {
        return None;
    }
    match rest.first()? {
        '(' => {
            take(rest);
            let inside = sum(rest, names, depth + 1)?;
            (take(rest) == Some(')')).then_some(inside)
        }
        '-' => {
            take(rest);
            factor(rest, names, depth + 1).map(|value| -value)
        }
        letter if letter.is_ascii_alphabetic() => named(rest, names, depth),
        _ => {
            let is_digit = |letter: &&char| letter.is_ascii_digit() || **letter == '.';
            let digits: String = rest.iter().take_while(is_digit).collect();
            *rest = rest.get(digits.len()..)?;
            digits.parse().ok()
        }
    }
}

/// A function of one argument, or a value; an unknown name is 0.
fn named(rest: &mut &[char], names: &Names, depth: u32) -> Option<f64> {
    let is_letter = |letter: &&char| letter.is_ascii_alphanumeric() || **letter == '_';
    let name: String = rest.iter().take_while(is_letter).collect();
    *rest = rest.get(name.len()..)?;
    if rest.first() != Some(&'(') {
        return Some(names.iter().rev().find(|(have, _)| *have == name).map_or(0.0, |it| it.1));
    }
    let inside = factor(rest, names, depth + 1)?;
    Some(match name.as_str() {
        "sqrt" => inside.sqrt(),
        "floor" => inside.floor(),
        "ceil" => inside.ceil(),
        "abs" => inside.abs(),
        "sin" => inside.sin(),
        "cos" => inside.cos(),
        "tan" => inside.tan(),
        "exp" => inside.exp(),
        "ln" => inside.ln(),
        "log" => inside.log10(),
        _ => return None,
    })
}

/// `A == B ? yes : no`; numbers are compared as numbers, words by their letters.
pub(super) fn cond(_: &mut World, asked: &Waiting) -> Outcome {
    decide(&asked.args).unwrap_or_else(|| "-ERR".to_owned()).into()
}

fn decide(text: &str) -> Option<String> {
    let (test, choices) = text.split_once('?')?;
    let (yes, no) = choices.split_once(':').unwrap_or((choices, ""));
    let at = test.find(['=', '!', '<', '>'])?;
    let (left, rest) = test.split_at(at);
    let operators = ["==", "!=", ">=", "<=", ">", "<"];
    let operator = operators.into_iter().find(|operator| rest.starts_with(operator))?;
    let right = rest.strip_prefix(operator)?;
    let bare = |word: &str| word.trim().trim_matches('\'').to_owned();
    let (left, right) = (bare(left), bare(right));
    let order = match (left.parse::<f64>(), right.parse::<f64>()) {
        (Ok(left), Ok(right)) => left.partial_cmp(&right)?,
        _ => left.len().cmp(&right.len()).then_with(|| left.cmp(&right)),
    };
    let holds = match operator {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        ">=" => order.is_ge(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_lt(),
    };
    Some((if holds { yes } else { no }).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions() {
        for (text, answer) in [
            ("1 == 1 ? yes : no", Some("yes")),
            ("5 > 10 ? yes : no", Some("no")),
            ("abc == 'abc' ? yes : no", Some("yes")),
            ("foo != bar ? a b : c d", Some("a b")),
            ("1 == 1 ? yes", Some("yes")),
            ("5 =! 5 ? a : b", None),
            ("nosuch", None),
        ] {
            assert_eq!(decide(text).as_deref(), answer, "{text}");
        }
    }
}
