//! What the manuals point at is there.

use std::path::{Path, PathBuf};

/// The Markdown files of a folder and those below it.
fn manuals(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            manuals(&path, found);
        } else if path.extension().is_some_and(|e| e == "md") {
            found.push(path);
        }
    }
}

/// Every manual of the repository.
pub fn all_manuals() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    manuals(&root.join("docs"), &mut found);
    found
}

#[test]
fn links_of_the_manuals_lead_somewhere() {
    let mut links = 0;
    for manual in all_manuals() {
        let text = std::fs::read_to_string(&manual).unwrap();
        for rest in text.split("](").skip(1) {
            let target = rest.split([')', '#']).next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let place = manual.parent().unwrap().join(target);
            assert!(place.exists(), "{}: {target} is not there", manual.display());
            links += 1;
        }
    }
    assert!(links > 30, "{links}");
}
