//! Webhooks over the real daemon, to a receiver of the test's own: signed, in order, again until taken, and again after a crash.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::client::{Client, Request};
use super::process::Ledger;

const PROGRAM: &str = "/v1/programs/corner_coffee";
/// After this long without a message a test has failed.
const PATIENCE: Duration = Duration::from_mins(3);

/// A message as it came.
#[derive(Debug)]
struct Message {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Message {
    fn header(&self, name: &str) -> &str {
        &self.headers.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no {name}")).1
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Fails the test unless the message is signed with the secret.
    fn expect_signed(&self, secret: &str) {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.", self.header("webhook-id"), self.header("webhook-timestamp")).as_bytes());
        mac.update(&self.body);
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(self.header("webhook-signature"), expected);
    }
}

/// A receiver that answers with these statuses in turn, and then with 204 for ever; what it is sent comes out of the channel.
fn receiver(statuses: &'static [u16]) -> (String, Receiver<Message>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let (send, messages) = channel();
    thread::spawn(move || {
        for (count, stream) in listener.incoming().enumerate() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut lines = Vec::new();
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                    break;
                }
                lines.push(line);
            }
            let fields = lines.iter().filter_map(|line| line.trim_end().split_once(": "));
            let headers: Vec<(String, String)> =
                fields.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
            let length =
                headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, n)| n.parse().unwrap());
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let status = statuses.get(count).copied().unwrap_or(204);
            let answer = format!("HTTP/1.1 {status} X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
            if send.send(Message { headers, body }).is_err() {
                return;
            }
        }
    });
    (url, messages)
}

fn open() -> Ledger {
    let ledger = Ledger::new();
    ledger.configure("[webhooks]\nallow_private = true\nretry_ms = 1\n");
    ledger
}

fn buy(client: &mut Client, id: &str) {
    let event = json!({"id": id, "source": "t", "type": "purchase", "member": "ann",
                       "occurred_at": "2026-01-05T11:00:00Z", "amount": 4_000});
    client.post(&format!("{PROGRAM}/events"), &event).expect_status(201);
}

fn send(client: &mut Client, method: &str, path: &str, body: &Value) -> super::client::Answer {
    let path = format!("{PROGRAM}/webhook_endpoints{path}");
    let headers = &[("content-type", "application/json")];
    client.send(&Request { method, path: &path, headers, body: body.to_string().as_bytes() }).unwrap()
}

#[test]
fn records_are_sent_in_order_until_they_are_taken() {
    // A redirect and an overload are failures like any other, and nothing is sent past a message that was not taken.
    let (url, messages) = receiver(&[500, 302, 429]);
    let ledger = open();
    let daemon = ledger.start();
    let mut client = daemon.client();
    client.post("/v1/clock", &json!({"now": "2026-01-05T12:00:00Z"})).expect_status(200);
    buy(&mut client, "before");
    let made = send(&mut client, "POST", "", &json!({"url": url, "events": ["purchase.*"]})).expect_status(201).json();
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    buy(&mut client, "1");
    buy(&mut client, "2");
    let got: Vec<Message> = (0..5).map(|_| messages.recv_timeout(PATIENCE).unwrap()).collect();
    for message in &got {
        message.expect_signed(secret);
    }
    let ids: Vec<Value> = got.iter().map(|message| message.json()["data"]["event"]["id"].clone()).collect();
    assert_eq!(ids, ["1", "1", "1", "1", "2"]);
    let names: Vec<&str> = got.iter().map(|message| message.header("webhook-id")).collect();
    assert!(names[..4].iter().all(|name| *name == names[0]) && names[4] != names[0], "{names:?}");
    let first = got[0].json();
    assert_eq!((&first["type"], &first["data"]["status"]), (&json!("purchase.posted"), &json!("posted")));
    assert!(first["data"]["effects"].as_array().is_some_and(|effects| !effects.is_empty()));

    // Also across a kill: what comes after goes on where it was, nothing is left out.
    daemon.kill();
    daemon.ended();
    let daemon = ledger.start();
    let mut client = daemon.client();
    let shown = send(&mut client, "GET", &format!("/{id}"), &Value::Null).expect_status(200).json();
    assert!(shown["secret"].is_null() && shown["status"] == "enabled", "{shown}");
    buy(&mut client, "3");
    loop {
        let message = messages.recv_timeout(PATIENCE).unwrap();
        match message.json()["data"]["event"]["id"].as_str().unwrap() {
            "3" => break,
            again => assert_eq!(again, "2", "at least once"),
        }
    }
    assert_eq!(daemon.stop().code(), Some(0));
    ledger.expect_verified();
}

#[test]
fn who_wants_no_more_is_disabled_and_can_begin_again() {
    let (url, messages) = receiver(&[410]);
    let ledger = open();
    let daemon = ledger.start();
    let mut client = daemon.client();
    client.post("/v1/clock", &json!({"now": "2026-01-05T12:00:00Z"})).expect_status(200);
    let asked = json!({"url": url, "events": ["purchase.posted"], "after_seq": 0, "description": "the shop"});
    let made = send(&mut client, "POST", "", &asked).expect_status(201).json();
    let path = format!("/{}", made["id"].as_str().unwrap());
    buy(&mut client, "1");
    let id = |message: Message| message.json()["data"]["event"]["id"].clone();
    assert_eq!(id(messages.recv_timeout(PATIENCE).unwrap()), "1");
    while send(&mut client, "GET", &path, &Value::Null).json()["status"] != "disabled" {
        thread::yield_now();
    }
    send(&mut client, "PATCH", &path, &json!({"status": "enabled"})).expect_status(200);
    assert_eq!(id(messages.recv_timeout(PATIENCE).unwrap()), "1", "nothing is skipped");
    let listed = send(&mut client, "GET", "", &Value::Null).expect_status(200).json();
    assert_eq!((listed["data"].as_array().unwrap().len(), &listed["has_more"]), (1, &json!(false)));
    let elsewhere = client.get("/v1/programs/grocer/webhook_endpoints").json();
    assert_eq!(elsewhere["data"], json!([]));
    send(&mut client, "DELETE", &path, &Value::Null).expect_status(200);
    send(&mut client, "GET", &path, &Value::Null).expect_status(404);
    send(&mut client, "DELETE", &path, &Value::Null).expect_status(404);
    let metrics = client.get("/metrics");
    assert!(metrics.text().contains("tallystick_webhook_deliveries_total{result=\"failed\"} 1"), "{}", metrics.text());
}

#[test]
fn private_addresses_are_refused_unless_the_configuration_opens_them() {
    let ledger = Ledger::new();
    let daemon = ledger.start();
    let mut client = daemon.client();
    for url in [
        "http://127.0.0.1:9/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1",
        "https://shop.example/",
        "file:///etc/passwd",
        "http://user:pass@shop.example/",
        "shop",
    ] {
        let problem = send(&mut client, "POST", "", &json!({"url": url})).expect_status(400).json();
        assert_eq!(problem["errors"][0]["pointer"], "/url", "{url}: {problem}");
    }
    let bad = [
        (json!({}), "/url"),
        (json!({"url": "http://shop.example", "events": [""]}), "/events/0"),
        (json!({"url": "http://shop.example", "events": ["Purchase"]}), "/events/0"),
        (json!({"url": "http://shop.example", "after_seq": -1}), "/after_seq"),
        (json!({"url": "http://shop.example", "secret": "x"}), "/secret"),
    ];
    for (body, pointer) in bad {
        let problem = send(&mut client, "POST", "", &body).expect_status(400).json();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    // A name that leads here is found out when it is used.
    client.post("/v1/clock", &json!({"now": "2026-01-05T12:00:00Z"})).expect_status(200);
    let made = send(&mut client, "POST", "", &json!({"url": "http://localhost:9/"})).expect_status(201).json();
    buy(&mut client, "1");
    let path = format!("/{}", made["id"].as_str().unwrap());
    loop {
        let shown = send(&mut client, "GET", &path, &Value::Null).json();
        if let Some(why) = shown["last_error"].as_str() {
            assert!(why.contains("not an address of the public internet"), "{why}");
            break;
        }
        thread::yield_now();
    }
}
