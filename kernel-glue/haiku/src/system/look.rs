//! What happened by itself, followed.

use super::book::{Book, run_of};
use super::observe::{self, Changed};
use crate::kernel::log::log;
use crate::kernel::{clock, heap};
use crate::{identity, stack, unit};
use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;
use kernel_glue::admin::{Change, PortRun, Step, Verb, flush_stopped, follow};

/// Why the system is looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cause {
    /// A program waits for it in a call of its own.
    Call,
    /// Something was heard of.
    Notice,
}

impl Book {
    /// Looks at the system, and follows what others did there.
    ///
    /// A notice may come while an interface is being deleted. A reference to it that is held at that moment outlives it in the
    /// stack, whose next interface of the name would get the old one's device and lose its links with it. So on a notice
    /// no interface of ours is referred to, but one that has just come up; what else there is to see waits for a call.
    pub(super) fn look(&mut self, cause: Cause) {
        self.next_look = Some(clock::now().plus(AGAIN_AFTER));
        if heap::permit().is_err() {
            return;
        }
        remove_doomed();
        // That takes next to no memory, and makes what is left smaller.
        let forgot = self.forget_gone(cause);
        let Ok(_aside) = heap::set_aside(self.weight()) else { return };
        if forgot == Forgot::Some {
            // Before one of the same name is adopted. What is refused here is tried again below.
            let _ = self.follow();
        }
        if cause == Cause::Call {
            self.adopt_new();
        }
        self.observe_all(cause);
        let followed = self.follow();
        self.flush_stopped();
        // An interface of others that comes is heard of by nobody.
        let waits = self.state.bridges.iter().any(|(name, bridge)| {
            bridge.ports().any(|(_, port)| !self.picture.ports.contains_key(&(name.clone(), port)))
        });
        let again = waits || followed == Followed::InPart;
        self.next_look = again.then(|| clock::now().plus(AGAIN_AFTER));
        self.publish_all();
        self.ground.announce();
    }

    /// Drops what has ended: interfaces of ours that were taken from the stack, and members whose hardware is gone.
    #[inline(never)]
    fn forget_gone(&mut self, cause: Cause) -> Forgot {
        for (bridge, port, interface) in self.ground.lost() {
            log!("{bridge}: {interface}: removed");
            self.ground.detach(&bridge, port);
            self.picture.forget(&interface);
        }
        let mut forgot = Forgot::Nothing;
        for name in self.ground.gone(cause) {
            forgot = Forgot::Some;
            if self.state.kind_of(&name).is_some() {
                log!("{name}: removed");
            }
            self.state.remove(&name);
            self.opened.remove(&name);
            self.adopted.remove(&name);
        }
        forgot
    }

    /// Enters interfaces that somebody made by other means.
    #[inline(never)]
    fn adopt_new(&mut self) {
        for (name, kind, seen) in self.ground.strangers() {
            // The rules for those that operators create go for these as well.
            let create = Change { interface: name.clone(), verbs: Vec::from([Verb::Create]) };
            if self.state.apply(&create, &self.ground).is_ok() {
                observe::adopt(&mut self.state, &name, kind, identity::mac(&name), &seen);
                self.adopted.insert(name);
            }
        }
    }

    /// Takes over what others changed.
    #[inline(never)]
    fn observe_all(&mut self, cause: Cause) {
        let Self { state, picture, ground, opened, .. } = self;
        for (name, seen) in ground.seen(cause, picture) {
            ground.follow_host(&name, &seen);
            if observe::observe(state, picture, &name, &seen) == Changed::Yes {
                log!("{name}: {:?}, mtu {}", seen.admin, seen.mtu_bytes);
                ground.complete_routes(&name);
            }
        }
        for name in ground.opened() {
            if !opened.contains(name) {
                opened.insert(name.to_string());
            }
        }
    }

    /// Makes the system show the state. What it refuses is left out and logged.
    #[inline(never)]
    fn follow(&mut self) -> Followed {
        let mut new = self.draw(&self.state);
        let mut followed = Followed::Wholly;
        follow(&mut self.ground, &self.picture, &mut new, &mut |step, refused| match refused {
            None => log!("{step}"),
            Some(error) => {
                if matches!(step, Step::SetAdmin { .. }) {
                    followed = Followed::InPart;
                }
                log!("{}", step.refused(error));
            }
        });
        self.picture = new;
        followed
    }

    #[inline(never)]
    fn flush_stopped(&self) {
        for (name, bridge) in &self.state.bridges {
            let Some(served) = self.ground.bridge(name) else { continue };
            let run = |port| run_of(&self.ground, name, port);
            flush_stopped(bridge, served.engine(), &run, &mut |interface, port, run| {
                log!("{name}: {interface}: link {}", if run == PortRun::Running { "up" } else { "down" });
                if run == PortRun::Stopped {
                    served.handle().neighbours().forget_port(port);
                }
            });
        }
    }
}

/// Removes the interfaces of programs that made them and are gone. This thread does it, which alone refers to interfaces of
/// ours: a reference that is held meanwhile outlives the interface in the stack.
fn remove_doomed() {
    for unit in unit::all() {
        let Some(application) = unit.application().filter(|application| application.take_doom()) else { continue };
        unit.be_quiet();
        if let Err(status) = stack::Interface::remove(unit.interface())
            && !unit.is_dead()
        {
            // Somebody may just be taking it down; the housekeeper rings again.
            log!("{}: not removed: {:#x}", unit.name(), status.code());
            application.keep_doom();
        }
    }
}

/// Whether interfaces of ours are out of the state that the system still has to be rid of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Forgot {
    Some,
    Nothing,
}

/// Whether the system shows the state.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Followed {
    Wholly,
    /// An interface is not up or down as it should be, which a program waits for without a word.
    InPart,
}

/// When to look again at what nobody tells of. A guess.
pub(super) const AGAIN_AFTER: Duration = Duration::from_secs(2);
