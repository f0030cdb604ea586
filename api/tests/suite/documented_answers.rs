//! What the manuals show is what the server answers: every operation in them is sent, and its answer is the one that
//! is printed there, or the one that is kept beside this file.

use std::{collections::BTreeMap, path::Path};

use serde_json::{Value, json};

use crate::{
    documentation::all_manuals,
    replay::as_of,
    server::{AUDITOR, Client, Home, PARENT, demo},
};

fn manual(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).unwrap()
}

/// The fenced blocks of a manual with their languages.
fn blocks(manual: &str) -> Vec<(&str, &str)> {
    let fenced = manual.split("```").skip(1).step_by(2);
    fenced.map(|block| block.split_once('\n').unwrap()).collect()
}

/// An answer to keep: what differs each time is left out.
fn kept(mut answer: Value) -> String {
    fn blank(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match name.as_str() {
                        "position" | "token" | "commandId" if value.is_string() => {
                            *value = json!(format!("the {name}"))
                        }
                        _ => blank(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(blank),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    blank(&mut answer);
    serde_json::to_string_pretty(&answer).unwrap()
}

/// The month as the README draws it.
fn drawn(planning: &Value) -> String {
    let symbol = |cell: &Value| match (cell["status"].as_str(), cell["markerLetter"].as_str()) {
        (Some("RESERVED"), _) => "✓",
        (Some("PRESENT_AS_RESERVED"), _) => "☺",
        (None, Some("P")) => "P",
        (Some("CLOSED"), _) => "F",
        (None, None) => ".",
        other => panic!("{other:?} is not drawn"),
    };
    let days = (1..=30).map(|day| (day % 10).to_string()).collect::<String>();
    let mut lines = vec![format!("{:<64}{days}", "April 2015")];
    for row in planning["rows"].as_array().unwrap() {
        let text = |name: &str| row[name].as_str().unwrap();
        let cells = row["cells"].as_array().unwrap().iter().map(symbol).collect::<String>();
        lines.push(format!(
            "{:<23}{:<28}{:<13}{cells}",
            text("structure"),
            text("activity"),
            text("responsible")
        ));
    }
    lines.join("\n") + "\n"
}

#[tokio::test]
async fn the_readme_shows_what_the_server_answers() {
    let readme = manual("README.md");
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let parent = Client::log_in(&server.address, PARENT).await;
    let (mut answer, mut answers) = (Value::Null, vec![]);
    let (mut plannings, mut cells) = (0, 0);
    for (language, block) in blocks(&readme) {
        match language {
            "graphql" => {
                answer = parent.ask(block, json!({})).await;
                if answer["planning"].is_null() {
                    answers.push(kept(answer.clone()));
                }
            }
            "" if !answer["planning"].is_null() => {
                assert_eq!(block, drawn(&answer["planning"]));
                plannings += 1;
            }
            "json" => {
                let shown: Value = serde_json::from_str(block).unwrap();
                let rows = answer["planning"]["rows"].as_array().unwrap();
                let mut all = rows.iter().flat_map(|row| row["cells"].as_array().unwrap());
                assert!(all.any(|cell| *cell == shown), "no cell is {shown}");
                cells += 1;
            }
            "sh" => {}
            other => panic!("a block of {other} is not compared with anything"),
        }
    }
    assert_eq!((plannings, cells), (1, 1));
    insta::assert_snapshot!("readme", answers.join("\n"));
}

/// The words of a line of shell, of which some are in single quotes.
fn words(line: &str) -> Vec<&str> {
    let mut words = vec![];
    for (number, part) in line.split('\'').enumerate() {
        if number % 2 == 0 { words.extend(part.split_whitespace()) } else { words.push(part) }
    }
    words
}

#[tokio::test]
async fn the_auditors_manual_shows_what_is_answered() {
    let text = manual("docs/auditor.md");
    let home = Home::new().await;
    let server = home.serve(&["--demo"]);
    let auditor = Client::log_in(&server.address, AUDITOR).await;
    let mut answers = vec![];
    let mut replays: Vec<Vec<&str>> = vec![];
    for (language, block) in blocks(&text) {
        if language == "graphql" {
            answers.push(kept(auditor.ask(block, json!({})).await));
            continue;
        }
        for line in block.lines() {
            let words = words(line);
            if let Some(at) = words.iter().position(|word| *word == "-d") {
                let body: Value = serde_json::from_str(words[at + 1]).unwrap();
                let query = body["query"].as_str().unwrap();
                let moment = words.iter().find_map(|word| word.strip_prefix("X-As-Of: "));
                let answer = match moment {
                    Some(moment) => as_of(&auditor, moment, query, json!({})).await["data"].clone(),
                    None => auditor.ask(query, json!({})).await,
                };
                answers.push(kept(answer));
            } else if let Some(arguments) = line.strip_prefix("portail audit replay") {
                assert!(!arguments.is_empty());
                replays.push(words);
            }
        }
    }
    // The embedded database serves one.
    server.kill();
    for line in replays {
        let done = home.command().args(&line[1..]).output().unwrap();
        assert!(done.status.success(), "{line:?}: {}", String::from_utf8_lossy(&done.stderr));
        answers.push(String::from_utf8(done.stdout).unwrap().trim_end().to_owned());
    }
    insta::assert_snapshot!("auditor", answers.join("\n"));
}

/// The page on the log's format names no id, so its operations find nothing; the server takes them as they stand.
/// What they answer is examined in `auditor_kit`.
#[tokio::test]
async fn the_page_on_the_format_asks_what_the_server_takes() {
    let text = manual("docs/audit/log-format.md");
    let auditor = Client::log_in(demo().await, AUDITOR).await;
    let mut asked = 0;
    for (_, block) in blocks(&text).into_iter().filter(|(language, _)| *language == "graphql") {
        for operation in block.split("\n{ ") {
            let query = format!("{{ {}", operation.trim_start_matches("{ "));
            let answer = auditor.send(&query, json!({})).await.unwrap();
            let code = answer["errors"][0]["extensions"]["code"].as_str();
            assert!(matches!(code, None | Some("NOT_FOUND" | "INVALID_VALUE")), "{query}: {answer}");
            asked += 1;
        }
    }
    assert_eq!(asked, 2);
}

/// No block of GraphQL is in a manual that no test reads.
#[test]
fn every_documented_operation_is_sent() {
    for path in all_manuals() {
        let text = std::fs::read_to_string(&path).unwrap();
        let shown = blocks(&text)
            .iter()
            .any(|(language, block)| *language == "graphql" || block.contains("\"query\""));
        let read = ["README.md", "docs/auditor.md", "docs/audit/log-format.md"]
            .iter()
            .any(|name| path.ends_with(name));
        assert!(read || !shown, "{} shows an operation: send it here", path.display());
    }
}

/// The names in a list of arguments, with their values or without.
fn argument_names(list: &str) -> Vec<String> {
    let (mut depth, mut word, mut is_value, mut names) = (0, String::new(), false, vec![]);
    for char in list.chars() {
        match char {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            ':' | ',' | ')' if depth == 0 => {
                let name = word.trim();
                if !is_value && name.starts_with(char::is_lowercase) {
                    names.push(name.to_owned());
                }
                is_value = char == ':';
                word.clear();
            }
            other => word.push(other),
        }
    }
    names
}

/// `field(argument: ...)` in the running text names a field of the schema and its arguments.
#[tokio::test]
async fn fields_named_in_the_manuals_are_in_the_schema() {
    const FIELDS: &str = "{ __schema { queryType { fields { name args { name } } } mutationType { fields { name args { name } } } } }";
    let schema = Client::log_in(demo().await, AUDITOR).await.ask(FIELDS, json!({})).await["__schema"].clone();
    let fields =
        ["queryType", "mutationType"].map(|root| schema[root]["fields"].as_array().unwrap().clone()).concat();
    let arguments: BTreeMap<&str, Vec<&str>> = fields
        .iter()
        .map(|field| {
            let names = field["args"].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap());
            (field["name"].as_str().unwrap(), names.collect())
        })
        .collect();
    let mut named = 0;
    for name in ["README.md", "docs/operator.md", "docs/auditor.md"] {
        let text = manual(name);
        // What is left without the blocks alternates between words and code.
        let running = text.split("```").step_by(2).collect::<String>();
        for code in running.split('`').skip(1).step_by(2) {
            let Some((field, rest)) = code.split_once('(') else { continue };
            if !field.chars().all(char::is_alphanumeric) || !field.starts_with(char::is_lowercase) {
                continue;
            }
            let known = arguments.get(field).unwrap_or_else(|| panic!("{name}: {field} is no field: {code}"));
            for argument in argument_names(rest) {
                assert!(known.contains(&&*argument), "{name}: {field} takes no {argument}: {code}");
            }
            named += 1;
        }
    }
    assert!(named > 8, "{named}");
}
