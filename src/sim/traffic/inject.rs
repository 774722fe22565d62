//! What can be made to go wrong on purpose.

use crate::sim::fault::{Fault, Faults};

use bytes::Bytes;

use crate::sim::fault::planned::Planned;
use crate::sim::world::World;
use crate::sim::world::agenda::Action;

impl World {
    /// Lets a fault happen, now or when it is due.
    pub(in crate::sim) fn plan_fault(&mut self, planned: Planned) {
        match planned.first() {
            Some(first) => self.after(first, Action::Fault(planned)),
            None => self.inject(planned.into_fault()),
        }
    }

    /// A planned fault happens, and is planned again if it comes again and again.
    pub(in crate::sim) fn fault_is_due(&mut self, planned: Planned) {
        if let Some(again) = planned.again() {
            self.after(again, Action::Fault(planned.clone()));
        }
        self.inject(planned.into_fault());
    }

    fn inject(&mut self, fault: Fault) {
        match fault {
            Fault::LateReply { command_prefix, by } => self.faults.late.push((command_prefix, by)),
            Fault::SlowReplies { command_prefix, by } => {
                self.faults.slow.push((command_prefix, by));
            }
            Fault::NoReply { command_prefix } => self.faults.swallow.push(command_prefix),
            Fault::Deny { command_prefix } => self.faults.deny.push(command_prefix),
            Fault::RejectAcl => self.faults.reject = true,
            Fault::Silent => self.faults.silent = true,
            Fault::HostileNames => self.faults.hostile = true,
            Fault::BrokenXml => self.faults.xml_is_broken = true,
            Fault::GhostRows => {
                self.faults.ghosts = self.channel_rows();
                self.faults.haunted = true;
            }
            Fault::LoseEvents(share) => self.faults.lose = share.clamp(0.0, 1.0),
            Fault::Stall(time) => self.sockets.values().for_each(|socket| socket.out.stall(time)),
            Fault::DropAll => self.sockets.clear(),
            Fault::CutFrame => self.cut_frame(),
            Fault::Junk(bytes) => {
                let bytes = Bytes::from(bytes);
                self.sockets.retain(|_, socket| socket.out.send(&bytes));
            }
            Fault::SplitWrites(size) => {
                self.faults.split = size;
                for socket in self.sockets.values() {
                    socket.out.split(size);
                }
            }
            Fault::Restart => self.restart(),
            Fault::Flood { events_per_second } => self.start_flood(events_per_second),
            Fault::Clear => {
                self.inject(Fault::SplitWrites(0));
                self.faults = Faults::default();
                self.flood = None;
            }
        }
    }

    fn cut_frame(&mut self) {
        let half = "Content-Length: 900\nContent-Type: text/event-plain\n\n\
                    Event-Name: HEARTBEAT\nCore-UUID: ";
        for (_, socket) in std::mem::take(&mut self.sockets) {
            socket.out.send(&Bytes::from_static(half.as_bytes()));
            socket.out.close();
        }
    }
}
