//! What is open on a node. `close` runs when the last descriptor goes, at once; `free` after the last call that was under way.

use super::tree::Node;
use crate::depth::call_out;
use crate::select::Info;
use crate::thread::{current, locked};
use haiku_abi::{
    B_BAD_VALUE, B_DEV_INVALID_IOCTL, B_FILE_ERROR, B_NOT_SUPPORTED, B_OK, B_SELECT_PRI_WRITE, B_SELECT_WRITE,
    B_SET_BLOCKING_IO, B_SET_NONBLOCKING_IO, ENOTTY, O_NONBLOCK, O_RDONLY, O_RWMASK, O_WRONLY, off_t, selectsync,
    status_t, team_id,
};
use std::ffi::{CString, c_void};
use std::sync::{Arc, Mutex};

/// An open node.
#[derive(Debug)]
pub(crate) struct Descriptor {
    pub(crate) node: Arc<Node>,
    cookie: usize,
    state: Mutex<State>,
    /// Who waits for it, and by which of its numbers.
    selects: Mutex<Vec<(Number, Arc<Info>)>>,
}

#[derive(Debug)]
struct State {
    mode: i32,
    position: off_t,
    /// Numbers that lead here; a call that duplicates one adds one.
    opens: u32,
    in_flight: u32,
    /// What has been stopped so far.
    stopped: Option<Stop>,
    close_done: bool,
    free_done: bool,
}

/// A number of a team's.
pub(crate) type Number = (team_id, i32);

/// Why a descriptor carries no more calls.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stop {
    /// The last number that led to it was closed.
    Closed,
    /// Its node was taken away with force.
    Disconnected,
}

impl Descriptor {
    /// Opens a node.
    pub(crate) fn open(node: &Arc<Node>, mode: i32) -> Result<Arc<Self>, status_t> {
        let mut cookie = std::ptr::null_mut();
        let name = CString::new(node.path.as_str()).map_err(|_| B_BAD_VALUE)?;
        let open = node.table().open.ok_or(B_NOT_SUPPORTED)?;
        let status = call_out(current(), || {
            // SAFETY: the driver's hook, with a name that lives during the call and room for the cookie.
            unsafe { open(name.as_ptr(), mode.cast_unsigned(), &raw mut cookie) }
        });
        if status < B_OK {
            return Err(status);
        }
        let state =
            State { mode, position: 0, opens: 1, in_flight: 0, stopped: None, close_done: false, free_done: false };
        Ok(Arc::new(Self {
            node: Arc::clone(node),
            cookie: cookie.expose_provenance(),
            state: Mutex::new(state),
            selects: Mutex::new(Vec::new()),
        }))
    }

    /// Reads into memory that may not be there; returns how much.
    pub(crate) fn read(&self, to: *mut c_void, bytes: usize) -> Result<usize, status_t> {
        self.transfer(O_WRONLY, bytes, |position, length| {
            let read = self.node.copied().read.ok_or(B_NOT_SUPPORTED)?;
            // SAFETY: the driver's hook and cookie; it copies to the address as to a program's.
            Ok(unsafe { read(self.cookie(), position, to, length) })
        })
    }

    /// Writes from memory that may not be there; returns how much.
    pub(crate) fn write(&self, from: *const c_void, bytes: usize) -> Result<usize, status_t> {
        self.transfer(O_RDONLY, bytes, |position, length| {
            let write = self.node.copied().write.ok_or(B_NOT_SUPPORTED)?;
            // SAFETY: as for reading.
            Ok(unsafe { write(self.cookie(), position, from, length) })
        })
    }

    pub(crate) fn control(&self, op: u32, argument: *mut c_void, bytes: usize) -> Result<(), status_t> {
        let _flight = self.begin()?;
        let status = self.run_control(op, argument, bytes)?;
        if status == B_DEV_INVALID_IOCTL {
            return Err(ENOTTY);
        }
        if status < B_OK { Err(status) } else { Ok(()) }
    }

    /// Switches `O_NONBLOCK`; the driver has the last word.
    pub(crate) fn set_mode(&self, blocking: Blocking) -> Result<(), status_t> {
        let _flight = self.begin()?;
        let op = if blocking == Blocking::No { B_SET_NONBLOCKING_IO } else { B_SET_BLOCKING_IO };
        let status = self.run_control(op, std::ptr::null_mut(), 0)?;
        if status < B_OK {
            return Err(status);
        }
        let mut state = locked(&self.state);
        state.mode = if blocking == Blocking::No { state.mode | O_NONBLOCK } else { state.mode & !O_NONBLOCK };
        Ok(())
    }

    pub(crate) fn mode(&self) -> i32 {
        locked(&self.state).mode
    }

    /// Asks the driver to say when an event happens; says whether the event may be waited for.
    pub(crate) fn select(&self, number: Number, info: &Arc<Info>, event: u8) -> Result<bool, status_t> {
        let _flight = self.begin()?;
        locked(&self.selects).push((number, Arc::clone(info)));
        let Some(select) = self.node.table().select else {
            // Without the hook, everything that is no output is taken to be ready.
            if event != B_SELECT_WRITE && event != B_SELECT_PRI_WRITE {
                info.notify(event);
            }
            return Ok(true);
        };
        let sync = info.handle().cast::<selectsync>();
        // SAFETY: the driver's hook and cookie; the handle stays valid until it is deselected.
        let status = call_out(current(), || unsafe { select(self.cookie(), event, 0, sync) });
        Ok(status == B_OK)
    }

    /// Takes back what [`Self::select`] asked for. A descriptor that was disconnected meanwhile is not asked any more.
    pub(crate) fn deselect(&self, info: &Arc<Info>, event: u8) {
        let Ok(_flight) = self.begin() else { return };
        self.run_deselect(info, event);
        locked(&self.selects).retain(|(_, other)| !Arc::ptr_eq(other, info));
    }

    /// Notes that one more number leads here.
    pub(crate) fn duplicate(&self) -> Result<(), status_t> {
        let mut state = locked(&self.state);
        if state.stopped.is_some() {
            return Err(B_FILE_ERROR);
        }
        state.opens = state.opens.saturating_add(1);
        Ok(())
    }

    /// A number that led here is gone, and with it the waits by this number.
    pub(crate) fn close(&self, number: Number) {
        let disconnected = locked(&self.state).stopped == Some(Stop::Disconnected);
        let selects: Vec<_> = locked(&self.selects).extract_if(.., |(by, _)| *by == number).collect();
        if disconnected {
            if !selects.is_empty() {
                crate::fault::fail(&format!(
                    "{} is closed, which was disconnected while somebody waited for it in select: a kernel faults here",
                    self.node.path
                ));
            }
            return;
        }
        for (_, info) in selects {
            for event in info.selected() {
                self.run_deselect(&info, event);
            }
            info.notify(Info::INVALID);
        }
        {
            let mut state = locked(&self.state);
            state.opens = state.opens.saturating_sub(1);
            if state.opens > 0 || state.stopped.is_some() {
                return;
            }
            state.stopped = Some(Stop::Closed);
        }
        self.run_close();
        self.free_if_quiet();
    }

    /// Cuts the descriptor off: its hooks run now, or in the thread of the last call under way.
    pub(crate) fn disconnect(&self) {
        {
            let mut state = locked(&self.state);
            if state.stopped.is_some() {
                return;
            }
            state.stopped = Some(Stop::Disconnected);
            if state.in_flight > 0 {
                return;
            }
        }
        self.run_close();
        self.free_if_quiet();
    }

    fn transfer(
        &self,
        refused: i32,
        bytes: usize,
        hook: impl FnOnce(off_t, *mut usize) -> Result<status_t, status_t>,
    ) -> Result<usize, status_t> {
        let _flight = self.begin()?;
        let position = {
            let state = locked(&self.state);
            if state.mode & O_RWMASK == refused {
                return Err(B_FILE_ERROR);
            }
            state.position
        };
        if bytes == 0 {
            return Ok(0);
        }
        let mut length = bytes;
        let status = call_out(current(), || hook(position, &raw mut length))?;
        if status < B_OK {
            return Err(status);
        }
        let mut state = locked(&self.state);
        state.position = state.position.saturating_add(off_t::try_from(length).unwrap_or(off_t::MAX));
        Ok(length)
    }

    fn run_control(&self, op: u32, argument: *mut c_void, bytes: usize) -> Result<status_t, status_t> {
        let control = self.node.copied().control.ok_or(B_DEV_INVALID_IOCTL)?;
        // SAFETY: the driver's hook and cookie; it takes the argument as a program's.
        Ok(call_out(current(), || unsafe { control(self.cookie(), op, argument, bytes) }))
    }

    fn run_deselect(&self, info: &Arc<Info>, event: u8) {
        if let Some(deselect) = self.node.copied().deselect {
            let sync = info.handle().cast::<selectsync>();
            // SAFETY: the driver's hook and cookie, for a handle that it got by `select`. Its status says nothing.
            let _ = call_out(current(), || unsafe { deselect(self.cookie(), event, sync) });
        }
    }

    fn run_close(&self) {
        if let Some(close) = self.node.copied().close {
            // SAFETY: the driver's hook and cookie, once. The kernel does not look at its status.
            let _ = call_out(current(), || unsafe { close(self.cookie()) });
        }
        // A call that ends before the hook has leaves the cookie alone.
        locked(&self.state).close_done = true;
    }

    fn free_if_quiet(&self) {
        {
            let mut state = locked(&self.state);
            if state.in_flight > 0 || state.stopped.is_none() || !state.close_done || state.free_done {
                return;
            }
            state.free_done = true;
        }
        if let Some(free) = self.node.copied().free {
            // SAFETY: the driver's hook and cookie, once, after every other call.
            let _ = call_out(current(), || unsafe { free(self.cookie()) });
        }
    }

    fn begin(&self) -> Result<Flight<'_>, status_t> {
        let mut state = locked(&self.state);
        if state.stopped.is_some() {
            return Err(B_FILE_ERROR);
        }
        state.in_flight = state.in_flight.saturating_add(1);
        Ok(Flight(self))
    }

    fn cookie(&self) -> *mut c_void {
        std::ptr::with_exposed_provenance_mut(self.cookie)
    }
}

/// Whether calls wait.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Blocking {
    Yes,
    No,
}

/// A call that is under way.
struct Flight<'d>(&'d Descriptor);

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let close_is_due = {
            let mut state = locked(&self.0.state);
            state.in_flight = state.in_flight.saturating_sub(1);
            state.in_flight == 0 && state.stopped == Some(Stop::Disconnected) && !state.close_done
        };
        if close_is_due {
            self.0.run_close();
        }
        self.0.free_if_quiet();
    }
}
