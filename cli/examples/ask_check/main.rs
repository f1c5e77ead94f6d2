//! Temporary.
mod sql;
use clap::Parser;
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: sql::SqlArgs,
}
#[tokio::main]
async fn main() {
    let cli = Cli::parse();
    if let Err(e) = sql::run(cli.args).await {
        eprintln!("error: {e:?}");
        if let Some(h) = e
            .downcast_ref::<engram_engine::Error>()
            .and_then(engram_engine::hint)
        {
            eprintln!("hint: {h}");
        }
        std::process::exit(1);
    }
}
