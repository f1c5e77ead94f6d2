//! Arrow Flight SQL, which drivers of ADBC, JDBC and ODBC speak.
//!
//! A client asks for the columns of a query and gets a ticket; it shows the ticket and gets the rows. The ticket of a statement is
//! the statement itself, so that nothing has to be kept in between; only what is prepared is kept ([`statements`]).
//!
//! The service is arrow-flight's own trait of all calls, with the commands of Flight SQL told apart here. Its trait of commands
//! has no way to answer `GetSchema`, and two methods for every kind of metadata, where here is one function.

mod actions;
mod answers;
mod binding;
mod catalogue;
mod facts;
mod only_clients;
mod plain;
mod statements;
mod status;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use arrow_flight::flight_service_server::{FlightService, FlightServiceServer};
use arrow_flight::sql::{
    Any, Command, CommandPreparedStatementQuery, CommandStatementQuery,
    DoPutPreparedStatementResult, ProstMessageExt, TicketStatementQuery,
};
use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightEndpoint, FlightInfo,
    HandshakeRequest, HandshakeResponse, PollInfo, PutResult, SchemaResult, Ticket,
};
use axum::Router;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use engram_engine::session::{Parameters, Prepared};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use prost::Message;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};

use crate::identity::{Client, secret};
use crate::question::{QueryId, Question};
use crate::{Error, Outcome, Protocol, Service};
use answers::Messages;
use statements::{Statement, Statements};
use status::{malformed, refused};

/// The most bytes of a message from a client: a statement, or values to bind.
const LARGEST_MESSAGE: usize = 8 << 20;

/// What a client is told to show where no tokens are asked for: drivers insist on getting something.
const NO_TOKEN: &str = "anonymous";

/// Everything that is answered over Flight SQL.
pub(crate) fn router(service: Service) -> Router {
    let limits = service.asker.limits();
    let gauge = service.asker.metrics().statements.clone();
    let flight = Flight {
        statements: Statements::new(limits.statements, limits.statement_idle, gauge),
        service,
    };
    let server = FlightServiceServer::new(flight).max_decoding_message_size(LARGEST_MESSAGE);
    let router = Routes::new(server).into_axum_router();
    router.layer(axum::middleware::from_fn(only_clients::only_clients))
}

struct Flight {
    service: Service,
    statements: Statements,
}

/// A stream of messages to a client.
type Replies<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send + 'static>>;

impl Flight {
    /// Who asks.
    ///
    /// # Errors
    /// For a client that shows none of our tokens.
    fn client<T>(&self, request: &Request<T>) -> Result<Client, Status> {
        let shown = request.metadata().get("authorization");
        let shown = shown.and_then(|value| value.to_str().ok());
        let address = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let address = address.map(|ConnectInfo(address)| *address);
        match self.service.tokens.holder(shown) {
            Ok(name) => Ok(Client { name, address }),
            Err(error) => {
                let metrics = self.service.asker.metrics();
                metrics.refused(Protocol::Flight, &error);
                tracing::warn!(client = ?address, protocol = "flight", reason = %error, "refused");
                Err(error.into())
            }
        }
    }

    /// What is known of a statement before it runs. One that cannot run is logged here, as it never comes to run.
    async fn prepare(
        &self,
        sql: &str,
        parameters: Option<&Parameters>,
        client: &Client,
    ) -> Result<Prepared, Status> {
        let prepared = self.service.asker.prepare(sql, parameters).await;
        Ok(prepared.inspect_err(|error| {
            let (error, sql) = (error.to_string(), sql.trim());
            tracing::info!(
                client = %client,
                protocol = Protocol::Flight.word(),
                outcome = Outcome::Failed.word(),
                error = error.lines().next(),
                sql = sql.lines().next(),
                "statement"
            );
        })?)
    }

    fn question(&self, id: QueryId, sql: String, client: Client) -> Question {
        Question::new(id, sql, Protocol::Flight, client)
    }

    /// What is known of a command's answer before it is computed, and the ticket for it.
    async fn info(&self, command: Command, client: &Client) -> Result<FlightInfo, Status> {
        let asker = &self.service.asker;
        let (schema, ticket) = match command {
            Command::CommandStatementQuery(CommandStatementQuery {
                query,
                transaction_id,
            }) => {
                if transaction_id.is_some_and(|id| !id.is_empty()) {
                    return Err(refused("there are no transactions"));
                }
                let prepared = self.prepare(&query, None, client).await?;
                let statement_handle = ticket_of(&asker.name(), &query);
                let ticket = TicketStatementQuery { statement_handle };
                (answers::announced(&prepared.schema)?, ticket.as_any())
            }
            Command::CommandPreparedStatementQuery(command) => {
                let id = id_of(&command.prepared_statement_handle)?;
                let statement = self.statements.find(&id, client)?;
                let first = statement.bound.first();
                let prepared = self.prepare(&statement.sql, first, client).await?;
                (answers::announced(&prepared.schema)?, command.as_any())
            }
            Command::CommandStatementSubstraitPlan(_) => {
                return Err(refused("Substrait plans are not taken"));
            }
            command => {
                let ticket = command.clone().into_any();
                let name = ticket.type_url.clone();
                let table = catalogue::table(command, asker.session()).await?;
                let table = table.ok_or_else(|| refused(&format!("`{name}` is not taken")))?;
                (answers::announced(&table.schema())?, ticket)
            }
        };
        let ticket = Ticket::new(ticket.encode_to_vec());
        // No location: the answer is where the question was asked, whatever the client calls this server.
        let mut info = FlightInfo::new().with_endpoint(FlightEndpoint::new().with_ticket(ticket));
        info.schema = schema;
        Ok(info)
    }

    /// The answer to a command.
    async fn answer(&self, command: Command, client: Client) -> Result<Response<Messages>, Status> {
        let asker = &self.service.asker;
        match command {
            Command::TicketStatementQuery(ticket) => {
                let (id, sql) = statement_of(&ticket.statement_handle)?;
                let asked = asker.ask(self.question(id, sql, client)).await?;
                Ok(answers::messages(&asked.schema, asked.batches))
            }
            Command::CommandPreparedStatementQuery(command) => {
                let id = id_of(&command.prepared_statement_handle)?;
                let statement = self.statements.find(&id, &client)?;
                self.execute(id, statement, client).await
            }
            command => {
                let name = command.type_url().to_owned();
                let table = catalogue::table(command, asker.session()).await?;
                let table = table.ok_or_else(|| refused(&format!("`{name}` is not taken")))?;
                Ok(answers::table(table))
            }
        }
    }

    /// Runs a prepared statement, once for each row that was bound, one after the other.
    async fn execute(
        &self,
        id: QueryId,
        statement: Arc<Statement>,
        client: Client,
    ) -> Result<Response<Messages>, Status> {
        let question = self.question(id, statement.sql.clone(), client);
        let first = Question {
            parameters: statement.bound.first().cloned().unwrap_or_default(),
            ..question.clone()
        };
        let first = self.service.asker.ask(first).await?;
        let asker = self.service.asker.clone();
        let others = stream::iter(1..statement.bound.len())
            .then(move |execution| {
                let (asker, question) = (asker.clone(), question.clone());
                let parameters = statement.bound.get(execution).cloned();
                async move {
                    let question = Question {
                        parameters: parameters.unwrap_or_default(),
                        ..question
                    };
                    Ok::<_, Error>(asker.ask(question).await?.batches)
                }
            })
            .try_flatten();
        let batches = first.batches.chain(others).boxed();
        Ok(answers::messages(&first.schema, batches))
    }
}

#[tonic::async_trait]
impl FlightService for Flight {
    type HandshakeStream = Replies<HandshakeResponse>;
    type ListFlightsStream = Replies<FlightInfo>;
    type DoGetStream = Messages;
    type DoPutStream = Replies<PutResult>;
    type DoActionStream = Replies<arrow_flight::Result>;
    type ListActionsStream = Replies<ActionType>;
    type DoExchangeStream = Replies<FlightData>;

    /// A user and a password come in, a bearer token goes out.
    async fn handshake(
        &self,
        request: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        self.client(&request)?;
        let shown = request.metadata().get("authorization");
        let shown = shown.and_then(|value| value.to_str().ok());
        let token = shown
            .and_then(secret)
            .filter(|_| !self.service.tokens.is_empty())
            .unwrap_or_else(|| NO_TOKEN.to_owned());
        let bearer = format!("Bearer {token}").parse().map_err(malformed)?;
        let reply = HandshakeResponse {
            protocol_version: 0,
            payload: Bytes::from(token),
        };
        let mut response: Response<Self::HandshakeStream> =
            Response::new(Box::pin(stream::iter([Ok(reply)])));
        response.metadata_mut().insert("authorization", bearer);
        Ok(response)
    }

    async fn get_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        let client = self.client(&request)?;
        let descriptor = request.into_inner();
        let info = self.info(command(&descriptor.cmd)?, &client).await?;
        Ok(Response::new(info.with_descriptor(descriptor)))
    }

    async fn get_schema(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<SchemaResult>, Status> {
        let client = self.client(&request)?;
        let info = self.info(command(&request.get_ref().cmd)?, &client).await?;
        let schema = info.schema;
        Ok(Response::new(SchemaResult { schema }))
    }

    async fn do_get(
        &self,
        request: Request<Ticket>,
    ) -> Result<Response<Self::DoGetStream>, Status> {
        let client = self.client(&request)?;
        self.answer(command(&request.get_ref().ticket)?, client)
            .await
    }

    /// Takes what is bound to a prepared statement, and nothing else.
    async fn do_put(
        &self,
        request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoPutStream>, Status> {
        let client = self.client(&request)?;
        let mut messages = request.into_inner().peekable();
        let first = Pin::new(&mut messages).peek().await;
        let descriptor = match first {
            Some(Ok(first)) => first.flight_descriptor.clone(),
            Some(Err(status)) => return Err(status.clone()),
            None => None,
        };
        let descriptor = descriptor.ok_or_else(|| malformed("no descriptor comes first"))?;
        let handle = match command(&descriptor.cmd)? {
            Command::CommandPreparedStatementQuery(CommandPreparedStatementQuery {
                prepared_statement_handle,
            }) => prepared_statement_handle,
            Command::CommandStatementUpdate(update) => {
                // What the statement would do says more than that it is not done; a query is refused, too.
                self.prepare(&update.query, None, &client).await?;
                return Err(refused("a query is not an update"));
            }
            Command::CommandPreparedStatementUpdate(_) => {
                return Err(refused("a query is not an update"));
            }
            Command::CommandStatementIngest(_) => return Err(refused("rows are not taken")),
            Command::CommandStatementSubstraitPlan(_) => {
                return Err(refused("Substrait plans are not taken"));
            }
            command => return Err(refused(&format!("`{}` is not taken", command.type_url()))),
        };
        let id = id_of(&handle)?;
        let statement = self.statements.find(&id, &client)?;
        let bound = binding::rows(messages, &statement.placeholders).await?;
        self.statements.bind(&id, &client, bound)?;
        let result = DoPutPreparedStatementResult {
            prepared_statement_handle: Some(handle),
        };
        let app_metadata = result.encode_to_vec().into();
        let reply = stream::iter([Ok(PutResult { app_metadata })]);
        Ok(Response::new(Box::pin(reply)))
    }

    async fn do_action(
        &self,
        request: Request<Action>,
    ) -> Result<Response<Self::DoActionStream>, Status> {
        let client = self.client(&request)?;
        let results = self.act(request.into_inner(), &client).await?;
        let results = results
            .into_iter()
            .map(|body| Ok(arrow_flight::Result { body }));
        let results: Vec<_> = results.collect();
        Ok(Response::new(Box::pin(stream::iter(results))))
    }

    async fn list_actions(
        &self,
        request: Request<Empty>,
    ) -> Result<Response<Self::ListActionsStream>, Status> {
        self.client(&request)?;
        let actions = actions::ALL.map(|(name, description)| {
            Ok(ActionType {
                r#type: name.to_owned(),
                description: description.to_owned(),
            })
        });
        Ok(Response::new(Box::pin(stream::iter(actions))))
    }

    async fn list_flights(
        &self,
        request: Request<Criteria>,
    ) -> Result<Response<Self::ListFlightsStream>, Status> {
        self.client(&request)?;
        Err(refused("flights are not listed, tables are"))
    }

    async fn poll_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<PollInfo>, Status> {
        self.client(&request)?;
        Err(refused(
            "queries are not polled: their rows come as they are computed",
        ))
    }

    async fn do_exchange(
        &self,
        request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoExchangeStream>, Status> {
        self.client(&request)?;
        Err(refused("tables are not exchanged"))
    }
}

/// The command in a descriptor or a ticket.
fn command(bytes: &Bytes) -> Result<Command, Status> {
    let any = Any::decode(bytes.clone()).map_err(malformed)?;
    Command::try_from(any).map_err(malformed)
}

/// The name of the query that a statement will be, and the statement.
fn ticket_of(id: &QueryId, sql: &str) -> Bytes {
    format!("{id}{sql}").into()
}

/// What [`ticket_of`] put together.
fn statement_of(ticket: &Bytes) -> Result<(QueryId, String), Status> {
    let text = std::str::from_utf8(ticket).map_err(malformed)?;
    let parts = text.split_at_checked(QueryId::LENGTH);
    let (id, sql) = parts.ok_or_else(|| malformed("the ticket is none of this server's"))?;
    Ok((QueryId(id.to_owned()), sql.to_owned()))
}

fn id_of(handle: &Bytes) -> Result<QueryId, Status> {
    let text = std::str::from_utf8(handle).map_err(malformed)?;
    Ok(QueryId(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_the_statement() {
        let id = QueryId("0123456789abcdef0123456789abcdef".to_owned());
        let ticket = ticket_of(&id, "SELECT 'ä'");
        assert_eq!(
            statement_of(&ticket).unwrap(),
            (id, "SELECT 'ä'".to_owned())
        );
        for wrong in ["", "0123", "0123456789abcdef0123456789abcdeä"] {
            assert!(statement_of(&Bytes::from(wrong)).is_err(), "{wrong}");
        }
        assert!(command(&Bytes::from("no message")).is_err());
    }
}
