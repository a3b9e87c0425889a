//! The load would tell what a bad server does.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use crate::echo::load::{Crowd, Load, Work};
use crate::{alone, wait_until};

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
