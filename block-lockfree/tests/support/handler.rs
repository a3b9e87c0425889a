//! Signal handlers, and the threads that they interrupt.

/// Has a signal handled from now on, and interrupted system calls begun again.
///
/// The handler must be async-signal-safe, as far as the pools that it uses are.
pub fn handle(signal: libc::c_int, handler: extern "C" fn(libc::c_int)) {
    // SAFETY: all zeros is a valid action, completed here; the handler is safe by the contract.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as libc::sighandler_t;
        action.sa_flags = libc::SA_RESTART;
        assert_eq!(libc::sigaction(signal, &action, std::ptr::null_mut()), 0);
    }
}

/// A thread that signals are sent to.
#[derive(Clone, Copy)]
// Not as the system names it: with musl that is a pointer, which stays with its thread.
pub struct Target(usize);

impl Target {
    /// This thread.
    pub fn this_thread() -> Self {
        // SAFETY: no arguments, no failure.
        Self(unsafe { libc::pthread_self() } as usize)
    }

    /// Sends it a signal.
    ///
    /// # Safety
    ///
    /// The thread has not ended.
    pub unsafe fn interrupt(self, signal: libc::c_int) {
        // SAFETY: the name of a thread that lives, by the contract.
        unsafe { libc::pthread_kill(self.0 as libc::pthread_t, signal) };
    }
}
