//! Progress of long work: a bar on a terminal, a log line every few seconds otherwise.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// A bar on a terminal, a log line every few seconds otherwise.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    name: &'static str,
    last: Cell<Instant>,
}

impl Progress {
    /// Progress of some work, by its name, in `unit`s.
    pub fn new(name: &'static str, unit: &str) -> Self {
        Self::of(ProgressBar::new(0), name, unit)
    }

    fn of(bar: ProgressBar, name: &'static str, unit: &str) -> Self {
        bar.set_message(name);
        let template = format!("{{msg:10}} [{{bar:40}}] {{pos}}/{{len}} {unit}, {{per_sec}}, {{eta}} left");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        Self { bar, name, last: Cell::new(Instant::now()) }
    }

    /// Tells how far the work is.
    pub fn at(&self, position: u64, head: u64) {
        self.bar.set_length(head);
        self.bar.set_position(position);
        if self.bar.is_hidden() && self.last.get().elapsed() > Duration::from_secs(2) {
            self.last.set(Instant::now());
            tracing::info!(what = self.name, position, head, "in progress");
        }
    }

    /// The work is done.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// The bars of works that run at the same time.
#[derive(Debug, Default)]
pub struct Bars(MultiProgress);

impl Bars {
    /// One more, below the others.
    pub fn add(&self, name: &'static str, unit: &str) -> Progress {
        Progress::of(self.0.add(ProgressBar::new(0)), name, unit)
    }

    /// Takes the bars away while something is printed.
    pub fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }
}
