//! Small numbers take the same bytes here and in bincode.

use super::*;

fn written<T: Wire>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.put(&mut Writer::new(&mut bytes));
    bytes
}

#[track_caller]
fn assert_same<T: Wire + Encode + Decode<()> + PartialEq + std::fmt::Debug>(value: &T) {
    let bytes = bincode::encode_to_vec(value, WIRING).unwrap();
    assert_eq!(written(value), bytes);
    assert_eq!(T::take(&mut Reader::new(&bytes)).unwrap(), *value);
}

#[test]
fn numbers_are_bincodes() {
    for value in (0..=u16::MAX).step_by(7).chain(0..=600) {
        assert_same(&value);
        assert_same(&(u32::from(value)));
        assert_same(&(u64::from(value)));
        assert_same(&(i32::from(value) - 300));
        assert_same(&(i64::from(value) - 300));
    }
    assert_same(&u32::MAX);
    assert_same(&u64::MAX);
    for value in [i64::MIN, i64::MAX, i64::from(i32::MIN) - 1] {
        assert_same(&value);
    }
    assert_same(&i32::MIN);
    assert_same(&i32::MAX);
    (0..=u8::MAX).for_each(|value| assert_same(&value));
    [false, true].iter().for_each(assert_same);
}

#[test]
fn text_is_bincodes() {
    for length in [0, 1, 23, 24, 250, 251, 300, 70_000] {
        let text = "é".repeat(length / 2) + if length % 2 == 1 { "x" } else { "" };
        assert_eq!(written(&text), bincode::encode_to_vec(&text, WIRING).unwrap());
        assert_same(&text);
    }
    assert!(String::take(&mut Reader::new(&[2, 0xc3, 0x28])).is_err());
    assert!(bool::take(&mut Reader::new(&[2])).is_err());
}
