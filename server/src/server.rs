//! A server from its first address to its last query.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum_server::Control;
use axum_server::tls_rustls::RustlsConfig;
use engram_engine::Session;
use tokio::runtime::Handle;

use crate::listening::{Listener, encryption};
use crate::{Anonymous, Asker, Result, ServerSettings, Tokens, http};

/// How long connections may take to end once their queries have.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// What every protocol needs to answer.
#[derive(Clone)]
pub struct Service {
    /// Who answers.
    pub asker: Asker,
    /// Whom.
    pub tokens: Arc<Tokens>,
    /// Whom without a token, where there are none.
    pub anonymous: Anonymous,
}

/// A server that listens.
pub struct Server {
    service: Service,
    flight: Option<Listener>,
    http: Option<Listener>,
    tls: Option<RustlsConfig>,
}

impl Server {
    /// Listens on the addresses of the settings. Queries will be computed on the runtime `compute`, which should be another than
    /// the one that the server runs on.
    ///
    /// # Errors
    /// For settings that are not safe, an address that cannot be listened on, and a certificate that cannot be used.
    pub fn bind(session: Session, settings: &ServerSettings, compute: Handle) -> Result<Self> {
        settings.check()?;
        let tls = settings.tls.as_ref().map(encryption).transpose()?;
        let flight = settings.flight.map(Listener::bind).transpose()?;
        let http = settings.http.map(Listener::bind).transpose()?;
        Ok(Self {
            service: Service {
                asker: Asker::new(Arc::new(session), settings.limits.clone(), compute),
                tokens: Arc::new(settings.tokens.clone()),
                anonymous: settings.anonymous,
            },
            flight,
            http,
            tls,
        })
    }

    /// Where Flight SQL is spoken, with the port that was taken for 0.
    pub fn flight_address(&self) -> Option<SocketAddr> {
        self.flight.as_ref().map(|listener| listener.address)
    }

    /// Where HTTP is spoken, with the port that was taken for 0.
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.http.as_ref().map(|listener| listener.address)
    }

    /// Answers until `shutdown` comes. Then no connection and no question is taken any more, what runs may go on for the
    /// settings' grace, and what still runs then is cancelled.
    ///
    /// # Errors
    /// When a listener fails.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<()> {
        let control = Control::new();
        let asker = self.service.asker.clone();
        let grace = asker.limits().grace;
        let routers = [
            (self.flight, crate::flight::router as fn(Service) -> _),
            (self.http, http::router),
        ];
        let idle = self.service.asker.limits().idle;
        let listening = routers.into_iter().filter_map(|(listener, router)| {
            let (tls, control) = (self.tls.clone(), control.clone());
            let router = router(self.service.clone());
            Some(listener?.serve(router, tls, control, idle))
        });
        let serving = futures::future::try_join_all(listening);
        tokio::pin!(serving);
        tokio::select! {
            served = &mut serving => return served.map(drop),
            () = shutdown => {}
        }
        tracing::info!(running = asker.n_running(), "shutting down");
        asker.close();
        control.graceful_shutdown(Some(grace + LAST_WORDS));
        tokio::select! {
            served = &mut serving => return served.map(drop),
            () = tokio::time::sleep(grace) => {}
        }
        tracing::warn!(running = asker.n_running(), "cancelling what still runs");
        asker.end();
        serving.await.map(drop)
    }
}
