//! A small HTTP/1.1 server and client over plain sockets, for servers that answer on purpose what real ones answer seldom.
//!
//! A library's server would be a feature more of crates below the object stores, and so a second build of the data stack
//! for the tests alone. It is also too polite: here an answer may break off.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Names and values.
pub type Headers = Vec<(String, String)>;

/// What a request says before its body.
#[derive(Clone, Debug)]
pub struct Head {
    /// `GET`, `PUT`, ...
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The headers, with names in lower case.
    pub headers: Headers,
}

impl Head {
    /// The value of a header, empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        find(&self.headers, name).unwrap_or_default()
    }

    /// The path without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// A whole answer. The length of its body is said unless a header says one.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// A status with a body.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// With one header more.
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }
}

/// What a server does about a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Answers.
    Answer(Response),
    /// Answers, with pauses in the body.
    Slowly(Response, Duration),
    /// Begins an answer, and closes the connection after so many bytes of its body.
    Cut(Response, usize),
    /// Says nothing for a while, and then closes.
    Hang(Duration),
    /// Closes the connection.
    Close,
}

/// A request's body, as it comes in.
pub struct Body<'a> {
    reader: &'a mut dyn BufRead,
    n_left: u64,
}

impl Body<'_> {
    /// All that is left of it.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn rest(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader.take(self.n_left).read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < self.n_left {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.n_left = 0;
        Ok(bytes)
    }

    /// Reads half of it, or nothing of a short one.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn half(&mut self) -> io::Result<()> {
        let n_bytes = self.n_left / 2;
        io::copy(&mut self.reader.take(n_bytes), &mut io::sink())?;
        self.n_left -= n_bytes;
        Ok(())
    }
}

/// A server on a free port of the loopback device, until it is dropped.
pub struct Server {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
}

impl Server {
    /// Starts a server that does about each request what `handle` says.
    ///
    /// # Panics
    /// When no port is free.
    pub fn start(
        handle: impl Fn(&Head, &mut Body<'_>) -> io::Result<Reply> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let stopped = Arc::new(AtomicBool::new(false));
        let (handle, is_stopped) = (Arc::new(handle), Arc::clone(&stopped));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if is_stopped.load(Ordering::Relaxed) {
                    break;
                }
                let handle = Arc::clone(&handle);
                // A connection that breaks is over, and no test's concern.
                thread::spawn(move || drop(converse(stream, handle.as_ref())));
            }
        });
        Self { address, stopped }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(self.address);
    }
}

/// Answers the requests of one connection.
fn converse(
    mut stream: TcpStream,
    handle: &(impl Fn(&Head, &mut Body<'_>) -> io::Result<Reply> + ?Sized),
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some((first, headers)) = read_head(&mut reader)? {
        let mut words = first.split(' ').map(str::to_owned);
        let head = Head {
            method: words.next().unwrap_or_default(),
            target: words.next().unwrap_or_default(),
            headers,
        };
        let mut body = Body {
            reader: &mut reader,
            n_left: head.header("content-length").parse().unwrap_or(0),
        };
        let reply = handle(&head, &mut body)?;
        let (response, n_bytes, pause) = match reply {
            Reply::Answer(response) => {
                body.rest()?;
                (response, usize::MAX, None)
            }
            Reply::Slowly(response, pause) => (response, usize::MAX, Some(pause)),
            Reply::Cut(response, n_bytes) => (response, n_bytes, None),
            Reply::Hang(time) => {
                thread::sleep(time);
                return Ok(());
            }
            Reply::Close => return Ok(()),
        };
        stream.write_all(&head_of(&response))?;
        let sent = &response.body[..response.body.len().min(n_bytes)];
        match pause {
            None => stream.write_all(sent)?,
            Some(pause) => {
                for piece in sent.chunks(sent.len() / 4 + 1) {
                    stream.write_all(piece)?;
                    stream.flush()?;
                    thread::sleep(pause);
                }
            }
        }
        if n_bytes != usize::MAX {
            return Ok(());
        }
    }
    Ok(())
}

fn head_of(response: &Response) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {} Status\r\n", response.status);
    for (name, value) in &response.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if find(&response.headers, "content-length").is_none() {
        text.push_str(&format!("content-length: {}\r\n", response.body.len()));
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// Sends one request and reads its answer.
///
/// # Errors
/// When the server cannot be reached, or does not speak HTTP.
pub fn fetch(server: SocketAddr, head: &Head, body: &[u8]) -> io::Result<Response> {
    let mut stream = TcpStream::connect(server)?;
    // The older version has no chunks, and ends a body where it says or with the connection.
    let mut text = format!("{} {} HTTP/1.0\r\n", head.method, head.target);
    for (name, value) in &head.headers {
        if !matches!(name.as_str(), "connection" | "content-length") {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    text.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    stream.write_all(text.as_bytes())?;
    stream.write_all(body)?;
    let mut reader = BufReader::new(stream);
    let Some((first, mut headers)) = read_head(&mut reader)? else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let status = first.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.ok_or(io::ErrorKind::InvalidData)?;
    headers.retain(|(name, _)| name != "connection");
    // An older server may end the body with the connection.
    let n_bytes = find(&headers, "content-length").and_then(|length| length.parse().ok());
    let n_bytes = match head.method.as_str() {
        "HEAD" => 0,
        _ => n_bytes.unwrap_or(u64::MAX),
    };
    let mut body = Vec::new();
    reader.take(n_bytes).read_to_end(&mut body)?;
    Ok(Response {
        status,
        headers,
        body,
    })
}

/// The first line and the headers; nothing when the connection is at its end.
fn read_head(reader: &mut impl BufRead) -> io::Result<Option<(String, Headers)>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            return Ok(Some((first.trim_end().to_owned(), headers)));
        };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}
