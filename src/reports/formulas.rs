//! The formulas of the reports, each over numbers that were counted before. Integers throughout: rates in basis points, one floor
//! at the end, and nothing at all where a divisor is zero.

/// Milliseconds of a day.
pub const DAY_MS: i128 = 86_400_000;
/// A hundredth of a percent, as parts of the whole.
const BASIS_POINTS: i128 = 10_000;

/// The floor of a quotient; `None` where the divisor is zero, or what comes out is no `i64`.
pub fn quotient(dividend: i128, divisor: i128) -> Option<i64> {
    if divisor <= 0 {
        return None;
    }
    // With a divisor above zero, Euclid's remainder is never negative, so this rounds down.
    dividend.checked_div_euclid(divisor).and_then(|floor| i64::try_from(floor).ok())
}

/// A part of a whole in basis points.
pub fn basis_points(part: i128, whole: i128) -> Option<i64> {
    quotient(part.checked_mul(BASIS_POINTS)?, whole)
}

/// A mean over customers of fractions of milliseconds, kept exact until it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeanTime {
    /// Whole milliseconds.
    whole_ms: i128,
    /// What is left, in parts of 10^18 of a millisecond, each rounded down.
    parts: i128,
    /// How many fractions were rounded down.
    rounded: i128,
    /// Over how many customers.
    pub customers: i128,
}

/// Parts of a millisecond that [`MeanTime`] counts in.
const PARTS: i128 = 1_000_000_000_000_000_000;

impl MeanTime {
    /// Adds a customer's time of `numerator / denominator` milliseconds; the denominator is above zero.
    pub fn add(&mut self, numerator: i128, denominator: i128) {
        let rest = numerator.rem_euclid(denominator);
        self.whole_ms += numerator.div_euclid(denominator);
        self.parts += rest * PARTS / denominator;
        self.rounded += i128::from(rest * PARTS % denominator != 0);
        self.customers += 1;
    }

    /// The sum over all customers, in whole milliseconds. What rounding took from the parts is given back: only a sum
    /// that misses a whole millisecond by less than it could have lost is taken for whole.
    pub fn total_ms(&self) -> i128 {
        self.whole_ms + (self.parts + self.rounded) / PARTS
    }

    /// The mean in whole days.
    pub fn days(&self) -> Option<i64> {
        quotient(self.total_ms(), self.customers * DAY_MS)
    }
}

/// What a customer is worth over their lifetime: customer value times lifespan, over the length of the period.
pub fn lifetime_value(revenue: i128, customers: i128, lifespan: &MeanTime, period_ms: i128) -> Option<i64> {
    let dividend = revenue.checked_mul(lifespan.total_ms())?;
    quotient(dividend, customers.checked_mul(lifespan.customers)?.checked_mul(period_ms)?)
}

/// Customers active at the start of a period, at its end, and at its end but not at its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Active {
    /// At the start.
    pub start: i128,
    /// At the end.
    pub end: i128,
    /// At the end, and not at the start.
    pub new: i128,
}

impl Active {
    /// Customers that were lost.
    pub const fn churned(&self) -> i128 {
        self.start - (self.end - self.new)
    }

    /// The rate at which customers were lost, in basis points.
    pub fn churn_rate_bp(&self) -> Option<i64> {
        basis_points(self.churned(), self.start)
    }

    /// The rate at which customers stayed, in basis points.
    pub fn retention_rate_bp(&self) -> Option<i64> {
        basis_points(self.end - self.new, self.start)
    }
}

/// Percent of promoters less percent of detractors.
pub fn net_promoter_score(promoters: i128, detractors: i128, answers: i128) -> Option<i64> {
    quotient((promoters - detractors) * 100, answers)
}

/// The share of what was issued that will never be spent: what is outstanding is taken to split as what is settled did.
pub fn expected_breakage_bp(issued: i128, redeemed: i128, expired: i128, outstanding: i128) -> Option<i64> {
    let settled = redeemed + expired;
    let whole = issued.checked_mul(settled)?;
    let ultimate = redeemed.checked_mul(settled)?.checked_add(outstanding.checked_mul(redeemed)?)?;
    basis_points(whole - ultimate, whole)
}

/// A liability less what is expected to break.
pub fn liability_expected(liability: i64, expected_breakage_bp: i64) -> Option<i64> {
    quotient(i128::from(liability) * (BASIS_POINTS - i128::from(expected_breakage_bp)), BASIS_POINTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formulas with the worked examples of their definition: what they are called, what they give, what they should.
    #[test]
    fn worked_examples() {
        let lifespan = |days: i128| {
            let mut mean = MeanTime::default();
            mean.add(days * DAY_MS, 1);
            mean
        };
        let mut seven_orders = MeanTime::default();
        seven_orders.add(600 * DAY_MS * 7, 6);
        let active = Active { start: 200, end: 190, new: 40 };
        let rows = [
            ("average_order_value", quotient(1_250_000, 500), 2_500),
            ("purchase_frequency_bp", basis_points(500, 200), 25_000),
            ("customer_value", quotient(1_250_000, 200), 6_250),
            ("average_lifespan_days", seven_orders.days(), 700),
            ("customer_lifetime_value", lifetime_value(1_250_000, 200, &lifespan(730), 365 * DAY_MS), 12_500),
            ("adoption_rate_bp", basis_points(1_000, 10_000), 1_000),
            ("redemption_rate_bp", basis_points(30_000, 120_000), 2_500),
            ("participation_rate_bp", basis_points(420, 1_200), 3_500),
            ("response_rate_bp", basis_points(90, 600), 1_500),
            ("one_time_buyers_bp", basis_points(690, 1_000), 6_900),
            ("early_value_bp, day 1", basis_points(330, 1_000), 3_300),
            ("early_value_bp, 30 days", basis_points(600, 1_000), 6_000),
            ("early_value_bp, 90 days", basis_points(790, 1_000), 7_900),
            ("churned_customers", i64::try_from(active.churned()).ok(), 50),
            ("churn_rate_bp", active.churn_rate_bp(), 2_500),
            ("churned_value_bp", basis_points(180_000, 1_000_000), 1_800),
            ("retention_rate_bp", active.retention_rate_bp(), 7_500),
            ("net_promoter_score", net_promoter_score(30, 8, 50), 44),
            ("customer_effort_score_milli", quotient(116 * 1_000, 20), 5_800),
            ("never_redeemed_bp", basis_points(300, 1_000), 3_000),
            ("liability", quotient(400_000 * 10, 1), 4_000_000),
            ("breakage_rate_bp", basis_points(18_000, 100_000), 1_800),
            ("expected_breakage_bp", expected_breakage_bp(100_000, 62_000, 18_000, 20_000), 2_250),
            ("liability_expected", liability_expected(4_000_000, 2_000), 3_200_000),
        ];
        for (name, found, expected) in rows {
            assert_eq!(found, Some(expected), "{name}");
        }
    }

    #[test]
    fn nothing_comes_of_a_zero_divisor_and_floors_go_down() {
        assert_eq!(quotient(1, 0), None);
        assert_eq!(basis_points(0, 0), None);
        assert_eq!(MeanTime::default().days(), None);
        assert_eq!(lifetime_value(1, 0, &MeanTime::default(), 1), None);
        assert_eq!(expected_breakage_bp(100, 0, 0, 100), None);
        assert_eq!((quotient(-1, 2), quotient(1, 2), quotient(-4, 2)), (Some(-1), Some(0), Some(-2)));
        assert_eq!(net_promoter_score(0, 1, 3), Some(-34));
        assert_eq!(quotient(i128::MAX, 1), None);
        assert_eq!(basis_points(i128::MAX, 1), None);
    }

    #[test]
    fn a_mean_of_fractions_is_exact() {
        // A third and two thirds are one, and not a little less.
        let mut mean = MeanTime::default();
        mean.add(1, 3);
        mean.add(2, 3);
        assert_eq!(mean.total_ms(), 1);
        let mut mean = MeanTime::default();
        (1..=200).for_each(|n| mean.add(1, n * (n + 1)));
        // 1/(n(n+1)) sums to n/(n+1), which is less than one however many there are.
        assert_eq!(mean.total_ms(), 0);
        mean.add(1, 201);
        assert_eq!(mean.total_ms(), 1);
    }
}
