//! Where webhooks may go: plain URLs, and only to addresses of the public internet unless the configuration opens private ones.
//! A name is resolved for each delivery and the connection goes to the address that was checked, so a name that changes its
//! mind leads nowhere else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::limits::WEBHOOK_URL_BYTES_MAX;

/// A URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Host and port as the `Host` header says them.
    pub authority: String,
    host: String,
    port: u16,
    /// Path and query.
    pub path: String,
}

impl Target {
    /// Reads a URL; says what is wrong with it.
    pub fn parse(url: &str) -> Result<Self, &'static str> {
        if url.len() > WEBHOOK_URL_BYTES_MAX || !url.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("expected a URL of at most 2048 ASCII characters");
        }
        let rest = match url.split_once("://") {
            Some(("http", rest)) => rest,
            Some(("https", _)) => {
                return Err("https is not spoken by this version; name an http endpoint, such as a local proxy");
            }
            _ => return Err("expected a URL that begins with http://"),
        };
        let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        if authority.is_empty() || authority.contains('@') {
            return Err("expected a host, and no user in front of it");
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| "the port is not a number")?),
            _ => (authority, 80),
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if host.is_empty() || port == 0 {
            return Err("expected a host and a port");
        }
        Ok(Self { authority: authority.to_owned(), host: host.to_owned(), port, path })
    }

    /// The address where it stands in the URL itself.
    pub fn literal(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The address to connect to. Every address of the name must be allowed: one that is not makes the name suspect.
    pub async fn resolve(&self, private: bool) -> Result<SocketAddr, String> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let addresses: Vec<SocketAddr> = found.map_err(|error| error.to_string())?.collect();
        match addresses.iter().find(|address| !private && !is_public(address.ip())) {
            Some(address) => Err(format!("{} is not an address of the public internet", address.ip())),
            None => addresses.first().copied().ok_or_else(|| "the name has no address".to_owned()),
        }
    }
}

/// Whether an address is one of the public internet, and not of this machine, a private network or a special purpose.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        // Shared by carriers, protocol assignments, benchmarks, the old relay to IPv6.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 192 && b == 88 && c == 99);
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let octets = address.octets();
    let last_four = || {
        let [.., a, b, c, d] = octets;
        Ipv4Addr::new(a, b, c, d)
    };
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    match (first, second) {
        // Translated to IPv4 at the border: what counts is where that leads.
        (0x64, 0xff9b) => is_public_v4(last_four()),
        (0x2002, _) => {
            let [_, _, a, b, c, d, ..] = octets;
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        (0x2001, 0xdb8 | 0) => false,
        // Only the block that is given out is public: this leaves out loopback, private, link-local and multicast.
        _ => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_plain() {
        let target = Target::parse("http://shop.example:8080/hooks?x=1#top").unwrap();
        assert_eq!((target.host.as_str(), target.port, target.path.as_str()), ("shop.example", 8080, "/hooks?x=1"));
        assert_eq!(target.authority, "shop.example:8080");
        let target = Target::parse("http://[2001:db8::1]?q").unwrap();
        assert_eq!((target.host.as_str(), target.port, target.path.as_str()), ("2001:db8::1", 80, "/?q"));
        assert_eq!(Target::parse("http://shop.example").unwrap().path, "/");
        for bad in [
            "",
            "shop.example",
            "https://shop.example/",
            "ftp://shop.example",
            "http://",
            "http:///path",
            "http://user@shop.example",
            "http://user:pass@shop.example",
            "http://shop.example:x",
            "http://shop.example:0",
            "http://shop.example:99999",
            "http://:80",
            "http://shop example/",
            "http://shop.example/\r\nx: y",
            &format!("http://shop.example/{}", "x".repeat(2_048)),
        ] {
            assert!(Target::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_public_addresses_are_public() {
        let public = ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101", "2002:101:101::1"];
        let special = [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
        ];
        for address in public {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in special {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[tokio::test]
    async fn names_of_this_machine_are_refused_however_they_are_written() {
        for host in ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "017700000001", "127.1", "[::1]"] {
            let target = Target::parse(&format!("http://{host}:9/")).unwrap();
            assert!(target.resolve(false).await.is_err(), "{host}");
        }
        let target = Target::parse("http://127.0.0.1:9/").unwrap();
        assert_eq!(target.resolve(true).await, Ok("127.0.0.1:9".parse().unwrap()));
    }
}
