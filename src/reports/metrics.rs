//! The numbers of `reports/metrics`: what was collected, put through the formulas.

use super::collect::{Asked, Collected, Customer, Flow, Order};
use super::formulas::{
    Active, MeanTime, basis_points, expected_breakage_bp, lifetime_value, net_promoter_score, quotient,
};
use crate::ledger::calendar::{Day, Zone};
use crate::ledger::types::TimeMs;

/// Days of a customer's first purchases that are looked at: the first, a month, a quarter, of the first year.
const EARLY_DAYS: [Day; 3] = [1, 30, 90];
/// Days of a customer's first year.
const FIRST_YEAR_DAYS: Day = 365;

/// Numbers by the names under which they are reported. `None` is a number that there is not: its divisor is zero.
#[derive(Debug)]
pub struct Metrics {
    /// Counts that the rates are made of, and the rates, in the order of the report.
    pub rows: Vec<(&'static str, Option<i64>)>,
    /// Shares of the first day, month and quarter in what customers bought in their first year, in basis points.
    pub early_value_bp: [Option<i64>; 3],
}

/// A customer's orders, up to the end of the period, that stand.
#[derive(Clone, Copy, Debug, Default)]
struct Buyer {
    orders: i128,
    first: TimeMs,
    last: TimeMs,
    orders_within: i128,
    active_at_start: bool,
    active_at_end: bool,
    /// What they spent in the window before the period.
    before: i128,
}

/// Works the metrics out. Days are those of the program's zone.
pub fn metrics(collected: &Collected, asked: &Asked, zone: &Zone) -> Metrics {
    let orders: Vec<Order> = collected.orders.iter().copied().filter(Order::stands).collect();
    let buyers = buyers(&orders, asked, collected.customers.len());
    let within = orders.iter().filter(|order| order.at >= asked.from);
    let (count, revenue) = within.fold((0i128, 0i128), |(count, sum), order| (count + 1, sum + order.net()));
    let mut rows = Vec::with_capacity(40);
    let customers = count_of(&buyers, |buyer| buyer.orders_within > 0);
    sales(&mut rows, &buyers, [count, revenue, customers], asked);
    members(&mut rows, collected, &buyers);
    churn(&mut rows, &buyers);
    points(&mut rows, collected);
    opinions(&mut rows, collected);
    Metrics { rows, early_value_bp: early_value(&orders, zone) }
}

type Rows = Vec<(&'static str, Option<i64>)>;

fn whole(number: i128) -> Option<i64> {
    i64::try_from(number).ok()
}

fn count_of<T>(all: &[T], is: impl Fn(&T) -> bool) -> i128 {
    all.iter().filter(|one| is(one)).count() as i128
}

fn buyers(orders: &[Order], asked: &Asked, customers: usize) -> Vec<Buyer> {
    let window = |end: TimeMs| end.plus_ms(-asked.active_ms)..end;
    let (before_start, before_end) = (window(asked.from), window(asked.to));
    let mut buyers = vec![Buyer::default(); customers];
    for order in orders {
        let Some(buyer) = buyers.get_mut(order.customer as usize) else { continue };
        if buyer.orders == 0 || order.at < buyer.first {
            buyer.first = order.at;
        }
        if buyer.orders == 0 || order.at > buyer.last {
            buyer.last = order.at;
        }
        buyer.orders += 1;
        buyer.orders_within += i128::from(order.at >= asked.from);
        buyer.active_at_end |= before_end.contains(&order.at);
        if before_start.contains(&order.at) {
            buyer.active_at_start = true;
            buyer.before += order.net();
        }
    }
    buyers.retain(|buyer| buyer.orders > 0);
    buyers
}

fn sales(rows: &mut Rows, buyers: &[Buyer], [orders, revenue, customers]: [i128; 3], asked: &Asked) {
    let (mut lifespan, mut gap) = (MeanTime::default(), MeanTime::default());
    for buyer in buyers.iter().filter(|buyer| buyer.orders >= 2) {
        let between = i128::from(buyer.last.since(buyer.first));
        // From first to last and one mean gap more.
        lifespan.add(between * buyer.orders, buyer.orders - 1);
        gap.add(between, buyer.orders - 1);
    }
    let ever = buyers.len() as i128;
    let period_ms = i128::from(asked.to.since(asked.from));
    rows.extend([
        ("orders", whole(orders)),
        ("revenue", whole(revenue)),
        ("customers", whole(customers)),
        ("average_order_value", quotient(revenue, orders)),
        ("purchase_frequency_bp", basis_points(orders, customers)),
        ("customer_value", quotient(revenue, customers)),
        ("average_lifespan_days", lifespan.days()),
        ("mean_gap_days", gap.days()),
        ("customer_lifetime_value", lifetime_value(revenue, customers, &lifespan, period_ms)),
        ("one_time_buyers_bp", basis_points(count_of(buyers, |buyer| buyer.orders == 1), ever)),
    ]);
}

fn members(rows: &mut Rows, collected: &Collected, buyers: &[Buyer]) {
    let all = &collected.customers;
    let enrolled = i128::from(collected.members.at_end);
    let issued = count_of(all, |customer| customer.ever_issued);
    // Everyone the ledger knows: those who enrolled, and those who bought without.
    let customers = (all.len().max(buyers.len()) as i128).max(enrolled);
    let took_part = count_of(all, |customer: &Customer| customer.took_part);
    rows.extend([
        ("members", whole(enrolled)),
        ("members_enrolled", whole(i128::from(collected.members.enrolled))),
        ("adoption_rate_bp", basis_points(enrolled, customers)),
        ("participation_rate_bp", basis_points(took_part, enrolled)),
        ("offers_granted", whole(i128::from(collected.granted))),
        ("offers_used", whole(i128::from(collected.used))),
        ("response_rate_bp", basis_points(i128::from(collected.used), i128::from(collected.granted))),
        (
            "never_redeemed_bp",
            basis_points(count_of(all, |customer| customer.ever_issued && !customer.ever_redeemed), issued),
        ),
    ]);
}

fn churn(rows: &mut Rows, buyers: &[Buyer]) {
    let active = Active {
        start: count_of(buyers, |buyer| buyer.active_at_start),
        end: count_of(buyers, |buyer| buyer.active_at_end),
        new: count_of(buyers, |buyer| buyer.active_at_end && !buyer.active_at_start),
    };
    let spent = |lost_only: bool| -> i128 {
        let counts = |buyer: &&Buyer| buyer.active_at_start && !(lost_only && buyer.active_at_end);
        buyers.iter().filter(counts).map(|buyer| buyer.before).sum()
    };
    rows.extend([
        ("active_at_start", whole(active.start)),
        ("active_at_end", whole(active.end)),
        ("active_new", whole(active.new)),
        ("churned_customers", whole(active.churned())),
        ("churn_rate_bp", active.churn_rate_bp()),
        ("churned_value", whole(spent(true))),
        ("churned_value_bp", basis_points(spent(true), spent(false))),
        ("retention_rate_bp", active.retention_rate_bp()),
    ]);
}

/// Points of all pools together.
fn points(rows: &mut Rows, collected: &Collected) {
    let sum = |of: fn(&Flow) -> i128| -> i128 { collected.within.values().map(of).sum() };
    let (issued, expired) = (sum(|flow| flow.issued), sum(|flow| flow.expired));
    let spent = sum(|flow| flow.redeemed + flow.donated);
    let ever = |of: fn(&Flow) -> i128| -> i128 { collected.ever.values().map(of).sum() };
    let outstanding = ever(Flow::outstanding);
    rows.extend([
        ("points_issued", whole(issued)),
        ("points_redeemed", whole(spent)),
        ("redemption_rate_bp", basis_points(spent, issued)),
        ("liability_points", whole(outstanding)),
        ("breakage", whole(expired)),
        ("breakage_rate_bp", basis_points(expired, issued)),
        (
            "expected_breakage_bp",
            expected_breakage_bp(
                ever(|flow| flow.issued),
                ever(|flow| flow.redeemed + flow.donated),
                ever(|flow| flow.expired),
                outstanding,
            ),
        ),
    ]);
}

fn opinions(rows: &mut Rows, collected: &Collected) {
    let [answers, promoters, detractors] = collected.promoters;
    let [efforts, sum] = collected.efforts;
    rows.extend([
        ("net_promoter_score", net_promoter_score(promoters, detractors, answers)),
        ("customer_effort_score_milli", quotient(sum * 1_000, efforts)),
    ]);
}

/// Of what customers bought in their first year, the share of their first day, month and quarter.
fn early_value(orders: &[Order], zone: &Zone) -> [Option<i64>; 3] {
    let mut firsts: Vec<Option<Day>> = Vec::new();
    for order in orders {
        let at = order.customer as usize;
        if firsts.len() <= at {
            firsts.resize(at + 1, None);
        }
        if let Some(first) = firsts.get_mut(at) {
            let day = zone.day(order.at);
            *first = Some(first.map_or(day, |known| known.min(day)));
        }
    }
    let (mut early, mut year) = ([0i128; 3], 0i128);
    for order in orders {
        let Some(Some(first)) = firsts.get(order.customer as usize) else { continue };
        let elapsed = zone.day(order.at) - first;
        if elapsed < FIRST_YEAR_DAYS {
            year += order.net();
        }
        for (sum, days) in early.iter_mut().zip(EARLY_DAYS) {
            if elapsed < days {
                *sum += order.net();
            }
        }
    }
    early.map(|part| basis_points(part, year))
}
