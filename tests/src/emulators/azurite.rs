//! Azure Blob Storage, by Azurite.

use std::sync::Arc;

use object_store::azure::{AzureAccessKey, AzureAuthorizer, AzureCredential};
use object_store::client::{HttpRequest, HttpRequestBody};
use tempfile::TempDir;

use super::{Place, Process, Shared, installed};
use crate::http::{self, Head};

static AZURITE: Shared<Azurite> = Shared::new();

/// The account that Azurite has, and its published key.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A running Azurite.
pub struct Azurite {
    process: Process,
    _folder: TempDir,
}

impl Azurite {
    /// The server that tests share; nothing where it is not installed.
    pub fn shared() -> Option<Arc<Self>> {
        AZURITE.get(Self::start)
    }

    fn start() -> Option<Self> {
        let program = installed("node_modules/azurite/dist/src/blob/main.js")?;
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let location = folder.path().display().to_string();
        let arguments = |port: &str| {
            let program = program.display().to_string();
            let words = [
                program.as_str(),
                "--silent",
                "--disableTelemetry",
                "--skipApiVersionCheck",
                "--location",
                &location,
                "--blobHost",
                "127.0.0.1",
                "--blobPort",
                port,
            ];
            words.map(str::to_owned).to_vec()
        };
        Some(Self {
            process: Process::start("node".as_ref(), arguments, &[]),
            _folder: folder,
        })
    }

    /// A place in a new container.
    ///
    /// # Panics
    /// When the container cannot be made.
    pub fn place(&self, container: &str) -> Place {
        let target = format!("/{ACCOUNT}/{container}?restype=container");
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.method_mut() = "PUT".parse().expect("it is a method");
        let url = format!("http://{}{target}", self.process.address);
        *request.uri_mut() = url.parse().expect("it is a URL");
        let key = AzureAccessKey::try_new(KEY).expect("it is a key");
        let credential = AzureCredential::AccessKey(key);
        AzureAuthorizer::new(&credential, ACCOUNT).authorize(&mut request);
        let headers = request.headers().iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.to_string(), value.into_owned())
        });
        let host = ("host".to_owned(), self.process.address.to_string());
        let head = Head {
            method: "PUT".to_owned(),
            target,
            headers: headers.chain([host]).collect(),
        };
        let made = http::fetch(self.process.address, &head, &[]).expect("Azurite answers");
        assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
        self.place_in(container)
    }

    /// A place in a container that may not be there.
    pub fn place_in(&self, container: &str) -> Place {
        let endpoint = format!("http://{}/{ACCOUNT}", self.process.address);
        Place::new(
            format!("az://{container}/sweeps/small"),
            [
                ("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT.to_owned()),
                ("AZURE_STORAGE_ACCOUNT_KEY", KEY.to_owned()),
                ("AZURE_STORAGE_ENDPOINT", endpoint),
                ("AZURE_ALLOW_HTTP", "true".to_owned()),
            ],
        )
    }
}
