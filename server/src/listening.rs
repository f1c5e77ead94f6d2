//! The listeners: addresses, TLS, and an orderly end.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Control, Handle};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_stream::StreamExt;

use crate::settings::Tls;
use crate::{Error, Result};

/// How often a silent connection is asked whether its other end still lives, and how long that may take.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// How long a new connection may take to ask something.
const FIRST_REQUEST: Duration = Duration::from_secs(30);

/// Streams that one connection may have open at a time.
const STREAMS: u32 = 256;

/// An address that is listened on.
pub(crate) struct Listener {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Listener {
    /// Listens on an address.
    ///
    /// # Errors
    /// [`Error::Bind`].
    pub(crate) fn bind(address: SocketAddr) -> Result<Self> {
        let bound =
            TcpListener::bind(address).and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = bound.map_err(|source| Error::Bind { address, source })?;
        Ok(Self { listener, address })
    }

    /// Answers until `control` says to end, and all connections have. A client may pause for `idle` while it sends a request.
    ///
    /// # Errors
    /// [`Error::Serve`].
    pub(crate) async fn serve(
        self,
        router: Router,
        tls: Option<RustlsConfig>,
        control: Control,
        idle: Duration,
    ) -> Result<()> {
        let address = self.address;
        let failed = |source| Error::Serve { address, source };
        let router = router.layer(from_fn_with_state(idle, in_pieces));
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let mut server = axum_server::from_tcp(self.listener)
            .map_err(failed)?
            .handle(Handle::with_control(control))
            .first_request_timeout(FIRST_REQUEST);
        server
            .http_builder()
            .http2()
            .keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .max_concurrent_streams(STREAMS);
        match tls {
            None => server.acceptor(NoDelayAcceptor).serve(service).await,
            Some(tls) => {
                let acceptor = RustlsAcceptor::new(tls).acceptor(NoDelayAcceptor);
                server.acceptor(acceptor).serve(service).await
            }
        }
        .map_err(failed)
    }
}

/// Breaks off a request that its client does not send to its end.
async fn in_pieces(State(idle): State<Duration>, request: Request, next: Next) -> Response {
    let request = request.map(|body| {
        let pieces = body.into_data_stream().timeout(idle);
        Body::from_stream(
            pieces.map(|piece| piece.map_err(io::Error::other)?.map_err(io::Error::other)),
        )
    });
    next.run(request).await
}

/// What TLS needs.
///
/// # Errors
/// For files that cannot be read, and for a certificate and a key that are none or do not belong together.
pub(crate) fn encryption(tls: &Tls) -> Result<RustlsConfig> {
    let read = |file: &Path| {
        fs::read(file).map_err(|source| Error::Read {
            file: file.to_owned(),
            source,
        })
    };
    let unusable = |file: &Path, problem: String| Error::Certificate {
        file: file.to_owned(),
        problem,
    };
    let certificates = CertificateDer::pem_slice_iter(&read(&tls.certificate)?)
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|error| unusable(&tls.certificate, error.to_string()))?;
    if certificates.is_empty() {
        let problem = "there is no certificate in it".to_owned();
        return Err(unusable(&tls.certificate, problem));
    }
    let key = PrivateKeyDer::from_pem_slice(&read(&tls.key)?)
        .map_err(|error| unusable(&tls.key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(certificates, key)
        })
        .map_err(|error| unusable(&tls.certificate, error.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}
