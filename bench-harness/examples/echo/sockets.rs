//! The sockets of both sides: on loopback, and with little room in the system's own buffers.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Bytes that are asked of the system for each direction of a socket. As a rule it grows them to
/// megabytes; then it would be the system that takes in what nobody reads, and not the server's blocks.
const ROOM: u32 = 64 << 10;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

fn socket() -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_send_buffer_size(ROOM)?;
    socket.set_recv_buffer_size(ROOM)?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// Listens on loopback, on a port that the system picks. Accepted sockets have the listener's room.
pub fn listen() -> io::Result<TcpListener> {
    let socket = socket()?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    socket.listen(BACKLOG)
}

/// What failed, and what to do if it is the limit that many connections run into.
pub fn with_advice(error: &io::Error) -> String {
    if error.raw_os_error() == Some(libc::EMFILE) {
        format!("{error}; raise the limit by `ulimit -n`, or ask for fewer connections")
    } else {
        error.to_string()
    }
}

/// Connects to a server.
pub async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    socket()?.connect(address).await
}
