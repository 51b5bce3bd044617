use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{ConnectionType, StatusCode},
    middleware::Next,
    web,
};

use crate::{Door, ws::DirectWay};

/// While the node goes away, every answer is the last of its connection: a proxy, or a client that keeps connections
/// open, then sends its next request elsewhere, and not to a listener that has closed meanwhile. And no other answer than a
/// socket is written to a connection past the framework.
///
/// # Errors
/// Those of the handler.
pub async fn farewell<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let door = request.app_data::<web::Data<Door>>().cloned();
    let mut response = next.call(request).await?;
    // Asked afterwards, so that what was under way at the signal counts too.
    let goes_away = door.is_some_and(|door| door.hub.is_draining());
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Ok(response);
    }
    // Here, where every answer passes.
    DirectWay::give_up(response.request());
    if goes_away {
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}
