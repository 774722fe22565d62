//! What is read out of the server's configuration.

use roxmltree::{Document, Node, ParsingOptions};

/// Reads what `xml_locate` answers. An entity that it declares itself, which can stand for gigabytes,
/// makes it unreadable.
pub(super) fn read(text: &str) -> Result<Document<'_>, String> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES, ..Default::default() };
    Document::parse_with_options(text.trim(), options).map_err(|err| err.to_string())
}

/// The value of the first `<param name="..." value="..."/>` with this name.
pub(super) fn param<'a>(xml: &'a Document<'_>, name: &str) -> Option<&'a str> {
    elements(xml, "param").find(|node| node.attribute("name") == Some(name))?.attribute("value")
}

/// The patterns of the destination number in a context of the dial plan, with the extension's name.
pub(super) fn destinations<'a>(xml: &'a Document<'_>) -> Vec<(&'a str, &'a str)> {
    let conditions = elements(xml, "condition")
        .filter(|node| node.attribute("field") == Some("destination_number"));
    let named = conditions.filter_map(|node| {
        let extension = node.ancestors().find(|node| node.has_tag_name("extension"));
        let name = extension.and_then(|extension| extension.attribute("name"));
        Some((name.unwrap_or_default(), node.attribute("expression")?))
    });
    named.collect()
}

/// Whether a context runs this application.
pub(super) fn runs(xml: &Document<'_>, application: &str) -> bool {
    elements(xml, "action").any(|node| node.attribute("application") == Some(application))
}

/// Whether an action of a context, a variable that is set for example, names this.
pub(super) fn names(xml: &Document<'_>, word: &str) -> bool {
    elements(xml, "action")
        .filter_map(|node| node.attribute("data"))
        .any(|data| data.contains(word))
}

/// Whether it is a context of the dial plan.
pub(super) fn is_context(xml: &Document<'_>) -> bool {
    elements(xml, "context").next().is_some()
}

fn elements<'a, 'text>(
    xml: &'a Document<'text>,
    name: &str,
) -> impl Iterator<Item = Node<'a, 'text>> {
    xml.descendants().filter(move |node| node.has_tag_name(name))
}

/// More elements and texts than a dial plan has; some 50 MB.
const NODES: u32 = 500_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn params_and_patterns_are_found() {
        let xml = "<configuration name=\"event_socket.conf\"><settings>\n\
                   <!-- <param name=\"apply-inbound-acl\" value=\"lan\"/> -->\n\
                   <param value='127.0.0.1' name = 'listen-ip'/>\n\
                   <param name=\"password\" value=\"a&lt;&#x62;&quot;\"></param></settings></configuration>\n";
        let xml = read(xml).unwrap();
        assert_eq!(param(&xml, "listen-ip"), Some("127.0.0.1"));
        assert_eq!(param(&xml, "password"), Some("a<b\""));
        assert_eq!(param(&xml, "apply-inbound-acl"), None);
        assert!(!is_context(&xml));
        let plan = "<context name=\"default\">\n<extension name=\"echo\">\n\
                    <condition field=\"destination_number\" expression=\"^9196$\">\n\
                    </condition></extension><extension name=\"x\" continue=\"true\">\
                    <condition field=\"${a}\" expression=\"^1$\"></condition>\
                    <condition expression=\"^(?&lt;n&gt;1&amp;2)$\" field=\"destination_number\">\
                    <action application=\"set\" data=\"park_timeout=5\"/>\
                    <action application=\"park\"/></condition></extension></context>";
        let plan = read(plan).unwrap();
        assert_eq!(destinations(&plan), [("echo", "^9196$"), ("x", "^(?<n>1&2)$")]);
        assert!(is_context(&plan) && runs(&plan, "park") && names(&plan, "park_timeout"));
        assert!(!runs(&plan, "bridge") && !names(&plan, "sip_h_X"));
    }

    #[limited::test]
    fn hostile_and_broken_texts_are_errors() {
        let lol =
            (0..9).map(|n| format!("<!ENTITY l{} '{}'>", n + 1, format!("&l{n};").repeat(10)));
        let bomb = format!(
            "<!DOCTYPE a [<!ENTITY l0 'lol'>{}]><a b='&l9;'>&l9;</a>",
            lol.collect::<String>()
        );
        for (text, why) in [
            ("", "root node"),
            ("can't find anything", "token"),
            ("<a><b></a>", "expected 'b' tag"),
            ("<a", "root node"),
            ("<a>", "never closed"),
            ("<a b='1' b='2'/>", "already defined"),
            ("<a/><b/>", "token"),
            ("<a>&unheard;</a>", "unheard"),
            ("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "DTD"),
            (&bomb, "DTD"),
            (&format!("<a>{}</a>", "<b/>".repeat(500_001)), "nodes limit"),
            (&"<a>".repeat(200_000), "never closed"),
        ] {
            let short: String = text.chars().take(40).collect();
            let err = read(text).expect_err(&short);
            assert!(err.contains(why) && err.len() < 200, "{short}: {err}");
        }
    }

    #[limited::test]
    fn depth_and_length_cost_no_stack() {
        let deep = format!("{}{}", "<a>".repeat(200_000), "</a>".repeat(200_000));
        let xml = read(&deep).unwrap();
        assert!(destinations(&xml).is_empty() && !is_context(&xml));
        let long = format!("<param name='x' value='{}'/>", "y".repeat(5_000_000));
        assert_eq!(param(&read(&long).unwrap(), "x").map(str::len), Some(5_000_000));
    }
}
