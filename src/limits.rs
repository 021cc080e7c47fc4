//! Every bound of the product, in one place, with its unit in the name. What refuses something says which of these it was.

/// Bytes of an event's `id`, `source`, `member` and every other identifier.
pub const ID_BYTES_MAX: usize = 128;
/// Bytes of any other short text (category, brand, tag, attribute value, reason).
pub const TEXT_BYTES_MAX: usize = 512;
/// Lines of one event.
pub const EVENT_ITEMS_MAX: usize = 1_000;
/// Tags of one line.
pub const ITEM_TAGS_MAX: usize = 32;
/// Tenders of one event.
pub const EVENT_TENDERS_MAX: usize = 32;
/// Attributes of one event or member.
pub const ATTRIBUTES_MAX: usize = 64;
/// Quantity of one line.
pub const ITEM_QUANTITY_MAX: u32 = 1_000_000;
/// Stamps of one card that one event may give.
pub const STAMPS_PER_EVENT_MAX: u32 = 10_000;
/// Refunds of one member that wait for an order that has not come.
pub const EARLY_REFUNDS_MAX: usize = 64;
/// Events or transfers of one batch request.
pub const BATCH_EVENTS_MAX: usize = 10_000;
/// Bytes of a single-event request's body.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// The least that a body of any kind may be limited to, in bytes: an event without lines fits.
pub const BODY_BYTES_MIN: usize = 1 << 10;
/// Bytes of a batch request's body.
pub const BATCH_BODY_BYTES_MAX: usize = 64 << 20;
/// How far ahead of the ledger's clock an event may lie, in milliseconds.
pub const FUTURE_MS_MAX: i64 = 5 * 60 * 1_000;
/// The lateness that posts without review where a program says nothing, in milliseconds.
pub const LATENESS_MS_DEFAULT: i64 = 72 * 3_600 * 1_000;
/// Rows of a list where the request says nothing.
pub const LIST_LIMIT_DEFAULT: usize = 50;
/// Rows of a list at most.
pub const LIST_LIMIT_MAX: usize = 500;
/// Events waiting for the engine before requests are refused.
pub const QUEUE_EVENTS_MAX: usize = 100_000;
/// Events of one block.
pub const BLOCK_EVENTS_MAX: usize = 4_096;
/// Bytes of one script file.
pub const SCRIPT_BYTES_MAX: usize = 32 << 10;
/// Bytes of a program's files together.
pub const PROGRAM_BYTES_MAX: usize = 256 << 10;
/// Files of one program.
pub const PROGRAM_FILES_MAX: usize = 64;
/// Programs of one rules folder.
pub const PROGRAMS_MAX: usize = 1_024;
/// Bytes of a declared name (pool, card, reward, tier, counter) and of a program's folder name.
pub const NAME_BYTES_MAX: usize = 64;
/// Tables of one kind a manifest may hold (`[[earn]]`, `[[limits]]` …), and names of one kind.
pub const MANIFEST_TABLES_MAX: usize = 256;
/// Operations one handler call may use.
pub const SCRIPT_OPERATIONS_MAX: u64 = 50_000;
/// Depth of script calls.
pub const SCRIPT_CALL_LEVELS_MAX: usize = 16;
/// Depth of script expressions.
pub const SCRIPT_EXPR_DEPTH_MAX: usize = 32;
/// Bytes of a script string.
pub const SCRIPT_STRING_BYTES_MAX: usize = 4_096;
/// Elements of a script array.
pub const SCRIPT_ARRAY_MAX: usize = 256;
/// Entries of a script map.
pub const SCRIPT_MAP_MAX: usize = 128;
/// Variables of a script call.
pub const SCRIPT_VARIABLES_MAX: usize = 64;
/// Functions a script may define.
pub const SCRIPT_FUNCTIONS_MAX: usize = 64;
/// Intents one event's handlers may raise.
pub const INTENTS_MAX: usize = 64;
/// Names a program may declare over its whole life.
pub const NAMES_MAX: usize = 4_096;
/// Entries of one velocity ring: the highest limit that can be declared is one less.
pub const RING_CAPACITY_MAX: u16 = 1_024;
/// The highest limit on distinct values: each is compared with all others of its window.
pub const DISTINCT_LIMIT_MAX: i64 = 63;
/// Entries of a ring that sums, where the program says nothing.
pub const SUM_RING_ENTRIES_DEFAULT: u16 = 256;
/// Numbers of a till's own events that are kept.
pub const SEQUENCE_RING_ENTRIES: u16 = 256;
/// Entries of a ring of receipts that are compared with each other.
pub const COPIES_RING_ENTRIES: u16 = 64;
/// Places a ring of speeds keeps.
pub const SPEED_RING_ENTRIES: u16 = 8;
/// Programs whose compiled scripts one thread keeps.
pub const SANDBOXES_PER_THREAD_MAX: usize = 64;
/// Diagnostics of one check.
pub const DIAGNOSTICS_MAX: usize = 200;
/// Activations of one program that may wait for their time.
pub const PLANNED_MAX: usize = 32;
/// Stores that an activation may name.
pub const ACTIVATION_STORES_MAX: usize = 1_000;
/// Members that a backtest holds in memory.
pub const BACKTEST_MEMBERS_MAX: usize = 5_000_000;
/// Writes that a backtest names since they could not have been done.
pub const BACKTEST_DEPENDENTS_MAX: usize = 50;
/// Rows of one list of a backtest's report.
pub const BACKTEST_ROWS_MAX: usize = 500;
/// Latest events of a shadow that are kept to look at.
pub const SHADOW_SAMPLES_MAX: usize = 20;
/// Cases of one program, and steps of one case.
pub const CASES_MAX: usize = 1_000;
/// How often a step of a case may happen.
pub const CASE_TIMES_MAX: i64 = 200;
/// Lines that one event of a case is noted to have reached.
pub const CASE_MARKS_MAX: usize = 100_000;
/// Places of a counting ring beyond what its limits need: a late event is judged exactly where at most so many came before it that
/// are newer.
pub const RING_LATE_ROOM: u16 = 32;
/// Earlier events named in a reason's evidence: as many as the limit, but at least and at most so many.
pub const EVIDENCE_EVENTS_MIN: usize = 10;
/// Earlier events named in a reason's evidence at most.
pub const EVIDENCE_EVENTS_MAX: usize = 64;
/// Rings of limits on one kind of input that are glanced at: limits on further rings are looked at whole.
pub const GLANCED_RINGS_MAX: usize = 24;
/// Connections at once.
pub const CONNECTIONS_MAX: usize = 4_096;
/// How long a client may take to send a request's header, in milliseconds.
pub const HEADER_READ_MS_MAX: u64 = 60_000;
/// The same where the configuration does not say. It is also how long a kept connection may be idle.
pub const HEADER_READ_MS_DEFAULT: u64 = 30_000;
/// How long a client may take to send a request's body, in milliseconds.
pub const BODY_READ_MS_MAX: u64 = 30_000;
/// How long a stop waits for open requests, in milliseconds.
pub const DRAIN_MS_MAX: u64 = 10_000;
/// Orders kept in memory, by 9 bytes each, of members whose refunds named orders they do not have.
pub const PAST_ORDERS_MAX: usize = 2_000_000;
/// Members kept in memory where the configuration says nothing.
pub const CACHE_MEMBERS_DEFAULT: usize = 1_000_000;
/// Velocity rings kept in memory where the configuration says nothing.
pub const CACHE_RINGS_DEFAULT: usize = 4_000_000;
/// The least cache, of members and of rings alike. It is a budget: what open blocks need stays in memory beyond it.
pub const CACHE_ENTRIES_MIN: usize = 16;
/// The largest cache, of members and of rings alike.
pub const CACHE_ENTRIES_MAX: usize = 1_000_000_000;
/// The store's block cache where the configuration says nothing, in mebibytes.
pub const STORE_CACHE_MIB_DEFAULT: usize = 256;
/// The largest block cache, in mebibytes.
pub const STORE_CACHE_MIB_MAX: usize = 1 << 20;
/// Threads that evaluate scripts, at most.
pub const EVALUATE_THREADS_MAX: usize = 256;
/// How long a client may leave an answer unread, in milliseconds.
pub const WRITE_STALL_MS_MAX: u64 = 30_000;
/// Bytes of a request's head: its line and all header lines.
pub const REQUEST_HEAD_BYTES_MAX: usize = 64 << 10;
/// Header lines of a request.
pub const REQUEST_HEADERS_MAX: usize = 64;
/// Bytes of all request bodies held at once; beyond it requests are told to come back.
pub const OPEN_BODY_BYTES_MAX: usize = 512 << 20;
/// Bytes of a body, or of an answer's records, from which work on it leaves the network threads.
pub const ON_REACTOR_BYTES_MAX: usize = 64 << 10;
/// Bytes of a body that are read and dropped where a request was refused without it; beyond, its connection is closed.
pub const UNREAD_BODY_BYTES_MAX: usize = 256 << 10;
/// How long such a body may take, in milliseconds.
pub const UNREAD_BODY_MS_MAX: u64 = 1_000;
/// Bytes of a request id taken over from the caller.
pub const REQUEST_ID_BYTES_MAX: usize = 64;
/// Bytes of a batch's `Idempotency-Key`: with an element's number behind it, it is still an id.
pub const BATCH_KEY_BYTES_MAX: usize = ID_BYTES_MAX - 8;
/// Rows of `expiring` in a balance.
pub const EXPIRING_ROWS_MAX: usize = 10;
/// API keys of one data folder, revoked ones included.
pub const API_KEYS_MAX: usize = 10_000;
/// How often a daemon looks whether its keys have changed, in milliseconds.
pub const KEYS_REFRESH_MS: u64 = 500;
/// Records that one page of a list without a member looks at; a page may then hold fewer rows than there are.
pub const LIST_EXAMINED_MAX: usize = 50_000;
/// Members that one page of the list of members looks at.
pub const MEMBERS_EXAMINED_MAX: usize = 2_000;
/// Records of one page of the journal at most.
pub const FEED_RECORDS_MAX: usize = 10_000;
/// Records that one page of the journal looks at: those of other programs count too.
pub const FEED_EXAMINED_MAX: usize = 100_000;
/// Bytes after which a page of the journal ends.
pub const FEED_PAGE_BYTES: usize = 4 << 20;
/// Readers that follow the journal at once, of all programs.
pub const FOLLOWERS_MAX: usize = 64;
/// How often a follower looks for new records, in milliseconds.
pub const FOLLOW_LOOK_MS: u64 = 50;
/// After this long without a record a follower is sent a line that says so, in milliseconds.
pub const FOLLOW_KEEP_ALIVE_MS: u64 = 10_000;
/// How long a customer is active after an order where a report is not told otherwise, in days.
pub const ACTIVE_WINDOW_DAYS_DEFAULT: i64 = 90;
/// The longest such window, in days.
pub const ACTIVE_WINDOW_DAYS_MAX: i64 = 3_650;
/// Reports that are worked out at once: each holds all orders of its program in memory.
pub const REPORTS_AT_ONCE: usize = 1;
/// Webhook endpoints of one ledger.
pub const WEBHOOK_ENDPOINTS_MAX: usize = 64;
/// Types that one endpoint lists.
pub const WEBHOOK_EVENTS_MAX: usize = 64;
/// Bytes of an endpoint's URL.
pub const WEBHOOK_URL_BYTES_MAX: usize = 2_048;
/// How long an endpoint may take to answer, in milliseconds.
pub const WEBHOOK_TIMEOUT_MS: u64 = 15_000;
/// How long after a first failed delivery the next is tried, in milliseconds.
pub const WEBHOOK_RETRY_MS_DEFAULT: u64 = 5_000;
/// Delays after failures in a row, in first delays: 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h. After the last the endpoint is
/// disabled.
pub const WEBHOOK_RETRIES: [u64; 9] = [1, 60, 360, 1_440, 3_600, 7_200, 10_080, 14_400, 17_280];
/// Retries of a refused request should wait this long, in seconds.
pub const RETRY_AFTER_SECONDS: u32 = 1;

const _: () = assert!(BATCH_BODY_BYTES_MAX <= OPEN_BODY_BYTES_MAX);
const _: () = assert!(BODY_BYTES_MAX <= BATCH_BODY_BYTES_MAX);
const _: () = assert!(BLOCK_EVENTS_MAX <= QUEUE_EVENTS_MAX);
const _: () = assert!(BATCH_EVENTS_MAX <= QUEUE_EVENTS_MAX);

/// Requests waiting for the engine, whatever they hold.
pub const QUEUE_REQUESTS_MAX: usize = 16_384;

/// Bytes of one encoded record: twice the largest request.
pub const RECORD_BYTES_MAX: usize = 128 << 20;
/// Bytes of one block.
pub const BLOCK_BYTES_MAX: usize = 1 << 30;
/// Elements a decoded list reserves room for before the first has been read.
pub const LIST_RESERVE_MAX: usize = 64;
/// Memory for blocks of the store's files where the configuration says nothing, in bytes.
pub const STORE_CACHE_BYTES_DEFAULT: usize = STORE_CACHE_MIB_DEFAULT << 20;
/// Memory for rows not yet in files where the configuration says nothing, in bytes.
pub const STORE_WRITE_BUFFER_BYTES_DEFAULT: usize = 256 << 20;

const _: () = assert!(BATCH_BODY_BYTES_MAX < RECORD_BYTES_MAX);
const _: () = assert!(RECORD_BYTES_MAX < BLOCK_BYTES_MAX && BLOCK_BYTES_MAX < u32::MAX as usize);

/// Held records of one case; what follows opens another one.
pub const CASE_RECORDS_MAX: usize = 10_000;
/// Members, and records that were only referred, named by one case.
pub const CASE_MEMBERS_MAX: usize = 100;
/// Rules named by one case.
pub const CASE_RULES_MAX: usize = 32;
/// Open cases of all programs together; beyond, what is held joins one case for all.
pub const CASES_OPEN_MAX: usize = 100_000;
/// Closed cases kept in memory; all of them are in the store.
pub const CASES_KEPT_CLOSED: usize = 10_000;
/// Bytes of a key whose counters are asked for: four fields with their names.
pub const COUNTER_KEY_BYTES_MAX: usize = 4 * (ID_BYTES_MAX + 16);
/// Rules of one program whose numbers are kept, over its whole life.
pub const RULE_STATS_MAX: usize = 1_024;
/// Judged records of a round in which it is watched how often each fraud rule fires.
pub const FIRE_RATE_EVENTS: u64 = 2_000;
/// Records read back at a start for the rounds that were under way, of all programs together.
pub const FIRE_RATE_READ_BACK_MAX: usize = 100_000;
/// Of a thousand, the most whose keys a rule may stop where it does not say: no fraud is as common.
pub const FIRE_RATE_DEFAULT: u16 = 250;
/// Judged records after which a rule that has never fired is remarked upon.
pub const NEVER_FIRED_AFTER: u64 = 10_000;
/// Judged records after which a rule that fires on nearly all of them is.
pub const ALWAYS_FIRED_AFTER: u64 = 1_000;
/// Of a thousand judged records, what counts as nearly all.
pub const ALWAYS_FIRED_PER_THOUSAND: u64 = 900;
/// Records of a case shown where it is asked for, and where cases are listed.
pub const CASE_EVENTS_SHOWN: usize = 200;
/// Events of evidence whose source and id an answer tells; of further ones it tells the record alone. Each is read from disk.
pub const EVIDENCE_EVENTS_NAMED_MAX: usize = 1_000;
/// Records of each case shown in a list.
pub const CASE_EVENTS_SHOWN_LISTED: usize = 5;
/// Entries of all lists together.
pub const LIST_ENTRIES_MAX: usize = 100_000;
/// Rules that one entry of an allow list may name.
pub const LIST_RULES_MAX: usize = 64;
/// Records one resolution may take back along the evidence.
pub const CLAW_BACK_RECORDS_MAX: usize = 1_000;
/// Members whom points are followed to, from the events of one case on.
pub const TAINT_MEMBERS_MAX: usize = 128;
/// Records read to follow the points of one case.
pub const TAINT_RECORDS_MAX: usize = 20_000;
/// How long points that come back by a reversal can be spent, where they would have expired meanwhile, in days.
pub const REVERSAL_GRACE_DAYS: u16 = 30;
/// How long a hold lasts where the request says nothing, in seconds.
pub const HOLD_SECONDS_DEFAULT: i64 = 15 * 60;
/// How long a hold may last, in seconds: 90 days.
pub const HOLD_SECONDS_MAX: i64 = 90 * 86_400;
/// Holds that one member may have at once.
pub const HOLDS_MAX: usize = 64;
/// Members of one household.
pub const HOUSEHOLD_MEMBERS_MAX: usize = 16;

/// Members that an identifier may have before it ties nobody, where the program says nothing.
pub const HUB_MEMBERS_DEFAULT: u16 = 25;
/// The most that a program may say.
pub const HUB_MEMBERS_MAX: u16 = 250;
/// Identifiers kept of one member; of more, those not seen for longest are forgotten.
pub const KIN_LINKS_MAX: usize = 24;
/// Ancestors by referral kept of one member: how far a ring of referrals is followed.
pub const KIN_ANCESTORS_MAX: usize = 64;
/// Paid friends kept of one referrer; the latest ones.
pub const KIN_FRIENDS_MAX: usize = 16;
/// Sightings that hold one cluster together; it grows no further.
pub const CLUSTER_SIGHTINGS_MAX: usize = 512;
/// Sightings kept of one circle of accounts that came about in one place; the latest ones.
pub const CIRCLE_SIGHTINGS_MAX: usize = 64;
/// Circles of all programs together; of more, those that have not grown for longest are forgotten.
pub const CIRCLES_MAX: usize = 100_000;
/// Hubs of all programs together that are remembered as such.
pub const HUBS_MAX: usize = 100_000;
/// Identifiers that a program may own.
pub const OWNED_IDENTIFIERS_MAX: usize = 10_000;
/// Records read for one list of links.
pub const LINK_RECORDS_READ: usize = 400;
/// Bytes of an e-mail address.
pub const EMAIL_BYTES_MAX: usize = 320;
/// Members shown with an identifier in a list of links.
pub const LINK_MEMBERS_SHOWN: usize = 25;
/// Hops after which a cycle of transfers is no longer looked for.
pub const CYCLE_HOPS_MAX: i64 = 5;
/// Origins of received points that are remembered for each member.
pub const ORIGINS_MAX: u16 = 16;
/// Values of a field that are remembered as known to a member.
pub const KNOWN_VALUES_MAX: u16 = 16;
/// The highest number of latest entries that a limit may look at.
pub const LATEST_MAX: i64 = 64;

/// Places that a limit on how often somebody goes too fast remembers, and the most ways it may ask for.
pub const OFTEN_RING_ENTRIES: u16 = 32;
/// See [`OFTEN_RING_ENTRIES`].
pub const OFTEN_MAX: i64 = 16;
/// Sales that are remembered of an employee, to compare members by.
pub const SERVED_MAX: u16 = 128;
/// How long nobody flies in less, in milliseconds: the way to, through and from two airports.
pub const FLIGHT_GROUND_MS: i64 = 60 * 60 * 1_000;
/// How fast aeroplanes are, in kilometres an hour.
pub const FLIGHT_KMH: i64 = 850;
/// The shortest flight, in metres.
pub const FLIGHT_MIN_M: i64 = 150_000;

/// The longest rolling window of tiers, in months: credit is kept by days for as long.
pub const TIER_WINDOW_MONTHS_MAX: u16 = 60;

/// The longest grace of tiers, in months: a year's credit is never kept beyond the year after the next.
pub const TIER_GRACE_MONTHS_MAX: u16 = 12;
