//! What must not be shown of a place: passwords and tokens.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use object_store::HeaderValue;
use percent_encoding::percent_decode_str;
use url::Url;

/// Takes user and password out of an HTTP URL, as the header that says them.
pub(super) fn take_login(url: &mut Url) -> Option<HeaderValue> {
    if !url.scheme().starts_with("http") || (url.username().is_empty() && url.password().is_none())
    {
        return None;
    }
    let mut login: Vec<u8> = percent_decode_str(url.username()).collect();
    login.push(b':');
    login.extend(percent_decode_str(url.password().unwrap_or_default()));
    // Only URLs without a host refuse this, and those have no user either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let mut header =
        HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode(login))).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// A place as it was written, without what may be secret in it. It may be no URL at all, so that it is cut as a text, and
/// rather too much than too little.
pub(super) fn without_secrets(given: &str) -> String {
    let Some((scheme, rest)) = given.split_once("://") else {
        return given.to_owned();
    };
    // A password may have any of these characters in it. Where it ends is not known then.
    if let (Some(login), Some(end)) = (rest.rfind('@'), rest.find(['?', '#']))
        && end < login
    {
        return format!("{scheme}://***");
    }
    let rest = match rest.find(['?', '#']) {
        Some(end) => format!("{}***", &rest[..=end]),
        None => rest.to_owned(),
    };
    match rest.rsplit_once('@') {
        Some((user, host)) if user.contains(':') => format!("{scheme}://***@{host}"),
        _ => format!("{scheme}://{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_decoded_and_leaves_the_url() {
        let mut url = Url::parse("https://a%40b:c%2Fd@host/data/").unwrap();
        let header = take_login(&mut url).unwrap();
        assert_eq!(
            header,
            format!("Basic {}", BASE64_STANDARD.encode("a@b:c/d"))
        );
        assert!(header.is_sensitive());
        assert_eq!(url.as_str(), "https://host/data/");
        assert!(take_login(&mut url).is_none());
        let mut container = Url::parse("az://container@account/data/").unwrap();
        assert!(take_login(&mut container).is_none());
    }

    #[test]
    fn only_what_may_be_secret_is_cut() {
        for (given, shown) in [
            ("data/a@b:c", "data/a@b:c"),
            ("s3://bucket/a@b", "s3://bucket/a@b"),
            ("az://container@account/a", "az://container@account/a"),
            ("https://u:p@host/a", "https://***@host/a"),
            ("https://host/a?sig=p", "https://host/a?***"),
            ("https://u:p?q#r@host/a", "https://***"),
        ] {
            assert_eq!(without_secrets(given), shown);
        }
    }
}
