//! The report: a table, `docs/benchmarks.md` and `docs/benchmarks.json`.

use std::fmt::Write;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::{
    billing::Billing,
    load::{Planning, Rebuilds, Verification},
};

/// What was measured, as it comes in.
pub struct Report {
    events: u64,
    rows: Vec<[String; 4]>,
    figures: Map<String, Value>,
}

impl Report {
    pub fn new(events: u64) -> Self {
        Self { events, rows: vec![], figures: Map::new() }
    }

    fn row(&mut self, what: &str, ours: String, baseline: String, ratio: Option<f64>) {
        let ratio = ratio.map_or_else(String::new, |r| format!("{r:.2} ×"));
        println!("  {what:<44} {ours:>20} {baseline:>36} {ratio:>10}");
        self.rows.push([what.to_owned(), ours, baseline, ratio]);
    }

    fn figure(&mut self, name: &str, value: f64) {
        self.figures.insert(name.to_owned(), json!((value * 100.0).round() / 100.0));
    }

    pub fn throughput(&mut self, clients: usize, pgbench: f64, append: f64, stock: f64, commands: f64) {
        self.row(
            &format!("append, {clients} clients"),
            format!("{append:.0} events/s"),
            format!("pgbench, a row a commit: {pgbench:.0}/s"),
            Some(append / pgbench),
        );
        self.row(
            &format!("commands, {clients} clients"),
            format!("{commands:.0} commands/s"),
            format!("stock postgres-es: {stock:.0}/s"),
            Some(commands / stock),
        );
        self.figure(&format!("append_vs_pgbench_{clients}"), append / pgbench);
        self.figure(&format!("commands_vs_postgres_es_{clients}"), commands / stock);
        self.figure(&format!("append_per_second_{clients}"), append);
        self.figure(&format!("commands_per_second_{clients}"), commands);
    }

    pub fn verification(&mut self, v: &Verification) {
        let speed = v.events as f64 / v.verify;
        self.row(
            &format!("verification of the log, {} events", v.events),
            format!("{:.1} s, {speed:.0} events/s", v.verify),
            format!("COPY of the same rows: {:.1} s", v.copy),
            Some(v.copy / v.verify),
        );
        self.figure("verify_events_per_second", speed);
        self.figure("verify_vs_copy", v.copy / v.verify);
    }

    pub fn rebuild(&mut self, r: Rebuilds) {
        let speed = r.events as f64 / r.rebuild;
        self.row(
            &format!("rebuild of all read models, {} events", r.events),
            format!("{:.1} s, {speed:.0} events/s", r.rebuild),
            format!("ordered scan: {:.1} s", r.scan),
            Some(r.scan / r.rebuild),
        );
        self.row(
            "",
            String::new(),
            format!("COPY of the same rows: {:.1} s", r.copy),
            Some(r.copy / r.rebuild),
        );
        self.row(
            "of which comparing with the live rows",
            format!("{:.1} s", r.of_which_comparing),
            String::new(),
            None,
        );
        self.figure("rebuild_events_per_second", speed);
        self.figure("rebuild_seconds", r.rebuild);
        self.figure("rebuild_vs_scan", r.scan / r.rebuild);
        self.figure("rebuild_vs_copy", r.copy / r.rebuild);
    }

    pub fn planning(&mut self, p: Planning) {
        self.row(
            "planning of a month, 8 clients, 5,000 families",
            format!("{:.0} requests/s", p.requests_per_second),
            format!("`viewer`, no read model: {:.0}/s", p.baseline_per_second),
            Some(p.requests_per_second / p.baseline_per_second),
        );
        let ms = |d: std::time::Duration| d.as_secs_f64() * 1000.0;
        self.row(
            "planning latency p50 / p99",
            format!("{:.1} / {:.1} ms", ms(p.p50), ms(p.p99)),
            String::new(),
            None,
        );
        self.figure("planning_p50_ms", ms(p.p50));
        self.figure("planning_p99_ms", ms(p.p99));
        self.figure("planning_requests_per_second", p.requests_per_second);
    }

    pub fn billing(&mut self, b: &Billing) {
        let whole = b.draft + b.issue;
        self.row(
            &format!("a month's billing, {} families, {} sessions", b.families, b.sessions),
            format!("{whole:.1} s, {} invoices", b.invoices),
            format!("scan of the same sessions: {:.1} s", b.scan),
            Some(b.scan / whole),
        );
        let parts = format!("{:.1} / {:.1} s", b.draft, b.issue);
        self.row("of which draft / invoices", parts, String::new(), None);
        self.figure("billing_month_seconds", whole);
    }

    pub fn idle(&mut self, mib: f64) {
        self.row("server at rest on PostgreSQL, resident", format!("{mib:.0} MiB"), String::new(), None);
        self.figure("idle_rss_mib", mib);
    }

    pub fn write(self) -> Result<()> {
        let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu
            .lines()
            .find_map(|l| l.strip_prefix("model name"))
            .map_or("unknown", |l| l.trim_start_matches(['\t', ' ', ':']));
        let cores = std::thread::available_parallelism()?;
        let mut page = format!(
            "# Benchmarks\n\nWritten by `make bench`. Every baseline was run on the same machine and cluster \
             (PostgreSQL, durable commits, Unix socket), in the same run; throughputs are the middle of \
             three turns, verification of five; clients and servers share the cores.\n\nMachine: {model}, {cores} cores. Log: {} events.\n\n\
             | what | ours | baseline | ratio |\n|---|---:|---:|---:|\n",
            self.events
        );
        for [what, ours, baseline, ratio] in &self.rows {
            writeln!(page, "| {what} | {ours} | {baseline} | {ratio} |")?;
        }
        std::fs::write(format!("{docs}/benchmarks.md"), page)?;
        std::fs::write(
            format!("{docs}/benchmarks.json"),
            serde_json::to_string_pretty(&self.figures)? + "\n",
        )?;
        Ok(())
    }
}
