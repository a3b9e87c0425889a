//! What there is: plans, contenders and workloads, with what they cannot do.

use std::fmt::Write as _;

use crate::lineup;
use crate::payload::Payload;
use crate::plan::Plan;
use crate::workload::Workload;

/// The text of `--list`.
pub(super) fn list() -> String {
    let mut text = "Plans:\n".to_owned();
    for plan in Plan::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {:<12} {}", plan.name(), plan.description());
    }
    text += "\nContenders, and the paths through them:\n";
    for entry in lineup::ALL {
        let usual = only_if_asked(entry.usual);
        let _ = writeln!(text, "  {:<20} {}", entry.name, entry.description);
        let _ = writeln!(text, "  {:<20}   {}{usual}", "", entry.paths.join(", "));
    }
    if let Some(absent) = lineup::ABSENT {
        let _ = writeln!(text, "\nNot in this build:\n  {absent}");
    }
    text += "\nWorkloads:\n";
    for &workload in Workload::ALL {
        let usual = only_if_asked(Workload::USUAL.contains(&workload));
        let _ = writeln!(text, "  {:<12} {}{usual}", workload, workload.description());
        for entry in lineup::ALL {
            if let Some(reason) = entry.kind.cannot(workload) {
                let _ = writeln!(text, "  {:<12}   not of {}: {reason}", "", entry.name);
            }
        }
        if workload.payload() != Payload::Line {
            let _ = writeln!(text, "  {:<12}   its usual payload is {}", "", workload.payload());
        }
        for &payload in Payload::ALL {
            if let Some(reason) = workload.cannot_write(payload) {
                let _ = writeln!(text, "  {:<12}   not with payload {payload}: {reason}", "");
            }
        }
        if let Some(reason) = workload.cannot(1) {
            let _ = writeln!(text, "  {:<12}   not at odd numbers of threads: {reason}", "");
        }
    }
    text += "\nWorkloads with parameters:\n";
    text +=
        "  bulk:GET:PUT:KEEP  take KEEP blocks in calls of GET, give them back in calls of PUT\n";
    text +=
        "  near-full:PERCENT  hold so much of the arena, 0 to 99.9; all of it held is exhausted\n";
    text
}

fn only_if_asked(usual: bool) -> &'static str {
    if usual { "" } else { " (only if asked for)" }
}
