//! The three stages, each on a thread of its own, and the account of what went through them.

use std::time::{Duration, Instant};

use bench_harness::workers::Workers;
use crossbeam_utils::Backoff;

use super::packet::{HEADER, Header, Traffic};
use super::ring::Ring;
use super::source::{BURST, Burst, Packet, Source};

/// How many they are.
pub const STAGES: usize = 3;

/// What is done in a run.
#[derive(Debug)]
pub struct Plan {
    /// The packets to receive.
    pub traffic: Traffic,
    /// How many.
    pub packets: u64,
    /// Packets of a burst, at most [`BURST`].
    pub burst: usize,
    /// Bursts that fit into each ring.
    pub ring: usize,
    /// How long a burst waits for memory at most.
    pub patience: Duration,
}

/// Packets in any order: how many, and the sum of the random numbers that tell them apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub packets: u64,
    names: u64,
}

impl Sum {
    fn add(&mut self, name: u64) {
        self.packets += 1;
        self.names = self.names.wrapping_add(name);
    }

    fn and(self, other: Self) -> Self {
        let names = self.names.wrapping_add(other.names);
        Self { packets: self.packets + other.packets, names }
    }
}

/// What a stage did.
#[derive(Debug)]
struct Tally {
    /// The packets that it received, dropped or sent.
    sum: Sum,
    /// Packets that were damaged, out of order, or not what should follow.
    wrong: u64,
    /// Bursts that had to wait for blocks.
    waits: u64,
    /// The last of them had none in time.
    is_starved: bool,
    begin: Instant,
    end: Instant,
}

impl Tally {
    fn begin() -> Self {
        let now = Instant::now();
        Self { sum: Sum::default(), wrong: 0, waits: 0, is_starved: false, begin: now, end: now }
    }

    fn end(self) -> Self {
        Self { end: Instant::now(), ..self }
    }
}

/// What a run came to. Nothing was lost or damaged.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// By the first stage.
    pub received: Sum,
    /// By the second.
    pub dropped: Sum,
    /// By the third.
    pub sent: Sum,
    /// Bursts that had to wait for blocks.
    pub waits: u64,
    /// From the first packet taken to the last one given back.
    pub wall: Duration,
}

/// Sends the plan's packets through the stages.
///
/// # Errors
///
/// If a packet was lost, repeated, damaged or out of order, or if memory for a burst does not come back.
pub fn run<S: Source>(workers: &Workers, source: &S, plan: &Plan) -> Result<Run, String> {
    let (first, second) = (Ring::new(plan.ring), Ring::new(plan.ring));
    let tallies = workers.each(STAGES, |stage| match stage {
        0 => receive(source, plan, &first),
        1 => work::<S>(&first, &second),
        _ => send(source, plan, &second),
    });
    let [received, dropped, sent] = [0, 1, 2].map(|stage| tallies[stage].sum);
    let wrong: u64 = tallies.iter().map(|tally| tally.wrong).sum();
    if wrong > 0 {
        return Err(format!("{wrong} packets were damaged or out of order"));
    }
    if tallies[0].is_starved {
        let Plan { burst, patience, .. } = plan;
        return Err(format!("for {patience:?} there was no memory for {burst} packets"));
    }
    if received.packets != plan.packets || received != dropped.and(sent) {
        return Err(format!(
            "{} packets received, {} dropped, {} sent: not the same ones",
            received.packets, dropped.packets, sent.packets
        ));
    }
    let wall = tallies[2].end - tallies[0].begin;
    Ok(Run { received, dropped, sent, waits: tallies[0].waits, wall })
}

/// Takes memory for a burst at a time, waits while there is none, and writes packets.
fn receive<'a, S: Source>(source: &'a S, plan: &Plan, out: &Ring<Burst<'a, S>>) -> Tally {
    let _closing = out.closing();
    let mut tally = Tally::begin();
    while tally.sum.packets < plan.packets {
        let left = plan.packets - tally.sum.packets;
        let count = plan.burst.min(usize::try_from(left).unwrap_or(usize::MAX));
        let mut burst = [const { None }; BURST];
        let backoff = Backoff::new();
        let mut waits_since = None;
        while !source.take(&mut burst[..count]) {
            let since = *waits_since.get_or_insert_with(Instant::now);
            tally.is_starved = since.elapsed() > plan.patience;
            if out.is_closed() || tally.is_starved {
                return tally.end();
            }
            backoff.snooze();
        }
        tally.waits += u64::from(waits_since.is_some());
        for packet in burst.iter_mut().flatten() {
            let (header, payload) = plan.traffic.packet(tally.sum.packets);
            packet.write(&header.to_bytes(), payload);
            tally.sum.add(header.source);
        }
        if !out.push(burst) {
            break;
        }
    }
    tally.end()
}

/// Verifies each packet and makes it its answer, or drops it.
fn work<'a, S: Source>(from: &Ring<Burst<'a, S>>, out: &Ring<Burst<'a, S>>) -> Tally {
    let _closing = (from.closing(), out.closing());
    let mut tally = Tally::begin();
    let mut next = 0;
    while let Some(mut burst) = from.pop() {
        for entry in &mut burst {
            let Some(packet) = entry else { continue };
            let bytes = packet.bytes();
            let Some(header) = Header::verified(bytes) else {
                tally.wrong += 1;
                continue;
            };
            tally.wrong += u64::from(header.sequence != next);
            next = header.sequence + 1;
            match header.answered() {
                Some(answer) => bytes[..HEADER].copy_from_slice(&answer.to_bytes()),
                None => {
                    tally.sum.add(header.source);
                    *entry = None; // goes back here
                }
            }
        }
        if !out.push(burst) {
            break;
        }
    }
    tally.end()
}

/// Verifies each answer, and gives a burst back at a time.
fn send<'a, S: Source>(source: &'a S, plan: &Plan, from: &Ring<Burst<'a, S>>) -> Tally {
    let _closing = from.closing();
    let mut tally = Tally::begin();
    let mut next = 0;
    while let Some(mut burst) = from.pop() {
        for packet in burst.iter_mut().flatten() {
            let Some(header) = Header::verified(packet.bytes()) else {
                tally.wrong += 1;
                continue;
            };
            let is_expected = plan.traffic.packet(header.sequence).0.answered() == Some(header);
            tally.wrong += u64::from(!is_expected || header.sequence < next);
            next = header.sequence + 1;
            tally.sum.add(header.destination);
        }
        source.give(&mut burst);
    }
    tally.end()
}
