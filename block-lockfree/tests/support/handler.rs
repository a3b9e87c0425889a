//! Signal handlers, and the threads that they interrupt.

/// Installs a signal handler. System calls that the signal interrupts are restarted.
///
/// The handler must be async-signal-safe, except for its calls of pools.
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
// Not a `pthread_t`: with musl that is a pointer, which is not `Send`.
pub struct Target(usize);

impl Target {
    /// Returns the calling thread.
    pub fn this_thread() -> Self {
        // SAFETY: the call has no arguments and cannot fail.
        Self(unsafe { libc::pthread_self() } as usize)
    }

    /// Sends a signal to the thread.
    ///
    /// # Safety
    ///
    /// The thread has not ended.
    pub unsafe fn interrupt(self, signal: libc::c_int) {
        // SAFETY: the thread has not ended, by the contract.
        unsafe { libc::pthread_kill(self.0 as libc::pthread_t, signal) };
    }
}
