//! Random refunds of random orders against a model in the plainest way: whatever the parts and their order, they sum to the whole.
//!
//! The model shares no code with the ledger: it hands out left-over units one at a time and counts every line anew.

use std::fmt::Write;

use proptest::prelude::*;

use crate::support::check;

/// What is refunded: part of a line, an amount of the order, or the rest.
#[derive(Clone, Debug)]
enum Part {
    Line(usize, i64),
    Amount(i64),
    Rest,
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        4 => (0usize..5, 1i64..160).prop_map(|(line, amount)| Part::Line(line, amount)),
        3 => (1i64..300).prop_map(Part::Amount),
        1 => Just(Part::Rest),
    ]
}

/// An order's lines, and what has been given back of each.
struct Order {
    amounts: Vec<i64>,
    back: Vec<i64>,
}

impl Order {
    fn left(&self) -> Vec<i64> {
        self.amounts.iter().zip(&self.back).map(|(amount, back)| amount - back).collect()
    }

    /// False where more is asked than is left.
    fn refund(&mut self, part: &Part) -> bool {
        let left = self.left();
        let all: i64 = left.iter().sum();
        let parts = match *part {
            Part::Line(line, amount) if left.get(line).is_none_or(|left| amount > *left) => return false,
            Part::Line(line, amount) => (0..left.len()).map(|at| if at == line { amount } else { 0 }).collect(),
            Part::Amount(amount) if amount > all => return false,
            Part::Amount(amount) => hand_out(amount, &left),
            Part::Rest if all == 0 => return false,
            Part::Rest => left,
        };
        self.back.iter_mut().zip(parts).for_each(|(back, part)| *back += part);
        true
    }

    /// What of an amount has gone back with the lines.
    fn gone(&self, amount: i64) -> i64 {
        let shares = hand_out(amount, &self.amounts);
        (0..shares.len()).map(|at| shares[at] * self.back[at] / self.amounts[at]).sum()
    }
}

/// Floors first, then one each to whoever is the furthest below their due, of equal ones to the first.
fn hand_out(amount: i64, weights: &[i64]) -> Vec<i64> {
    let all: i64 = weights.iter().sum();
    let mut parts: Vec<i64> = weights.iter().map(|weight| if all == 0 { 0 } else { amount * weight / all }).collect();
    while all > 0 && parts.iter().sum::<i64>() < amount {
        let below = |at: usize| amount * weights[at] - parts[at] * all;
        let mut neediest = 0;
        for at in 1..weights.len() {
            if below(at) > below(neediest) {
                neediest = at;
            }
        }
        parts[neediest] += 1;
    }
    parts
}

proptest! {
    #[test]
    fn parts_of_refunds_agree_with_a_naive_model(
        amounts in prop::collection::vec(1i64..160, 1..5),
        points in 1i64..500,
        spent in 0i64..500,
        parts in prop::collection::vec(part(), 1..12),
    ) {
        let lines: Vec<String> = amounts.iter().enumerate().map(|(at, amount)| format!("{}:{amount}", at + 1)).collect();
        let total: i64 = amounts.iter().sum();
        let mut steps = format!("at 2026-01-10\nbuy A {total} order=o lines={} earn={points}\n", lines.join(","));
        let spent = spent.min(points);
        if spent > 0 {
            writeln!(steps, "adjust A -{spent}").unwrap();
        }
        let mut order = Order { back: vec![0; amounts.len()], amounts };
        for part in parts.iter().chain([&Part::Rest]) {
            let words = match part {
                Part::Line(line, amount) => format!("lines={}:{amount}", line + 1),
                Part::Amount(amount) => format!("amount={amount}"),
                Part::Rest => String::new(),
            };
            let refused = if order.refund(part) { "" } else { " -> refund_exceeds_order" };
            writeln!(steps, "refund A order=o {words}{refused}").unwrap();
            let net = points - spent - order.gone(points);
            let (bought, spend) = (i64::from(order.left().iter().any(|left| *left > 0)), total - order.gone(total));
            let (has, owes) = (net.max(0), (-net).max(0));
            writeln!(steps, "= A points {has} debt={owes} counters=purchases:{bought},spend:{spend}").unwrap();
        }
        check("pool points", &steps);
    }
}
