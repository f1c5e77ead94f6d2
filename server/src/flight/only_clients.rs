//! Who may speak with the Flight address: clients of gRPC, and no page in a browser.

use axum::extract::Request;
use axum::http::{StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Lets requests of gRPC's clients through. A browser's page cannot make one: it speaks HTTP/1.1 without TLS, and may not name this
/// type of content to another site.
pub(super) async fn only_clients(request: Request, next: Next) -> Response {
    let content = request.headers().get(header::CONTENT_TYPE);
    let is_grpc =
        content.is_some_and(|content| content.as_bytes().starts_with(b"application/grpc"));
    match is_grpc && request.version() == Version::HTTP_2 {
        true => next.run(request).await,
        false => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "this address speaks Arrow Flight SQL, which is gRPC over HTTP/2",
        )
            .into_response(),
    }
}
