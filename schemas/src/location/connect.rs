//! From a URL and the environment to a connected store.
//!
//! Each service's variables alone are read, by the names that its own tools have: a variable `TOKEN` or `REGION` of
//! somebody else's program is no setting of ours.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientConfigKey, ClientOptions, HeaderMap, HeaderValue, ObjectStore,
    ObjectStoreScheme, RetryConfig,
};
use url::Url;

use super::FORMS;
use super::failure::Service;
use super::persistent::Persistent;
use crate::{Error, Result};

/// How often a request is tried again.
pub(super) const RETRIES: usize = 10;

/// How long after its beginning a request is tried again. Its signature is not renewed meanwhile, and services refuse one of
/// more than some minutes.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// The first wait between two attempts, and the longest.
pub(super) const WAITS: (Duration, Duration) =
    (Duration::from_millis(100), Duration::from_secs(10));

/// How long a request may take with its body: a connection that hangs is given up after this time, and what is sent or
/// fetched at once has to pass within it.
const TIMEOUT: &str = "60 seconds";

/// The store of `url` and the path in it.
pub(super) fn connect(
    url: &Url,
    login: Option<HeaderValue>,
) -> Result<(Arc<dyn ObjectStore>, Path)> {
    let unusable = |reason: String| Error::Location {
        given: url.as_str().trim_end_matches('/').to_owned(),
        reason,
        hint: FORMS.to_owned(),
    };
    // A plain HTTP server, also where its host is known to be that of a cloud store: read as anybody can read it.
    let (scheme, root) = match url.scheme() {
        "http" | "https" => {
            let root = Path::from_url_path(url.path());
            let root = root.map_err(|error| unusable(error.to_string()))?;
            (ObjectStoreScheme::Http, root)
        }
        _ => ObjectStoreScheme::parse(url).map_err(|error| unusable(error.to_string()))?,
    };
    let store: object_store::Result<Arc<dyn ObjectStore>> = match scheme {
        ObjectStoreScheme::Local => Ok(Arc::new(LocalFileSystem::new())),
        ObjectStoreScheme::AmazonS3 => amazon_s3(url),
        ObjectStoreScheme::GoogleCloudStorage => google_cloud_storage(url),
        ObjectStoreScheme::MicrosoftAzure => microsoft_azure(url),
        ObjectStoreScheme::Http => http(url, login),
        _ => return Err(unusable("nothing is kept there".to_owned())),
    };
    let store = store.map_err(|source| Error::Store {
        url: url.to_string(),
        source,
    })?;
    Ok((store, root))
}

fn amazon_s3(url: &Url) -> object_store::Result<Arc<dyn ObjectStore>> {
    let mut builder = AmazonS3Builder::from_env()
        .with_url(url.as_str())
        .with_retry(retry());
    if !is_set("AWS_TIMEOUT") {
        let key = AmazonS3ConfigKey::Client(ClientConfigKey::Timeout);
        builder = builder.with_config(key, TIMEOUT);
    }
    let endpoint = builder
        .get_config_value(&AmazonS3ConfigKey::S3Endpoint)
        .or_else(|| builder.get_config_value(&AmazonS3ConfigKey::Endpoint));
    // Whoever names an endpoint without TLS wants it; secrets sign requests and do not travel with them.
    if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
        builder = builder.with_allow_http(true);
    }
    let region = builder.get_config_value(&AmazonS3ConfigKey::Region);
    let service = Service::S3 {
        region: region.unwrap_or_else(|| "us-east-1".to_owned()),
    };
    Ok(Persistent::over(builder.build()?, service, url))
}

fn google_cloud_storage(url: &Url) -> object_store::Result<Arc<dyn ObjectStore>> {
    let mut builder = GoogleCloudStorageBuilder::from_env()
        .with_url(url.as_str())
        .with_retry(retry());
    if !is_set("GOOGLE_TIMEOUT") {
        let key = GoogleConfigKey::Client(ClientConfigKey::Timeout);
        builder = builder.with_config(key, TIMEOUT);
    }
    Ok(Persistent::over(builder.build()?, Service::Gcs, url))
}

fn microsoft_azure(url: &Url) -> object_store::Result<Arc<dyn ObjectStore>> {
    let mut builder = MicrosoftAzureBuilder::from_env()
        .with_url(url.as_str())
        .with_retry(retry());
    if !is_set("AZURE_TIMEOUT") {
        let key = AzureConfigKey::Client(ClientConfigKey::Timeout);
        builder = builder.with_config(key, TIMEOUT);
    }
    Ok(Persistent::over(builder.build()?, Service::Azure, url))
}

fn http(url: &Url, login: Option<HeaderValue>) -> object_store::Result<Arc<dyn ObjectStore>> {
    let mut options = ClientOptions::new()
        .with_allow_http(url.scheme() == "http")
        .with_config(ClientConfigKey::Timeout, TIMEOUT);
    if let Some(login) = login {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", login);
        options = options.with_default_headers(headers);
    }
    let store = HttpBuilder::new()
        .with_url(&url[..url::Position::BeforePath])
        .with_client_options(options)
        .with_retry(retry())
        .build()?;
    Ok(Persistent::over(store, Service::Http, url))
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some()
}

fn retry() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: WAITS.0,
            max_backoff: WAITS.1,
            base: 2.0,
        },
        max_retries: RETRIES,
        retry_timeout: PATIENCE,
    }
}
