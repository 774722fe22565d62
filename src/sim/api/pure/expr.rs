//! `expr` and `cond`.

use crate::model::dial::separate;
use crate::sim::world::World;
use crate::sim::world::request::{ApiCall, Outcome};

/// What is said to an expression that cannot be calculated.
const ERR: &str = "!err!";

/// Sums, products, powers, functions; `a=5; a+1` names a value.
pub(in crate::sim) fn expr(_: &mut World, asked: &ApiCall) -> Outcome {
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

/// A function, or a value; an unknown name is 0.
fn named(rest: &mut &[char], names: &Names, depth: u32) -> Option<f64> {
    let is_letter = |letter: &&char| letter.is_ascii_alphanumeric() || **letter == '_';
    let name: String = rest.iter().take_while(is_letter).collect();
    *rest = rest.get(name.len()..)?;
    if rest.first() != Some(&'(') {
        return Some(names.iter().rev().find(|(have, _)| *have == name).map_or(0.0, |it| it.1));
    }
    apply(&name, &arguments(rest, names, depth + 1)?)
}

/// `(a,b,...)`
fn arguments(rest: &mut &[char], names: &Names, depth: u32) -> Option<Vec<f64>> {
    take(rest);
    if depth > 50 {
        return None;
    }
    let mut all = vec![sum(rest, names, depth)?];
    loop {
        match take(rest)? {
            ',' => all.push(sum(rest, names, depth)?),
            ')' => return Some(all),
            _ => return None,
        }
    }
}

/// A function of the expression library that mod_expr uses.
fn apply(name: &str, arguments: &[f64]) -> Option<f64> {
    let truth = |holds: bool| if holds { 1.0 } else { 0.0 };
    let is_zero = |value: f64| value.abs() < f64::EPSILON;
    let count = || u32::try_from(arguments.len()).map_or(f64::NAN, f64::from);
    Some(match (name, arguments) {
        ("sqrt", [a]) => a.sqrt(),
        ("floor", [a]) => a.floor(),
        ("ceil", [a]) => a.ceil(),
        ("abs", [a]) => a.abs(),
        ("ipart", [a]) => a.trunc(),
        ("fpart", [a]) => a.fract(),
        ("sin", [a]) => a.sin(),
        ("cos", [a]) => a.cos(),
        ("tan", [a]) => a.tan(),
        ("asin", [a]) => a.asin(),
        ("acos", [a]) => a.acos(),
        ("atan", [a]) => a.atan(),
        ("sinh", [a]) => a.sinh(),
        ("cosh", [a]) => a.cosh(),
        ("tanh", [a]) => a.tanh(),
        ("deg", [a]) => a.to_degrees(),
        ("rad", [a]) => a.to_radians(),
        ("exp", [a]) => a.exp(),
        ("ln", [a]) => a.ln(),
        ("log", [a]) => a.log10(),
        ("pow10", [a]) => 10_f64.powf(*a),
        ("not", [a]) => truth(is_zero(*a)),
        ("pow", [a, b]) => a.powf(*b),
        ("mod", [a, b]) => a % b,
        ("atan2", [a, b]) => a.atan2(*b),
        ("logn", [a, b]) => a.log(*b),
        ("equal", [a, b]) => truth(is_zero(a - b)),
        ("above", [a, b]) => truth(a > b),
        ("below", [a, b]) => truth(a < b),
        ("and", [a, b]) => truth(!is_zero(*a) && !is_zero(*b)),
        ("or", [a, b]) => truth(!is_zero(*a) || !is_zero(*b)),
        ("if", [test, yes, no]) => {
            if is_zero(*test) {
                *no
            } else {
                *yes
            }
        }
        ("min", _) => arguments.iter().copied().fold(f64::INFINITY, f64::min),
        ("max", _) => arguments.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        ("avg", _) => arguments.iter().sum::<f64>() / count(),
        _ => return None,
    })
}

/// `A == B ? yes : no`; numbers are compared as numbers, words by their letters or, for more and
/// less, by their lengths. Spaces matter.
pub(in crate::sim) fn cond(_: &mut World, asked: &ApiCall) -> Outcome {
    decide(&asked.args).unwrap_or_else(|| "-ERR".to_owned()).into()
}

/// One side of a test, and its number unless it is in quotes.
struct Side {
    text: String,
    number: Option<f64>,
}

impl Side {
    /// Reads a word or a text in quotes, with the space behind it; returns the rest, too.
    fn read(text: &str) -> Option<(Self, &str)> {
        let Some(quoted) = text.strip_prefix('\'') else {
            let (word, rest) = text.split_once(' ')?;
            return Some((Self { text: word.to_owned(), number: word.parse().ok() }, rest));
        };
        let (mut out, mut letters) = (String::new(), quoted.chars());
        loop {
            match letters.next()? {
                '\'' => break,
                '\\' if letters.as_str().starts_with(['\\', '\'']) => out.extend(letters.next()),
                letter => out.push(letter),
            }
        }
        let rest = letters.as_str().strip_prefix(char::is_whitespace)?;
        Some((Self { text: out, number: None }, rest))
    }

    fn size(&self) -> f64 {
        self.number.unwrap_or_else(|| f64::from(u32::try_from(self.text.len()).unwrap_or(u32::MAX)))
    }
}

fn decide(text: &str) -> Option<String> {
    let (left, rest) = Side::read(text)?;
    let rest = rest.trim_start();
    let operators = ["==", "!=", ">=", "<=", ">", "<"];
    let operator = operators.into_iter().find(|operator| rest.starts_with(operator))?;
    let rest = rest.strip_prefix(operator)?.strip_prefix(char::is_whitespace)?;
    let (right, rest) = Side::read(rest.trim_start())?;
    let choices = separate(rest.trim_start().strip_prefix('?')?, ':');
    let (yes, no) = match choices.as_slice() {
        [yes] => (yes.as_str(), ""),
        [yes, no] => (yes.as_str(), no.as_str()),
        _ => return None,
    };
    let (a, b) = (left.size(), right.size());
    let is_same = if left.number.is_none() && right.number.is_none() {
        left.text == right.text
    } else {
        (a - b).abs() < f64::EPSILON
    };
    let holds = match operator {
        "==" => is_same,
        "!=" => !is_same,
        ">=" => a >= b,
        "<=" => a <= b,
        ">" => a > b,
        _ => a < b,
    };
    Some((if holds { yes } else { no }).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn decisions() {
        for (text, answer) in [
            ("1 == 1 ? yes : no", Some("yes")),
            ("5 > 10 ? yes : no", Some("no")),
            ("abc == 'abc' ? yes : no", Some("yes")),
            ("foo != bar ? a b : c d", Some("a b")),
            ("1 == 1 ? yes", Some("yes")),
            ("1 == 1 ?a:b", Some("a")),
            ("it > longer ? a : b", Some("b")),
            ("'a b' == 'a b' ? 1 : 2", Some("1")),
            ("'5' == 5 ? 1 : 2", Some("2")),
            ("5 =! 5 ? a : b", None),
            ("1==1 ? a : b", None),
            ("1 == 1? a : b", None),
            ("nosuch", None),
        ] {
            assert_eq!(decide(text).as_deref(), answer, "{text}");
        }
    }
}
