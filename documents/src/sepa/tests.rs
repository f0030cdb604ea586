use std::{path::PathBuf, process::Command};

use serde_json::json;

use super::*;

/// Asks the official schema, by the Python package that ships it; `None`: the file is valid.
fn official_verdict(files: &[Vec<u8>]) -> Vec<Option<String>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let made = Command::new(root.join(".ci/python")).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let python = String::from_utf8(made.stdout).unwrap();
    let python = python.lines().last().expect(".ci/python names the interpreter");
    let folder = tempfile::tempdir().unwrap();
    let script = "import os, sys, json, sepaxml, xmlschema\n\
        folder = os.path.join(os.path.dirname(sepaxml.__file__), 'schemas')\n\
        schema = xmlschema.XMLSchema(os.path.join(folder, 'pain.008.001.08.xsd'))\n\
        def verdict(path):\n\
        \x20   try:\n\
        \x20       schema.validate(path)\n\
        \x20   except Exception as error:\n\
        \x20       return str(error)\n\
        print(json.dumps([verdict(path) for path in sys.argv[1:]]))\n";
    let mut command = Command::new(python);
    command.arg("-c").arg(script);
    for (index, content) in files.iter().enumerate() {
        let path = folder.path().join(format!("{index}.xml"));
        std::fs::write(&path, content).unwrap();
        command.arg(path);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn row(number: i32, cents: i64, first: bool, change: serde_json::Value) -> DebitRow {
    let mut details = json!({
        "account_holder": "Mme Éloïse D’Œuvre & fils", "iban": "FR76 3000 6000 0112 3456 7890 189",
        "mandate_signed_on": "2015-01-05",
    });
    details.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    DebitRow {
        regie: "al".into(),
        number,
        family: "1001001010331".into(),
        date: "2015-05-20".parse().unwrap(),
        amount: Amount::cents(cents),
        invoice: Some(37),
        mandate: "RUM-2015-0001".into(),
        first,
        amended: false,
        details: Some(details),
    }
}

fn creditor(bic: Option<&str>) -> Creditor {
    Creditor {
        name: "Régie garderie & ALSH".into(),
        identifier: "FR72ZZZ123456".into(),
        iban: "FR76 3000 6000 0112 3456 7890 189".into(),
        bic: bic.map(str::to_owned),
    }
}

fn made(creditor: &Creditor, rows: &[DebitRow]) -> Result<Vec<u8>, FileError> {
    let collections: Vec<Collection> = rows.iter().map(Collection::of).collect::<Result<_, _>>()?;
    file(&Batch {
        id: Uuid::from_u128(7),
        created: "2015-05-10T08:00:00Z".parse().unwrap(),
        collected: "2015-05-20".parse().unwrap(),
        creditor,
        series: &Series::default().with_prefix("AL".into()),
        collections: &collections,
    })
}

/// The texts of every element of a name, in order.
fn texts(xml: &[u8], name: &str) -> Vec<String> {
    let text = std::str::from_utf8(xml).unwrap();
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    let of = |part: &str| part.split_once('>').unwrap().1.split(&close).next().unwrap().trim().to_owned();
    text.split(&open).skip(1).filter(|part| part.starts_with(['>', ' '])).map(of).collect()
}

#[test]
fn a_file_is_what_the_official_schema_asks() {
    let names = ["Łukasz Żółć", "Müller-Straße", "Nguyễn Thị Hồng", "J@n ; <b>|x\\y", "Ñandú + «Œ» №5"];
    let holders = names
        .iter()
        .zip(0..)
        .map(|(name, index)| row(300 + index, 100, index % 2 == 0, json!({ "account_holder": name })));
    let amended = DebitRow { amended: true, ..row(400, 99_999_999, false, json!({ "bic": "PSSTFRPP" })) };
    let files = [
        made(
            &creditor(Some("AGRIFRPP")),
            &[
                row(231, 12_060, true, json!({ "bic": "PSSTFRPPMAR" })),
                row(232, 500, false, json!({ "bic": null })),
                row(233, 40, false, json!({})),
            ],
        ),
        made(&creditor(None), &holders.collect::<Vec<_>>()),
        made(&creditor(None), &[amended]),
    ]
    .map(Result::unwrap);
    assert_eq!(official_verdict(&files), [const { None }; 3]);

    let first = &files[0];
    assert_eq!(
        texts(first, "CtrlSum"),
        ["126.00", "120.60", "5.40"],
        "the whole file, first ones, recurring ones"
    );
    assert_eq!(texts(first, "NbOfTxs"), ["3", "1", "2"]);
    assert_eq!(texts(first, "SeqTp"), ["FRST", "RCUR"]);
    assert_eq!(texts(first, "EndToEndId"), ["AL-R231", "AL-R232", "AL-R233"]);
    assert_eq!(texts(first, "Nm")[0], "Regie garderie + ALSH");
    assert!(texts(first, "Nm").contains(&"Mme Eloise D'OEuvre + fils".to_owned()));
    assert_eq!(
        texts(first, "BICFI"),
        ["AGRIFRPP", "PSSTFRPPMAR", "AGRIFRPP"],
        "of each block, and one debtor's"
    );
    let unknown = std::str::from_utf8(first).unwrap().matches("<Id>NOTPROVIDED</Id>").count();
    assert_eq!(unknown, 2, "banks that are not known");
    assert!(texts(&files[1], "Nm").contains(&"Muller-Strasse".to_owned()));
    assert_eq!(texts(&files[2], "AmdmntInd"), ["true"]);
    assert!(std::str::from_utf8(&files[2]).unwrap().contains("<Id>SMNDA</Id>"));
}

#[test]
fn what_the_official_schema_refuses_is_refused_here_too() {
    let right = made(&creditor(None), &[row(231, 12_060, true, json!({}))]).unwrap();
    let right = String::from_utf8(right).unwrap();
    let wrong: Vec<Vec<u8>> = [
        ("<Nm>Mme Eloise D'OEuvre + fils</Nm>", "<Nm></Nm>"),
        ("<SeqTp>FRST</SeqTp>", "<SeqTp></SeqTp>"),
        ("<MndtId>RUM-2015-0001</MndtId>", "<MndtId>RUM-2015-0001-RUM-2015-0001-RUM-2015-0001</MndtId>"),
        ("<SeqTp>FRST</SeqTp>", "<SeqTp>LAST</SeqTp>"),
        ("<ReqdColltnDt>2015-05-20</ReqdColltnDt>", "<ReqdColltnDt>20/05/2015</ReqdColltnDt>"),
        ("<PmtMtd>DD</PmtMtd>", "<PmtMtd>DD</PmtMtd><PmtMtd>DD</PmtMtd>"),
    ]
    .into_iter()
    .map(|(from, to)| {
        assert!(right.contains(from), "{from} in {right}");
        right.replace(from, to).into_bytes()
    })
    .collect();
    for (verdict, file) in official_verdict(&wrong).iter().zip(&wrong) {
        let ours = structure::check(file);
        assert!(verdict.is_some() && ours.is_err(), "{verdict:?} {ours:?}");
    }
    // What only the rules beside the schema forbid.
    for (from, to) in [
        ("<CtrlSum>120.60", "<CtrlSum>120.00"),
        ("<NbOfTxs>1<", "<NbOfTxs>2<"),
        ("<MndtId>RUM-2015-0001</MndtId>", ""),
        ("D'OEuvre", "D’Œuvre"),
    ] {
        assert!(structure::check(right.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
    }
}

#[test]
fn a_collection_that_no_bank_takes_makes_no_file() {
    let lost = DebitRow { details: None, ..row(1, 100, true, json!({})) };
    assert!(matches!(made(&creditor(None), &[lost]), Err(FileError::Debtor { number: 1, .. })));
    for name in ["李小龙", "عبد الله", "🙂"] {
        let unread = row(2, 100, true, json!({ "account_holder": name }));
        let error = made(&creditor(None), &[unread]).unwrap_err();
        assert!(matches!(error, FileError::Debtor { number: 2, obstacle: Obstacle::Holder }), "{error}");
        assert!(!error.to_string().contains(name), "no text of a person in an error");
    }
    let nobody = Creditor { name: "村".into(), ..creditor(None) };
    assert!(matches!(made(&nobody, &[row(3, 100, true, json!({}))]), Err(FileError::Creditor(_))));
}
