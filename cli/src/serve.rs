//! `engram serve`: answers questions to a dataset over Flight SQL and HTTP.

use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use engram_engine::Session;
use engram_server::{Anonymous, Server, ServerLimits, ServerSettings, Tls, Tokens};

use crate::printing::{print, say};
use crate::session_arguments::{OpeningArguments, bytes};
use crate::signals;

/// Where a token may be given; an argument could be read by everybody on the machine.
const TOKEN: &str = "ENGRAM_SERVE_TOKEN";

const FLIGHT: &str = "127.0.0.1:50051";
const HTTP: &str = "127.0.0.1:8080";

/// Answer questions to a dataset over the network: Arrow Flight SQL and HTTP
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct ServeArgs {
    /// Where the dataset is: a folder or a URL (file://, s3://, gs://, az://)
    #[arg(
        long,
        value_name = "URL",
        env = "ENGRAM_DATASET",
        hide_env_values = true
    )]
    at: String,

    /// Where to speak Arrow Flight SQL, as in localhost:50051 or 0.0.0.0:50051; port 0 takes any. Without --flight and --http,
    /// both are spoken on 127.0.0.1, on the ports 50051 and 8080
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    flight: Option<SocketAddr>,

    /// Where to speak HTTP: the page, its interface, /metrics and /health; port 0 takes any
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    http: Option<SocketAddr>,

    /// A file of tokens, one a line, with a name before it or without; clients have to show one
    ///
    /// A single token may also be given in the environment, as ENGRAM_SERVE_TOKEN.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// Answer whoever reaches the server, without a token and on any address
    #[arg(long)]
    allow_anonymous: bool,

    /// A certificate and what vouches for it, as PEM: both addresses are encrypted
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,

    /// The private key of the certificate, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,

    #[command(flatten)]
    limits: LimitArguments,

    /// The form of the log on standard error; ENGRAM_LOG says how much of it there is
    #[arg(long, value_enum, default_value_t)]
    log_format: LogFormat,

    #[command(flatten)]
    opening: OpeningArguments,
}

/// How much clients get.
#[derive(Debug, Args)]
struct LimitArguments {
    /// Queries that run at a time; by default two a core
    #[arg(long, value_name = "N")]
    max_queries: Option<NonZeroUsize>,

    /// Queries that may wait for their turn; more are refused at once
    #[arg(long, value_name = "N", default_value_t = 256)]
    max_waiting: usize,

    /// How long a query may wait for its turn
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    max_wait: Duration,

    /// How long a query may take, from its turn to its last row
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = seconds)]
    timeout: Duration,

    /// How long a client may read nothing of an answer before its query is ended
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    idle_timeout: Duration,

    /// Rows that an answer may have; without it there is no limit
    #[arg(long, value_name = "N")]
    max_rows: Option<u64>,

    /// What one query may hold in memory; by default half of --memory-limit, which is for all
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    query_memory: Option<u64>,

    /// How long queries may go on when the server is told to end
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = seconds)]
    grace: Duration,
}

/// The forms of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people to read
    #[default]
    Text,
    /// An object a line
    Json,
}

const EXAMPLES: &str = "\
Examples:
  Serve a dataset to programs of this machine:
    engram serve --at data/digits

  Serve it to others, who have to show a token, encrypted:
    openssl rand -hex 32 > tokens
    engram serve --at s3://bucket/release --flight 0.0.0.0:50051 --http 0.0.0.0:8080 \\
      --token-file tokens --tls-certificate server.pem --tls-key server.key

  Ask it from Python (pip install adbc-driver-flightsql pyarrow):
    import adbc_driver_flightsql.dbapi
    with adbc_driver_flightsql.dbapi.connect(\"grpc://127.0.0.1:50051\", autocommit=True) as connection:
        with connection.cursor() as cursor:
            cursor.execute(\"SELECT * FROM runs\")
            print(cursor.fetch_arrow_table())

docs/serving.md says more. Ctrl-C ends the server when its queries have; a second one ends it at once.";

impl ServeArgs {
    /// The form of the log.
    pub(crate) fn log_format(&self) -> LogFormat {
        self.log_format
    }

    fn settings(&self, memory_limit_bytes: Option<u64>) -> anyhow::Result<ServerSettings> {
        let (mut flight, mut http) = (self.flight, self.http);
        if flight.is_none() && http.is_none() {
            (flight, http) = (Some(FLIGHT.parse()?), Some(HTTP.parse()?));
        }
        let mut tokens = match &self.token_file {
            Some(file) => Tokens::read(file)?,
            None => Tokens::default(),
        };
        if let Ok(token) = std::env::var(TOKEN) {
            tokens = tokens.and(Tokens::parse(&token)?);
        }
        let files = self.tls_certificate.clone().zip(self.tls_key.clone());
        let limits = &self.limits;
        let default = ServerLimits::default();
        Ok(ServerSettings {
            flight,
            http,
            tokens,
            anonymous: match self.allow_anonymous {
                true => Anonymous::Everyone,
                false => Anonymous::Loopback,
            },
            tls: files.map(|(certificate, key)| Tls { certificate, key }),
            limits: ServerLimits {
                running: limits.max_queries.map_or(default.running, usize::from),
                waiting: limits.max_waiting,
                patience: limits.max_wait,
                timeout: limits.timeout,
                idle: limits.idle_timeout,
                rows: limits.max_rows,
                query_memory_bytes: limits
                    .query_memory
                    .or(memory_limit_bytes.map(|bytes| bytes / 2)),
                grace: limits.grace,
                ..default
            },
        })
    }
}

/// Runs the command.
///
/// # Errors
/// For settings that are not safe, an address that cannot be listened on, and a dataset that cannot be read.
pub(crate) async fn run(args: ServeArgs) -> anyhow::Result<()> {
    let settings = args.settings(args.opening.settings()?.memory_limit_bytes)?;
    settings.check()?;
    let session = args.opening.open(&args.at).await?;
    // Queries keep their threads busy. On the threads that hold the connections, they would keep the others waiting.
    let compute = crate::query_threads(args.opening.n_threads())?;
    let about = about(&session);
    let served = async {
        let server = Server::bind(session, &settings, compute.handle().clone())?;
        for warning in settings.warnings() {
            say(&format!("warning: {warning}"));
        }
        print(&announcement(&about, &server, &settings), "the addresses")?;
        server.run(ended()?).await?;
        anyhow::Ok(())
    };
    let served = served.await;
    // What still computes has nobody any more to compute for.
    compute.shutdown_background();
    served
}

/// The dataset in a few words.
fn about(session: &Session) -> String {
    let dataset = session.dataset();
    format!("{} ({} runs)", session.location(), dataset.n_runs())
}

fn announcement(about: &str, server: &Server, settings: &ServerSettings) -> String {
    let is_encrypted = settings.tls.is_some();
    let mut text = format!("serving {about}\n");
    if let Some(address) = server.flight_address() {
        let (scheme, encryption) = match is_encrypted {
            true => ("grpc+tls", ""),
            false => ("grpc", "?useEncryption=false"),
        };
        text.push_str(&format!(
            "  Flight SQL  {scheme}://{address}\n  JDBC        jdbc:arrow-flight-sql://{address}/{encryption}\n"
        ));
    }
    if let Some(address) = server.http_address() {
        let scheme = if is_encrypted { "https" } else { "http" };
        text.push_str(&format!("  HTTP        {scheme}://{address}\n"));
    }
    text
}

/// Waits until a stop is asked for; a second time ends the process.
pub(crate) fn ended() -> anyhow::Result<impl Future<Output = ()>> {
    let mut stop = signals::listen()?;
    signals::insist(stop.clone(), Duration::MAX)?;
    Ok(async move {
        signals::asked(&mut stop).await;
        say("shutting down when the queries that run have ended; once more ends at once");
    })
}

pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "a time is a number of seconds, as in 30 or 0.5".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("a time is a number of seconds above 0".to_owned()),
    }
}

/// An address to listen on. Of those that a name stands for it is the first of IPv4, which every client of the name tries, or
/// else the first.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    if text
        .rsplit_once(':')
        .is_none_or(|(host, port)| host.is_empty() || port.parse::<u16>().is_err())
    {
        return Err(
            "an address is a host and a port, as in 127.0.0.1:8080, localhost:8080 or [::1]:8080"
                .to_owned(),
        );
    }
    let found: Vec<SocketAddr> = text
        .to_socket_addrs()
        .map_err(|error| format!("this machine knows no address of that name: {error}"))?
        .collect();
    let chosen = found.iter().find(|address| address.is_ipv4());
    let chosen = chosen.or(found.first()).copied();
    chosen.ok_or_else(|| "this machine knows no address of that name".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_may_have_names() {
        for (text, expected) in [
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("[::1]:0", "[::1]:0"),
            ("localhost:8080", "127.0.0.1:8080"),
        ] {
            assert_eq!(address(text), Ok(expected.parse().unwrap()), "{text}");
        }
        for text in [
            "",
            "8080",
            ":8080",
            "localhost",
            "127.0.0.1",
            "localhost:port",
            "localhost:65536",
        ] {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
