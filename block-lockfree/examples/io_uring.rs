//! Writes and reads a file by io_uring. The blocks of a pool are the registered ("fixed") buffers.
//!
//! `cargo run -p block-lockfree --example io_uring`
//!
//! Prints, if every byte that was written was read at its offset:
//!
//! ```text
//! blocks of 4096 bytes, 4096 apart, in 1 buffer: 30720 bytes written and read
//! blocks of 1500 bytes, 1536 apart, in 1 buffer: 11250 bytes written and read
//! ```
//!
//! If the kernel has no io_uring, or does not allow it, prints `skipped:`, the call that failed,
//! and advice.

/// Runs the example and prints its output.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{}", linux::run()?);
    Ok(())
}

/// Prints that the example does not run on this system.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub fn main() {
    println!("skipped: io_uring needs Linux, and its crate needs a 64-bit processor");
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub(crate) mod linux {
    use std::error::Error;
    use std::mem::ManuallyDrop;
    use std::os::fd::AsRawFd;
    use std::{fmt, io};

    use block_core::{Block, BlockAlloc, BlockAllocExt, BlockLayout, FreeError, Region};
    use block_lockfree::LockFreeAlloc;
    use io_uring::{IoUring, opcode, squeue, types};

    /// Blocks in one submission.
    const BLOCKS: usize = 8;

    type Held<'a> = Block<&'a LockFreeAlloc>;

    /// Returns the output: a line for each pool, or the reason why the example was skipped.
    pub fn run() -> Result<String, Box<dyn Error>> {
        // Blocks of whole pages, and blocks that are not aligned to pages: any stride works.
        let pages = BlockLayout::new(4096, 32)?.with_align(4096)?;
        let packets = BlockLayout::new(1500, 32)?;
        let lines: Result<Vec<_>, _> = [pages, packets].map(through_a_file).into_iter().collect();
        match lines {
            Ok(lines) => Ok(lines.join("\n")),
            Err(error) if error.is::<Refused>() => Ok(format!("skipped: {error}")),
            Err(error) => Err(error),
        }
    }

    fn through_a_file(layout: BlockLayout) -> Result<String, Box<dyn Error>> {
        let pool = LockFreeAlloc::from_region(Region::map(layout)?)?;
        // The file has no name, so the system removes it when it is closed.
        let file = tempfile::tempfile()?;
        let fd = types::Fd(file.as_raw_fd());
        // Declared last, so that it is dropped before the memory and the file that it uses.
        let mut ring =
            IoUring::new(BLOCKS as u32).map_err(|error| refused("to set up a ring", error))?;

        let buffers = pool.region().fixed_buffers()?;
        let iovecs: Vec<_> = buffers
            .iter()
            .map(|slice| libc::iovec { iov_base: slice.as_ptr().cast(), iov_len: slice.len() })
            .collect();
        // SAFETY: the slices are the pool's memory, and the pool outlives the ring.
        unsafe { ring.submitter().register_buffers(&iovecs) }
            .map_err(|error| refused("to register the pool's memory", error))?;

        // Only half of the last block is written, so the file ends within it.
        let size = layout.block_size();
        let filled = |number| if number + 1 == BLOCKS { size / 2 } else { size };
        let mut source = take(&pool)?;
        for (number, block) in source.iter_mut().enumerate() {
            block.iter_mut().enumerate().for_each(|(at, byte)| *byte = pattern(number, at));
        }
        let (source, written) = transfer(&mut ring, source, |number, block| {
            let part = &block[..filled(number)];
            let at = buffers.of_slice(part)?;
            let write =
                opcode::WriteFixed::new(fd, at.pointer.as_ptr(), part.len() as u32, at.buffer);
            Ok(write.offset((number * size) as u64).build())
        })?;

        // The source blocks are still allocated, so these are different blocks.
        let target = take(&pool)?;
        let (target, read) = transfer(&mut ring, target, |number, block| {
            let at = buffers.of_slice(block)?;
            let read =
                opcode::ReadFixed::new(fd, at.pointer.as_ptr(), block.len() as u32, at.buffer);
            Ok(read.offset((number * size) as u64).build())
        })?;

        for (number, (source, target)) in source.iter().zip(&target).enumerate() {
            let len = filled(number);
            if (written[number], read[number]) != (len, len) {
                let (written, read) = (written[number], read[number]);
                return Err(format!("block {number}: {written}, {read}, not {len} bytes").into());
            }
            if source[..len] != target[..len] {
                return Err(format!("block {number}: other bytes than were written").into());
            }
        }
        ring.submitter().unregister_buffers()?;
        Ok(format!(
            "blocks of {size} bytes, {} apart, in {} buffer: {} bytes written and read",
            layout.stride(),
            buffers.len(),
            read.iter().sum::<usize>()
        ))
    }

    fn take(pool: &LockFreeAlloc) -> Result<Vec<Held<'_>>, block_core::AllocError> {
        (0..BLOCKS).map(|_| pool.alloc()).collect()
    }

    /// Returns a byte that depends on the block and on the offset in it.
    fn pattern(block: usize, at: usize) -> u8 {
        (block * 37 + at % 251) as u8
    }

    /// Runs one operation for each block, all in one submission. When the kernel has completed
    /// every operation, returns the blocks and the number of bytes that each operation moved.
    fn transfer<'a>(
        ring: &mut IoUring,
        blocks: Vec<Held<'a>>,
        operation: impl Fn(usize, &[u8]) -> Result<squeue::Entry, FreeError>,
    ) -> Result<(Vec<Held<'a>>, Vec<usize>), Box<dyn Error>> {
        // The kernel may write into a block until its completion was seen, so the block must not be
        // allocated again before. If the function ends earlier, by an error or a panic, the handles
        // are forgotten and the blocks stay allocated (invariant 2). The pool may still be dropped:
        // the pages are pinned, and the system does not reuse them before the kernel unpins them.
        let blocks = ManuallyDrop::new(blocks);
        for (number, block) in blocks.iter().enumerate() {
            let entry = operation(number, block)?.user_data(number as u64);
            // SAFETY: the file is open. The bytes are registered, and their blocks stay allocated
            // until the kernel has completed the operation (see above). No reference to the bytes
            // is created until then.
            unsafe { ring.submission().push(&entry)? };
        }
        let mut results = vec![None; blocks.len()];
        loop {
            let pending = results.iter().filter(|result| result.is_none()).count();
            if pending == 0 {
                break;
            }
            match ring.submit_and_wait(pending) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                submitted => _ = submitted?,
            }
            for completion in ring.completion() {
                results[completion.user_data() as usize] = Some(completion.result());
            }
        }
        // Every completion was seen, so the kernel does not use the blocks any more.
        let blocks = ManuallyDrop::into_inner(blocks);
        let moved: io::Result<Vec<_>> = results.into_iter().flatten().map(bytes_moved).collect();
        Ok((blocks, moved?))
    }

    /// Converts the result of a completion, which is a number of bytes or a negated error number.
    fn bytes_moved(result: i32) -> io::Result<usize> {
        usize::try_from(result).map_err(|_| io::Error::from_raw_os_error(-result))
    }

    /// The kernel does not allow this program to use io_uring. The program is not at fault.
    #[derive(Debug)]
    pub struct Refused(String);

    impl fmt::Display for Refused {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.0)
        }
    }

    impl Error for Refused {}

    /// Returns [`Refused`] with advice if the kernel refused the call, or else the error itself.
    pub fn refused(what: &str, error: io::Error) -> Box<dyn Error> {
        let advice = match error.raw_os_error() {
            Some(libc::ENOSYS) => "io_uring needs Linux 5.1, built with it, and no sandbox around",
            Some(libc::EPERM) => {
                "allow it by `sysctl kernel.io_uring_disabled=0`, or in the container's seccomp \
                 profile"
            }
            Some(libc::EACCES) => "a security module forbids it: allow it in its policy",
            Some(libc::ENOMEM) => {
                "raise the limit on locked memory by `ulimit -l`, or make the pool smaller"
            }
            _ => return error.into(),
        };
        Refused(format!("the kernel refused {what}: {error}; {advice}")).into()
    }
}
