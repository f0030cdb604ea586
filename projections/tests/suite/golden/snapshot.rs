//! What a version of a read model makes of the stories, and the rule that it never changes.

use std::{collections::BTreeMap, path::PathBuf};

/// The tables of a read model and its rows story by story.
#[derive(Default)]
pub struct Snapshot(Vec<(String, String)>);

impl Snapshot {
    pub fn add(&mut self, title: &str, body: String) {
        self.0.push((title.to_owned(), body));
    }

    pub fn text(&self) -> String {
        self.0.iter().map(|(title, body)| format!("## {title}\n{}\n\n", body.trim_end())).collect()
    }

    fn parse(text: &str) -> Self {
        // After the head that the snapshot library writes.
        let text = text.split_once("\n---\n").map_or(text, |(_, content)| content);
        let sections = text.split("## ").filter_map(|section| section.split_once('\n'));
        Self(sections.map(|(title, body)| (title.to_owned(), body.trim_end().to_owned())).collect())
    }

    /// Whether a version may make this: all that is recorded of it is as it was, and none of the recorded
    /// versions is higher. Stories may follow those recorded.
    pub fn check(&self, name: &str, version: i32) -> Result<(), String> {
        let recorded = recorded(name);
        if let Some((newer, _)) = recorded.range(version + 1..).next() {
            return Err(format!("{name}: version {newer} is recorded, {version} is older"));
        }
        if let Some(before) = recorded.get(&version) {
            let now: BTreeMap<&str, &str> =
                self.0.iter().map(|(title, body)| (title.as_str(), body.trim_end())).collect();
            for (title, body) in &before.0 {
                if let Some(change) = difference(body, now.get(title.as_str()).copied().unwrap_or_default()) {
                    return Err(format!(
                        "{name}: rows or tables changed: raise the version from {version}.\n{title}\n{change}"
                    ));
                }
            }
            if let Some((older, _)) = recorded.range(..version).next() {
                return Err(format!("{name}: delete the snapshot of version {older}"));
            }
        }
        Ok(())
    }
}

/// The first line that differs.
fn difference(before: &str, now: &str) -> Option<String> {
    let (mut before, mut now) = (before.lines(), now.lines());
    loop {
        match (before.next(), now.next()) {
            (None, None) => return None,
            (old, new) if old == new => {}
            (old, new) => {
                return Some(format!("was {}\nis  {}", old.unwrap_or_default(), new.unwrap_or_default()));
            }
        }
    }
}

/// The recorded snapshots of a read model by version.
fn recorded(name: &str) -> BTreeMap<i32, Snapshot> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/golden/snapshots"));
    let Ok(files) = std::fs::read_dir(folder) else { return BTreeMap::new() };
    let of_file = |file: std::fs::DirEntry| {
        let path = file.path();
        let stem = path.file_name()?.to_str()?.strip_suffix(".snap")?;
        let version = stem.strip_prefix(name)?.strip_prefix("_v")?.parse().ok()?;
        Some((version, Snapshot::parse(&std::fs::read_to_string(&path).unwrap())))
    };
    files.flatten().filter_map(of_file).collect()
}

#[test]
fn a_version_keeps_its_rows_and_a_higher_one_has_its_own() {
    let mut snapshot = Snapshot::default();
    snapshot.add("one", "a\nb".into());
    snapshot.add("two", "c\n".into());
    let parsed = Snapshot::parse(&format!("---\nsource: x\n---\n{}", snapshot.text()));
    assert_eq!(parsed.text(), snapshot.text());
    assert_eq!(difference("a\nb", "a\nb"), None);
    assert_eq!(difference("a\nb", "a\nc").as_deref(), Some("was b\nis  c"));
    assert_eq!(difference("a\nb", "a").as_deref(), Some("was b\nis  "));
}
