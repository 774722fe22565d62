//! `event` of a script.

use mlua::{MetaMethod, UserData, UserDataMethods};

use crate::model::Event;

/// An event of a script: `event.name`, `event["Caller-Context"]`, `event.digit`.
pub(super) struct LuaEvent(pub(super) Event);

impl UserData for LuaEvent {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("get", |_, this, name: String| {
            Ok(this.0.get(&name).map(std::borrow::Cow::into_owned))
        });
        methods.add_method("var", |_, this, name: String| {
            Ok(this.0.variable(&name).map(std::borrow::Cow::into_owned))
        });
        methods.add_meta_method(MetaMethod::Index, |_, this, name: String| {
            let event = &this.0;
            let text = match name.as_str() {
                "name" => Some(event.name()),
                "kind" => Some(event.kind()),
                "uuid" => event.unique_id(),
                "body" => event.body(),
                "digit" => event.get("DTMF-Digit"),
                name => event.get(name).or_else(|| event.variable(name)),
            };
            Ok(text.map(std::borrow::Cow::into_owned))
        });
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| Ok(this.0.kind().into_owned()));
    }
}
