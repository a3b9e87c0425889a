//! How many blocks go in a call: the parameters of `bulk`.

use std::fmt;
use std::str::FromStr;

/// The most blocks that are kept, as in DPDK's test.
const MOST: u16 = 32_768;

/// How many blocks are taken in all, and how many in each call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Calls {
    get: u16,
    put: u16,
    keep: u16,
}

impl Calls {
    /// Those of `bulk` without parameters: 32 in one call, back in one call.
    pub const USUAL: Self = Self { get: 32, put: 32, keep: 32 };

    /// `keep` blocks, from 1 to 32,768, in calls of `get` and back in calls of `put`, each from 1 to
    /// `keep`; `None` for anything else. The last call is the smaller one where they do not divide.
    #[must_use]
    pub const fn new(get: u16, put: u16, keep: u16) -> Option<Self> {
        let whole = 1 <= get && 1 <= put && get <= keep && put <= keep && keep <= MOST;
        if whole { Some(Self { get, put, keep }) } else { None }
    }

    /// Blocks of a call that takes.
    #[must_use]
    pub const fn get(self) -> usize {
        self.get as usize
    }

    /// Blocks of a call that gives back.
    #[must_use]
    pub const fn put(self) -> usize {
        self.put as usize
    }

    /// Blocks that are held at once.
    #[must_use]
    pub const fn keep(self) -> usize {
        self.keep as usize
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.get, self.put, self.keep)
    }
}

impl FromStr for Calls {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            if digits { text.parse::<u16>().ok() } else { None }
        };
        let numbers: Option<Vec<_>> = text.split(':').map(number).collect();
        let calls = match numbers.as_deref() {
            Some(&[get, put, keep]) => Self::new(get, put, keep),
            _ => None,
        };
        calls.ok_or_else(|| {
            format!("allowed is bulk:GET:PUT:KEEP, KEEP from 1 to {MOST}, GET and PUT up to KEEP")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All of DPDK's grid whose calls are no larger than what is kept.
    #[test]
    fn calls_read_back_as_they_are_printed() {
        let sizes = [1, 4, 8, 32, 64, 128, 256, 512];
        for keep in [32, 128, 512, 2_048, 8_192, 32_768] {
            for get in sizes {
                for put in sizes {
                    let calls = Calls::new(get, put, keep);
                    assert_eq!(calls.is_some(), get <= keep && put <= keep);
                    if let Some(calls) = calls {
                        assert_eq!(calls.to_string().parse(), Ok(calls));
                    }
                }
            }
        }
    }

    #[test]
    fn what_are_no_calls_is_refused() {
        let wrong = ["", "32", "1:1", "1:1:1:1", "0:1:1", "1:0:1", "2:1:1", "1:2:1", "1:1:32769"];
        for wrong in wrong.into_iter().chain(["+1:1:1", "1:1:", "a:b:c", "1:1:99999"]) {
            let refused = wrong.parse::<Calls>().expect_err(wrong);
            assert!(refused.contains("bulk:GET:PUT:KEEP"), "{wrong}: {refused}");
        }
    }
}
