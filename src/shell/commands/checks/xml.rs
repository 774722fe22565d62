//! The few things that are read out of the server's configuration.

/// The values of `<param name="..." value="..."/>` with this name, in order.
pub(super) fn param<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    tags(xml, "param")
        .find(|tag| attribute(tag, "name") == Some(name))
        .and_then(|tag| attribute(tag, "value"))
}

/// The patterns of the destination number in a context of the dial plan, with the extension's name.
pub(super) fn destinations(xml: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut extension = "";
    for tag in xml.split('<') {
        if tag.starts_with("extension") {
            extension = attribute(tag, "name").unwrap_or_default();
        } else if tag.starts_with("condition")
            && attribute(tag, "field") == Some("destination_number")
            && let Some(expression) = attribute(tag, "expression")
        {
            found.push((extension, expression));
        }
    }
    found
}

fn tags<'a>(xml: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    xml.split('<').filter(move |tag| tag.starts_with(name))
}

/// The value of an attribute, with its entities as they are but for the usual ones of patterns.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    tag.get(start..)?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn params_and_patterns_are_found() {
        let xml = "<configuration name=\"event_socket.conf\"><settings>\n\
                   <param name=\"listen-ip\" value=\"127.0.0.1\"></param>\n\
                   <param name=\"password\" value=\"x\"></param></settings></configuration>";
        assert_eq!(param(xml, "listen-ip"), Some("127.0.0.1"));
        assert_eq!(param(xml, "apply-inbound-acl"), None);
        let plan = "<context name=\"default\">\n<extension name=\"echo\">\n\
                    <condition field=\"destination_number\" expression=\"^9196$\">\n\
                    </condition></extension><extension name=\"x\" continue=\"true\">\
                    <condition field=\"${a}\" expression=\"^1$\"></condition></extension></context>";
        assert_eq!(destinations(plan), [("echo", "^9196$")]);
    }
}
