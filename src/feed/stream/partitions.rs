//! The records of all partitions: in memory while few, in one temporary file when many.

use propensity::walk::Partitioner;
use serde::{Deserialize, Serialize};

use super::file::TempFile;
use super::shared_file::SharedFile;
use crate::error::Error;

/// Bytes of a partition kept in memory before they go to the file, of few partitions and of many.
const LARGE_BUFFER: usize = 16 * 1024;
pub const SMALL_BUFFER: usize = 8 * 1024;
/// Bytes of all buffers, if small ones are not more.
const BUFFERS: usize = 4 << 20;

/// The newest bytes of a partition, which move on together.
const NEWEST: usize = 512;

/// Bytes after those of a chunk, which say where the one before it is.
const LINK: usize = 16;

/// Where bytes of a partition are in the file; before the first are none.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
pub struct Chunk {
    place: usize,
    length: usize,
}

impl Chunk {
    /// This chunk, unless it is none.
    fn some(self) -> Option<Self> {
        (self.length > 0).then_some(self)
    }

    fn link(self) -> [u8; LINK] {
        let (place, length) = (self.place as u64, self.length as u64);
        (u128::from(place) << 64 | u128::from(length)).to_le_bytes()
    }

    fn linked(bytes: [u8; LINK]) -> Self {
        let link = u128::from_le_bytes(bytes);
        Self {
            place: (link >> 64) as usize,
            length: link as u64 as usize,
        }
    }

    /// Reads the chunk onto the end of `bytes`, and gives the one before it.
    pub fn read(self, file: &mut TempFile, bytes: &mut Vec<u8>) -> Result<Option<Self>, Error> {
        file.read(self.place, self.length + LINK, bytes)?;
        let Some((_, &link)) = bytes.split_last_chunk() else {
            return Err(propensity::Error::BadRecord.into());
        };
        bytes.truncate(bytes.len() - LINK);
        Ok(Self::linked(link).some())
    }
}

/// The bytes of a partition in the file.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Written {
    newest: Chunk,
    /// Of all chunks.
    bytes: usize,
}

/// Which bytes of a file are of which partition: however many they are, only the newest are remembered.
#[derive(Serialize, Deserialize)]
pub struct Chunks {
    of: Vec<Written>,
}

impl Chunks {
    fn new(partitions: usize) -> Self {
        Self {
            of: vec![Written::default(); partitions],
        }
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.of.iter().all(|written| written.bytes == 0)
    }

    /// Bytes of a partition.
    pub fn len(&self, partition: usize) -> usize {
        self.of[partition].bytes
    }

    /// The newest chunk of a partition.
    pub fn newest(&self, partition: usize) -> Option<Chunk> {
        self.of[partition].newest.some()
    }
}

/// An append-only run of bytes for each partition.
///
/// A row may be of any partition. So the newest bytes of each are few enough to stay in the second cache together, and
/// move on to where they wait for the file many at a time: that takes less than to fetch a line of far memory for each row.
pub struct Partitions {
    partitioner: Partitioner,
    newest: Vec<Vec<u8>>,
    buffers: Vec<Vec<u8>>,
    chunks: Chunks,
    file: Option<TempFile>,
    /// The file that another process is to read, if it is for one.
    shared: Option<SharedFile>,
}

impl Partitions {
    pub fn new(partitioner: Partitioner) -> Self {
        let count = partitioner.partitions();
        Self {
            partitioner,
            newest: vec![Vec::new(); count],
            buffers: vec![Vec::new(); count],
            chunks: Chunks::new(count),
            file: None,
            shared: None,
        }
    }

    /// For another process.
    pub fn shared(partitioner: Partitioner, file: SharedFile) -> Self {
        let mut partitions = Self::new(partitioner);
        partitions.shared = Some(file);
        partitions
    }

    /// Which profiles are in which partition.
    pub fn partitioner(&self) -> Partitioner {
        self.partitioner
    }

    /// Has `write` append a record of a profile, by the hash of its key.
    #[inline]
    pub fn append<T>(&mut self, hash: u64, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let partition = self.partitioner.partition(hash);
        let newest = &mut self.newest[partition];
        let done = write(newest);
        if newest.len() >= NEWEST {
            self.move_on(partition);
        }
        done
    }

    /// Moves the newest bytes to those that wait for the file.
    #[cold]
    fn move_on(&mut self, partition: usize) {
        let most = (BUFFERS / self.buffers.len()).clamp(SMALL_BUFFER, LARGE_BUFFER);
        if self.buffers[partition].len() + self.newest[partition].len() > most {
            self.flush(partition);
        }
        let (newest, buffer) = (&mut self.newest[partition], &mut self.buffers[partition]);
        if newest.len() > most {
            // A whole history, which is not copied, and whose memory is not kept.
            *buffer = std::mem::take(newest);
            self.flush(partition);
            self.buffers[partition] = Vec::new();
        } else {
            buffer.reserve_exact(most + LINK - buffer.len());
            buffer.append(newest);
        }
    }

    fn flush(&mut self, partition: usize) {
        if self.buffers[partition].is_empty() {
            return;
        }
        let shared = &self.shared;
        let file = self.file.get_or_insert_with(|| match shared {
            Some(shared) => TempFile::create_shared(shared),
            None => TempFile::create(),
        });
        let (buffer, written) = (&mut self.buffers[partition], &mut self.chunks.of[partition]);
        let length = buffer.len();
        buffer.extend_from_slice(&written.newest.link());
        *written = Written {
            newest: Chunk {
                place: file.len(),
                length,
            },
            bytes: written.bytes + length,
        };
        file.append(buffer);
        buffer.clear();
    }

    /// Lets go of the memory of what waits for the file, if there is one.
    pub fn spill(&mut self) {
        if self.file.is_none() {
            return;
        }
        for partition in 0..self.partitioner.partitions() {
            self.move_on(partition);
            self.flush(partition);
            self.newest[partition] = Vec::new();
            self.buffers[partition] = Vec::new();
        }
    }

    /// Number of bytes of a partition.
    pub fn len(&self, partition: usize) -> usize {
        self.chunks.len(partition) + self.buffers[partition].len() + self.newest[partition].len()
    }

    /// Begins to read a partition: what is still in memory goes onto the end of `bytes`. Gives the newest chunk of the rest.
    pub fn begin(&self, partition: usize, bytes: &mut Vec<u8>) -> Result<Option<Chunk>, Error> {
        for waiting in [&self.buffers[partition], &self.newest[partition]] {
            let reserved = bytes.try_reserve(waiting.len());
            reserved.map_err(propensity::Error::from)?;
            bytes.extend_from_slice(waiting);
        }
        Ok(self.chunks.newest(partition))
    }

    /// Reads a chunk onto the end of `bytes`, and gives the one before it.
    pub fn read(&mut self, chunk: Chunk, bytes: &mut Vec<u8>) -> Result<Option<Chunk>, Error> {
        let file = self
            .file
            .as_mut()
            .ok_or(Error::Internal("a temporary file is missing"))?;
        chunk.read(file, bytes)
    }

    /// Leaves all bytes in the file to another process; there is a file only if there are any.
    pub fn hand_over(mut self) -> Chunks {
        for partition in 0..self.partitioner.partitions() {
            self.move_on(partition);
            self.flush(partition);
        }
        if let Some(file) = self.file {
            file.hand_over();
        }
        self.chunks
    }
}
