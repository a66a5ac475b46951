//! A replay as bytes, and back: for a restart that goes on where it was.

use super::bad::{BadEvents, Tolerance};
use super::driver::Replay;
use super::progress::Looks;
use crate::codec::{self, Reader};
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::log::Positions;
use crate::stream::Stream;

const MAGIC: [u8; 4] = *b"SKRP";
const FORMAT: u8 = 1;

impl Replay {
    /// Everything as bytes: equal replays are equal bytes. To be stored as a whole, and before the positions in it are
    /// committed to the log.
    ///
    /// What it costs is a snapshot of the stream.
    ///
    /// # Errors
    /// [`ErrorKind::Tolerance`](crate::ErrorKind::Tolerance) for a replay that has failed.
    ///
    /// # Format
    /// `SKRP`, a format byte, a checksum of the rest, then start, end, offsets passed, the tolerance, the bad
    /// events, and the stream as [`Stream::snapshot`] writes it.
    pub fn checkpoint(&self) -> Result<Vec<u8>> {
        self.check()?;
        let mut body = Vec::new();
        // What was read since says the same as what was passed.
        let read = self.stream.positions();
        let passed: Positions = self.passed.iter().filter(|(at, next)| *next > read.next(*at)).collect();
        codec::put(&mut body, &(&self.start, &self.end, passed));
        codec::put(&mut body, &(self.tolerance, &self.bad));
        let stream = self.stream.snapshot();
        codec::put_u64(&mut body, stream.len() as u64);
        body.extend_from_slice(&stream);
        Ok(codec::seal(MAGIC, FORMAT, &body))
    }

    /// Reads what [`checkpoint`](Self::checkpoint) wrote. The log is to be delivered again from
    /// [`positions`](Self::positions), or from any earlier place.
    ///
    /// # Errors
    /// As [`Stream::restore`], for the stream and for what is around it.
    pub fn resume(set: &FeatureSet, bytes: &[u8]) -> Result<Self> {
        let mut from = Reader::sealed(bytes, MAGIC, FORMAT)?;
        let (start, end, passed): (Positions, Positions, Positions) = from.take("positions")?;
        let (tolerance, bad): (Tolerance, BadEvents) = from.take("bad events")?;
        let len = from.count(1, "stream")?;
        let stream = Stream::restore(set, from.bytes(len, "stream")?)?;
        from.finish()?;
        let replay = Self { stream, start, end, passed, tolerance, bad, looks: Looks::default() };
        let refused = replay.stream.counters().refused();
        if !replay.bad.is_valid() || replay.bad.count() != refused {
            return Err(Error::corrupt("bad events that no replay can have counted"));
        }
        if !replay.stream.began_at(&replay.start) {
            return Err(Error::corrupt(format!("a stream that does not start at {}", replay.start)));
        }
        // One check for every way of not being canonical: these very bytes must come out again.
        match replay.checkpoint() {
            Ok(again) if again == bytes => Ok(replay),
            Ok(_) => Err(Error::not_canonical("the replay they describe is written differently")),
            Err(why) => Err(Error::corrupt(why.to_string())),
        }
    }
}
