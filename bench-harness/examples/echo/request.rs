//! Requests that can be told from each other and from anything else, byte by byte.
//!
//! ```text
//! | connection: u32 | length: u32 | number: u64 | so many bytes, each connection's and request's own |
//! ```

use std::fmt;

use fastrand::Rng;

/// Of the doublings of a request's size there are so many: up to 32 KiB.
const DOUBLINGS: u32 = 16;

/// The requests of one connection, one after the other: the same for whoever asks.
#[derive(Debug)]
pub struct Requests {
    connection: u32,
    number: u64,
    random: Rng,
}

impl Requests {
    /// From the first one on.
    pub fn of(connection: u32) -> Self {
        Self { connection, number: 0, random: Rng::with_seed(connection.into()) }
    }

    /// Puts the next request into `bytes`, in the place of what is there. Small ones are as frequent as
    /// large ones, by orders of magnitude.
    pub fn next_into(&mut self, bytes: &mut Vec<u8>) {
        let most = 1 << self.random.u32(0..DOUBLINGS);
        let length = self.random.u32(0..most);
        bytes.clear();
        bytes.extend_from_slice(&self.connection.to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&self.number.to_le_bytes());
        let header = bytes.len();
        bytes.resize(header + length as usize, 0);
        self.random.fill(&mut bytes[header..]);
        self.number += 1;
    }
}

/// What a connection is to get back, and how much of it has come.
#[derive(Debug)]
pub struct Expected {
    requests: Requests,
    /// The request that is coming back.
    current: Vec<u8>,
    /// Bytes of it that are there.
    come: usize,
}

/// Bytes that are not those that were sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Differs {
    connection: u32,
    number: u64,
    at: usize,
}

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connection, number, at } = self;
        write!(
            f,
            "connection {connection}, request {number}: byte {at} is not the one that was sent"
        )
    }
}

impl std::error::Error for Differs {}

impl Expected {
    /// All requests of a connection.
    pub fn of(connection: u32) -> Self {
        let mut requests = Requests::of(connection);
        let mut current = Vec::new();
        requests.next_into(&mut current);
        Self { requests, current, come: 0 }
    }

    /// Compares what has come, and says how many requests it has completed.
    pub fn compare(&mut self, mut bytes: &[u8]) -> Result<usize, Differs> {
        let mut completed = 0;
        while !bytes.is_empty() {
            let due = &self.current[self.come..];
            let (now, later) = bytes.split_at(bytes.len().min(due.len()));
            if *now != due[..now.len()] {
                let at = now.iter().zip(due).take_while(|(come, due)| come == due).count();
                let Requests { connection, number, .. } = self.requests;
                return Err(Differs { connection, number: number - 1, at: self.come + at });
            }
            self.come += now.len();
            bytes = later;
            if self.come == self.current.len() {
                self.requests.next_into(&mut self.current);
                self.come = 0;
                completed += 1;
            }
        }
        Ok(completed)
    }
}
