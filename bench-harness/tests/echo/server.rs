//! Blocks and connections, whatever clients do.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use block_core::BlockAlloc;
use block_core::wait::Waiting;
use block_lockfree::LockFreeAlloc;

use crate::echo::gauge::Moment;
use crate::echo::load::{Crowd, Load, Work};
use crate::echo::server::Server;
use crate::{alone, wait_until};

fn pool(blocks: usize) -> Arc<Waiting<LockFreeAlloc>> {
    Arc::new(Waiting::new(LockFreeAlloc::new(1024, blocks).expect("a small pool")))
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
