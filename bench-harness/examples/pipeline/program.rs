//! The same packets from each source, by turns, and what came of it.

use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

use bench_harness::arguments::Length;
use bench_harness::median::median;
use bench_harness::peers::mimalloc::Mimalloc;
use bench_harness::peers::system::System;
use bench_harness::surroundings::{unoptimised, unpinned};
use bench_harness::workers::{Cores, Workers};
use block_core::BlockAlloc;
use block_lockfree::LockFreeAlloc;
use clap::Parser;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use super::packet::{HEADER, Traffic};
use super::source::{BURST, Malloc};
use super::stages::{self, Plan, Run, STAGES};

/// Where packets come from, in the order of the samples.
const SOURCES: [&str; 3] = ["pool", "mimalloc", "system"];

/// Packets of a run.
const PACKETS: &str = if cfg!(debug_assertions) { "20000" } else { "100000" };

/// How long a burst waits for memory: what is under way comes back far sooner, if nothing is lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why the run is worth nothing.
pub type Failure = Box<dyn Error>;

/// Packets through three stages, in memory of a pool, of mimalloc and of the system's malloc.
#[derive(Debug, Parser)]
#[command(name = "pipeline", max_term_width = 100)]
pub struct Arguments {
    #[command(flatten)]
    length: Length,

    /// Packets of a sample
    #[arg(long, value_name = "N", default_value = PACKETS, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub packets: u64,

    /// Bytes of the largest packet, and of the memory for each
    #[arg(long, value_name = "BYTES", default_value = "256", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(HEADER as i64..=65_536))]
    pub size: u32,

    /// Blocks of the pool: the bound on packets under way
    #[arg(long, value_name = "BLOCKS", default_value = "1024", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub pool: u32,

    /// Bursts of 32 that fit into each of the two rings
    #[arg(long, value_name = "BURSTS", default_value = "32", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_024))]
    pub ring: u32,
}

/// What the runs came to. In none of them was a packet lost or damaged, and all blocks are back.
#[derive(Debug)]
pub struct Report {
    /// One for each round, of each source.
    pub rounds: Vec<[Run; SOURCES.len()]>,
    /// Packets of a burst.
    pub burst: usize,
    /// Packets that a pool lets be under way, and that the rings do.
    pub bounds: [usize; 2],
    unpinned: usize,
    cores: usize,
}

impl Arguments {
    /// Runs the stages.
    ///
    /// # Errors
    ///
    /// If pool or threads cannot be had, a packet was lost, repeated, damaged or out of order, the
    /// sources did not see the same packets, or a block is missing.
    pub fn run(&self) -> Result<Report, Failure> {
        let (size, blocks, ring) = (self.size as usize, self.pool as usize, self.ring as usize);
        let pool = LockFreeAlloc::new(size, blocks)?;
        let (mimalloc, system) = (Malloc::<Mimalloc>::new(size), Malloc::<System>::new(size));
        let burst = BURST.min(blocks); // a larger one would never be had
        let (traffic, packets, patience) = (Traffic::new(size), self.packets, PATIENCE);
        let plan = Plan { traffic, packets, burst, ring, patience };
        let cores = Cores::usable();
        let mut workers = Workers::new(cores.clone());
        workers.start(STAGES)?;

        let runs: [&dyn Fn() -> Result<Run, String>; SOURCES.len()] = [
            &|| stages::run(&workers, &pool, &plan),
            &|| stages::run(&workers, &mimalloc, &plan),
            &|| stages::run(&workers, &system, &plan),
        ];
        let start = Instant::now();
        let mut rounds = Vec::new();
        while !self.length.is_over(rounds.len(), start) {
            let mut round = [None; SOURCES.len()];
            for turn in 0..SOURCES.len() {
                let whose = (rounds.len() + turn) % SOURCES.len();
                let run = runs[whose]().map_err(|fault| format!("{}: {fault}", SOURCES[whose]))?;
                round[whose] = Some(run);
                if pool.available() != blocks {
                    return Err(format!("{} of {blocks} blocks are back", pool.available()).into());
                }
            }
            let round = round.map(|run| run.expect("each had its turn"));
            if round.iter().any(|run| run.sent != round[0].sent) {
                return Err("not the same packets were sent from each source".into());
            }
            rounds.push(round);
        }
        let bounds = [blocks, (2 * ring + STAGES) * burst];
        let unpinned = workers.unpinned();
        Ok(Report { rounds, burst, bounds, unpinned, cores: cores.count() })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_preset(UTF8_FULL_CONDENSED);
        table.set_header(["packets in", "packets/s", "ns a packet", "least", "bursts that waited"]);
        for (whose, name) in SOURCES.into_iter().enumerate() {
            let runs = || self.rounds.iter().map(move |round| round[whose]);
            let samples: Vec<_> = runs()
                .map(|run| run.wall.as_nanos() as f64 / run.received.packets as f64)
                .collect();
            let bursts: u64 =
                runs().map(|run| run.received.packets.div_ceil(self.burst as u64)).sum();
            let waits: u64 = runs().map(|run| run.waits).sum();
            table.add_row([
                name.to_owned(),
                format!("{:.0}", 1e9 / median(&samples)),
                format!("{:.1}", median(&samples)),
                format!("{:.1}", samples.iter().copied().fold(f64::INFINITY, f64::min)),
                format!("{:.1} %", 100.0 * waits as f64 / bursts as f64),
            ]);
        }
        table.column_iter_mut().skip(1).for_each(|it| it.set_cell_alignment(CellAlignment::Right));
        let Run { received, dropped, sent, .. } = self.rounds[0][0];
        let ([pool, rings], rounds) = (self.bounds, self.rounds.len());
        writeln!(
            f,
            "{table}\n\
             medians of {rounds} runs each, by turns; a packet received, worked on and sent\n\
             under way at most: {pool} packets by the pool's bound, {rings} by the rings' (all that \
             bounds the others)\n\
             nothing lost in any run: {} received, {} dropped, {} sent; every block is back",
            received.packets, dropped.packets, sent.packets
        )?;
        if self.cores < STAGES {
            writeln!(f, "note: {STAGES} stages on {} cores take turns", self.cores)?;
        }
        let notes = [unoptimised(), unpinned(self.unpinned)];
        notes.iter().flatten().try_for_each(|note| writeln!(f, "note: {note}"))
    }
}
