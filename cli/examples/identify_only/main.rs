//! Temporary harness.
mod identify;
use clap::Parser;
#[derive(Parser)]
struct C { #[command(flatten)] a: identify::IdentifyArgs }
#[tokio::main]
async fn main() -> anyhow::Result<()> { 
    if let Err(e) = identify::run(C::parse().a).await { eprintln!("error: {e:#}"); if let Some(e)=e.downcast_ref::<engram_engine::Error>() { eprintln!("hint: {:?}", engram_engine::hint(e)); } std::process::exit(1) } Ok(()) }
