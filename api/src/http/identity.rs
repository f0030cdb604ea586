//! Who sends a request, from where, and in which language.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};
use ipnet::IpNet;
use portail_application::{Application, access::Principal};
use portail_domain::i18n::Language;

/// The token of a request.
pub fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    Some(value.strip_prefix("Bearer ")?.trim().to_owned())
}

/// The caller's language.
pub fn language(headers: &HeaderMap) -> Language {
    let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
    Language::negotiate(header.unwrap_or(""))
}

/// Whose a token is.
///
/// # Errors
/// The database failed.
pub async fn principal(
    application: &Application,
    token: Option<&str>,
) -> Result<Option<Principal>, sqlx::Error> {
    match token {
        Some(token) => application.principals().of_token(token).await,
        None => Ok(None),
    }
}

/// Who is signed in by the token of a request.
///
/// # Errors
/// The database failed.
pub async fn signed_in(
    application: &Application,
    headers: &HeaderMap,
) -> Result<Option<Principal>, sqlx::Error> {
    principal(application, bearer(headers).as_deref()).await
}

/// The address a request comes from: the connection's, unless that is a trusted proxy's. Proxies add
/// whom they speak for at the end of `X-Forwarded-For`; what stands before the last address that is not
/// a trusted proxy's is the client's own word, and counts for nothing.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut address = peer.to_canonical();
    if !is_trusted(&address) {
        return address;
    }
    let named = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let named: Vec<&str> = named.flat_map(|value| value.split(',')).map(str::trim).collect();
    for before in named.into_iter().rev() {
        let Ok(before) = before.parse::<IpAddr>() else { break };
        address = before.to_canonical();
        if !is_trusted(&address) {
            break;
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_says_for_whom_it_speaks() {
        let from = |peer: &str, forwarded: &[&str], trusted: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
            client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
        };
        let proxies = ["10.0.0.0/8", "::1/128"];
        assert_eq!(from("203.0.113.7", &["198.51.100.1"], &proxies), "203.0.113.7", "not a proxy");
        assert_eq!(from("10.0.0.1", &["198.51.100.1"], &[]), "10.0.0.1", "no proxy is trusted");
        assert_eq!(from("10.0.0.1", &["198.51.100.1"], &proxies), "198.51.100.1");
        assert_eq!(from("10.0.0.1", &["6.6.6.6, 198.51.100.1"], &proxies), "198.51.100.1", "invented");
        assert_eq!(from("10.0.0.1", &["6.6.6.6", "198.51.100.1, 10.0.0.2"], &proxies), "198.51.100.1");
        assert_eq!(from("10.0.0.1", &["nonsense"], &proxies), "10.0.0.1");
        assert_eq!(from("::1", &["2001:db8::1"], &proxies), "2001:db8::1");
        assert_eq!(from("::ffff:203.0.113.7", &[], &proxies), "203.0.113.7");
    }
}
