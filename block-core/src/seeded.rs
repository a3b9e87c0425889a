//! Bugs on purpose, to see that the tests find them. In builds with `--cfg seeded_bugs` alone, and there
//! only the one that the environment variable `SEEDED_BUG` names. In any other build the macro leaves
//! nothing of them. It stays as long as this version of the crate does: the backends are written with it.

/// What the code says, unless a bug is asked for by name: then what that bug makes of it.
///
/// ```text
/// let end = seeded!(at, "parts-overlap-by-one" => at + 1);
/// head.load(seeded!(Ordering::Acquire, relaxed by "pop-relaxed"));
/// ```
///
/// Or nothing, where a bug does too much:
///
/// ```text
/// seeded!("mark-cleared-twice" => self.clear(mark));
/// ```
#[cfg(not(seeded_bugs))]
#[doc(hidden)]
#[macro_export]
macro_rules! seeded {
    (Ordering::$right:ident, relaxed by $bug:literal) => {
        Ordering::$right
    };
    ($right:expr $(, $bug:literal => $wrong:expr)+ $(,)?) => {
        $right
    };
    ($bug:literal => $wrong:expr) => {};
}

/// As in other builds, but a bug can be asked for.
#[cfg(seeded_bugs)]
#[doc(hidden)]
#[macro_export]
macro_rules! seeded {
    (Ordering::$right:ident, relaxed by $bug:literal) => {
        if $crate::is_planted($bug) { Ordering::Relaxed } else { Ordering::$right }
    };
    ($right:expr $(, $bug:literal => $wrong:expr)+ $(,)?) => {
        match () {
            $(() if $crate::is_planted($bug) => $wrong,)+
            () => $right,
        }
    };
    ($bug:literal => $wrong:expr) => {
        if $crate::is_planted($bug) {
            $wrong;
        }
    };
}

/// Whether this bug is the one that was asked for.
#[cfg(seeded_bugs)]
#[doc(hidden)]
#[must_use]
pub fn is_planted(bug: &str) -> bool {
    static ASKED_FOR: std::sync::OnceLock<std::string::String> = std::sync::OnceLock::new();
    ASKED_FOR.get_or_init(|| std::env::var("SEEDED_BUG").unwrap_or_default()) == bug
}
