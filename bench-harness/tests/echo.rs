//! The example of an echo server loses nothing: no byte, no block, and no connection that is not its
//! peer's fault. And its load would tell.

#[path = "../examples/echo/main.rs"]
mod echo;

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bench_harness::stop::{INTERRUPTED, Stop};
use block_core::BlockAlloc;
use block_core::wait::Waiting;
use block_lockfree::LockFreeAlloc;

use echo::Refusal;
use echo::arguments::Arguments;
use echo::checks::checks;
use echo::comparison::{self, Outcome};
use echo::gauge::Moment;
use echo::load::{Crowd, Load, Work};
use echo::memory::Memory;
use echo::report;
use echo::server::Server;

/// Resident memory is the whole process's: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn words<'a>(arguments: &'a [&str]) -> impl Iterator<Item = OsString> + use<'a> {
    ["echo"].iter().chain(arguments).map(OsString::from)
}

fn outcome(arguments: &[&str]) -> Outcome {
    let arguments = Arguments::parse(words(arguments)).expect("right arguments");
    comparison::run(&arguments, &Stop::default(), |_, _| {}).expect("a run without a fault")
}

fn pool(blocks: usize) -> Arc<Waiting<LockFreeAlloc>> {
    Arc::new(Waiting::new(LockFreeAlloc::new(1024, blocks).expect("a small pool")))
}

/// Until it is so; not for ever.
#[track_caller]
fn wait_until(mut is_so: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < limit, "it does not come to that");
        thread::sleep(Duration::from_millis(1));
    }
}

/// With 12 connections.
#[track_caller]
fn assert_nothing_is_lost(outcome: &Outcome, blocks: usize) {
    assert_eq!(outcome.blocks_back, blocks, "blocks that came back");
    for round in &outcome.pool {
        assert_eq!(round.full, Moment { waiting: 12 - blocks, held: blocks });
        assert_eq!(round.most_held, blocks, "held at once");
        assert!(round.waits[0] >= (12 - blocks) as u64, "{:?}", round.waits);
    }
    for round in &outcome.vecs {
        assert_eq!(round.full, Moment { waiting: 0, held: 12 });
        assert_eq!(round.waits, [0, 0]);
    }
    for round in outcome.pool.iter().chain(&outcome.vecs) {
        for answers in [&round.filled, &round.flowed] {
            assert!(answers.bytes_sent > 0);
            assert_eq!(answers.bytes_back, answers.bytes_sent);
            assert_eq!(answers.latencies_us.len(), answers.requests);
        }
        assert_eq!((round.served.ended, round.served.broken), (24, 0));
    }
}

#[test]
fn all_bytes_and_all_blocks_come_back_from_a_pool_at_its_bound() {
    let _alone = alone();
    let outcome = outcome(&["--time", "0.2", "--connections", "12", "--blocks", "3"]);
    assert_eq!((outcome.pool.len(), outcome.vecs.len()), (2, 2));
    assert_nothing_is_lost(&outcome, 3);
}

#[test]
fn one_block_serves_many_connections() {
    let _alone = alone();
    let sizes = ["--block-size", "1000", "--blocks", "1", "--connections", "12"];
    assert_nothing_is_lost(&outcome(&[&["--time", "0.1"], &sizes[..]].concat()), 1);
}

#[test]
fn connections_on_which_nothing_happens_hold_no_block() {
    let _alone = alone();
    let pool = pool(1);
    let server = Server::start(Arc::clone(&pool), 2).unwrap();
    let greets = |_| {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        // Only if nobody ever answers.
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(b"hello").unwrap();
        let mut reply = [0; 5];
        stream.read_exact(&mut reply).unwrap();
        assert_eq!(&reply, b"hello");
        stream
    };
    let idle: Vec<_> = (0..5).map(greets).collect();
    wait_until(|| pool.available() == 1);
    drop(idle);
    assert_eq!(server.stop().unwrap().ended, 5);
}

/// They leave while their connections hold every block or wait for one, and others wait as well.
#[test]
fn the_blocks_of_clients_that_vanish_serve_the_others() {
    let _alone = alone();
    const VANISHING: usize = 4;
    const STAYING: usize = 6;
    const BLOCKS: usize = 2;
    let pool = pool(BLOCKS);
    let server = Server::start(Arc::clone(&pool), 2).unwrap();
    let connect = |_| {
        let stream = TcpStream::connect(server.address()).unwrap();
        stream.set_nonblocking(true).unwrap();
        stream
    };
    let mut vanishing: Vec<_> = (0..VANISHING).map(connect).collect();
    let mut stand = |full| {
        wait_until(|| {
            // As much as their sockets take: "would block" is no fault.
            vanishing.iter_mut().for_each(|stream| _ = stream.write(&[7; 4096]));
            server.gauge().now() == full
        });
    };
    stand(Moment { waiting: VANISHING - BLOCKS, held: BLOCKS });
    let crowd = Crowd { connections: STAYING, threads: 2 };
    let load = Load::start(server.address(), crowd, Work::Fill).unwrap();
    stand(Moment { waiting: VANISHING + STAYING - BLOCKS, held: BLOCKS });

    drop(vanishing);
    let answers = load.finish().expect("the others have their answers");
    assert!(answers.requests > 0);
    assert_eq!(answers.bytes_back, answers.bytes_sent);
    let served = server.stop().unwrap();
    assert_eq!(served.ended + served.broken, VANISHING + STAYING);
    assert!(served.ended >= STAYING, "{served:?}");
    assert_eq!(pool.available(), BLOCKS);
}

#[test]
fn a_server_that_is_dropped_gives_all_blocks_back() {
    let _alone = alone();
    let pool = pool(3);
    let server = Server::start(Arc::clone(&pool), 2).unwrap();
    let crowd = Crowd { connections: 8, threads: 2 };
    let load = Load::start(server.address(), crowd, Work::Fill).unwrap();
    wait_until(|| server.gauge().now() == Moment { waiting: 5, held: 3 });
    drop(server);
    assert_eq!(pool.available(), 3);
    load.finish().expect_err("nobody answers");
}

/// What a server does wrong, after the first thousand bytes.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Flips,
    Loses,
    Repeats,
    Closes,
    /// At the end.
    Adds,
}

fn damaged(damage: Damage) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let serve = move |mut stream: TcpStream| -> io::Result<()> {
        let (mut buffer, mut seen, mut done) = ([0; 4096], 0, false);
        loop {
            let mut count = stream.read(&mut buffer)?;
            seen += count;
            match damage {
                Damage::Adds if count == 0 => return stream.write_all(b"!"),
                _ if count == 0 => return Ok(()),
                _ if done || seen <= 1000 => {}
                Damage::Flips => buffer[count - 1] ^= 1,
                Damage::Loses => count -= 1,
                Damage::Repeats => stream.write_all(&buffer[..count])?,
                Damage::Closes => {
                    stream.shutdown(Shutdown::Write)?;
                    // What is left unread would reset the connection.
                    return io::copy(&mut stream, &mut io::sink()).map(|_| ());
                }
                Damage::Adds => {}
            }
            done |= seen > 1000;
            stream.write_all(&buffer[..count])?;
        }
    };
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        // The client has left: it is done with such a server.
        let _ = serve(stream);
    });
    (address, server)
}

#[test]
fn the_load_tells_what_a_bad_server_does() {
    let _alone = alone();
    let differs = "is not the one that was sent";
    for (damage, said) in [
        (Damage::Flips, differs),
        (Damage::Loses, differs),
        (Damage::Repeats, differs),
        (Damage::Closes, "the server closed a connection with "),
        (Damage::Adds, "more came back than was sent"),
    ] {
        let (address, server) = damaged(damage);
        let crowd = Crowd { connections: 1, threads: 1 };
        let load = Load::start(address, crowd, Work::Flow { depth: 4 }).unwrap();
        if !matches!(damage, Damage::Adds) {
            wait_until(|| load.has_failed());
        }
        let told = load.finish().expect_err("nothing was right");
        assert!(told.contains(said), "{damage:?}: {told}");
        server.join().unwrap();
    }
}

/// Were it to read, it would find what nobody sent.
#[test]
fn a_client_that_fills_does_not_read() {
    let _alone = alone();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let crowd = Crowd { connections: 1, threads: 1 };
    let load = Load::start(listener.local_addr().unwrap(), crowd, Work::Fill).unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    stream.write_all(&[0xff; 64]).unwrap();
    // More than fits into the sockets: meanwhile it could not send, now and then.
    let sent = io::copy(&mut Read::by_ref(&mut stream).take(4 << 20), &mut io::sink()).unwrap();
    assert_eq!(sent, 4 << 20);
    assert!(!load.has_failed());
    let told = load.finish().expect_err("now it reads");
    assert!(told.contains("is not the one that was sent"), "{told}");
}

/// Makes something not hold that did.
type Spoil = fn(&mut Outcome);

/// One after the other, in a run where everything held.
#[test]
fn each_check_fails_where_something_does_not_hold() {
    let _alone = alone();
    let right = outcome(&["--time", "0.1", "--connections", "4", "--blocks", "2"]);
    let failed = |outcome: &Outcome| {
        let failed = checks(outcome).into_iter().filter(|check| !check.holds);
        failed.map(|check| check.what).collect::<Vec<_>>()
    };
    assert_eq!(failed(&right), [""; 0]);
    let spoils: [(Spoil, &str); 8] = [
        (|outcome| outcome.pool[0].filled.bytes_back -= 1, "bytes came back"),
        (|outcome| outcome.vecs[1].flowed.bytes_back += 1, "bytes came back"),
        (|outcome| outcome.blocks_back -= 1, "1 of 2 blocks are back"),
        (|outcome| outcome.pool[1].most_held += 1, "in 1 of 2 rounds"),
        (|outcome| outcome.pool[1].full.waiting = 0, "in 1 of 2 rounds"),
        (|outcome| outcome.pool[0].served.broken += 1, "1 broke"),
        (|outcome| outcome.vecs[0].served.ended -= 1, "31 of 32 connections"),
        (
            |outcome| outcome.memory = Memory { warm: Some(1 << 20), most: Some(18 << 20) },
            "17.0 MiB more",
        ),
    ];
    for (spoil, said) in spoils {
        let mut wrong = right.clone();
        spoil(&mut wrong);
        let text = report::text(&wrong, &checks(&wrong));
        assert!(text.contains("FAILED"), "{text}");
        assert_eq!(echo::exit_code(&wrong, &checks(&wrong)), 1);
        let failed = failed(&wrong);
        assert!(failed.len() == 1 && failed[0].contains(said), "{failed:?}");
    }
}

#[test]
fn the_report_has_both_servers_and_every_check() {
    let _alone = alone();
    let arguments = ["--time", "0.1", "--connections", "4", "--blocks", "2"];
    let (text, code) = echo::run(words(&arguments), &Stop::default()).unwrap();
    assert_eq!(code, 0, "{text}");
    for said in [
        "pool of 2 x 4 KiB",
        "Vec of 4 KiB",
        "requests/s",
        "p99",
        "bytes came back, in order and equal",
        "2 of 2 blocks are back in the pool",
        "in 2 of 2 rounds: 2 of 2 blocks held, 2 connections waiting",
        "32 of 32 connections ended in order",
        "resident memory",
        "expect no difference",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("FAILED") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_signal_ends_it_when_everything_is_back() {
    let _alone = alone();
    let arguments = ["--time", "600", "--connections", "12", "--blocks", "3"];
    let stop = Stop::on_signals().unwrap();
    signal_hook::low_level::raise(signal_hook::consts::SIGINT).unwrap();
    let (text, code) = echo::run(words(&arguments), &stop).unwrap();
    assert_eq!(code, INTERRUPTED, "{text}");
    assert!(text.contains("interrupted after 2 of 100 rounds"), "{text}");
    assert!(text.contains("3 of 3 blocks are back") && !text.contains("FAILED"), "{text}");
}

#[test]
fn a_wrong_argument_gets_a_clear_error() {
    for (arguments, said) in [
        (&["--time", "0"][..], "allowed is a number of seconds above 0"),
        (&["--time", "-1"], "allowed is a number of seconds above 0"),
        (&["--time", "soon"], "allowed is a number of seconds above 0"),
        (&["--time", "NaN"], "allowed is a number of seconds above 0"),
        (&["--connections", "1"], "allowed is a whole number from 2 to 1000"),
        (&["--connections", "-3"], "allowed is a whole number from 2 to 1000"),
        (&["--blocks", "0"], "allowed is a whole number from 1 to 999"),
        (&["--blocks", "100"], "allowed are fewer blocks than connections"),
        (&["--block-size", "1"], "allowed is a whole number from 256 to 16777216"),
        (&["--frobnicate"], "unexpected argument '--frobnicate'"),
        (&["leftover"], "unexpected argument 'leftover'"),
    ] {
        let Refusal { text, code } =
            echo::run(words(arguments), &Stop::default()).expect_err("a wrong argument");
        assert_eq!(code, 2, "{arguments:?}");
        assert!(text.contains(said), "{arguments:?}: {text}");
    }
    let (help, code) = echo::run(words(&["--help"]), &Stop::default()).unwrap();
    assert_eq!(code, 0);
    for word in ["--time", "--connections", "--blocks", "--block-size", "Ctrl-C", "Exit code"] {
        assert!(help.contains(word), "{word}");
    }
    assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
}
