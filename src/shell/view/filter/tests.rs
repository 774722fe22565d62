use super::*;

const FIELDS: &[Field<'_>] = &[
    Field { title: "from", key: "from", kind: Kind::Text, values: &[] },
    Field { title: "gateway", key: "gateway", kind: Kind::Text, values: &[] },
    Field { title: "legs", key: "legs", kind: Kind::Number, values: &[] },
    Field { title: "age", key: "age_ms", kind: Kind::Span, values: &[] },
    Field { title: "talk", key: "talk_ms", kind: Kind::Span, values: &[] },
    Field { title: "created", key: "created", kind: Kind::Time, values: &[] },
    Field { title: "own", key: "own", kind: Kind::Truth, values: &[] },
];

fn value(key: &str) -> Value<'static> {
    match key {
        "from" => Value::Text("Joe Smith <+1800555>".into()),
        "gateway" => Value::Text("Carrier-A".into()),
        "dir" => Value::Either("inbound".into(), "in".into()),
        "legs" => Value::Number(2.0),
        "age_ms" => Value::Span(5_400_000.0),
        // 2026-11-30T14:00:30.5Z
        "created" => Value::Time(1_796_047_230_500_000),
        "own" => Value::Truth(true),
        "number" => Value::Text("1000".into()),
        "empty" => Value::Text("".into()),
        _ => Value::Unknown,
    }
}

#[limited::test]
fn times_are_compared_as_times() {
    let now: jiff::Timestamp = "2026-11-30T14:05:00Z".parse().unwrap();
    for (text, holds) in [
        ("created>2026-11-30T14:00:00Z", true),
        ("created>2026-11-30T14:00:31Z", false),
        ("created<2026-11-30T14:00:31Z", true),
        ("created=2026-11-30T14:00Z", true),
        ("created=2026-11-30T14:00:30Z", true),
        ("created!=2026-11-30T14:00:30Z", false),
        ("created=2026-11-30T14:00:31Z", false),
        // How long ago.
        ("created<5m", true),
        ("created<4m", false),
        ("created>4m", true),
        ("created>=4m29s500ms", true),
        ("created<=4m29s500ms", true),
        ("created", true),
        ("not created<1h", false),
    ] {
        let filter = Filter::parse_at(text, Names::Known("calls", FIELDS), now).unwrap();
        assert_eq!(filter.holds(&|key: &str| value(key)), holds, "{text}");
    }
    for text in
        ["created>14", "created>2pm", "created>25:00", "created=x", "created~14:", "created>-5m"]
    {
        let err = Filter::parse_at(text, Names::Known("calls", FIELDS), now).unwrap_err();
        assert!(!err.hints.is_empty(), "{text}: {err:?}");
    }
}

#[limited::test]
fn what_holds_and_what_does_not() {
    for (text, holds) in [
        ("gateway=carrier-a", true),
        ("gateway == CARRIER-A", true),
        ("gateway!=carrier-a", false),
        ("gateway<>carrier-b", true),
        ("age>1h", true),
        ("age > 90m", false),
        ("age>=90m", true),
        ("age>1h30m", false),
        ("age<2h and gateway=carrier-a", true),
        ("age<2h AND gateway=carrier-b", false),
        ("age<1h or gateway=carrier-a", true),
        // `and` binds closer than `or`.
        ("own or own and age<1s", true),
        ("(own or own) and age<1s", false),
        ("not (age<1h) and not gateway=carrier-b", true),
        ("!own", false),
        ("age_ms=5400000", true),
        ("age=5400", true),
        ("legs=2", true),
        ("legs>2", false),
        ("own", true),
        ("own=no", false),
        ("from~smith", true),
        ("from~+1800", true),
        ("from!~1800", false),
        ("from='joe smith <+1800555>'", true),
        ("from~\"e S\"", true),
        ("from~/^joe\\s/", true),
        ("from~/^smith/ or legs=3", false),
        ("from~/(joe|jim) smith/ and own", true),
        ("(from~/^joe/)", true),
        ("from~/ and own", false),
        // Its talk time is unknown: neither is certain.
        ("talk>1s", false),
        ("not talk>1s", false),
        ("talk>1s or own", true),
        ("talk", false),
        ("not talk", true),
    ] {
        let filter = Filter::parse(text, Names::Known("calls", FIELDS)).unwrap();
        assert_eq!(filter.holds(&value), holds, "{text}");
    }
    for (text, holds) in [
        ("dir=in", true),
        ("dir=inbound", true),
        ("dir=out", false),
        ("dir!=in", false),
        ("dir!=out", true),
        ("dir~bound", true),
        ("dir!~bound", false),
        ("number=1000", true),
        ("number=0x3e8", false),
        ("number>999", true),
        ("number<5000 and number>=1000", true),
        ("empty=''", true),
        ("empty<5", false),
        ("empty", false),
        ("variable_sip_from-user", false),
        ("nosuch!=x", false),
        ("not nosuch=x", false),
    ] {
        assert_eq!(Filter::parse(text, Names::Any).unwrap().holds(&value), holds, "{text}");
    }
}

#[limited::test]
fn mistakes_are_reported() {
    for (text, message, hint) in [
        ("", "where what?", "for example"),
        ("agee>1h", "calls have no field \"agee\"", "did you mean age?"),
        ("xyzzy=1", "calls have no field \"xyzzy\"", "fields: from, gateway"),
        ("age>soon", "age is a time span, \"soon\" is not", "90s"),
        ("legs=two", "legs is a number", "12"),
        ("own=perhaps", "own is yes or no", "yes"),
        ("age~1h", "age holds no text", "compare with"),
        ("age>", "what is age compared with", "''"),
        ("age>1h gateway=x", "expected \"and\" or \"or\" before \"gateway=x\"", "for example"),
        ("(age>1h", "expected \")\" at the end", "for example"),
        ("age>1h and", "expected a field at the end", "for example"),
        ("and age>1h", "calls have no field \"and\"", "fields"),
        ("from='x", "the quote ' is not closed", ""),
        ("=5", "expected a field before \"=5\"", "for example"),
        ("from~/(/", "is not a regular expression", "without the slashes"),
    ] {
        let err = Filter::parse(text, Names::Known("calls", FIELDS)).unwrap_err();
        assert!(err.message.contains(message), "{text}: {err:?}");
        let hints = err.hints.join("\n");
        assert!(hints.contains(hint), "{text}: {hints}");
    }
    let deep = "(".repeat(10_000);
    assert!(Filter::parse(&deep, Names::Any).unwrap_err().message.contains("too deeply"));
    let deep = "not ".repeat(10_000);
    assert!(Filter::parse(&deep, Names::Any).unwrap_err().message.contains("too deeply"));
}
