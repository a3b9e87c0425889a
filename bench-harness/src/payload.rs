//! What a holder writes into a block between take and give.
//!
//! It is compiled into the measured loop, once for each payload: there is no branch on it.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::workload::Workload;

/// How much of each block is written after it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Payload {
    /// Nothing: the block is passed on untouched.
    None,
    /// Its first byte, so that its first cache line is the holder's.
    Line,
    /// Every byte.
    Block,
}

impl Payload {
    /// Every payload, from the least to the most.
    pub const ALL: &[Self] = &[Self::None, Self::Line, Self::Block];

    /// What a workload of that name writes unless something else is asked for; of one that this program
    /// does not know, what most write.
    #[must_use]
    pub(crate) fn usual(workload: &str) -> Self {
        workload.parse().map_or(Self::Line, Workload::payload)
    }

    /// As it is called on the command line and in every record.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Line => "line",
            Self::Block => "block",
        }
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Payload {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|payload| payload.name() == text);
        found.ok_or_else(|| "allowed is none, line or block".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_reads_back_as_it_is_printed() {
        for &payload in Payload::ALL {
            assert_eq!(payload.to_string().parse(), Ok(payload));
            assert_eq!(serde_json::to_string(&payload).unwrap(), format!("\"{payload}\""));
        }
        assert!("Line".parse::<Payload>().is_err());
    }
}
