//! What came of a run, in words: the page that goes with the record.

use std::time::Duration;

use humantime::format_duration;

use super::drift::{Drift, FEWEST, Verdict};
use super::record::{Record, Series, What};

/// What a run drifted by, as far as it can be told.
#[derive(Debug)]
pub(crate) struct Verdicts<'a> {
    /// Means of all workloads by pool, then memory, files and threads.
    main: Vec<(String, Drift)>,
    /// Each pool at each workload.
    single: Vec<(&'a Series, Drift)>,
    machine: Option<Drift>,
}

impl<'a> Verdicts<'a> {
    pub(crate) fn of(record: &'a Record) -> Self {
        let mut main = Vec::new();
        let mut single = Vec::new();
        for pool in record.pools() {
            for series in record.of(Some(pool), What::LeastNs) {
                let Some(drift) = record.drift(series) else { continue };
                match series.workload {
                    None => main.push((format!("{pool}, ns"), drift)),
                    Some(_) => single.push((series, drift)),
                }
            }
        }
        let process = [
            ("resident memory, KiB", What::ResidentKib),
            ("of it no file's, KiB", What::AnonymousKib),
            ("open files", What::OpenFiles),
            ("threads", What::Threads),
        ];
        for (name, what) in process {
            let drift = record.of(None, what).next().and_then(|series| record.drift(series));
            main.extend(drift.map(|drift| (name.to_owned(), drift)));
        }
        Self { main, single, machine: record.machine_drift() }
    }

    fn all(&self) -> impl Iterator<Item = &Drift> {
        let single = self.single.iter().map(|(_, drift)| drift);
        self.main.iter().map(|(_, drift)| drift).chain(single)
    }

    /// Whether something rose for sure.
    pub(crate) fn rises(&self) -> bool {
        self.all().any(|drift| drift.verdict() == Verdict::Rises)
    }
}

/// The page.
pub(crate) fn page(record: &Record) -> String {
    let verdicts = Verdicts::of(record);
    format!(
        "# Soak of {}\n\n{}, {}, commit {}; seed {}.{}\n\n{}\n\n![Time per operation and resident memory \
         over the run](soak.svg)\n\n{}",
        length(record.counts.seconds),
        record.machine,
        record.date,
        record.commit,
        record.settings.seed,
        notes(record),
        counts(record),
        drifts(record, &verdicts),
    )
}

fn notes(record: &Record) -> String {
    let mut notes = String::new();
    if record.interrupted {
        notes +=
            &format!("\nInterrupted: {} were asked for.", length(record.settings.time_seconds));
    }
    if let Some(busy) = &record.busy {
        notes += &format!("\nNote: {busy}.");
    }
    if !record.optimised {
        notes += "\nBuilt without optimisation: times mean nothing.";
    }
    notes
}

fn length(seconds: f64) -> String {
    format_duration(Duration::from_secs(seconds.round() as u64)).to_string()
}

fn counts(record: &Record) -> String {
    let (counts, settings) = (&record.counts, &record.settings);
    format!(
        "Nothing was lost and no block had two holders. On {} threads, {} blocks of {} bytes in each pool:\n\n\
         - {} blocks taken and given back in timed slices, and {} runs with a stamp in every block;\n\
         - {} counts of every block of a pool, no two of one pool more than {:.1} s apart;\n\
         - {} times all blocks held, then refusals, then all back;\n\
         - {} threads ended with full caches, besides those of the workloads `larson` and `churn`;\n\
         - {} signals, in {} of which the handler took a block and gave one back;\n\
         - {} children forked, each of which took every block that it could reach, twice;\n\
         - {} buffers frozen and shared, {} blocks waited for.",
        settings.threads,
        settings.capacity,
        settings.block_size,
        grouped(counts.timed_pairs),
        grouped(counts.stamped_runs),
        grouped(counts.audits),
        counts.longest_gap_seconds,
        grouped(counts.exhaustions),
        grouped(counts.threads_ended),
        grouped(counts.signals),
        grouped(counts.signals_served),
        grouped(counts.forks),
        grouped(counts.buffers),
        grouped(counts.waits),
    )
}

fn drifts(record: &Record, verdicts: &Verdicts<'_>) -> String {
    let Some(machine) = &verdicts.machine else {
        return format!(
            "Too short to tell a drift: that takes {FEWEST} samples, of a second or more, once it is warm; \
             these are {}.\n",
            record.seconds.len()
        );
    };
    let mut text = "| | median | drift |\n|---|---:|---|\n".to_owned();
    for (name, drift) in &verdicts.main {
        text += &format!("| {name} | {} | {drift} |\n", figure(drift.median));
    }
    text +=
        &format!("| loop without an allocator, ns | {} | {machine} |\n", figure(machine.median));
    let count = |wanted| verdicts.single.iter().filter(|(_, it)| it.verdict() == wanted).count();
    text += &format!(
        "\nTimes are geometric means over all workloads of the shortest of three slices, or more where a \
         sample lasts longer than a second. Of {} pairs \
         of pool and workload, each by itself, {} show no drift, {} fall, {} rise, and of {} it cannot be told.\n",
        verdicts.single.len(),
        count(Verdict::None),
        count(Verdict::Falls),
        count(Verdict::Rises),
        count(Verdict::Untold),
    );
    let told = |verdict| matches!(verdict, Verdict::Rises | Verdict::Falls);
    let told = verdicts.single.iter().filter(|(_, drift)| told(drift.verdict()));
    let lines = told.map(|(series, drift)| {
        let [pool, workload] =
            [&series.pool, &series.workload].map(|it| it.as_deref().unwrap_or(""));
        format!("- {pool}, {workload}: {} ns, {drift}\n", figure(drift.median))
    });
    let lines = lines.collect::<String>();
    if lines.is_empty() { text } else { text + "\n" + &lines }
}

/// To three digits, or whole.
fn figure(value: f64) -> String {
    match value {
        100.0.. => grouped(value.round() as u64),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// With a comma at each thousand.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
