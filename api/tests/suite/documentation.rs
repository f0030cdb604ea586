//! What the manuals point at is there.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use portail_domain::i18n::{Language, text};

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

#[test]
fn where_is_answers_what_is_asked_in_one_look() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = std::fs::read_to_string(root.join("docs/where-is.md")).unwrap();
    for question in [
        "the rule for late absences?",
        "a token checked?",
        "an old event read?",
        "a field of health data",
        "a section of the family file",
        "an absence reason",
        "a mutation",
        "a read model",
        "a setting |",
        "a setting?",
        "a version of an event",
    ] {
        let row = text.lines().find(|line| line.starts_with(&format!("| {question}")));
        let row = row.unwrap_or_else(|| panic!("docs/where-is.md does not say where {question}"));
        assert!(row.contains("]("), "{row}");
    }
    let pages = std::fs::read_dir(root.join("docs/how-to")).unwrap();
    for page in pages.map(|page| page.unwrap().file_name().into_string().unwrap()) {
        assert!(text.contains(&format!("(how-to/{page})")), "docs/where-is.md does not link {page}");
    }
}

#[test]
fn every_absence_reason_of_the_schema_has_its_label() {
    let schema = include_str!("../../../docs/schema.graphql");
    let reasons = schema.split("enum AbsenceReason {").nth(1).unwrap().split('}').next().unwrap();
    let is_name = |line: &&str| line.starts_with(char::is_uppercase) && !line.contains([' ', '.']);
    let names: Vec<&str> = reasons.lines().map(str::trim).filter(is_name).collect();
    assert!(names.contains(&"MEDICAL"), "{names:?}");
    for name in names {
        let key = format!("ABSENCE_{name}");
        assert_ne!(text(&key, Language::Fr, &[]), key);
    }
}

#[test]
fn the_changelog_has_the_version_that_the_program_tells() {
    let version = env!("CARGO_PKG_VERSION");
    let said = Command::new(env!("CARGO_BIN_EXE_portail")).arg("--version").output().unwrap();
    assert_eq!(String::from_utf8(said.stdout).unwrap().trim(), format!("portail {version}"));
    let changelog = include_str!("../../../CHANGELOG.md");
    let versions: Vec<&str> = changelog.lines().filter_map(|line| line.strip_prefix("## [")).collect();
    assert_eq!(versions.first(), Some(&"Unreleased]"));
    assert!(versions[1].starts_with(&format!("{version}] - ")), "{versions:?}");
}
