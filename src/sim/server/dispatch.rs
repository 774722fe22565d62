//! What is due, asked or ordered goes to the part of the switch that does it.

use crate::sim::client::notice::Notice;
use crate::sim::client::outlet::Asked;
use crate::sim::world::World;
use crate::sim::world::agenda::Action;
use crate::sim::world::control::Control;

impl World {
    /// Does everything that is due up to this moment.
    pub(super) fn advance(&mut self, now: u64) {
        while let Some((at, action)) = self.agenda.take(now) {
            self.now = self.now.max(at);
            self.act(action);
        }
        self.now = self.now.max(now);
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Heartbeat => self.heartbeat(),
            Action::AuthTimeout(socket) => self.auth_timeout(socket),
            Action::LingerEnd(socket) => self.linger_end(socket),
            Action::Respond(socket, bytes) => self.finish(socket, Some(bytes)),
            Action::Answer(waiting, text) => self.answered(&waiting, &text),
            Action::Leg(id, step) => self.step(id, step),
            Action::Task(id) => self.run_task(id),
            Action::TaskEvent(name, id, task) => self.fire_task(name, id, &task),
            Action::Traffic => self.traffic(),
            Action::Flood => self.flood_tick(),
            Action::RingTimeout(token) => self.ring_timeout(token),
            Action::LateLeg(id, lane, spec) => self.late_leg(id, lane, &spec),
            Action::OriginateReady(id) => self.originate_ready(id),
            Action::Redial(id) => self.redial(id),
            Action::Dispatch => self.offer_calls(),
            Action::ShutDown => {
                self.end_sockets();
                self.go_down();
            }
            Action::EndSockets => self.end_sockets(),
            Action::Restart => self.restart(),
            Action::Fault(planned) => self.fault_is_due(planned),
        }
    }

    /// Handles one message; `false` ends the world.
    pub(super) fn control(&mut self, control: Control) -> bool {
        match control {
            Control::Attach(id, peer, outlet) => {
                self.notify(&Notice::Connected { id, peer });
                self.attach(id, outlet);
            }
            Control::Gone(id) => {
                if let Some(socket) = self.sockets.remove(&id) {
                    socket.out.close();
                }
                self.notify(&Notice::Closed { id });
            }
            Control::Inject(planned) => self.plan_fault(planned),
            Control::Watch(watcher) => self.watchers.push(watcher),
            Control::Fire(headers, body) => self.fire(headers, body),
            Control::Channels(reply) => {
                // The asker may have left.
                let _left = reply.send(self.channels.len());
            }
            Control::Stop => return false,
        }
        true
    }

    /// Handles one request.
    pub(super) fn asked(&mut self, asked: Asked) {
        self.request(asked.socket, &asked.request, asked.done);
    }
}
