//! The `engram` command: arguments, progress and printing. What it does is in the libraries.

mod columns;
mod design;
mod diagnose;
mod export;
mod failure;
mod fitting_arguments;
mod generate;
mod identify;
mod import;
mod listing;
mod node;
mod nodes_arguments;
mod observe;
mod plan;
mod printing;
mod publish;
mod query;
mod report;
mod reproduce;
mod serve;
mod session_arguments;
mod signals;
mod sql;
mod status;
mod tune;
mod verify;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;
use session_arguments::{OpeningArguments, cores};

/// Queries allocate small things by the million, which takes a third of their time in the system's allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Train networks under different learning rules, keep what could be observed of them, and ask it in SQL which rule was
/// at work.
#[derive(Parser)]
#[command(name = "engram", version = engram_cluster::VERSION, after_help = OVERVIEW)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const OVERVIEW: &str = "\
A first tour:
  mkdir -p data
  engram generate sweeps/digits-demo.toml --to data/demo
  engram sql --at data/demo \"SELECT learning_rule, count(*) FROM runs GROUP BY ALL\"
  engram identify --at data/demo

Exit codes: 0 done; 1 something in the request cannot be used; 2 something of Engram failed; 75 stopped before the end:
the same command goes on from there, or, where it writes the answer to a query, begins anew.";

#[derive(Subcommand)]
enum Command {
    Plan(plan::PlanArgs),
    Generate(generate::GenerateArgs),
    Observe(observe::ObserveArgs),
    Status(status::StatusArgs),
    Tune(tune::TuneArgs),
    Sql(sql::SqlArgs),
    Query(query::QueryArgs),
    Export(export::ExportArgs),
    Serve(serve::ServeArgs),
    Node(node::NodeArgs),
    Identify(identify::IdentifyArgs),
    Design(design::DesignArgs),
    Diagnose(diagnose::DiagnoseArgs),
    Reproduce(reproduce::ReproduceArgs),
    Report(report::ReportArgs),
    Publish(publish::PublishArgs),
    Import(import::ImportArgs),
    Verify(verify::VerifyArgs),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Help and version come this way too. clap's own code for a mistake would be ours for a failure of Engram.
        Err(answer) => {
            let _ = answer.print();
            return ExitCode::from(u8::from(answer.use_stderr()));
        }
    };
    log(&arguments.command);
    #[cfg(target_os = "linux")]
    prefer_small_pages(&arguments.command);
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing can be done about a closed standard error.
            let _ = writeln!(std::io::stderr(), "{}", failure::describe(&error));
            failure::exit_code(&error)
        }
    }
}

/// Sends what happens to standard error: as much as ENGRAM_LOG says, or else warnings and what a server is asked.
fn log(command: &Command) {
    let default = "warn,engram_server=info";
    let filter = tracing_subscriber::EnvFilter::try_from_env("ENGRAM_LOG");
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match command {
        Command::Serve(arguments) if arguments.log_format() == serve::LogFormat::Json => {
            log.json().flatten_event(true).init();
        }
        _ => log.init(),
    }
}

/// Has a write beyond the limit on the size of files end in an error, which can be told, and not in the end of the process.
#[cfg(unix)]
fn outlive_large_files() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    // SIGXFSZ, of the same number wherever Rust's standard library runs on Unix. Heard once, it is heard to the end.
    const FILE_TOO_LARGE: i32 = 25;
    signal(SignalKind::from_raw(FILE_TOO_LARGE)).map(drop)
}

/// Has memory come in small pages. mimalloc asks for pages of 2 MB, with which a first answer takes more memory or more time, and those behind it
/// do not. A trainer would inherit the choice.
#[cfg(target_os = "linux")]
fn prefer_small_pages(command: &Command) {
    let is_of_one_answer = !matches!(
        command,
        Command::Generate(_)
            | Command::Observe(_)
            | Command::Tune(_)
            | Command::Serve(_)
            | Command::Node(_)
    );
    if is_of_one_answer {
        // A kernel that cannot do so gives large pages or none.
        let _ = rustix::thread::disable_transparent_huge_pages(true);
    }
}

/// The stack of a thread that plans and computes. A statement of as many operators as are allowed is planned by descending as
/// often; what is not used takes no memory.
const STACK_BYTES: usize = 256 << 20;

impl Command {
    /// How many threads it takes; a server's and a node's queries have threads of their own.
    fn n_threads(&self) -> usize {
        let opening = match self {
            Self::Sql(arguments) => Some(&arguments.answer.session.opening),
            Self::Query(arguments) => Some(&arguments.answer.session.opening),
            Self::Export(arguments) => Some(&arguments.opening),
            Self::Identify(arguments) => Some(&arguments.opening),
            Self::Design(arguments) => Some(&arguments.opening),
            Self::Reproduce(arguments) => Some(&arguments.experiments.opening),
            Self::Report(arguments) => Some(&arguments.experiments.opening),
            Self::Publish(arguments) => Some(&arguments.opening),
            Self::Verify(arguments) => Some(&arguments.opening),
            _ => None,
        };
        opening.map_or_else(cores, OpeningArguments::n_threads)
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(arguments.command.n_threads())
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let main = std::thread::Builder::new()
        .name("main".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let done = runtime.block_on(perform(arguments));
            runtime.shutdown_timeout(signals::LAST_WORK);
            done
        })
        .context("cannot start threads")?;
    main.join()
        .unwrap_or_else(|panic| Err(failure::of_panic(&*panic).into()))
}

/// Threads that compute queries and do nothing else: a query keeps its thread busy, and connections would wait for it.
fn query_threads(n_threads: usize) -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(n_threads)
        .thread_name("query")
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
        .context("cannot start threads")
}

async fn perform(arguments: Arguments) -> anyhow::Result<()> {
    use signals::unless_asked;
    #[cfg(unix)]
    outlive_large_files()?;
    match arguments.command {
        Command::Plan(arguments) => plan::run(arguments).await,
        Command::Status(arguments) => status::run(arguments).await,
        Command::Generate(arguments) => generate::run(arguments).await,
        Command::Observe(arguments) => unless_asked(observe::run(arguments)).await,
        Command::Tune(arguments) => tune::run(arguments).await,
        Command::Sql(arguments) => sql::run(arguments).await,
        Command::Query(arguments) => query::run(arguments).await,
        Command::Export(arguments) => export::run(arguments).await,
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Node(arguments) => node::run(arguments).await,
        Command::Identify(arguments) => unless_asked(identify::run(arguments)).await,
        Command::Design(arguments) => unless_asked(design::run(arguments)).await,
        Command::Diagnose(arguments) => unless_asked(diagnose::run(arguments)).await,
        Command::Reproduce(arguments) => unless_asked(reproduce::run(arguments)).await,
        Command::Report(arguments) => unless_asked(report::run(arguments)).await,
        Command::Publish(arguments) => unless_asked(publish::run(arguments)).await,
        Command::Import(arguments) => unless_asked(import::run(arguments)).await,
        Command::Verify(arguments) => unless_asked(verify::run(arguments)).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_take_as_many_threads_as_they_are_told() {
        let at = ["--at", "data", "--threads", "3"];
        for command in [
            &["sql", "SELECT 1"][..],
            &["query", "figure_2a"],
            &["export", "SELECT 1", "--to", "answer.csv"],
            &["identify"],
            &["reproduce", "figure_2a"],
            &["report"],
        ] {
            let arguments = [&["engram"], command, &at].concat();
            let arguments = Arguments::try_parse_from(&arguments)
                .unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
            assert_eq!(arguments.command.n_threads(), 3);
        }
        let generate = [
            "engram",
            "generate",
            "sweep.toml",
            "--to",
            "data",
            "--threads",
            "3",
        ];
        let generate = Arguments::try_parse_from(generate).unwrap();
        assert_eq!(generate.command.n_threads(), cores());
    }
}
