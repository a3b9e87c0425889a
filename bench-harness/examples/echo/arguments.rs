//! The command line.

use std::ffi::OsString;

use bench_harness::arguments::seconds;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

const AFTER: &str = "\
Two servers run by turns in this process, one with blocks of a pool and one with a Vec for each
read, under the same load, on loopback. First the clients send without reading, until every block
is held and all other connections wait for one; then they read what is due. After that they send
and read as fast as they can. What comes back is compared with what was sent.

Ctrl-C (or SIGTERM) ends the run early, when everything that was sent is back; the second one ends
it at once.

Exit code: 0 all that is checked held, 1 something did not or the machine refused, 2 wrong
arguments, 130 interrupted.";

/// A tokio echo server on the blocks of a pool, under more connections than it has blocks.
#[derive(Clone, Copy, Debug, Parser)]
#[command(name = "echo", after_help = AFTER, max_term_width = 100)]
pub struct Arguments {
    /// Seconds for the run; to fill many connections and empty them may take longer
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    #[arg(allow_negative_numbers = true)]
    pub time: f64,

    /// Clients, at the same time; more than there are blocks
    #[arg(long, value_name = "N", default_value = "100", value_parser = connections)]
    #[arg(allow_negative_numbers = true)]
    pub connections: usize,

    /// Blocks of the pool
    #[arg(long, value_name = "N", default_value = "8", value_parser = blocks)]
    #[arg(allow_negative_numbers = true)]
    pub blocks: usize,

    /// Bytes of a block, and of a Vec
    #[arg(long, value_name = "BYTES", default_value = "4096", value_parser = block_size)]
    #[arg(allow_negative_numbers = true)]
    pub block_size: usize,
}

impl Arguments {
    /// Of the command's own name and what follows.
    ///
    /// # Errors
    ///
    /// What to print, and the exit code: also where help was asked for.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let parsed = Self::try_parse_from(arguments)?;
        if parsed.connections > parsed.blocks {
            return Ok(parsed);
        }
        let Self { connections, blocks, .. } = parsed;
        let line = format!(
            "{connections} connections never wait for one of {blocks} blocks: allowed are fewer \
             blocks than connections"
        );
        Err(Self::command().error(ErrorKind::ValueValidation, line))
    }
}

fn count(text: &str, least: usize, most: usize) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| (least..=most).contains(count));
    count.ok_or_else(|| format!("allowed is a whole number from {least} to {most}"))
}

fn connections(text: &str) -> Result<usize, String> {
    count(text, 2, 1_000)
}

fn blocks(text: &str) -> Result<usize, String> {
    count(text, 1, 999)
}

fn block_size(text: &str) -> Result<usize, String> {
    count(text, 256, 1 << 24)
}
