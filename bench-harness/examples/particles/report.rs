//! What the worlds of both allocators did, and how long it took.

use std::fmt;
use std::ops::AddAssign;
use std::time::Duration;

use bench_harness::median::median;
use bench_harness::surroundings::{unoptimised, unpinned};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use super::world::PERIOD;

/// Where particles live, in the order of the samples.
pub const ALLOCATORS: [&str; 2] = ["pool", "Box"];

/// What an allocator's worlds did, and how long it took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Particles aged and moved.
    pub moved: u64,
    /// Particles that came to be.
    pub spawned: u64,
    /// Particles that died.
    pub died: u64,
    /// Particles that were wanted beyond the bound.
    pub refused: u64,
    /// Refusals of the allocator while blocks were free, and gifts while none was.
    pub inexact: u64,
    /// Time of all threads in which particles moved.
    pub moving: Duration,
    /// Time of all threads in which the dead were dropped and others made.
    pub turnover: Duration,
    /// Time from the first step to the last.
    pub wall: Duration,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.moved += other.moved;
        self.spawned += other.spawned;
        self.died += other.died;
        self.refused += other.refused;
        self.inexact += other.inexact;
        self.moving += other.moving;
        self.turnover += other.turnover;
        self.wall += other.wall;
    }
}

/// What a run came to. The worlds were equal whenever they were compared, and all blocks are back.
#[derive(Debug)]
pub struct Report {
    /// One for each round, of both allocators; times are those of all worlds together.
    pub rounds: Vec<[Tally; ALLOCATORS.len()]>,
    /// Worlds of each allocator.
    pub worlds: usize,
    /// Particles that they may hold together.
    pub bound: usize,
    /// A number that tells the worlds of this run from others.
    pub checksum: u64,
    /// The first world at the end.
    pub picture: String,
    /// Threads that are on no core of their own.
    pub unpinned: usize,
}

impl Tally {
    fn steps_a_second(&self) -> f64 {
        PERIOD as f64 / self.wall.as_secs_f64()
    }

    fn ns_a_move(&self) -> f64 {
        self.moving.as_nanos() as f64 / self.moved.max(1) as f64
    }

    /// A birth and a death.
    fn ns_a_life(&self) -> f64 {
        2.0 * self.turnover.as_nanos() as f64 / (self.spawned + self.died).max(1) as f64
    }
}

impl Report {
    /// All rounds of the `whose`th allocator together.
    pub fn total(&self, whose: usize) -> Tally {
        let mut total = Tally::default();
        self.rounds.iter().for_each(|tallies| total += tallies[whose]);
        total
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_preset(UTF8_FULL_CONDENSED);
        table.set_header(["particles in", "steps/s", "ns a move", "ns a life", "least"]);
        for (whose, name) in ALLOCATORS.into_iter().enumerate() {
            let each = |value: fn(&Tally) -> f64| -> Vec<f64> {
                self.rounds.iter().map(|tallies| value(&tallies[whose])).collect()
            };
            let lives = each(Tally::ns_a_life);
            table.add_row([
                name.to_owned(),
                format!("{:.0}", median(&each(Tally::steps_a_second))),
                format!("{:.2}", median(&each(Tally::ns_a_move))),
                format!("{:.1}", median(&lives)),
                format!("{:.1}", lives.iter().copied().fold(f64::INFINITY, f64::min)),
            ]);
        }
        table.column_iter_mut().skip(1).for_each(|it| it.set_cell_alignment(CellAlignment::Right));
        let (total, rounds) = (self.total(0), self.rounds.len());
        writeln!(
            f,
            "{table}\n\
             medians of {rounds} x {PERIOD} steps, by turns; ns of a thread's time; a life is a box \
             made and dropped\n\
             worlds: {}, under one bound of {} particles; {} born, {} died, {} refused at the bound\n\
             the worlds of both are equal (checksum {:016x}), every block is back",
            self.worlds, self.bound, total.spawned, total.died, total.refused, self.checksum
        )?;
        let notes = [unoptimised(), unpinned(self.unpinned)];
        notes.iter().flatten().try_for_each(|note| writeln!(f, "note: {note}"))
    }
}
