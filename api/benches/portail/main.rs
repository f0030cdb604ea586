//! `make bench`: throughput, rebuild and latency, each beside a baseline measured in the same run
//! on the same durable PostgreSQL cluster. Prints a table; writes `docs/benchmarks.{md,json}`.
//! `BENCH_SECONDS` (5) and `BENCH_EVENTS` (1,000,000) scale it; `BENCH_ONLY=32` prints our own
//! throughput at 32 clients and stops, `BENCH_ONLY=planning` the planning's latency, `BENCH_ONLY=billing`
//! a month's billing of `BENCH_FAMILIES` (50,000), for profiling.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    reason = "a benchmark stops at the first surprise, and speaks on standard output"
)]

mod baselines;
mod billing;
mod load;
mod report;
mod town;

use std::time::Duration;

use anyhow::Result;
use portail_testkit::{Cluster, Durability};
use tokio::runtime::Handle;

use report::Report;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many clients each throughput is measured at.
const CLIENTS: [usize; 3] = [1, 8, 32];

/// How often: the machine's moods last longer than one measurement.
const TURNS: usize = 3;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// The middle of measurements.
fn middle(mut measured: Vec<f64>) -> f64 {
    measured.sort_by(f64::total_cmp);
    measured[measured.len() / 2]
}

/// What the server does is measured on its own runtime, all else on the library's.
fn main() -> Result<()> {
    let serving = portail_api::runtime::serving()?;
    tokio::runtime::Runtime::new()?.block_on(run(serving.handle()))
}

/// Runs what spawns its tasks on another runtime.
fn on<T>(runtime: &Handle, work: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| runtime.block_on(work))
}

async fn run(serving: &Handle) -> Result<()> {
    let cluster = tokio::task::spawn_blocking(|| Cluster::start(Durability::Durable)).await??;
    let seconds = Duration::from_secs(setting("BENCH_SECONDS", 5));
    let events = setting("BENCH_EVENTS", 1_000_000);
    let families = setting("BENCH_FAMILIES", 50_000);
    let mut report = Report::new(events);
    if let Ok(only) = std::env::var("BENCH_ONLY") {
        if only == "planning" {
            let town = load::town(&cluster, events).await?;
            report.planning(load::planning(&town, seconds).await?);
            return Ok(());
        }
        if only == "verify" {
            let town = load::town(&cluster, events).await?;
            report.verification(&load::verification(&town).await?);
            return Ok(());
        }
        if only == "billing" {
            report.billing(&billing::month(&cluster, families).await?);
            return Ok(());
        }
        let clients = only.parse()?;
        println!("append {}", on(serving, load::append(&cluster, clients, seconds))?);
        println!("commands {}", on(serving, load::commands(&cluster, clients, seconds))?);
        return Ok(());
    }
    for clients in CLIENTS {
        println!("throughput at {clients} clients");
        let mut turns = vec![];
        for _ in 0..TURNS {
            turns.push([
                baselines::pgbench(&cluster, clients, seconds).await?,
                on(serving, load::append(&cluster, clients, seconds))?,
                baselines::postgres_es(&cluster, clients, seconds).await?,
                on(serving, load::commands(&cluster, clients, seconds))?,
            ]);
        }
        let of = |place: usize| middle(turns.iter().map(|turn| turn[place]).collect());
        report.throughput(clients, of(0), of(1), of(2), of(3));
    }
    println!("a town of 5,000 families and {events} events");
    let town = load::town(&cluster, events).await?;
    println!("verification");
    report.verification(&load::verification(&town).await?);
    println!("rebuild");
    report.rebuild(load::rebuild(&town).await?);
    println!("planning queries");
    load::rest(&town).await?;
    report.planning(load::planning(&town, seconds).await?);
    drop(town);
    println!("a month's billing of {families} families");
    report.billing(&billing::month(&cluster, families).await?);
    report.idle(load::idle_memory(&cluster).await?);
    report.write()
}
