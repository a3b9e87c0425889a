//! A file written and read by io_uring straight from and into the blocks of a pool, which are
//! registered ("fixed") buffers.
//!
//! `cargo run -p block-lockfree --example io_uring`
//!
//! Prints, when each byte was found again where it belongs:
//!
//! ```text
//! blocks of 4096 bytes, 4096 apart, in 1 buffer: 30720 bytes written and read
//! blocks of 1500 bytes, 1536 apart, in 1 buffer: 11250 bytes written and read
//! ```
//!
//! or, where the kernel has no io_uring or does not let this program have it, `skipped:`, what was
//! refused and what to do.

/// Prints what went through the files, or why nothing did.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{}", linux::run()?);
    Ok(())
}

/// Prints that there is nothing to show here.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub fn main() {
    println!("skipped: io_uring is Linux's, and its crate is for 64-bit processors");
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

    /// What to print: a line for each pool, or why there is none.
    pub fn run() -> Result<String, Box<dyn Error>> {
        // Blocks of whole pages, and blocks that know nothing of pages: any stride will do.
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
        // Without a name, so the system removes it when it is closed, however this ends.
        let file = tempfile::tempfile()?;
        let fd = types::Fd(file.as_raw_fd());
        // Declared last, so dropped before the memory and the file that it uses.
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

        // The last block is filled in part, so the file ends within it.
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

        // While the source is held, these are other blocks.
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

    /// A byte that tells its block and its place in it.
    fn pattern(block: usize, at: usize) -> u8 {
        (block * 37 + at % 251) as u8
    }

    /// Does one operation for each block, all in one submission. Gives the blocks back when the
    /// kernel is done with every one, and the bytes that each operation moved.
    fn transfer<'a>(
        ring: &mut IoUring,
        blocks: Vec<Held<'a>>,
        operation: impl Fn(usize, &[u8]) -> Result<squeue::Entry, FreeError>,
    ) -> Result<(Vec<Held<'a>>, Vec<usize>), Box<dyn Error>> {
        // Until its completion was seen the kernel may write into a block, and nobody else may get
        // it. So on each way out before that, be it an error or a panic, the handles are forgotten
        // and the blocks stay held (invariant 2). The pool may be dropped even so: the pages are
        // pinned, and the system reuses none before the kernel lets go of them.
        let blocks = ManuallyDrop::new(blocks);
        for (number, block) in blocks.iter().enumerate() {
            let entry = operation(number, block)?.user_data(number as u64);
            // SAFETY: the file is open, and the bytes are registered and held until the kernel is
            // done with them, as said above; no reference to them is made in the meantime.
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
        // Every completion was seen: from here on the blocks are ordinary ones.
        let blocks = ManuallyDrop::into_inner(blocks);
        let moved: io::Result<Vec<_>> = results.into_iter().flatten().map(bytes_moved).collect();
        Ok((blocks, moved?))
    }

    /// A completion's result: a number of bytes, or the negative of an error's number.
    fn bytes_moved(result: i32) -> io::Result<usize> {
        usize::try_from(result).map_err(|_| io::Error::from_raw_os_error(-result))
    }

    /// The machine does not let this program use io_uring, which is no fault of the program.
    #[derive(Debug)]
    pub struct Refused(String);

    impl fmt::Display for Refused {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.0)
        }
    }

    impl Error for Refused {}

    /// The error as a refusal with advice, if it is one; otherwise the error itself.
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
