//! Workloads by name: what is typed, listed and recorded. Parameters are part of a name; those of a
//! workload's usual form are left out.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{Calls, Occupancy, Workload};

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pair => f.pad("pair"),
            Self::Burst => f.pad("burst"),
            Self::Replace => f.pad("replace"),
            Self::Larson => f.pad("larson"),
            Self::Handover => f.pad("handover"),
            Self::Churn => f.pad("churn"),
            Self::Scratch => f.pad("scratch"),
            Self::Bulk(Calls::USUAL) => f.pad("bulk"),
            Self::Bulk(calls) => f.pad(&format!("bulk:{calls}")),
            Self::NearFull(Occupancy::USUAL) => f.pad("near-full"),
            Self::NearFull(occupancy) => f.pad(&format!("near-full:{occupancy}")),
            Self::Exhausted => f.pad("exhausted"),
        }
    }
}

impl FromStr for Workload {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("bulk", calls)) => calls.parse().map(Self::Bulk),
            Some(("near-full", occupancy)) => occupancy.parse().map(Self::NearFull),
            _ => {
                let named = |workload: &&Self| workload.to_string() == text;
                Self::ALL.iter().copied().find(|workload| named(&workload)).ok_or_else(allowed)
            }
        }
    }
}

/// Every name without its parameters, and how those are given.
fn allowed() -> String {
    let names = Workload::ALL.iter().map(Workload::to_string);
    let names: Vec<_> = names.filter(|name| !name.contains(':')).collect();
    format!("allowed is {}; also bulk:GET:PUT:KEEP and near-full:PERCENT", names.join(", "))
}

impl Serialize for Workload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workload_reads_back_as_it_is_printed() {
        let bulk = Calls::new(8, 32, 512).map(Workload::Bulk);
        let half = Occupancy::per_mille(500).map(Workload::NearFull);
        let others = [bulk, half].map(|other| other.expect("within bounds"));
        assert_eq!(others.map(|other| other.to_string()), ["bulk:8:32:512", "near-full:50"]);
        for &workload in Workload::ALL.iter().chain(&others) {
            assert_eq!(workload.to_string().parse(), Ok(workload));
        }
    }

    /// Two names of one workload would be two places in two records.
    #[test]
    fn the_usual_parameters_are_left_out() {
        for (text, name) in [("bulk:32:32:32", "bulk"), ("near-full:99.8", "near-full")] {
            assert_eq!(text.parse::<Workload>().expect("a workload").to_string(), name);
        }
    }

    #[test]
    fn what_is_no_workload_is_refused() {
        for wrong in ["", "all", "Pair", "pair:", "pair:1", "triple"] {
            let refused = wrong.parse::<Workload>().expect_err(wrong);
            assert!(refused.contains("scratch, bulk, near-full, exhausted; also"), "{refused}");
        }
    }
}
