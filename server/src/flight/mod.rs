//! Arrow Flight SQL.

use axum::Router;

use crate::Service;

/// Everything that is answered over Flight SQL.
pub(crate) fn router(_service: Service) -> Router {
    Router::new()
}
