//! Stops a thread after any number of instructions of a call, where the processor and the system let a
//! program single-step itself: on x86, of 32 and 64 bits, with Linux.
//!
//! The trap flag makes the processor raise `SIGTRAP` after each instruction. The handler counts, and at
//! the chosen instruction waits until another thread has done its work, or for `LONGEST` once that
//! work has begun: a thread that is stopped inside a lock must go on without help.

pub(super) use system::Stepping;

#[cfg(all(target_os = "linux", any(target_arch = "x86", target_arch = "x86_64"), not(miri)))]
mod system {
    use core::arch::asm;
    use core::mem::MaybeUninit;
    use core::ptr;
    use core::sync::atomic::{AtomicUsize, Ordering};
    use core::time::Duration;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    /// How long a thread is stopped at most after the other thread's work has begun.
    const LONGEST: Duration = Duration::from_micros(300);
    /// How long it waits for that work to begin.
    const PATIENCE: Duration = Duration::from_millis(200);
    const TRAP_FLAG: isize = 0x100;
    /// Which of the registers of a stopped thread has the flags.
    const FLAGS: usize = if cfg!(target_arch = "x86_64") { 17 } else { 16 };

    // One thread is stepped at a time, see `Stepping`. The two below are its own, so Relaxed.
    static STOP_AT: AtomicUsize = AtomicUsize::new(0);
    static MADE: AtomicUsize = AtomicUsize::new(0);
    // Numbers of the last stop, and of the last one whose work began and ended. Each is stored with
    // Release and loaded with Acquire: what a thread did before it says so, the other one sees.
    static STOPS: AtomicUsize = AtomicUsize::new(0);
    static BEGUN: AtomicUsize = AtomicUsize::new(0);
    static ENDED: AtomicUsize = AtomicUsize::new(0);

    /// The right to step a thread, which one property has at a time.
    pub(in super::super) struct Stepping {
        action_before: libc::sigaction,
        _only: MutexGuard<'static, ()>,
    }

    impl Stepping {
        /// `None` where threads cannot be stepped.
        pub(in super::super) fn new() -> Option<Self> {
            static ONLY: Mutex<()> = Mutex::new(());
            let only = ONLY.lock().unwrap_or_else(PoisonError::into_inner);
            // SAFETY: all zero is a `sigaction`: no flags, no mask, the default action.
            let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
            let handler: extern "C" fn(_, _, _) = made_a_step;
            action.sa_sigaction = handler as libc::sighandler_t;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
            let mut before = action;
            // SAFETY: the handler is async-signal-safe: it uses atomics and two system calls.
            let answer =
                unsafe { libc::sigaction(libc::SIGTRAP, &raw const action, &raw mut before) };
            let stepping = Self { action_before: before, _only: only };
            // Emulators and other tools may ignore the flag.
            let (_, made) = stepping.call(usize::MAX, || core::hint::black_box(1));
            (answer == 0 && made > 0).then_some(stepping)
        }

        /// Makes the call, and stops after `stop_at` of its instructions. Returns how many were made
        /// until then, or until the end of the call.
        pub(in super::super) fn call<T>(
            &self,
            stop_at: usize,
            call: impl FnOnce() -> T,
        ) -> (T, usize) {
            MADE.store(0, Ordering::Relaxed);
            STOP_AT.store(stop_at, Ordering::Relaxed);
            // SAFETY: sets the trap flag, for which there is a handler.
            #[cfg(target_arch = "x86_64")]
            unsafe {
                asm!("pushfq", "or dword ptr [rsp], 0x100", "popfq");
            }
            // SAFETY: the same.
            #[cfg(target_arch = "x86")]
            unsafe {
                asm!("pushfd", "or dword ptr [esp], 0x100", "popfd");
            }
            let returned = call();
            // SAFETY: clears the trap flag.
            #[cfg(target_arch = "x86_64")]
            unsafe {
                asm!("pushfq", "and dword ptr [rsp], 0xfffffeff", "popfq");
            }
            // SAFETY: the same.
            #[cfg(target_arch = "x86")]
            unsafe {
                asm!("pushfd", "and dword ptr [esp], 0xfffffeff", "popfd");
            }
            (returned, MADE.load(Ordering::Relaxed))
        }

        /// Does the work if a thread is stopped for it. `last` is the number of the last such stop.
        pub(in super::super) fn work_if_stopped(&self, last: &mut usize, work: impl FnOnce()) {
            let stop = STOPS.load(Ordering::Acquire);
            if stop != *last {
                *last = stop;
                BEGUN.store(stop, Ordering::Release);
                work();
                ENDED.store(stop, Ordering::Release);
            }
        }

        /// Whether the work of the last stop ended in time.
        pub(in super::super) fn is_done(&self) -> bool {
            ENDED.load(Ordering::Acquire) == STOPS.load(Ordering::Acquire)
        }

        /// The number of the last stop before any that is to come.
        pub(in super::super) fn last_stop(&self) -> usize {
            STOPS.load(Ordering::Acquire)
        }
    }

    impl Drop for Stepping {
        fn drop(&mut self) {
            let before = &raw const self.action_before;
            // SAFETY: the action that was there before.
            unsafe { libc::sigaction(libc::SIGTRAP, before, ptr::null_mut()) };
        }
    }

    fn now() -> Duration {
        // SAFETY: all zero is a `timespec`.
        let mut now: libc::timespec = unsafe { MaybeUninit::zeroed().assume_init() };
        // SAFETY: writes to `now`, and may be called in a handler of a signal.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
        Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
    }

    fn wait_until(word: &AtomicUsize, number: usize, at_most: Duration) {
        let begun = now();
        while word.load(Ordering::Acquire) != number && now().saturating_sub(begun) < at_most {
            // SAFETY: touches nothing. `errno` stays as it is, since the call does not fail.
            unsafe { libc::sched_yield() };
        }
    }

    extern "C" fn made_a_step(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
        let made = MADE.load(Ordering::Relaxed) + 1;
        MADE.store(made, Ordering::Relaxed);
        if made != STOP_AT.load(Ordering::Relaxed) {
            return;
        }
        let stop = STOPS.fetch_add(1, Ordering::Release) + 1;
        wait_until(&BEGUN, stop, PATIENCE);
        wait_until(&ENDED, stop, LONGEST);
        let context = context.cast::<libc::ucontext_t>();
        // SAFETY: the system's record of the stopped thread, which goes on without the flag. It begins
        // with the registers, each of them a word.
        unsafe {
            let registers = (&raw mut (*context).uc_mcontext).cast::<isize>();
            *registers.add(FLAGS) &= !TRAP_FLAG;
        }
    }
}

#[cfg(not(all(target_os = "linux", any(target_arch = "x86", target_arch = "x86_64"), not(miri))))]
mod system {
    /// No thread can be stepped here.
    pub(in super::super) enum Stepping {}

    impl Stepping {
        pub(in super::super) fn new() -> Option<Self> {
            None
        }

        pub(in super::super) fn call<T>(&self, _: usize, _: impl FnOnce() -> T) -> (T, usize) {
            match *self {}
        }

        pub(in super::super) fn work_if_stopped(&self, _: &mut usize, _: impl FnOnce()) {
            match *self {}
        }

        pub(in super::super) fn is_done(&self) -> bool {
            match *self {}
        }

        pub(in super::super) fn last_stop(&self) -> usize {
            match *self {}
        }
    }
}
