//! `auth`, `userauth`, and what a user may do afterwards.

use crate::sim::client::Login;
use crate::sim::client::notice::Notice;
use crate::sim::client::rights::{Rights, credentials};
use crate::sim::world::World;

impl World {
    /// A packet of a client that is not logged in; an `exit` has been seen to already.
    pub(super) fn before_login(&mut self, id: u64, line: &str) {
        let after = |verb: &str| {
            let (head, rest) = line.split_at_checked(verb.len())?;
            head.eq_ignore_ascii_case(verb).then_some(rest)
        };
        if let Some(password) = after("auth ") {
            let rights = (password == self.config.password).then(Rights::default);
            self.logged_in(id, None, rights, &[]);
        } else if let Some(text) = after("userauth ") {
            let (user, domain, password) = credentials(text);
            let name = format!("{user}@{domain}");
            let known = !user.is_empty() && !domain.is_empty() && !password.is_empty();
            let found = self.config.users.iter().find(|user| user.name == name);
            match found.filter(|user| known && user.password == password).cloned() {
                Some(user) => {
                    let headers = [
                        ("Allowed-Events", user.events.as_deref().unwrap_or("all")),
                        ("Allowed-API", user.api.as_deref().unwrap_or("all")),
                        ("Allowed-LOG", if user.log { "true" } else { "false" }),
                    ];
                    self.logged_in(id, Some(&name), Some(Rights::of(&user)), &headers);
                }
                None => self.logged_in(id, None, None, &[]),
            }
        } else {
            self.reply(id, "-ERR command not found", &[]);
        }
    }

    fn logged_in(
        &mut self,
        id: u64,
        user: Option<&str>,
        rights: Option<Rights>,
        headers: &[(&str, &str)],
    ) {
        let Some(rights) = rights else {
            self.notify(&Notice::Refused { id });
            self.reply(id, "-ERR invalid", &[]);
            self.say_goodbye(id);
            return;
        };
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.login = Login::Yes;
            socket.rights = rights;
        }
        self.notify(&Notice::LoggedIn { id, user: user.map(str::to_owned) });
        self.reply(id, "+OK accepted", headers);
    }
}
