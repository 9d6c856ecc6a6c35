//! A read whose answer is taken as it came: the generated functions read a
//! whole answer into one type, and one bad referral spoils a page of a hundred.

use bytes::Bytes;
use http::StatusCode;
use progenitor_client::{ClientHooks as _, ClientInfo as _, Error as Generated, OperationInfo};

use crate::error::Operation;
use crate::generated::client::Client;

/// Sends a GET as the generated client would, through the same hooks, and gives
/// the body of a success.
pub(crate) async fn read(
    client: &Client,
    operation: Operation,
    path: &str,
    query: &[(&'static str, String)],
) -> Result<Bytes, Generated<()>> {
    let url = format!("{}{path}", client.baseurl());
    let mut request = client.client().get(url).query(query).build()?;
    let info = OperationInfo {
        operation_id: operation.as_str(),
    };
    client.pre::<()>(&mut request, &info).await?;
    let result = client.exec(request, &info).await;
    client.post::<()>(&result, &info).await?;
    let response = result?;
    match response.status() {
        StatusCode::OK => response.bytes().await.map_err(Generated::ResponseBodyError),
        _ => Err(Generated::UnexpectedResponse(response)),
    }
}
