//! S3, by moto.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use super::bucket::files;
use super::{Place, Process, Shared, head, installed};
use crate::http;

static MOTO: Shared<Moto> = Shared::new();

/// A running moto server.
pub struct Moto(Process);

impl Moto {
    /// The server that tests share; nothing where it is not installed.
    pub fn shared() -> Option<Arc<Self>> {
        MOTO.get(|| Self::start(&[]))
    }

    /// A server of the caller's own that knows no keys, and after the making of one bucket refuses every request.
    pub fn strict() -> Option<Self> {
        // The question whether it answers counts too.
        Self::start(&[("INITIAL_NO_AUTH_ACTION_COUNT", "2")])
    }

    fn start(environment: &[(&str, &str)]) -> Option<Self> {
        let program = installed("python/bin/moto_server")?;
        let arguments = |port: &str| ["-H", "127.0.0.1", "-p", port].map(str::to_owned).to_vec();
        Some(Self(Process::start(&program, arguments, environment)))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// A place in a new bucket.
    ///
    /// # Panics
    /// When the bucket cannot be made.
    pub fn place(&self, bucket: &str) -> Place {
        let made = http::fetch(self.address(), &head("PUT", &format!("/{bucket}")), &[]);
        let made = made.expect("moto answers");
        assert_eq!(made.status, 200, "{}", String::from_utf8_lossy(&made.body));
        self.place_in(bucket)
    }

    /// Puts an object that everybody may read.
    ///
    /// # Panics
    /// When moto does not take it.
    pub fn publish(&self, target: &str, bytes: &[u8]) {
        let mut head = head("PUT", target);
        let acl = ("x-amz-acl".to_owned(), "public-read".to_owned());
        head.headers.push(acl);
        let put = http::fetch(self.address(), &head, bytes).expect("moto answers");
        assert_eq!(put.status, 200, "{}", String::from_utf8_lossy(&put.body));
    }

    /// Puts every file below a folder into a place of its own, for everybody to read.
    ///
    /// # Errors
    /// When the folder cannot be read.
    ///
    /// # Panics
    /// When moto does not take one.
    pub fn fill(&self, place: &Place, folder: &Path) -> io::Result<()> {
        for (name, file) in files(folder)? {
            let target = format!("/{}/{name}", place.url.trim_start_matches("s3://"));
            self.publish(&target, &fs::read(file)?);
        }
        Ok(())
    }

    /// A place in a bucket that may not be there.
    pub fn place_in(&self, bucket: &str) -> Place {
        Place::new(
            format!("s3://{bucket}/sweeps/small"),
            [
                ("AWS_ENDPOINT_URL", format!("http://{}", self.address())),
                ("AWS_ACCESS_KEY_ID", "testing".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "testing".to_owned()),
                ("AWS_REGION", "us-east-1".to_owned()),
            ],
        )
    }
}
