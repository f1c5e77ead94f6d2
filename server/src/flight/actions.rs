//! What a client does besides asking: it prepares statements, closes them, and cancels queries.

use std::sync::Arc;

use arrow::datatypes::Schema;
use arrow_flight::sql::{
    ActionCancelQueryRequest, ActionCancelQueryResult, ActionClosePreparedStatementRequest,
    ActionCreatePreparedStatementRequest, ActionCreatePreparedStatementResult, Any, Command,
    ProstMessageExt,
};
use arrow_flight::{
    Action, CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightInfo,
};
use bytes::Bytes;
use prost::Message;
use tonic::Status;

use super::status::{malformed, refused};
use super::{Flight, Statement, answers, command, id_of, statement_of};
use crate::identity::Client;

const CREATE_PREPARED_STATEMENT: &str = "CreatePreparedStatement";
const CLOSE_PREPARED_STATEMENT: &str = "ClosePreparedStatement";
const CANCEL_FLIGHT_INFO: &str = "CancelFlightInfo";
const CANCEL_QUERY: &str = "CancelQuery";
const CLOSE_SESSION: &str = "CloseSession";

/// The actions and what they do.
pub(super) const ALL: [(&str, &str); 5] = [
    (CREATE_PREPARED_STATEMENT, "Prepares a statement"),
    (CLOSE_PREPARED_STATEMENT, "Forgets a prepared statement"),
    (CANCEL_FLIGHT_INFO, "Ends the queries of a FlightInfo"),
    (CANCEL_QUERY, "Ends the queries of a FlightInfo"),
    (CLOSE_SESSION, "Does nothing: there are no sessions"),
];

/// A `CloseSessionResult` that says `CLOSED`; arrow-flight has no type for it.
const SESSION_CLOSED: &[u8] = &[0x08, 0x01];

/// `CancelResult` of Flight SQL, which arrow-flight keeps to itself.
const QUERY_CANCELLED: i32 = 1;
const QUERY_NOT_CANCELLABLE: i32 = 3;

impl Flight {
    /// Does what an action says.
    ///
    /// # Errors
    /// For an action that there is not, and for a statement that cannot be prepared.
    pub(super) async fn act(&self, action: Action, client: &Client) -> Result<Vec<Bytes>, Status> {
        match action.r#type.as_str() {
            CREATE_PREPARED_STATEMENT => {
                let request: ActionCreatePreparedStatementRequest = unpacked(&action.body)?;
                if request.transaction_id.is_some_and(|id| !id.is_empty()) {
                    return Err(refused("there are no transactions"));
                }
                let result = self.create(request.query, client).await?;
                Ok(vec![result.as_any().encode_to_vec().into()])
            }
            CLOSE_PREPARED_STATEMENT => {
                let request: ActionClosePreparedStatementRequest = unpacked(&action.body)?;
                let id = id_of(&request.prepared_statement_handle)?;
                self.statements.close(&id, client);
                Ok(Vec::new())
            }
            CANCEL_FLIGHT_INFO => {
                let request = CancelFlightInfoRequest::decode(action.body).map_err(malformed)?;
                let info = request
                    .info
                    .ok_or_else(|| malformed("no flight is named"))?;
                let status = match self.cancel(&info, client)? {
                    true => CancelStatus::Cancelled,
                    false => CancelStatus::NotCancellable,
                };
                let result = CancelFlightInfoResult {
                    status: status as i32,
                };
                Ok(vec![result.encode_to_vec().into()])
            }
            CANCEL_QUERY => {
                let request: ActionCancelQueryRequest = unpacked(&action.body)?;
                let info = FlightInfo::decode(request.info).map_err(malformed)?;
                let result = match self.cancel(&info, client)? {
                    true => QUERY_CANCELLED,
                    false => QUERY_NOT_CANCELLABLE,
                };
                let result = ActionCancelQueryResult { result };
                Ok(vec![result.as_any().encode_to_vec().into()])
            }
            CLOSE_SESSION => Ok(vec![Bytes::from_static(SESSION_CLOSED)]),
            "BeginTransaction" | "EndTransaction" | "BeginSavepoint" | "EndSavepoint" => {
                Err(refused("there are no transactions"))
            }
            "CreatePreparedSubstraitPlan" => Err(refused("Substrait plans are not taken")),
            name => Err(refused(&format!("there is no action `{name}`"))),
        }
    }

    async fn create(
        &self,
        sql: String,
        client: &Client,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        let asker = &self.service.asker;
        let prepared = self.prepare(&sql, None, client).await?;
        let placeholders = prepared.parameters.iter().map(|field| field.name().clone());
        let statement = Statement {
            sql,
            placeholders: placeholders.collect(),
            bound: Vec::new(),
            client: client.name.clone(),
        };
        let id = asker.name();
        let handle = Bytes::from(id.to_string());
        self.statements.keep(id, statement)?;
        let parameters = prepared.parameters.iter().map(Arc::clone);
        let parameters = Schema::new(parameters.collect::<Vec<_>>());
        Ok(ActionCreatePreparedStatementResult {
            prepared_statement_handle: handle,
            dataset_schema: answers::announced(&prepared.schema)?,
            parameter_schema: answers::announced(&parameters)?,
        })
    }

    /// Ends the queries of a flight. Says whether there were any.
    fn cancel(&self, info: &FlightInfo, client: &Client) -> Result<bool, Status> {
        let mut any = false;
        for endpoint in &info.endpoint {
            let Some(ticket) = &endpoint.ticket else {
                continue;
            };
            let id = match command(&ticket.ticket)? {
                Command::TicketStatementQuery(ticket) => statement_of(&ticket.statement_handle)?.0,
                Command::CommandPreparedStatementQuery(query) => {
                    id_of(&query.prepared_statement_handle)?
                }
                _ => continue,
            };
            any |= self.service.asker.cancel(&id, client);
        }
        Ok(any)
    }
}

fn unpacked<M: ProstMessageExt>(body: &Bytes) -> Result<M, Status> {
    let any = Any::decode(body.clone()).map_err(malformed)?;
    let message = any.unpack().map_err(malformed)?;
    message.ok_or_else(|| malformed("the body is another action's"))
}
