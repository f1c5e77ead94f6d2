//! What stands between the network and the work of a node.
//!
//! A request is let in if it shows the token, comes from the same version and means the node's dataset. It is then answered on the
//! threads that compute, so that those of the connections can always say that the node lives. And an answer is not ended as if it
//! were whole when something of this process panicked meanwhile: the library passes rows from task to task, and one that ends by a
//! panic looks to the next like one that has no more rows.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use crate::access::Token;
use crate::datasets::Datasets;
use crate::protocol::{DATASET_HEADER, VERSION, VERSION_HEADER};

/// What stands between the network and the work of a node.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) token: Option<Token>,
    pub(crate) datasets: Arc<Datasets>,
    /// Where requests are answered.
    pub(crate) compute: Handle,
    /// Whether what is not answered yet will not be.
    pub(crate) is_ending: Arc<AtomicBool>,
}

impl Gate {
    /// Whether a request is let in.
    async fn admit(&self, headers: &HeaderMap) -> Result<(), Status> {
        if let Some(token) = &self.token
            && !token.is_shown(headers.get(AUTHORIZATION))
        {
            return Err(Status::unauthenticated("it asks for its token"));
        }
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        match text(VERSION_HEADER) {
            Some(VERSION) => {}
            Some(version) => {
                return Err(Status::failed_precondition(format!(
                    "it has version {VERSION} of Engram, and the client version {version}"
                )));
            }
            None => {
                return Err(Status::failed_precondition(
                    "it answers clients of Engram alone",
                ));
            }
        }
        let Some(identity) = text(DATASET_HEADER).map(str::to_owned) else {
            return Ok(());
        };
        let datasets = Arc::clone(&self.datasets);
        let state = self
            .compute
            .spawn(async move { datasets.of(&identity).await });
        match state.await {
            Ok(Ok(Some(_))) => Ok(()),
            Ok(Ok(None)) => Err(Status::failed_precondition(
                "it has another dataset, another state of it, or another address for it",
            )),
            Ok(Err(error)) => Err(Status::failed_precondition(format!(
                "it cannot open the dataset: {error}"
            ))),
            Err(_panic) => Err(Status::internal("it failed while it opened the dataset")),
        }
    }
}

impl<S> Layer<S> for Gate {
    type Service = Behind<S>;

    fn layer(&self, service: S) -> Behind<S> {
        Behind {
            gate: self.clone(),
            service,
        }
    }
}

/// A service behind the gate.
#[derive(Clone)]
pub(crate) struct Behind<S> {
    gate: Gate,
    service: S,
}

impl<S> Service<Request<Body>> for Behind<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let gate = self.gate.clone();
        // The one that is ready goes, and its copy stays.
        let copy = self.service.clone();
        let mut service = std::mem::replace(&mut self.service, copy);
        Box::pin(async move {
            if let Err(refusal) = gate.admit(request.headers()).await {
                tracing::info!(reason = refusal.message(), "a request is refused");
                return Ok(refusal.into_http());
            }
            let panics = Panics::now();
            let answering = async move { service.call(request).await };
            match Ended(gate.compute.spawn(answering)).await {
                Ok(Ok(answer)) => {
                    let is_ending = Arc::clone(&gate.is_ending);
                    Ok(answer.map(|body| Body::new(Whole::new(body, panics, is_ending))))
                }
                _ => Ok(Status::internal(PANICKED).into_http()),
            }
        })
    }
}

/// A task that ends with whoever waits for it.
struct Ended<T>(JoinHandle<T>);

impl<T> Future for Ended<T> {
    type Output = Result<T, tokio::task::JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for Ended<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a node says of an answer that a panic may have cut off.
pub(crate) const PANICKED: &str = "a computation of it ended in a panic, which is a defect";

/// How many panics there were in this process.
static PANICS: AtomicU64 = AtomicU64::new(0);

/// Counts panics from now on.
pub(crate) fn count_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.fetch_add(1, Ordering::SeqCst);
            told(panic);
        }));
    });
}

#[derive(Clone, Copy)]
struct Panics(u64);

impl Panics {
    fn now() -> Self {
        Self(PANICS.load(Ordering::SeqCst))
    }

    fn are_more(self) -> bool {
        PANICS.load(Ordering::SeqCst) > self.0
    }
}

/// The body of an answer, whose end says whether it is whole.
struct Whole {
    body: Body,
    panics: Panics,
    is_ending: Arc<AtomicBool>,
    has_failed: bool,
}

impl Whole {
    fn new(body: Body, panics: Panics, is_ending: Arc<AtomicBool>) -> Self {
        Self {
            body,
            panics,
            is_ending,
            has_failed: false,
        }
    }

    /// Why the end of the body is not that of the answer, if so: a task that is gone ends what it sends as one that is done.
    fn failure(&self) -> Option<Status> {
        if self.panics.are_more() {
            return Some(Status::internal(PANICKED));
        }
        let is_ending = self.is_ending.load(Ordering::SeqCst);
        is_ending.then(|| Status::unavailable("it was told to end, and its time was up"))
    }
}

impl http_body::Body for Whole {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.has_failed {
            return Poll::Ready(None);
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.as_ref().is_none_or(is_end)
            && let Some(failed) = self.failure()
        {
            self.has_failed = true;
            let mut trailers = HeaderMap::new();
            if failed.add_header(&mut trailers).is_err() {
                trailers.insert("grpc-status", HeaderValue::from_static("13"));
            }
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        Poll::Ready(frame)
    }
}

fn is_end(frame: &Result<Frame<Bytes>, Status>) -> bool {
    frame.as_ref().is_ok_and(Frame::is_trailers)
}

#[cfg(test)]
mod tests {
    use futures::future::poll_fn;
    use http_body::Body as _;

    use super::*;

    async fn next(body: &mut Whole) -> Option<Frame<Bytes>> {
        let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context));
        frame.await.transpose().unwrap()
    }

    #[tokio::test]
    async fn an_answer_is_not_whole_after_a_panic() {
        count_panics();
        let panics = Panics::now();
        assert!(
            next(&mut Whole::new(Body::default(), panics, Arc::default()))
                .await
                .is_none()
        );
        let panicked = std::thread::spawn(|| panic!("as an operator may")).join();
        assert!(panicked.is_err());
        let mut body = Whole::new(Body::default(), panics, Arc::default());
        let trailers = next(&mut body).await.unwrap().into_trailers().unwrap();
        let status = Status::from_header_map(&trailers).unwrap();
        assert_eq!(status.code(), tonic::Code::Internal);
        assert_eq!(status.message(), PANICKED);
        assert!(next(&mut body).await.is_none());
        // What begins after it is not concerned.
        assert!(
            next(&mut Whole::new(
                Body::default(),
                Panics::now(),
                Arc::default()
            ))
            .await
            .is_none()
        );
    }

    #[tokio::test]
    async fn an_answer_is_not_whole_when_the_node_ends() {
        let is_ending = Arc::new(AtomicBool::new(false));
        let mut body = Whole::new(Body::default(), Panics::now(), Arc::clone(&is_ending));
        is_ending.store(true, Ordering::SeqCst);
        let trailers = next(&mut body).await.unwrap().into_trailers().unwrap();
        let status = Status::from_header_map(&trailers).unwrap();
        assert_ne!(status.code(), tonic::Code::Ok);
        assert!(next(&mut body).await.is_none());
    }
}
