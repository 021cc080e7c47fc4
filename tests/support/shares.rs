//! How an order's lines share what it gave, in the plainest way: left-over units are handed out one at a time, and every line is
//! counted anew. It shares no code with the ledger.

use super::whole::Part;

/// An order's lines, numbered from 1, and what has been given back of each.
#[derive(Clone, Debug)]
pub struct Lines {
    amounts: Vec<i64>,
    back: Vec<i64>,
}

impl Lines {
    /// Lines of which nothing was given back.
    pub fn new(amounts: Vec<i64>) -> Self {
        Self { back: vec![0; amounts.len()], amounts }
    }

    /// What they cost.
    pub fn total(&self) -> i64 {
        self.amounts.iter().sum()
    }

    /// What is left of each.
    pub fn left(&self) -> Vec<i64> {
        self.amounts.iter().zip(&self.back).map(|(amount, back)| amount - back).collect()
    }

    /// Whether all was given back.
    pub fn is_whole(&self) -> bool {
        self.left().iter().all(|left| *left == 0)
    }

    /// What a refund gives back of each line; nothing where it asks for more than is left.
    pub fn exactly(&self, part: &Part) -> Option<Vec<i64>> {
        let left = self.left();
        let all: i64 = left.iter().sum();
        match *part {
            Part::Line(line, amount) => {
                let at =
                    usize::try_from(line - 1).ok().filter(|at| left.get(*at).is_some_and(|left| amount <= *left))?;
                Some((0..left.len()).map(|line| if line == at { amount } else { 0 }).collect())
            }
            Part::Amount(amount) if amount <= all => Some(hand_out(amount, &left)),
            Part::Rest if all > 0 => Some(left),
            Part::Amount(_) | Part::Rest => None,
        }
    }

    /// The same, cut to what is left.
    pub fn at_most(&self, part: &Part) -> Vec<i64> {
        let left = self.left();
        let all: i64 = left.iter().sum();
        match *part {
            Part::Line(line, amount) => {
                let of = |(number, left): (i64, &i64)| if number == line { amount.min(*left) } else { 0 };
                (1..).zip(&left).map(of).collect()
            }
            Part::Amount(amount) => hand_out(amount.min(all), &left),
            Part::Rest => left,
        }
    }

    /// Gives parts of the lines back.
    pub fn give_back(&mut self, parts: &[i64]) {
        self.back.iter_mut().zip(parts).for_each(|(back, part)| *back += part);
    }

    /// What of an amount has gone back with the lines.
    pub fn gone(&self, amount: i64) -> i64 {
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
