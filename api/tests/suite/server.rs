//! The real server, and a client that speaks to it.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use portail_testkit::{Cluster, is_embedded, shared_cluster};
use serde_json::{Value, json};
use uuid::Uuid;

pub const PARENT: (&str, &str) = ("1001001010331", "Bonbons2015");
pub const STAFF: (&str, &str) = ("mairie", "Mairie2015");
/// The administrator.
pub const DIRECTOR: (&str, &str) = ("directrice", "Directrice2015");
pub const AUDITOR: (&str, &str) = ("auditeur", "Auditeur2015");
pub const LEO: &str = "5f0b4f0e-5d8a-4c55-9a59-0b1f2f6c2a01";
pub const EMMA: &str = "5f0b4f0e-5d8a-4c55-9a59-0b1f2f6c2a02";

/// Where a server keeps its data, so that it can be started again.
pub struct Home {
    pub folder: tempfile::TempDir,
    pub url: Option<String>,
    /// More settings of the server.
    pub environment: Vec<(&'static str, String)>,
    _cluster: Option<Arc<Cluster>>,
}

impl Home {
    pub async fn new() -> Self {
        let cluster = if is_embedded() {
            None
        } else {
            Some(tokio::task::spawn_blocking(|| shared_cluster().unwrap()).await.unwrap())
        };
        Self::on(cluster).await
    }

    pub async fn on(cluster: Option<Arc<Cluster>>) -> Self {
        // As an operator has to: others could read what a server writes.
        let closed = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        let folder = tempfile::Builder::new().permissions(closed).tempdir().unwrap();
        let url = match &cluster {
            Some(cluster) => Some(cluster.create_database().await.unwrap()),
            None => None,
        };
        Self { folder, url, environment: vec![], _cluster: cluster }
    }

    /// One whose database somebody else keeps.
    pub fn at(folder: tempfile::TempDir, url: Option<String>) -> Self {
        Self { folder, url, environment: vec![], _cluster: None }
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portail"));
        command
            .env("PORTAIL_DATA_DIR", self.folder.path())
            .env("PORTAIL_LISTEN", "127.0.0.1:0")
            .env("PORTAIL_TOWN", "Mairie de Haisnes")
            .env("PORTAIL_SITE", "https://www.haisnes.fr")
            // Tests share people and an address, and are faster than anybody.
            .env("PORTAIL_COMMANDS_PER_MINUTE", "1000000")
            .env("PORTAIL_CONVERSATIONS_PER_HOUR", "1000000")
            .env("PORTAIL_MESSAGES_PER_HOUR", "1000000")
            .env("PORTAIL_LOGIN_ATTEMPTS", "1000000")
            .env("PORTAIL_LOGIN_ATTEMPTS_PER_ADDRESS", "1000000")
            .env("PORTAIL_SOCKETS_PER_PERSON", "1000")
            .env("PORTAIL_SUBSCRIPTIONS_PER_PERSON", "1000")
            .env_remove("DATABASE_URL")
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(url) = &self.url {
            command.env("DATABASE_URL", url);
        }
        command
    }

    /// Makes the guide's town, and stops: for what is done from the command line before it is served.
    pub fn prepare_demo(&self) {
        self.serve(&["--demo"]).kill();
    }

    /// Makes an empty town and its keys.
    pub fn init(&self) {
        assert!(self.command().arg("init").stdout(Stdio::null()).status().unwrap().success());
    }

    /// Makes an account from the command line, before the server starts.
    pub fn account(&self, (login, password): (&str, &str), role: &str) {
        let mut child =
            self.command().args(["account", login, "--role", role]).stdin(Stdio::piped()).spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
        assert!(child.wait().unwrap().success());
    }

    /// Starts the server and waits until it says where it listens.
    pub fn serve(&self, arguments: &[&str]) -> Server {
        self.serve_saying(arguments, Stdio::inherit())
    }

    /// The same; what the server says of itself goes elsewhere.
    pub fn serve_saying(&self, arguments: &[&str], errors: Stdio) -> Server {
        let mut child = self.command();
        let mut child =
            child.arg("serve").args(arguments).stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().expect("the server says where it listens").unwrap();
        let address = first.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, address }
    }
}

/// Sends a signal to processes.
pub fn signal(name: &str, processes: &[u32]) {
    let sent =
        Command::new("kill").arg(format!("-{name}")).args(processes.iter().map(u32::to_string)).status();
    assert!(sent.unwrap().success(), "{name}");
}

pub struct Server {
    child: Child,
    pub address: String,
}

impl Server {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end, as an operator does.
    pub fn terminate(&self) {
        signal("TERM", &[self.id()]);
    }

    /// Whether it ends in time.
    pub async fn ends_within(&mut self, limit: Duration) -> bool {
        let ended = async {
            while self.child.try_wait().unwrap().is_none() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(limit, ended).await.is_ok()
    }

    /// The most memory it ever had, in MiB.
    pub fn peak_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    }

    /// As a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The demo server the tests of this process share; each test keeps to its own days. It ends with
/// the process, whose exit closes the pipe its keeper reads.
pub async fn demo() -> &'static str {
    static ADDRESS: OnceLock<String> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    if let Some(address) = ADDRESS.get() {
        return address;
    }
    let home = Home::new().await;
    let start = move || {
        let _one_at_a_time = STARTING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        ADDRESS.get_or_init(|| {
            let server = home.serve(&["--demo"]);
            let address = server.address.clone();
            let mut keeper = Command::new("sh");
            let script = format!(
                "read nothing; kill -9 {}; rm -rf {}",
                server.child.id(),
                home.folder.path().display()
            );
            let keeper = keeper.args(["-c", &script]).stdin(Stdio::piped()).spawn().unwrap();
            std::mem::forget((server, home, keeper));
            address
        });
    };
    tokio::task::spawn_blocking(start).await.unwrap();
    ADDRESS.get().unwrap()
}

/// A person with a browser.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    pub address: String,
    pub token: Option<String>,
    pub language: &'static str,
}

impl Client {
    pub fn anonymous(address: &str) -> Self {
        Self { http: reqwest::Client::new(), address: address.to_owned(), token: None, language: "fr" }
    }

    pub async fn log_in(address: &str, (login, password): (&str, &str)) -> Self {
        let mut client = Self::anonymous(address);
        let answer = client
            .ask(
                "mutation ($input: LogInInput!) { logIn(input: $input) { token userErrors { code } } }",
                json!({ "input": { "login": login, "password": password } }),
            )
            .await;
        client.token = Some(answer["logIn"]["token"].as_str().expect("logged in").to_owned());
        client
    }

    /// The same session at a server that was started anew.
    pub fn at(self, address: &str) -> Self {
        Self { address: address.to_owned(), ..self }
    }

    pub async fn send(&self, query: &str, variables: Value) -> Result<Value, reqwest::Error> {
        let mut request = self
            .http
            .post(format!("http://{}/graphql", self.address))
            .header("Accept-Language", self.language)
            .json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        request.send().await?.json().await
    }

    /// The data of an answer without errors.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let answer = self.send(query, variables).await.unwrap();
        assert!(answer.get("errors").is_none(), "{answer:#}");
        answer["data"].clone()
    }

    /// The code of the first error.
    pub async fn error(&self, query: &str, variables: Value) -> String {
        let answer = self.send(query, variables).await.unwrap();
        answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{answer:#}")).to_owned()
    }

    /// Sends a mutation about days; its payload.
    pub async fn act(&self, mutation: &str, input: Value) -> Value {
        let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let kind = match mutation {
            "withdrawReservations" | "cancelReservations" | "withdrawAbsence" | "takeLeave" => {
                "ChildDaysInput"
            }
            "acceptOffer" | "declineOffer" => "AnswerOfferInput",
            "confirmReservations" | "putOnWaitingList" => "DecideInput",
            "refuseReservations" => "RefuseInput",
            "offerPlaces" => "SessionInput",
            _ => &kind,
        };
        let query = format!(
            "mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ requestId position \
             days {{ date result waitingRank error {{ code message }} }} userErrors {{ code message path }} }} }}"
        );
        let mut input = input;
        if input.get("clientMutationId").is_none() {
            input["clientMutationId"] = json!(Uuid::new_v4());
        }
        self.ask(&query, json!({ "input": input })).await[mutation].clone()
    }

    pub async fn get(&self, path: &str, accept: &str) -> (u16, String) {
        let url = format!("http://{}{path}", self.address);
        let answer = self.http.get(url).header("Accept", accept).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Any request of the signed-in person.
    pub async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let url = format!("http://{}{path}", self.address);
        let mut request = self.http.request(method.parse().unwrap(), url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, body: answer.bytes().await.unwrap().to_vec() }
    }

    pub async fn post(&self, content_type: &str, accept: &str, body: Vec<u8>) -> (u16, Value) {
        let url = format!("http://{}/graphql", self.address);
        let request = self.http.post(url).header("Content-Type", content_type).header("Accept", accept);
        let answer = request.body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }
}

/// An answer that is not GraphQL's.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    headers: reqwest::header::HeaderMap,
}

impl Answer {
    pub fn json(&self) -> (u16, Value) {
        (self.status, serde_json::from_slice(&self.body).unwrap_or(Value::Null))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

pub const PLANNING: &str = "query ($child: ID!, $month: Month!, $min: Position) { planning(childId: $child, month: $month, minPosition: $min) { \
    position rows { structure activityId activity responsible cells { date markerLetter status statusLabel waitingRank reason \
    attendance { present } certificateDue actions { action allowed until reason { code message } } } } } }";

/// One cell of a planning.
pub fn cell<'a>(planning: &'a Value, activity: &str, date: &str) -> &'a Value {
    let rows = planning["planning"]["rows"].as_array().unwrap();
    let row = rows.iter().find(|r| r["activityId"] == activity).unwrap_or_else(|| panic!("{activity}"));
    row["cells"].as_array().unwrap().iter().find(|c| c["date"] == date).unwrap()
}

pub async fn planning(client: &Client, child: &str, month: &str, min: &Value) -> Value {
    client.ask(PLANNING, json!({ "child": child, "month": month, "min": min })).await
}
