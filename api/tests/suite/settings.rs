//! Settings that make no sense stop the server, by their name.

use crate::server::Home;

#[tokio::test]
async fn a_server_does_not_start_on_settings_that_make_no_sense() {
    for (name, value, says) in [
        ("PORTAIL_LISTN", "127.0.0.1:0", "did you mean PORTAIL_LISTEN?"),
        ("PORTAIL_SMS_URL", "nonsense", "PORTAIL_SMS_URL: an address"),
        ("PORTAIL_SITE", "nonsense", "PORTAIL_SITE: an address"),
        ("PORTAIL_SITE", "", "PORTAIL_SITE not set"),
        ("PORTAIL_TOWN", "", "PORTAIL_TOWN not set"),
        ("PORTAIL_LOG", "portail=loud", "PORTAIL_LOG=portail=loud: a filter"),
        ("PORTAIL_CHECKPOINT_SECONDS", "0", "PORTAIL_CHECKPOINT_SECONDS=0: a number from 1"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL: an address"),
        ("DATABASE_URL", "postgres://me:secret@127.0.0.1:1/portail", "DATABASE_URL"),
        ("TOKIO_WORKER_THREADS", "many", "TOKIO_WORKER_THREADS=many"),
    ] {
        let mut home = Home::new().await;
        home.url = home.url.filter(|_| name != "DATABASE_URL");
        home.environment.push((name, value.into()));
        let run = move || home.command().arg("serve").output().unwrap();
        let refused = tokio::task::spawn_blocking(run).await.unwrap();
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success(), "{name}={value}");
        assert!(said.contains(says) && !said.contains("secret"), "{name}={value}: {said}");
    }
}
