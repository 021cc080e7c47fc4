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
/// Events or transfers of one batch request.
pub const BATCH_EVENTS_MAX: usize = 10_000;
/// Bytes of a single-event request's body.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// Bytes of a batch request's body.
pub const BATCH_BODY_BYTES_MAX: usize = 64 << 20;
/// How far ahead of the ledger's clock an event may lie, in milliseconds.
pub const FUTURE_MS_MAX: i64 = 5 * 60 * 1_000;
/// The lateness that posts without review where a program says nothing, in milliseconds.
pub const LATENESS_MS_DEFAULT: i64 = 72 * 3_600 * 1_000;
/// Rows of a list where the request says nothing, and at most.
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
pub const SCRIPT_ARRAY_MAX: usize = 1_024;
/// Entries of a script map.
pub const SCRIPT_MAP_MAX: usize = 256;
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
/// Entries of a ring that sums, where the program says nothing.
pub const SUM_RING_ENTRIES_DEFAULT: u16 = 256;
/// Programs whose compiled scripts one thread keeps.
pub const SANDBOXES_PER_THREAD_MAX: usize = 64;
/// Diagnostics of one check.
pub const DIAGNOSTICS_MAX: usize = 200;
/// Cases of one program, and steps of one case.
pub const CASES_MAX: usize = 1_000;
/// Earlier events named in a reason's evidence.
pub const EVIDENCE_EVENTS_MAX: usize = 10;
/// Connections at once.
pub const CONNECTIONS_MAX: usize = 4_096;
/// How long a client may take to send a request's header, in milliseconds.
pub const HEADER_READ_MS_MAX: u64 = 10_000;
/// How long a client may take to send a request's body, in milliseconds.
pub const BODY_READ_MS_MAX: u64 = 30_000;
/// How long a stop waits for open requests, in milliseconds.
pub const DRAIN_MS_MAX: u64 = 10_000;

const _: () = assert!(BODY_BYTES_MAX <= BATCH_BODY_BYTES_MAX);
const _: () = assert!(BLOCK_EVENTS_MAX <= QUEUE_EVENTS_MAX);
const _: () = assert!(BATCH_EVENTS_MAX <= QUEUE_EVENTS_MAX);
