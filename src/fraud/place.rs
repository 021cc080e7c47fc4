//! Places on the earth, and how far apart they are: integers only.
//!
//! A place is latitude and longitude in hundred-thousandths of a degree (1.1 m), packed into one number. Distances are those of
//! a sphere of 6,371,009 m. Against exact arithmetic on the same sphere the error is below 0.1 % and 3 m.

use crate::ledger::types::Text;

/// Hundred-thousandths of a degree.
const UNITS: i64 = 100_000;
/// The earth's mean radius in metres.
const RADIUS_M: i128 = 6_371_009;
/// Fixed point: one.
const ONE: i128 = 1 << 40;
/// Pi in fixed point: 3.14159265358979 · 2^40.
const PI: i128 = 3_454_217_652_358;
/// Places packed: latitude times this, plus longitude, both shifted to be positive.
const SPAN: i64 = 40_000_000;

/// A place of decimal texts, packed; `None` where they are no degrees.
#[must_use]
pub fn pack(latitude: &Text, longitude: &Text) -> Option<i64> {
    let (lat, lon) = (units(latitude, 90)?, units(longitude, 180)?);
    Some((lat + 90 * UNITS) * SPAN + lon + 180 * UNITS)
}

const fn unpack(place: i64) -> (i64, i64) {
    (place.div_euclid(SPAN) - 90 * UNITS, place.rem_euclid(SPAN) - 180 * UNITS)
}

/// Degrees as text in hundred-thousandths; further digits are cut off.
fn units(text: &str, limit: i64) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole: i64 = whole.parse().ok().filter(|whole| (0..=limit).contains(whole))?;
    let mut parts = 0;
    let mut taken = fraction.bytes();
    for _ in 0..5 {
        let digit = taken.next().unwrap_or(b'0');
        if !digit.is_ascii_digit() {
            return None;
        }
        parts = parts * 10 + i64::from(digit - b'0');
    }
    let units = whole * UNITS + parts;
    (units <= limit * UNITS).then_some(if negative { -units } else { units })
}

/// The way between two packed places along the earth, in metres.
#[must_use]
pub fn distance_m(from: i64, to: i64) -> i64 {
    let ((lat_a, lon_a), (lat_b, lon_b)) = (unpack(from), unpack(to));
    let half = |difference: i64| {
        let sine = sine(radians(difference) / 2);
        sine * sine / ONE
    };
    let across = (lon_a - lon_b).abs();
    let across = across.min(360 * UNITS - across);
    let cosines = cosine(radians(lat_a)) * cosine(radians(lat_b)) / ONE;
    let haversine = half(lat_a - lat_b) + cosines * half(across) / ONE;
    let way = 2 * RADIUS_M * arc_sine(root(haversine.clamp(0, ONE))) / ONE;
    i64::try_from(way).unwrap_or(i64::MAX)
}

fn radians(units: i64) -> i128 {
    i128::from(units) * PI / i128::from(180 * UNITS)
}

/// The sine of an angle within a half turn either way.
fn sine(angle: i128) -> i128 {
    let folded = if angle > PI / 2 {
        PI - angle
    } else if angle < -PI / 2 {
        -PI - angle
    } else {
        angle
    };
    let square = folded * folded / ONE;
    let mut term = folded;
    let mut sum = folded;
    for n in [6, 20, 42, 72, 110, 156] {
        term = -(term * square / ONE) / n;
        sum += term;
    }
    sum
}

fn cosine(angle: i128) -> i128 {
    sine(PI / 2 - angle)
}

/// The square root in fixed point of a number from 0 to 1.
const fn root(number: i128) -> i128 {
    (number * ONE).isqrt()
}

/// The arc of a sine from 0 to 1.
fn arc_sine(sine: i128) -> i128 {
    // Past the middle the series is slow: there the other angle is taken.
    if sine * sine > ONE * ONE / 2 {
        return PI / 2 - arc_sine(root(ONE - sine * sine / ONE));
    }
    let square = sine * sine / ONE;
    let mut power = sine;
    let mut sum = sine;
    for (over, under) in [(1, 6), (3, 40), (15, 336), (105, 3_456), (945, 42_240), (10_395, 599_040)] {
        power = power * square / ONE;
        sum += power * over / under;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(lat: &str, lon: &str) -> i64 {
        pack(&Text::new(lat), &Text::new(lon)).unwrap()
    }

    /// Great-circle metres on the same sphere, worked out elsewhere.
    #[test]
    fn distances_are_those_of_the_sphere() {
        let rows = [
            ("51.5072", "-0.1276", "51.5072", "-0.1276", 0),
            ("39.10000", "-84.51000", "39.10001", "-84.51000", 1),
            ("51.5072", "-0.1276", "51.5172", "-0.1276", 1_112),
            ("51.5072", "-0.1276", "48.8566", "2.3522", 343_530),
            ("51.5072", "-0.1276", "40.7128", "-74.0060", 5_570_250),
            ("0", "179.9", "0", "-179.9", 22_239),
            ("-33.8688", "151.2093", "35.6762", "139.6503", 7_825_830),
            ("89.9", "0", "89.9", "180", 22_239),
            ("10", "20", "-10", "-160", 20_015_115),
        ];
        for (lat_a, lon_a, lat_b, lon_b, metres) in rows {
            let found = distance_m(place(lat_a, lon_a), place(lat_b, lon_b));
            let allowed = metres / 1_000 + 3;
            assert!((found - metres).abs() <= allowed, "{lat_a},{lon_a} to {lat_b},{lon_b}: {found} for {metres}");
            assert_eq!(found, distance_m(place(lat_b, lon_b), place(lat_a, lon_a)), "there and back are the same");
        }
    }

    #[test]
    fn what_is_no_place_is_none() {
        for (lat, lon) in [("91", "0"), ("0", "180.00001"), ("", "0"), ("1e1", "0"), ("0", "1.2.3"), ("1", "--1")] {
            assert_eq!(pack(&Text::new(lat), &Text::new(lon)), None, "{lat} {lon}");
        }
        assert_eq!(pack(&Text::new("-0.5"), &Text::new("0.25")).map(unpack), Some((-50_000, 25_000)));
    }
}
