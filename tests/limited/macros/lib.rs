//! `#[limited::test]`; the crate `limited` says what it does.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// A test with a time limit.
#[proc_macro_attribute]
pub fn test(options: TokenStream, item: TokenStream) -> TokenStream {
    match expand(options, item) {
        Ok(test) => test,
        Err(wrong) => format!("::core::compile_error!({wrong:?});").parse().unwrap_or_default(),
    }
}

#[derive(Default)]
struct Options {
    kind: Option<&'static str>,
    seconds: Option<String>,
    needs: Vec<String>,
}

const USAGE: &str =
    "#[limited::test] takes paused, threads, seconds = N and needs = \"VARIABLE ..\"";

fn expand(options: TokenStream, item: TokenStream) -> Result<TokenStream, String> {
    let options = read(options)?;
    let mut tokens: Vec<TokenTree> = item.into_iter().collect();
    let Some(TokenTree::Group(body)) = tokens.pop().filter(|last| is_group(last, Delimiter::Brace))
    else {
        return Err("a test is a function".to_owned());
    };
    if !tokens.last().is_some_and(|last| is_group(last, Delimiter::Parenthesis)) {
        return Err("a test returns nothing".to_owned());
    }
    let at =
        tokens.iter().position(|token| token.to_string() == "fn").ok_or("a test is a function")?;
    let name = tokens.get(at + 1).ok_or("a test has a name")?.to_string();
    let is_async = at > 0 && tokens[at - 1].to_string() == "async";
    if is_async {
        tokens.remove(at - 1);
    }
    let (kind, function) = match (is_async, options.kind) {
        (true, kind) => (kind.unwrap_or("Async"), "|| ::std::boxed::Box::pin(async move { BODY })"),
        (false, None) => ("Plain", "|| { BODY }"),
        (false, Some(_)) => return Err("only an async test has a runtime".to_owned()),
    };
    let seconds = match options.seconds {
        Some(seconds) => format!("::core::option::Option::Some({seconds})"),
        None => "::core::option::Option::None".to_owned(),
    };
    // Cargo compiles the test again when one of these changes.
    let seen: String = options
        .needs
        .iter()
        .map(|name| format!("let _ = ::core::option_env!({name:?});"))
        .collect();
    let call = format!(
        "{{ {seen} ::limited::run(::core::concat!(::core::module_path!(), \"::{name}\"), {seconds}, \
         ::limited::Body::{kind}({function})) }}"
    );
    let missing: Vec<_> = options
        .needs
        .iter()
        .filter(|name| std::env::var_os(name).is_none())
        .map(String::as_str)
        .collect();
    let ignored = if missing.is_empty() {
        String::new()
    } else {
        let reason = format!("skipped: {} is not set", missing.join(" and "));
        format!("#[ignore = {reason:?}]")
    };
    let parse = |text: &str| text.parse::<TokenStream>().map_err(|err| err.to_string());
    let mut test = parse(&format!("#[::core::prelude::v1::test] {ignored}"))?;
    test.extend(tokens);
    test.extend(fill(parse(&call)?, &body));
    Ok(test)
}

fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

fn read(options: TokenStream) -> Result<Options, String> {
    let mut read = Options::default();
    for option in options.to_string().split(',').map(str::trim).filter(|option| !option.is_empty())
    {
        let (name, value) = option
            .split_once('=')
            .map_or((option, ""), |(name, value)| (name.trim(), value.trim()));
        match (name, value) {
            ("paused", "") => read.kind = Some("Paused"),
            ("threads", "") => read.kind = Some("Threads"),
            ("seconds", value) if value.parse::<u64>().is_ok() => {
                read.seconds = Some(value.to_owned())
            }
            ("needs", value) => {
                let names = value.trim_matches('"').split_whitespace();
                read.needs = names.map(str::to_owned).collect();
            }
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(read)
}

/// Puts the body of the test in the place of the word BODY.
fn fill(stream: TokenStream, body: &Group) -> TokenStream {
    let filled = stream.into_iter().flat_map(|token| match token {
        TokenTree::Group(group) => {
            let inner = fill(group.stream(), body);
            let mut filled = Group::new(group.delimiter(), inner);
            filled.set_span(group.span());
            vec![TokenTree::Group(filled)]
        }
        TokenTree::Ident(word) if word.to_string() == "BODY" => body.stream().into_iter().collect(),
        other => vec![other],
    });
    filled.collect()
}
