//! What may be made, opened and served: with the real binary on folders and databases that are not what they
//! should be.

use std::{collections::BTreeSet, os::unix::fs::PermissionsExt, path::Path};

use sqlx::{Connection, PgConnection};

use crate::{
    keys::{portail, refused, well},
    server::{Client, Home, STAFF},
};

/// Every path below a folder.
fn everything(folder: &Path) -> BTreeSet<std::path::PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path.clone());
            }
            found.insert(path);
        }
    }
    found
}

#[tokio::test]
async fn only_serve_and_init_make_a_database() {
    let mut home = Home::new().await;
    let file = home.folder.path().join("families.csv");
    std::fs::write(&file, "family_number;surname;first_name\n1001001020001;Martin;Zoé\n").unwrap();
    let mistyped = home.folder.path().join("mistyped");
    home.environment = vec![("PORTAIL_DATA_DIR", mistyped.display().to_string())];
    let file = file.to_str().unwrap();
    let tools: [&[&str]; 12] = [
        &["audit", "verify"],
        &["audit", "checkpoint"],
        &["audit", "key"],
        &["audit", "export", "/nowhere/log"],
        &["audit", "prove", "1"],
        &["audit", "consistency", "1"],
        &["audit", "effects", "1"],
        &["rebuild"],
        &["import", "families", file],
        &["account", "somebody"],
        &["keys", "show"],
        &["check"],
    ];
    for tool in tools {
        let said = refused(&home, tool);
        assert!(said.contains("portail init") || tool == ["audit", "key"], "{tool:?}: {said}");
        assert!(!mistyped.exists(), "{tool:?} makes nothing");
    }
    if let Some(url) = &home.url {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let tables: i64 =
            sqlx::query_scalar("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
                .fetch_one(&mut connection)
                .await
                .unwrap();
        assert_eq!(tables, 0);
    }
    let said = well(&home, &["init"]);
    assert!(said.contains("master key") && said.contains("0 events"), "{said}");
    well(&home, &["init"]);
    assert!(well(&home, &["check"]).contains("everything fits"));
    well(&home, &["import", "families", file]);

    // A database that vanished is not begun anew over the copies of its checkpoints.
    home.serve(&[]).kill();
    well(&home, &["audit", "checkpoint"]);
    let checkpoints = mistyped.join("checkpoints");
    std::fs::create_dir_all(&checkpoints).unwrap();
    std::fs::write(checkpoints.join("000000000001.checkpoint"), "kept").unwrap();
    let other = Home::new().await;
    home.url = other.url.clone();
    if home.url.is_none() {
        std::fs::remove_dir_all(mistyped.join("postgres")).unwrap();
    }
    let said = refused(&home, &["serve"]);
    assert!(said.contains("holds a signed head of a log of"), "{said}");
}

#[tokio::test]
async fn the_demo_keeps_out_of_a_towns_database_and_off_addresses_that_others_reach() {
    let mut town = Home::new().await;
    town.init();
    town.account(("directrice", "Souvenir1985"), "administrator");
    town.account(("maire", "Souvenir1985"), "staff");
    let said = refused(&town, &["serve", "--demo"]);
    assert!(said.contains("this database is a town's"), "{said}");
    let file = town.folder.path().join("families.csv");
    std::fs::write(&file, "family_number;surname;first_name\n1001001020001;Martin;Zoé\n").unwrap();
    well(&town, &["import", "families", file.to_str().unwrap()]);
    assert!(refused(&town, &["serve", "--demo"]).contains("this database is a town's"));

    town = Home::new().await;
    town.environment = vec![("PORTAIL_LISTEN", "0.0.0.0:0".into())];
    let said = refused(&town, &["serve", "--demo"]);
    assert!(said.contains("--public"), "{said}");
    assert!(refused(&town, &["serve", "--public"]).contains("--demo"));
    let server = town.serve(&["--demo", "--public"]);
    let address = server.address.replace("0.0.0.0", "127.0.0.1");
    Client::log_in(&address, STAFF).await;
    server.kill();
    town.environment.clear();
    town.serve(&["--demo"]).kill();
}

#[tokio::test]
async fn an_embedded_database_is_closed_to_others_and_never_replaced() {
    let mut home = Home::new().await;
    home.url = None;
    let data = home.folder.path().join("data");
    home.environment = vec![("PORTAIL_DATA_DIR", data.display().to_string())];
    home.prepare_demo();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (published, server) = (data.join("checkpoints"), data.join("postgres"));
    assert_eq!((mode(&data), mode(&server)), (0o700, 0o700));
    // Below the server's folder nobody else gets anyway.
    let is_reached = |path: &Path| !path.starts_with(&published) && !path.starts_with(&server);
    for path in everything(&data).iter().filter(|path| is_reached(path)) {
        assert_eq!(mode(path) & 0o077, 0, "{} is open: {:o}", path.display(), mode(path));
    }
    for path in [data.clone(), data.join("postgres"), data.join("master.key")] {
        let closed = mode(&path);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(closed | 0o044)).unwrap();
        for tool in [&["serve"][..], &["check"]] {
            let said = refused(&home, tool);
            assert!(said.contains("chmod") && said.contains(path.to_str().unwrap()), "{said}");
        }
        std::fs::set_permissions(&path, PermissionsExt::from_mode(closed)).unwrap();
    }
    assert!(portail(&home, &["audit", "verify"]).1.contains("events verified"));

    for mark in ["global/pg_control", "PG_VERSION"] {
        let mark = data.join("postgres/tmp/pglite/base").join(mark);
        let lost = home.folder.path().join("lost");
        std::fs::rename(&mark, &lost).unwrap();
        let before = everything(&data);
        for tool in [&["serve"][..], &["serve", "--demo"], &["init"], &["audit", "verify"]] {
            let said = refused(&home, tool);
            assert!(said.contains("is damaged"), "{tool:?}: {said}");
        }
        assert_eq!(everything(&data), before, "it is left as it is");
        std::fs::rename(&lost, &mark).unwrap();
    }
    assert!(portail(&home, &["audit", "verify"]).1.contains("events verified"));
}
