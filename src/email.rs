//! One name for one mailbox: e-mail addresses as their providers tell them apart, and the hash of that. Events bring hashes only,
//! so whoever hashes must normalise first, by these rules and no others.
//!
//! * every address: no space around it, all of it in lower case, a domain without a final dot;
//! * Gmail: dots do not count, nor does what follows a plus; `googlemail.com` is `gmail.com`;
//! * Outlook, Hotmail, Live, MSN: what follows a plus does not count; dots do;
//! * iCloud (`icloud.com`, `me.com`, `mac.com` are one), Fastmail, Proton (`proton.me`, `protonmail.com`, `pm.me` are one) and
//!   Yahoo (whose sign is a minus): the like;
//! * any other domain: nothing else, since dots and pluses may be different people there.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::limits::EMAIL_BYTES_MAX;

/// How a provider tells mailboxes apart.
struct Provider {
    /// Its domains; the first stands for all.
    domains: &'static [&'static str],
    /// Whether dots in the name do not count.
    dotless: bool,
    /// What begins a tag that does not count.
    tag: char,
}

const PROVIDERS: [Provider; 9] = [
    Provider { domains: &["gmail.com", "googlemail.com"], dotless: true, tag: '+' },
    Provider { domains: &["outlook.com"], dotless: false, tag: '+' },
    Provider { domains: &["hotmail.com"], dotless: false, tag: '+' },
    Provider { domains: &["live.com"], dotless: false, tag: '+' },
    Provider { domains: &["msn.com"], dotless: false, tag: '+' },
    Provider { domains: &["icloud.com", "me.com", "mac.com"], dotless: false, tag: '+' },
    Provider { domains: &["fastmail.com", "fastmail.fm"], dotless: false, tag: '+' },
    Provider { domains: &["proton.me", "protonmail.com", "pm.me"], dotless: false, tag: '+' },
    Provider { domains: &["yahoo.com", "ymail.com"], dotless: false, tag: '-' },
];

/// The one name of an address's mailbox.
///
/// # Errors
/// Says what is wrong with an address that is none: no single `@` with something on both sides, a space or a control character
/// in it, or longer than an address may be.
pub fn normalise(address: &str) -> Result<String, &'static str> {
    let address = address.trim();
    if address.len() > EMAIL_BYTES_MAX {
        return Err("is longer than an address may be");
    }
    if address.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("has a space or a control character in it");
    }
    let (name, domain) = address.rsplit_once('@').ok_or("has no @")?;
    let (name, domain) = (name.to_lowercase(), domain.trim_end_matches('.').to_lowercase());
    if name.is_empty() || domain.is_empty() || name.contains('@') {
        return Err("needs one @ with something on both sides");
    }
    let Some(provider) = PROVIDERS.iter().find(|provider| provider.domains.contains(&domain.as_str())) else {
        return Ok(format!("{name}@{domain}"));
    };
    let own = name.split_once(provider.tag).map_or(name.as_str(), |(own, _)| own);
    let own: String = own.chars().filter(|c| !provider.dotless || *c != '.').collect();
    if own.is_empty() {
        return Err("has nothing before its tag");
    }
    let domain = provider.domains.first().copied().unwrap_or_default();
    Ok(format!("{own}@{domain}"))
}

/// The SHA-256 of a normalised address, in lower-case hexadecimal with `e:` before it: an `email_hash` for events.
#[must_use]
pub fn hash(normalised: &str) -> String {
    let mut text = String::from("e:");
    for byte in Sha256::digest(normalised.as_bytes()) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_has_one_name() {
        let cases = [
            ("  Jane.Doe+shop@GMail.com ", Ok("janedoe@gmail.com")),
            ("janedoe@googlemail.com", Ok("janedoe@gmail.com")),
            ("j.a.n.e@gmail.com.", Ok("jane@gmail.com")),
            ("Jane.Doe+shop@outlook.com", Ok("jane.doe@outlook.com")),
            ("jane.doe@hotmail.com", Ok("jane.doe@hotmail.com")),
            ("jane+a@me.com", Ok("jane@icloud.com")),
            ("jane@mac.com", Ok("jane@icloud.com")),
            ("jane+x@fastmail.fm", Ok("jane@fastmail.com")),
            ("jane.doe+x@protonmail.com", Ok("jane.doe@proton.me")),
            ("jane-deals@yahoo.com", Ok("jane@yahoo.com")),
            ("jane+deals@yahoo.com", Ok("jane+deals@yahoo.com")),
            // Somebody else's domain: a dot or a plus may be another person.
            ("Jane.Doe+shop@Example.org", Ok("jane.doe+shop@example.org")),
            ("jane@gmail.com.evil.org", Ok("jane@gmail.com.evil.org")),
            ("jane@notgmail.com", Ok("jane@notgmail.com")),
            ("ÉMILE@example.org", Ok("émile@example.org")),
            ("jane", Err("has no @")),
            ("@gmail.com", Err("needs one @ with something on both sides")),
            ("a@b@gmail.com", Err("needs one @ with something on both sides")),
            ("+tag@gmail.com", Err("has nothing before its tag")),
            ("...@gmail.com", Err("has nothing before its tag")),
            ("jane doe@gmail.com", Err("has a space or a control character in it")),
        ];
        for (address, wanted) in cases {
            assert_eq!(normalise(address).as_deref().map_err(|why| *why), wanted, "{address:?}");
            if let Ok(once) = wanted {
                assert_eq!(normalise(once).as_deref(), Ok(once), "normalising twice is normalising once");
            }
        }
        assert_eq!(normalise(&format!("{}@gmail.com", "a".repeat(400))), Err("is longer than an address may be"));
    }

    #[test]
    fn a_hash_is_the_one_everybody_computes() {
        // `printf janedoe@gmail.com | sha256sum`
        assert_eq!(hash("janedoe@gmail.com"), "e:d6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69");
    }
}
