//! What is in a packet, and where it comes from: all of it follows from its number, so that any stage
//! can tell what should be in it.

use fastrand::Rng;

/// Bytes of a header: the fewest of a packet.
pub const HEADER: usize = 40;

/// Hops that a packet may have left, when it is received. With one it is dropped on its way.
const HOPS: u32 = 8;

/// More than a payload has, so that payloads differ in where they begin.
const SPREAD: usize = 4096;

/// The head of a packet, five words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Who sent it.
    pub source: u64,
    /// Whom it is for.
    pub destination: u64,
    /// How many packets were before it.
    pub sequence: u64,
    /// Bytes of its payload.
    pub payload: u32,
    /// Hops that are left.
    pub hops: u32,
    /// The sum of all its other 64-bit words, as the internet's is of 16-bit words: it can be kept up
    /// without summing anew.
    pub checksum: u64,
}

impl Header {
    fn words(&self) -> [u64; 4] {
        let lengths = u64::from(self.payload) | u64::from(self.hops) << 32;
        [self.source, self.destination, self.sequence, lengths]
    }

    /// As it stands in a packet.
    pub fn to_bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        let words = self.words().into_iter().chain([self.checksum]);
        for (place, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *place = word.to_le_bytes();
        }
        bytes
    }

    /// The header of a packet in these bytes, if the packet lies in them and is whole.
    pub fn verified(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<HEADER>()?;
        let word = |at: usize| u64::from_le_bytes(head.as_chunks::<8>().0[at]);
        let (payload, hops) = (word(3) as u32, (word(3) >> 32) as u32);
        let [source, destination, sequence, checksum] = [0, 1, 2, 4].map(word);
        let header = Self { source, destination, sequence, payload, hops, checksum };
        let payload = rest.get(..payload as usize)?;
        (header.sum(payload) == checksum).then_some(header)
    }

    /// What the checksum should be.
    fn sum(&self, payload: &[u8]) -> u64 {
        let (words, rest) = payload.as_chunks::<8>();
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        let words = words.iter().chain([&last]).map(|&word| u64::from_le_bytes(word));
        self.words().into_iter().chain(words).fold(0, u64::wrapping_add)
    }

    /// The answer to it, a hop later; none if it has no hop left. The sum of the words changes by what
    /// the hop does.
    pub fn answered(self) -> Option<Self> {
        let hops = self.hops.checked_sub(1).filter(|&hops| hops > 0)?;
        let (source, destination) = (self.destination, self.source);
        let checksum = self.checksum.wrapping_sub(1 << 32);
        Some(Self { source, destination, hops, checksum, ..self })
    }
}

/// All the packets there are.
#[derive(Debug)]
pub struct Traffic {
    noise: Vec<u8>,
    largest: usize,
}

impl Traffic {
    /// Packets of at most so many bytes, no fewer than a header's.
    pub fn new(largest: usize) -> Self {
        let mut noise = vec![0; largest + SPREAD];
        Rng::with_seed(7).fill(&mut noise);
        Self { noise, largest }
    }

    /// The packet of this number: header and payload.
    pub fn packet(&self, sequence: u64) -> (Header, &[u8]) {
        let mut random = Rng::with_seed(sequence);
        let (source, destination) = (random.u64(..), random.u64(..));
        let hops = random.u32(1..=HOPS);
        let start = random.usize(..SPREAD);
        let length = random.usize(..=self.largest - HEADER);
        let payload = &self.noise[start..start + length];
        let mut header =
            Header { source, destination, sequence, payload: length as u32, hops, checksum: 0 };
        header.checksum = header.sum(payload);
        (header, payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a receiver lays it out.
    fn laid_out(traffic: &Traffic, sequence: u64) -> Vec<u8> {
        let (header, payload) = traffic.packet(sequence);
        [&header.to_bytes(), payload].concat()
    }

    #[test]
    fn a_packet_with_any_byte_changed_or_missing_is_not_whole() {
        let traffic = Traffic::new(HEADER + 21);
        for sequence in 0..50 {
            let packet = laid_out(&traffic, sequence);
            assert_eq!(Header::verified(&packet), Some(traffic.packet(sequence).0));
            assert_eq!(Header::verified(&packet[..packet.len() - 1]), None);
            for place in 0..packet.len() {
                let mut changed = packet.clone();
                changed[place] ^= 0x10;
                assert_eq!(Header::verified(&changed), None, "packet {sequence}, byte {place}");
            }
        }
    }

    #[test]
    fn an_answer_is_whole_and_the_last_hop_has_none() {
        let traffic = Traffic::new(200);
        let mut dropped = 0;
        for sequence in 0..200 {
            let (header, _) = traffic.packet(sequence);
            let Some(answer) = header.answered() else {
                dropped += 1;
                assert_eq!(header.hops, 1);
                continue;
            };
            let mut packet = laid_out(&traffic, sequence);
            packet[..HEADER].copy_from_slice(&answer.to_bytes());
            assert_eq!(Header::verified(&packet), Some(answer));
            assert_eq!(answer.destination, header.source);
        }
        assert!((1..200).contains(&dropped), "some are dropped, not all: {dropped}");
    }
}
