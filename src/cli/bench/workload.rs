//! What is posted: requests made from a seed and a number, so that every run with the same seed posts the same. It builds
//! bytes and reads answers; it never sends anything.

use jiff::Timestamp;
use memchr::memmem;

use super::client::Answer;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// How long before now the first event happened: within the lateness that programs accept, 72 hours.
const SPAN_MS: i64 = 60 * 3_600_000;
/// How long before the first event members enrolled.
const ENROLLED_BEFORE_MS: i64 = 3_600_000;
/// Points every member is given before transfers.
const FUNDS: u64 = 1_000_000;
/// What stands before a record's status in an answer.
const STATUS: &[u8] = b"\"status\":\"";
/// Digits of a length that is filled in once the body is there.
const LENGTH_DIGITS: usize = 10;

/// What one request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Enrols members, a batch of them.
    Enroll,
    /// Gives one member points.
    Fund,
    /// Purchases: a batch, or one.
    Purchases,
    /// Transfers: a batch, or one.
    Transfers,
    /// Of ten requests, batches: eight of events (one visit in ten, else purchases), two of transfers. Single: seven
    /// purchases, and one each of a visit, a transfer and a balance that is read.
    Mixed,
}

/// All that requests are made from.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The daemon's address, as in the `Host` header.
    pub host: String,
    /// The value of `Authorization`, where one is wanted.
    pub authorization: Option<String>,
    /// The program.
    pub program: String,
    /// The pool of transfers.
    pub pool: String,
    /// What everything is drawn from.
    pub seed: u64,
    /// How many members, at least 2.
    pub members: u64,
    /// Events or transfers of a batch; 1 for single requests.
    pub batch: u64,
    /// The calendar: when the events happen.
    pub calendar: Calendar,
}

/// Business time: events spread over the hours before now, so that velocity limits see a shop and not an avalanche.
#[derive(Clone, Debug)]
pub struct Calendar {
    start_ms: i64,
    step_us: i64,
    /// `YYYY-MM-DDT` of the day of the earliest time, and those after it.
    days: Vec<String>,
    first_day: i64,
}

/// What became of the operations of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Done.
    pub posted: u64,
    /// Recorded, waiting for a review.
    pub held: u64,
    /// Recorded without effects.
    pub denied: u64,
    /// Refused, failed or lost.
    pub errors: u64,
}

impl Tally {
    /// Operations the daemon answered as it should.
    pub const fn done(self) -> u64 {
        self.posted + self.held + self.denied
    }

    /// All operations lost.
    pub const fn lost(operations: u64) -> Self {
        Self { posted: 0, held: 0, denied: 0, errors: operations }
    }

    /// Adds another.
    pub const fn add(&mut self, other: Self) {
        self.posted += other.posted;
        self.held += other.held;
        self.denied += other.denied;
        self.errors += other.errors;
    }
}

impl Calendar {
    /// Spreads `events` events evenly over the hours before `now_ms`; events beyond that number happen at its end.
    pub fn new(now_ms: i64, events: u64) -> Self {
        let start_ms = now_ms - SPAN_MS;
        let first_day = (start_ms - ENROLLED_BEFORE_MS).div_euclid(DAY_MS);
        let days = (first_day..=now_ms.div_euclid(DAY_MS)).map(|day| {
            let midnight = Timestamp::from_millisecond(day * DAY_MS).unwrap_or(Timestamp::UNIX_EPOCH).to_string();
            midnight.split_inclusive('T').next().unwrap_or_default().to_owned()
        });
        let step_us = SPAN_MS * 1_000 / i64::try_from(events.max(1)).unwrap_or(i64::MAX);
        Self { start_ms, step_us, days: days.collect(), first_day }
    }

    fn event_ms(&self, number: u64) -> i64 {
        let after_us = i64::try_from(number).unwrap_or(i64::MAX).saturating_mul(self.step_us);
        self.start_ms + (after_us / 1_000).min(SPAN_MS)
    }

    /// Writes a time of the calendar as `2026-01-31T23:59:59.999Z`.
    fn write(&self, ms: i64, out: &mut Vec<u8>) {
        let day = usize::try_from(ms.div_euclid(DAY_MS) - self.first_day).unwrap_or(0);
        out.extend_from_slice(self.days.get(day).map_or("", String::as_str).as_bytes());
        let of_day = ms.rem_euclid(DAY_MS);
        let (hour, minute, second) = (of_day / 3_600_000, of_day / 60_000 % 60, of_day / 1_000 % 60);
        for (value, digits, after) in [(hour, 2, b':'), (minute, 2, b':'), (second, 2, b'.'), (of_day % 1_000, 3, b'Z')]
        {
            padded(value.unsigned_abs(), digits, out);
            out.push(after);
        }
    }
}

impl Plan {
    /// Writes request number `ticket` into `out`, which is emptied first. How many operations it holds.
    pub fn request(&self, work: Work, ticket: u64, out: &mut Vec<u8>) -> u64 {
        out.clear();
        let first = ticket * self.batch;
        let turn = if self.batch > 1 { ticket % 10 } else { self.draw(ticket, 1) % 10 };
        match (work, turn) {
            (Work::Enroll, _) => {
                let count = self.batch.min(self.members.saturating_sub(first));
                self.post(out, "/events/batch", None, |out| {
                    (first..first + count).for_each(|number| self.enroll(number, out));
                });
                count
            }
            (Work::Fund, _) => {
                self.post(out, "/adjustments", Some(("fund", ticket)), |out| self.fund(ticket, out));
                1
            }
            (Work::Transfers, _) | (Work::Mixed, 0) => self.transfers(ticket, first, out),
            (Work::Mixed, 5) if self.batch > 1 => self.transfers(ticket, first, out),
            (Work::Mixed, 5) => {
                let member = self.draw(ticket, 2) % self.members;
                self.head(out, "GET", &format!("/members/m-{member}/balance"));
                out.extend_from_slice(b"\r\n");
                1
            }
            (Work::Purchases | Work::Mixed, _) => {
                let visits = work == Work::Mixed;
                let path = if self.batch > 1 { "/events/batch" } else { "/events" };
                self.post(out, path, None, |out| {
                    for number in first..first + self.batch {
                        let visit = visits && if self.batch > 1 { number % 10 == 0 } else { turn == 1 };
                        if visit { self.visit(number, out) } else { self.purchase(number, out) }
                    }
                });
                self.batch
            }
        }
    }

    /// What an answer to a request of so many operations says of them.
    pub fn tally(answer: &Answer<'_>, operations: u64) -> Tally {
        if !answer.is_success() {
            return Tally::lost(operations);
        }
        let mut tally = Tally::default();
        for at in memmem::find_iter(answer.body, STATUS) {
            match answer.body.get(at + STATUS.len()) {
                Some(b'p') => tally.posted += 1,
                Some(b'h') => tally.held += 1,
                Some(b'd') => tally.denied += 1,
                _ => {}
            }
        }
        if operations == 1 && tally == Tally::default() {
            // Answers of other kinds, such as a balance, have no status: the success is all they say.
            tally.posted = 1;
        }
        tally.errors = operations.saturating_sub(tally.done());
        tally
    }

    fn transfers(&self, ticket: u64, first: u64, out: &mut Vec<u8>) -> u64 {
        let path = if self.batch > 1 { "/transfers/batch" } else { "/transfers" };
        self.post(out, path, Some(("transfer", ticket)), |out| {
            (first..first + self.batch).for_each(|number| self.transfer(number, out));
        });
        self.batch
    }

    /// The request line and the headers that every request has.
    fn head(&self, out: &mut Vec<u8>, method: &str, path: &str) {
        let authorization = self.authorization.as_ref();
        let authorization = authorization.map(|value| format!("Authorization: {value}\r\n")).unwrap_or_default();
        let (program, host) = (&self.program, &self.host);
        let head = format!("{method} /v1/programs/{program}{path} HTTP/1.1\r\nHost: {host}\r\n{authorization}");
        out.extend_from_slice(head.as_bytes());
    }

    /// A POST with a body whose length is filled in behind it.
    fn post(&self, out: &mut Vec<u8>, path: &str, key: Option<(&str, u64)>, body: impl FnOnce(&mut Vec<u8>)) {
        self.head(out, "POST", path);
        if let Some((name, number)) = key {
            out.extend_from_slice(format!("Idempotency-Key: bench-{}-{name}-{number}\r\n", self.seed).as_bytes());
        }
        let kind: &[u8] = if path.ends_with("/batch") {
            b"Content-Type: application/x-ndjson\r\nAccept: application/x-ndjson\r\nPrefer: return=minimal\r\n"
        } else {
            b"Content-Type: application/json\r\n"
        };
        out.extend_from_slice(kind);
        out.extend_from_slice(b"Content-Length: ");
        let length_at = out.len();
        out.extend_from_slice(&[b'0'; LENGTH_DIGITS]);
        out.extend_from_slice(b"\r\n\r\n");
        let body_at = out.len();
        body(out);
        let mut digits = Vec::with_capacity(LENGTH_DIGITS);
        padded((out.len() - body_at) as u64, LENGTH_DIGITS, &mut digits);
        if let Some(place) = out.get_mut(length_at..length_at + LENGTH_DIGITS) {
            place.copy_from_slice(&digits);
        }
    }

    /// A well-mixed number for the `number`-th operation; `salt` gives independent ones.
    fn draw(&self, number: u64, salt: u64) -> u64 {
        mix(self.seed.wrapping_add(mix(number.wrapping_mul(8).wrapping_add(salt))))
    }

    fn enroll(&self, number: u64, out: &mut Vec<u8>) {
        text(out, "{\"id\":\"e-");
        decimal(out, self.seed);
        text(out, "-");
        decimal(out, number);
        text(out, "\",\"source\":\"bench\",\"type\":\"enroll\",\"member\":\"m-");
        decimal(out, number);
        text(out, "\",\"occurred_at\":\"");
        self.calendar.write(self.calendar.start_ms - ENROLLED_BEFORE_MS, out);
        text(out, "\"}\n");
    }

    fn fund(&self, number: u64, out: &mut Vec<u8>) {
        text(out, "{\"member\":\"m-");
        decimal(out, number);
        text(out, "\",\"pool\":\"");
        text(out, &self.pool);
        text(out, "\",\"amount\":");
        decimal(out, FUNDS);
        text(out, ",\"reason\":\"funds of a benchmark\"}");
    }

    /// What an event begins with; the member it is about.
    fn event(&self, kind: &str, number: u64, out: &mut Vec<u8>) -> u64 {
        let member = self.draw(number, 0) % self.members;
        text(out, "{\"id\":\"b-");
        decimal(out, self.seed);
        text(out, "-");
        decimal(out, number);
        text(out, "\",\"source\":\"store-");
        decimal(out, member % 200);
        text(out, "/till-");
        decimal(out, member % 4);
        text(out, "\",\"type\":\"");
        text(out, kind);
        text(out, "\",\"member\":\"m-");
        decimal(out, member);
        text(out, "\",\"occurred_at\":\"");
        self.calendar.write(self.calendar.event_ms(number), out);
        text(out, "\",\"channel\":\"store\",\"store\":\"");
        decimal(out, member % 200);
        text(out, "\",\"terminal\":\"");
        decimal(out, member % 4);
        text(out, "\"");
        member
    }

    fn visit(&self, number: u64, out: &mut Vec<u8>) {
        self.event("visit", number, out);
        text(out, "}\n");
    }

    /// A basket of two lines, paid by card: about 500 bytes, as the contract's example.
    fn purchase(&self, number: u64, out: &mut Vec<u8>) {
        let member = self.event("purchase", number, out);
        let drawn = self.draw(number, 3);
        let (first, second) = (250 + drawn % 400, 150 + (drawn >> 16) % 600);
        text(out, ",\"currency\":\"USD\",\"amount\":");
        decimal(out, first + second);
        text(out, ",\"items\":[{\"line\":1,\"sku\":\"");
        decimal(out, 1_000_000 + (drawn >> 32) % 900);
        text(out, "\",\"category\":\"coffee\",\"brand\":\"national\",\"quantity\":1,\"amount\":");
        decimal(out, first);
        text(out, ",\"tags\":[\"sale\"]},{\"line\":2,\"sku\":\"");
        decimal(out, 2_000_000 + (drawn >> 44) % 900);
        text(out, "\",\"category\":\"bakery\",\"brand\":\"private\",\"quantity\":1,\"amount\":");
        decimal(out, second);
        text(out, "}],\"tenders\":[{\"kind\":\"card\",\"amount\":");
        decimal(out, first + second);
        text(out, ",\"fingerprint\":\"c:");
        decimal(out, mix(member) >> 12);
        text(out, "\"}],\"staff\":\"cashier-");
        // Eight at each store.
        decimal(out, member % 200 * 8 + (drawn >> 61));
        text(out, "\",\"device\":\"d:");
        decimal(out, mix(member + 1) >> 12);
        text(out, "\",\"ip\":\"10.");
        decimal(out, member >> 16 & 255);
        text(out, ".");
        decimal(out, member >> 8 & 255);
        text(out, ".");
        decimal(out, member & 255);
        text(out, "\"}\n");
    }

    fn transfer(&self, number: u64, out: &mut Vec<u8>) {
        let drawn = self.draw(number, 4);
        let from = drawn % self.members;
        let to = (from + 1 + (drawn >> 32) % (self.members - 1)) % self.members;
        text(out, "{\"from\":\"m-");
        decimal(out, from);
        text(out, "\",\"to\":\"m-");
        decimal(out, to);
        text(out, "\",\"pool\":\"");
        text(out, &self.pool);
        text(out, "\",\"amount\":");
        decimal(out, 1 + (drawn >> 20) % 10);
        text(out, "}\n");
    }
}

/// The finalizer of `SplitMix64`: every bit of the input changes half of the output's.
const fn mix(number: u64) -> u64 {
    let a = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let b = (a ^ (a >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let c = (b ^ (b >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    c ^ (c >> 31)
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

fn decimal(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn padded(number: u64, digits: usize, out: &mut Vec<u8>) {
    let mut buffer = itoa::Buffer::new();
    let written = buffer.format(number);
    out.resize(out.len() + digits.saturating_sub(written.len()), b'0');
    out.extend_from_slice(written.as_bytes());
}

#[cfg(test)]
mod tests;
