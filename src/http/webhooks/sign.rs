//! Signatures of Standard Webhooks: HMAC-SHA256 over id, timestamp and body, with a secret of the endpoint's own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// What every secret begins with.
const PREFIX: &str = "whsec_";
/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;

/// A new secret, as its receiver is given it; nothing where the system has no randomness.
pub fn new_secret() -> Option<String> {
    let mut random = [0; SECRET_BYTES];
    getrandom::fill(&mut random).ok()?;
    Some(format!("{PREFIX}{}", STANDARD.encode(random)))
}

/// The value of `webhook-signature`; nothing where the secret is none of ours.
pub fn signature(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_the_specification_does() {
        // The example of the Standard Webhooks specification.
        let signed = signature(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        let secret = new_secret().unwrap();
        assert_ne!(Some(&secret), new_secret().as_ref());
        assert!(signature(&secret, "a", 1, b"x").is_some());
        assert_ne!(signature(&secret, "a", 1, b"x"), signature(&secret, "a", 1, b"y"));
        assert_eq!(signature("secret", "a", 1, b"x"), None);
    }
}
