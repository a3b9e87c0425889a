//! Chromium without a window, by its DevTools protocol: as much of it as these tests need.

use std::env;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket, client};

/// No answer takes longer, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What keeps it to itself: no profile of the user's, no network.
const ARGUMENTS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--remote-debugging-port=0",
    "about:blank",
];

/// A browser with one page.
pub struct Chromium {
    _process: Process,
    socket: WebSocket<TcpStream>,
    session: Option<String>,
    calls: u64,
    events: Vec<Value>,
}

/// The program, which ends with whoever started it.
struct Process {
    child: Child,
    /// Removed after the program has ended.
    _profile: TempDir,
}

impl Chromium {
    /// Starts the program that the variable `CHROMIUM` names, or `chromium`, with a new profile.
    pub fn start() -> Self {
        let program = env::var_os("CHROMIUM").unwrap_or_else(|| "chromium".into());
        let profile = tempfile::tempdir().expect("a temporary folder");
        let child = Command::new(&program)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(ARGUMENTS)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let mut process = Process { child, _profile: profile };
        let mut stderr = BufReader::new(process.child.stderr.take().expect("piped")).lines();
        let address = stderr
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("DevTools listening on ")?.1.trim().to_owned()))
            .expect("the browser says where it listens");
        // What else it says is of no interest, but must go somewhere.
        std::thread::spawn(move || stderr.for_each(drop));
        let host = address.strip_prefix("ws://").and_then(|rest| rest.split('/').next());
        let stream = TcpStream::connect(host.expect("an address")).expect("it listens there");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time above 0");
        let (socket, _) = client(&address, stream).expect("it speaks WebSocket");
        let (session, events) = (None, Vec::new());
        let mut browser = Self { _process: process, socket, session, calls: 0, events };
        browser.attach();
        browser
    }

    /// Makes a page, to which all further calls go.
    fn attach(&mut self) {
        let target = self.call("Target.createTarget", &json!({"url": "about:blank"}));
        let target = json!({"targetId": target["targetId"], "flatten": true});
        let attached = self.call("Target.attachToTarget", &target);
        self.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), &json!({}));
        }
    }

    /// Calls a method, and keeps the events that come before its answer.
    pub fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.calls += 1;
        let mut call = json!({"id": self.calls, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            call["sessionId"] = json!(session);
        }
        self.socket.send(Message::text(call.to_string())).expect("the browser is there");
        loop {
            let message = self.message();
            if message["id"] == self.calls {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    fn message(&mut self) -> Value {
        loop {
            let message = self.socket.read().expect("an answer in good time");
            if let Message::Text(text) = message {
                return serde_json::from_str(text.as_str()).expect("the protocol is JSON");
            }
        }
    }

    /// Opens a page, and returns the events until it has loaded.
    pub fn open(&mut self, url: &str) -> Vec<Value> {
        self.events.clear();
        self.call("Page.navigate", &json!({"url": url}));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.message();
            self.events.push(event);
        }
        // What a script complains of late is said before this is answered.
        self.evaluate("0");
        std::mem::take(&mut self.events)
    }

    /// What an expression comes to in the page.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "returnByValue": true});
        let result = self.call("Runtime.evaluate", &parameters);
        assert!(result["exceptionDetails"].is_null(), "{}", result["exceptionDetails"]);
        result["result"]["value"].clone()
    }

    /// Looks at pages as on a screen of that size, or on paper, in light or dark.
    pub fn look(&mut self, (width, height): (u32, u32), medium: &str, scheme: &str) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", &json!({"media": medium, "features": features}));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
