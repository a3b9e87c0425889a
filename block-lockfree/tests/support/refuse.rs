//! Makes a system call fail, as in a sandbox that forbids it or on a kernel without it.

/// Makes the system call `number` fail with `errno` in the calling thread and in the threads that
/// it starts later. This cannot be undone.
pub fn refuse(number: libc::c_long, errno: libc::c_int) {
    let instruction = |code, k, jt, jf| libc::sock_filter { code, jt, jf, k };
    let (load, ret) = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, libc::BPF_RET | libc::BPF_K);
    let equal = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    let mut program = [
        instruction(load as u16, 0, 0, 0), // the number of the system call
        instruction(equal as u16, number as u32, 0, 1),
        instruction(ret as u16, libc::SECCOMP_RET_ERRNO | errno as u32, 0, 0),
        instruction(ret as u16, libc::SECCOMP_RET_ALLOW, 0, 0),
    ];
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the filter and its program outlive the calls, which only read them.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &filter), 0);
    }
}
