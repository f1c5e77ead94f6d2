//! What a store's refusal means, and what can be done about it.
//!
//! Stores answer in XML and tell much alike situations apart by codes; transports fail in layers. What the user needs from
//! it is a sentence and a hint, and that is what travels on as the store's error: [`StoreFailure`].

use std::error::Error as StdError;
use std::io;

use object_store::Error;
use object_store::client::{HttpError, HttpErrorKind};

/// Whose store it is: words and variables differ.
#[derive(Clone, Debug)]
pub(super) enum Service {
    /// Amazon S3 or what speaks its protocol.
    S3 {
        /// The region that requests are signed for.
        region: String,
    },
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage.
    Azure,
    /// A plain HTTP server.
    Http,
}

/// Why a store did not do what it was asked to, told for the person who asked.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StoreFailure {
    message: String,
    hint: Option<String>,
}

impl StoreFailure {
    pub(super) fn new(message: impl Into<String>, hint: &str) -> Self {
        Self {
            message: message.into(),
            hint: Some(hint.to_owned()),
        }
    }

    pub(super) fn into_error(self) -> Error {
        Error::Generic {
            store: "object store",
            source: Box::new(self),
        }
    }
}

/// What the user can do about an error in whose chain a store refused something, where there is something.
pub fn hint(error: &(dyn StdError + 'static)) -> Option<String> {
    let mut of_system = None;
    for cause in chain(error) {
        if let Some(failure) = cause.downcast_ref::<StoreFailure>() {
            return failure.hint.clone();
        }
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            of_system = of_system.or(hint_of_system(error.kind()));
        }
    }
    of_system.map(str::to_owned)
}

/// An error's causes, outermost first and without the error itself. What only repeats another is left out: a cause that ends
/// its wrapper's text, and wrappers around a store's failure.
pub fn causes(error: &(dyn StdError + 'static)) -> Vec<String> {
    let failure = chain(error).find_map(|cause| cause.downcast_ref::<StoreFailure>());
    let mut told = Vec::new();
    let mut last = error.to_string();
    for cause in chain(error).skip(1) {
        let text = cause.to_string();
        let is_wrapper = |failure: &StoreFailure| {
            !cause.is::<StoreFailure>() && text.ends_with(&failure.message)
        };
        if failure.is_some_and(is_wrapper) {
            continue;
        }
        if !last.ends_with(&text) {
            told.push(text.clone());
        }
        last = text;
    }
    told
}

fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn hint_of_system(kind: io::ErrorKind) -> Option<&'static str> {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("make room there; what is there is whole, and the same command goes on")
        }
        io::ErrorKind::FileTooLarge => Some(
            "raise the limit on the size of files (ulimit -f); what is there is whole, and the same command goes on",
        ),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Some("choose a place that you may write to, or change its permissions")
        }
        _ => None,
    }
}

/// Whether a request was sent and its answer did not come, so that it is unknown whether it was heard.
pub(super) fn is_unanswered(error: &Error) -> bool {
    let never_sent = [HttpErrorKind::Connect, HttpErrorKind::Unknown];
    transport(error).is_some_and(|error| !never_sent.contains(&error.kind()))
}

fn transport(error: &Error) -> Option<&HttpError> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

/// An error in words. What callers tell apart stays what it is: that an object is not there, is there already or is another.
pub(super) fn explain(service: &Service, container: &str, error: Error) -> Error {
    let text = error.to_string();
    let code = between(&text, "<Code>", "</Code>").unwrap_or_default();
    match &error {
        Error::NotFound { .. } if !matches!(code, "NoSuchBucket" | "ContainerNotFound") => error,
        Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. } => {
            error
        }
        _ if chain(&error).any(|cause| cause.is::<StoreFailure>()) => error,
        _ => failure(service, container, &error, &text, code).into_error(),
    }
}

fn failure(
    service: &Service,
    container: &str,
    error: &Error,
    text: &str,
    code: &str,
) -> StoreFailure {
    let answer = answer(text, code);
    if let Some(source) = asks_for_credentials(text) {
        return StoreFailure::new(
            format!("no credentials: none in the environment, and {source} does not answer"),
            service.credentials(),
        );
    }
    if chain(error).any(|cause| cause.to_string() == "URL scheme is not allowed") {
        return StoreFailure::new(
            "an endpoint that secrets would be sent to is http:// and not https://",
            "name an https:// endpoint; a store of Azure's kind may be reached without TLS by AZURE_ALLOW_HTTP=true",
        );
    }
    if let Some(transport) = transport(error) {
        let last = chain(transport).last().map(ToString::to_string);
        let last = last.unwrap_or_default();
        return match transport.kind() {
            HttpErrorKind::Connect => StoreFailure::new(
                format!("{} cannot be reached: {last}", server(text)),
                service.endpoint(),
            ),
            HttpErrorKind::Timeout => StoreFailure::new(
                format!("{} did not answer in time", server(text)),
                "the same command goes on from there; where connections are slow, allow requests more time: AWS_TIMEOUT, \
                 GOOGLE_TIMEOUT or AZURE_TIMEOUT, as in `300 seconds`",
            ),
            _ => StoreFailure::new(
                format!("the connection to {} broke: {last}", server(text)),
                "the same command goes on from there",
            ),
        };
    }
    let word = service.container();
    match code {
        "NoSuchBucket" | "ContainerNotFound" => {
            let hint = format!(
                "check its name, and the endpoint; {}",
                service.making(container)
            );
            return StoreFailure::new(format!("there is no {word} `{container}`"), &hint);
        }
        "PermanentRedirect"
        | "AuthorizationHeaderMalformed"
        | "IllegalLocationConstraintException" => {
            return elsewhere(service, container, text);
        }
        _ if text.contains("incorrectly configured region") => {
            return elsewhere(service, container, text);
        }
        "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" => {
            return StoreFailure::new(
                format!("the credentials have expired{answer}"),
                service.renewing(),
            );
        }
        "AuthenticationFailed" if text.contains("expired") || text.contains("time frame") => {
            return StoreFailure::new(
                format!("the credentials have expired{answer}"),
                service.renewing(),
            );
        }
        "RequestTimeTooSkewed" => {
            return StoreFailure::new(
                format!("the store's clock and this machine's are far apart{answer}"),
                "set this machine's clock: signatures are valid for some minutes",
            );
        }
        "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "InvalidToken"
        | "AuthenticationFailed"
        | "InvalidAuthenticationInfo" => {
            return StoreFailure::new(
                format!("the credentials are not valid{answer}"),
                service.credentials(),
            );
        }
        _ => {}
    }
    match error {
        Error::Unauthenticated { .. } => StoreFailure::new(
            format!("credentials are asked for{answer}"),
            service.credentials(),
        ),
        Error::PermissionDenied { .. } => denied(service, container, &answer),
        // Listings come without a kind.
        _ if text.contains("status code: 403") => denied(service, container, &answer),
        _ if text.contains("status code: 401") => StoreFailure::new(
            format!("credentials are asked for{answer}"),
            service.credentials(),
        ),
        _ if text.contains("status code: 5") || text.contains("status code: 429") => {
            StoreFailure::new(
                format!("the store failed, also when asked again{answer}"),
                "the same command goes on from there, when the store is well again",
            )
        }
        _ => StoreFailure {
            message: text.to_owned(),
            hint: None,
        },
    }
}

fn denied(service: &Service, container: &str, answer: &str) -> StoreFailure {
    StoreFailure::new(
        format!(
            "access to {} `{container}` is denied{answer}",
            service.container()
        ),
        service.allowing(),
    )
}

fn elsewhere(service: &Service, container: &str, text: &str) -> StoreFailure {
    let signed_for = match service {
        Service::S3 { region } => format!("`{region}`, which requests are signed for"),
        _ => "the one that was named".to_owned(),
    };
    let hint = match between(text, "<Region>", "</Region>") {
        Some(region) => format!("set AWS_REGION={region}"),
        None => format!(
            "set AWS_REGION to the bucket's: `aws s3api get-bucket-location --bucket {container}` says it"
        ),
    };
    StoreFailure::new(
        format!("the bucket `{container}` lies in another region than {signed_for}"),
        &hint,
    )
}

/// Whose answer was waited for when a token was to be fetched from the machine that this runs on.
fn asks_for_credentials(text: &str) -> Option<&'static str> {
    let signs = [
        "latest/api/token",
        "latest/meta-data",
        "computeMetadata",
        "metadata.google",
        "metadata/identity",
    ];
    signs
        .iter()
        .any(|sign| text.contains(sign))
        .then_some("the cloud's metadata service")
}

/// What the store said, for the end of a sentence.
fn answer(text: &str, code: &str) -> String {
    let status = between(text, "status code: ", ":")
        .unwrap_or_default()
        .trim();
    let said = between(text, "<Message>", "</Message>").unwrap_or_default();
    let said = said
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches('.');
    let parts: Vec<&str> = [status, code]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    match (parts.is_empty(), said.is_empty()) {
        (true, _) => String::new(),
        (false, true) => format!(" ({})", parts.join(" ")),
        (false, false) => format!(" ({}: {said})", parts.join(" ")),
    }
}

/// Scheme, host and port of the URL that an error names.
fn server(text: &str) -> String {
    let url = text
        .split_whitespace()
        .find(|word| word.starts_with("http"));
    let url = url.and_then(|url| url::Url::parse(url).ok());
    match url {
        Some(url) => url.origin().ascii_serialization(),
        None => "the store".to_owned(),
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(inner, _)| inner)
}

impl Service {
    fn container(&self) -> &'static str {
        match self {
            Self::S3 { .. } | Self::Gcs => "bucket",
            Self::Azure => "container",
            Self::Http => "server",
        }
    }

    fn making(&self, container: &str) -> String {
        match self {
            Self::S3 { .. } => format!("to make it: aws s3 mb s3://{container}"),
            Self::Gcs => format!("to make it: gcloud storage buckets create gs://{container}"),
            Self::Azure => format!("to make it: az storage container create --name {container}"),
            Self::Http => String::new(),
        }
    }

    fn credentials(&self) -> &'static str {
        match self {
            Self::S3 { .. } => {
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (of a profile: eval \"$(aws configure export-credentials \
                 --format env)\"), or AWS_SKIP_SIGNATURE=true for a public bucket"
            }
            Self::Gcs => {
                "set GOOGLE_APPLICATION_CREDENTIALS to a file of credentials (gcloud auth application-default login makes \
                 one), or GOOGLE_SKIP_SIGNATURE=true for a public bucket"
            }
            Self::Azure => {
                "set AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN, or \
                 AZURE_SKIP_SIGNATURE=true for a public container"
            }
            Self::Http => "name user and password in the URL: https://USER:PASSWORD@HOST/PATH",
        }
    }

    fn renewing(&self) -> &'static str {
        match self {
            Self::S3 { .. } => {
                "renew them, AWS_SESSION_TOKEN with them: aws sso login, then eval \"$(aws configure export-credentials \
                 --format env)\"; the same command goes on"
            }
            Self::Gcs => {
                "renew them: gcloud auth application-default login; the same command goes on"
            }
            Self::Azure => {
                "make a new token and set AZURE_STORAGE_SAS_TOKEN; the same command goes on"
            }
            Self::Http => self.credentials(),
        }
    }

    fn allowing(&self) -> &'static str {
        match self {
            Self::S3 { .. } => {
                "check whose credentials these are (aws sts get-caller-identity) and what they may: s3:ListBucket, \
                 s3:GetObject, and to write s3:PutObject and s3:DeleteObject"
            }
            Self::Gcs => {
                "check whose credentials these are (gcloud auth list) and what they may: storage.objects.list and .get, \
                 and to write .create and .delete"
            }
            Self::Azure => {
                "check what the key or token may: Storage Blob Data Reader, and to write Storage Blob Data Contributor"
            }
            Self::Http => self.credentials(),
        }
    }

    fn endpoint(&self) -> &'static str {
        match self {
            Self::S3 { .. } => {
                "check the network, and AWS_ENDPOINT_URL if the store is not Amazon's"
            }
            Self::Gcs => "check the network, and GOOGLE_BASE_URL if it is set",
            Self::Azure => {
                "check the network, AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ENDPOINT"
            }
            Self::Http => "check the URL and the network",
        }
    }
}

#[cfg(test)]
mod tests;
