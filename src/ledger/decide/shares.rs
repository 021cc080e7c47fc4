//! How an order's lines share what it gave, and how much of that goes back: largest remainders, floors on running totals.
//!
//! Pure arithmetic. What goes back is worked out in all, never per refund, so that parts sum to the whole.

use super::super::event::{Event, EventKind};
use super::super::provenance::{Back, LineBack, Lines};
use super::super::reject::Reject;
use super::super::types::Money;

/// A line of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    number: u32,
    quantity: i64,
    amount: i64,
}

/// An order as refunds see it: its lines, and what was paid for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    lines: Vec<Line>,
    paid: i64,
}

/// What has been given back of each line of an order, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Progress(Vec<Returned>);

/// What has been given back of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Returned {
    quantity: i64,
    amount: i64,
}

/// What a refund asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// Lines; a quantity or an amount of zero is not given.
    pub(super) lines: Vec<LineBack>,
    /// An amount, where no lines are named. Without either, all that is left.
    pub(super) amount: Option<Money>,
}

impl Asked {
    /// What a refund event asks for.
    pub(super) fn of(event: &Event) -> Self {
        let line = |item: &super::super::event::Item| LineBack {
            line: item.line,
            quantity: item.quantity,
            amount: item.amount,
        };
        let amount = if event.items.is_empty() { event.given_amount } else { None };
        Self { lines: event.items.iter().map(line).collect(), amount }
    }
}

/// Whether an event makes an order that can be refunded.
pub(super) fn is_order(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Purchase | EventKind::Fee)
}

impl Order {
    /// The order of a sale; without items it is one line, number 0.
    pub(super) fn of(event: &Event) -> Self {
        let paid = event.amount().get().max(0);
        let mut lines: Vec<Line> = event
            .items
            .iter()
            .map(|item| Line {
                number: item.line,
                quantity: i64::from(item.quantity),
                amount: item.amount.get().max(0),
            })
            .collect();
        if lines.is_empty() {
            lines.push(Line { number: 0, quantity: 1, amount: paid });
        }
        // Of equal remainders the lower line number's comes first.
        lines.sort_by_key(|line| line.number);
        Self { lines, paid }
    }

    /// Nothing given back, or what a record says.
    pub(super) fn progress(&self, said: &[LineBack]) -> Progress {
        let of_line = |line: &Line| {
            let said = said.iter().find(|said| said.line == line.number);
            said.map_or(Returned::default(), |said| Returned {
                quantity: i64::from(said.quantity),
                amount: said.amount.get(),
            })
        };
        Progress(self.lines.iter().map(of_line).collect())
    }

    /// Progress as a record says it: the lines of which anything was given back.
    pub(super) fn said(&self, progress: &Progress) -> Vec<LineBack> {
        let pairs = self.lines.iter().zip(&progress.0).filter(|(_, returned)| **returned != Returned::default());
        pairs
            .map(|(line, returned)| LineBack {
                line: line.number,
                quantity: u32::try_from(returned.quantity).unwrap_or(u32::MAX),
                amount: Money::new(returned.amount),
            })
            .collect()
    }

    /// What has been given back once a refund is done too. With `at_most`, what is more than is left is left out, else refused.
    pub(super) fn refund(&self, before: &Progress, asked: &Asked, at_most: bool) -> Result<Progress, Reject> {
        let mut after = before.clone();
        let has_lines = self.lines.first().is_some_and(|line| line.number != 0 || self.lines.len() > 1);
        let known = |line: &LineBack| self.lines.iter().any(|known| known.number == line.line);
        if asked.lines.is_empty() || !(has_lines || asked.lines.iter().all(known)) {
            let sum = asked.lines.iter().fold(0i64, |sum, line| sum.saturating_add(line.amount.get()));
            let of_lines = (!asked.lines.is_empty() && sum > 0).then_some(sum);
            match asked.amount.map(Money::get).or(of_lines) {
                Some(amount) => self.spread(&mut after, amount, at_most)?,
                None => self.take_rest(&mut after, at_most)?,
            }
        } else {
            for line in &asked.lines {
                self.refund_line(&mut after, line, at_most)?;
            }
        }
        Ok(after)
    }

    /// All that is left.
    fn take_rest(&self, after: &mut Progress, at_most: bool) -> Result<(), Reject> {
        let whole = self.whole();
        if *after == whole && !at_most {
            return Err(Reject::RefundExceedsOrder { line: None, left: Money::ZERO });
        }
        *after = whole;
        Ok(())
    }

    fn whole(&self) -> Progress {
        Progress(self.lines.iter().map(|line| Returned { quantity: line.quantity, amount: line.amount }).collect())
    }

    /// An amount, over what is left of the lines in proportion.
    fn spread(&self, after: &mut Progress, amount: i64, at_most: bool) -> Result<(), Reject> {
        let left_paid = self.paid - self.refunded(after);
        if amount > left_paid && !at_most {
            return Err(Reject::RefundExceedsOrder { line: None, left: Money::new(left_paid) });
        }
        let lefts: Vec<i64> = self.lines.iter().zip(&after.0).map(|(line, r)| line.amount - r.amount).collect();
        let left: i64 = lefts.iter().sum();
        if amount >= left_paid {
            // What is left of lines that cost nothing goes with the last of the money.
            *after = self.whole();
            return Ok(());
        }
        // Where less was paid than the lines cost (points or a voucher paid the rest), lines are counted at their own price.
        let sum: i64 = self.lines.iter().map(|line| line.amount).sum();
        let at_price = if sum == self.paid { amount } else { floor(amount, sum, self.paid).min(left) };
        for ((line, returned), part) in self.lines.iter().zip(&mut after.0).zip(shares(at_price, &lefts)) {
            returned.amount += part;
            returned.quantity = returned.quantity.max(floor(line.quantity, returned.amount, line.amount));
        }
        Ok(())
    }

    fn refund_line(&self, after: &mut Progress, asked: &LineBack, at_most: bool) -> Result<(), Reject> {
        let exceeds = |left| Reject::RefundExceedsOrder { line: Some(asked.line), left: Money::new(left) };
        let pairs = self.lines.iter().zip(&mut after.0);
        let Some((line, returned)) = pairs.into_iter().find(|(line, _)| line.number == asked.line) else {
            return if at_most { Ok(()) } else { Err(exceeds(0)) };
        };
        let (left, left_quantity) = (line.amount - returned.amount, line.quantity - returned.quantity);
        let (amount, quantity) = (asked.amount.get(), i64::from(asked.quantity));
        let nothing_left = left == 0 && left_quantity == 0;
        if !at_most && (amount > left || quantity > left_quantity || nothing_left) {
            return Err(exceeds(left));
        }
        let (amount, quantity) = (amount.min(left), quantity.min(left_quantity));
        let before = *returned;
        match (quantity > 0, amount > 0) {
            (false, false) => *returned = Returned { quantity: line.quantity, amount: line.amount },
            (false, true) => {
                returned.amount += amount;
                returned.quantity = before.quantity.max(floor(line.quantity, returned.amount, line.amount));
            }
            (true, false) => {
                returned.quantity += quantity;
                let by_quantity = floor(line.amount, returned.quantity, line.quantity);
                returned.amount = before.amount.max(by_quantity);
            }
            (true, true) => {
                *returned = Returned { quantity: before.quantity + quantity, amount: before.amount + amount }
            }
        }
        Ok(())
    }

    /// What has been refunded of what was paid.
    pub(super) fn refunded(&self, progress: &Progress) -> i64 {
        let sum: i64 = self.lines.iter().map(|line| line.amount).sum();
        let back: i64 = progress.0.iter().map(|returned| returned.amount).sum();
        if sum == self.paid { back } else { floor(self.paid, back, sum) }
    }

    /// What is left of what was paid.
    pub(super) fn net(&self, progress: &Progress) -> i64 {
        self.paid - self.refunded(progress)
    }

    /// How much of an amount has gone back in all. [`Back::With`] is for the caller, who knows the other effect.
    pub(super) fn back(&self, amount: i64, (lines, how): (&Lines, &Back), progress: &Progress) -> i64 {
        let all = |reached: bool| if reached { amount } else { 0 };
        match how {
            Back::Share => self.shared(amount, lines, progress, false),
            Back::Quantity => self.shared(amount, lines, progress, true),
            Back::Whole => all(self.are_whole(lines, progress)),
            Back::Below(least) => all(self.net(progress) < least.get()),
            Back::With(_) | Back::Never => 0,
        }
    }

    /// Shares of the lines by amount or by quantity, each going back in proportion to what of its line did. Lines that cost
    /// nothing share by quantity.
    fn shared(&self, amount: i64, lines: &Lines, progress: &Progress, by_quantity: bool) -> i64 {
        let mine: Vec<(&Line, &Returned)> =
            self.lines.iter().zip(&progress.0).filter(|(line, _)| has(lines, line.number)).collect();
        let by_quantity = by_quantity || mine.iter().all(|(line, _)| line.amount == 0);
        let pick = |quantity: i64, amount: i64| if by_quantity { quantity } else { amount };
        let weights: Vec<i64> = mine.iter().map(|(line, _)| pick(line.quantity, line.amount)).collect();
        let parts = mine.iter().zip(shares(amount.abs(), &weights));
        let gone: i64 = parts
            .map(|((line, back), part)| floor(part, pick(back.quantity, back.amount), pick(line.quantity, line.amount)))
            .sum();
        gone * amount.signum()
    }

    /// Whether some lines have been refunded whole.
    pub(super) fn are_whole(&self, lines: &Lines, progress: &Progress) -> bool {
        let mut mine = self.lines.iter().zip(&progress.0).filter(|(line, _)| has(lines, line.number)).peekable();
        mine.peek().is_some() && mine.all(|(line, returned)| is_whole(line, returned))
    }

    /// How many of a line's quantity are left.
    pub(super) fn quantity_left(&self, number: u32, progress: &Progress) -> u32 {
        let pairs = self.lines.iter().zip(&progress.0);
        let left = pairs.filter(|(line, _)| line.number == number).map(|(line, back)| line.quantity - back.quantity);
        u32::try_from(left.sum::<i64>().max(0)).unwrap_or(u32::MAX)
    }
}

fn has(lines: &Lines, number: u32) -> bool {
    match lines {
        Lines::All => true,
        Lines::Of(numbers) => numbers.contains(&number),
    }
}

fn is_whole(line: &Line, returned: &Returned) -> bool {
    if line.amount > 0 { returned.amount == line.amount } else { returned.quantity == line.quantity }
}

/// `floor(amount × part / whole)`; nothing of nothing.
fn floor(amount: i64, part: i64, whole: i64) -> i64 {
    if whole == 0 {
        return 0;
    }
    let product = i128::from(amount) * i128::from(part);
    i64::try_from(product / i128::from(whole)).expect("a part is not more than its whole")
}

/// Cuts an amount into shares by weight: floors first, what is left over one each to the largest remainders, of equal ones to
/// the earlier. Where nothing has a weight the first gets all.
pub(super) fn shares(amount: i64, weights: &[i64]) -> Vec<i64> {
    let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if total == 0 {
        let mut parts = vec![0; weights.len()];
        if let Some(first) = parts.first_mut() {
            *first = amount;
        }
        return parts;
    }
    let product = |weight: &i64| i128::from(amount) * i128::from(*weight);
    let fits = "a share is not more than the whole";
    let mut parts: Vec<i64> =
        weights.iter().map(|weight| i64::try_from(product(weight) / total).expect(fits)).collect();
    let mut places: Vec<usize> = (0..weights.len()).collect();
    places.sort_by_key(|at| std::cmp::Reverse(weights.get(*at).map_or(0, |weight| product(weight) % total)));
    let left = amount - parts.iter().sum::<i64>();
    for at in places.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        if let Some(part) = parts.get_mut(at) {
            *part += 1;
        }
    }
    parts
}
