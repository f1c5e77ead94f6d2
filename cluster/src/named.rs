//! Nodes whose errors bear their names, which neither HTTP nor the library that carries plans and rows put into theirs.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow_flight::error::FlightError;
use async_trait::async_trait;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion_distributed::{
    CoordinatorToWorkerMsg, ExecuteTaskRequest, GetWorkerInfoRequest, GetWorkerInfoResponse,
    SetPlanRequest, WorkerChannel, WorkerToCoordinatorMsg,
};
use futures::StreamExt;
use futures::stream::BoxStream;
use http::HeaderMap;
use url::Url;

use crate::Error;
use crate::address::told;
use crate::gate::PANICKED;
use crate::loss::{Loss, Mark};

/// Begins the words of the library for a node that was never sent what it is to do, because its client or the way to it was lost.
const NEVER_SENT: &str = "Worker::execute_task timed-out while waiting for the plan";

/// A node, whose errors bear its name.
pub(crate) struct Named {
    pub(crate) name: Name,
    pub(crate) channel: Box<dyn WorkerChannel>,
}

/// What the errors of a node bear.
#[derive(Clone)]
pub(crate) struct Name {
    pub(crate) url: Url,
    pub(crate) mark: Mark,
}

impl Name {
    /// What an error of the connection means. One of the query is passed on as it is.
    fn given_to(&self, error: DataFusionError) -> DataFusionError {
        let lost = |reason: String| self.mark.error(&Loss::of(&self.url, reason));
        let source = match &error {
            DataFusionError::External(source) => source,
            DataFusionError::Execution(words) if words.starts_with(NEVER_SENT) => {
                return self.mark.error(&Loss {
                    node: None,
                    reason: "a node waited for its part of the query in vain".to_owned(),
                });
            }
            _ => return error,
        };
        if let Some(status) = source.downcast_ref::<tonic::Status>() {
            if status.message() == PANICKED {
                let node = told(&self.url);
                return Error::Panicked { node }.into();
            }
            return lost(words(status));
        }
        match source.downcast_ref::<FlightError>() {
            Some(unreadable) => lost(causes(unreadable)),
            None => error,
        }
    }
}

#[async_trait]
impl WorkerChannel for Named {
    async fn coordinator_channel(
        &mut self,
        headers: HeaderMap,
        plan: SetPlanRequest,
        messages: BoxStream<'static, CoordinatorToWorkerMsg>,
        metrics: ExecutionPlanMetricsSet,
        context: &Arc<TaskContext>,
    ) -> Result<BoxStream<'static, Result<WorkerToCoordinatorMsg>>> {
        let name = self.name.clone();
        let answer = self
            .channel
            .coordinator_channel(headers, plan, messages, metrics, context)
            .await
            .map_err(|error| name.given_to(error))?;
        let answer = answer.map(move |message| message.map_err(|error| name.given_to(error)));
        Ok(answer.boxed())
    }

    async fn execute_task(
        &mut self,
        headers: HeaderMap,
        request: ExecuteTaskRequest,
        metrics: ExecutionPlanMetricsSet,
        context: &Arc<TaskContext>,
    ) -> Result<Vec<BoxStream<'static, Result<RecordBatch>>>> {
        let answer = self
            .channel
            .execute_task(headers, request, metrics, context)
            .await
            .map_err(|error| self.name.given_to(error))?;
        let partitions = answer.into_iter().map(|partition| {
            let name = self.name.clone();
            let partition = partition.map(move |batch| batch.map_err(|error| name.given_to(error)));
            partition.boxed()
        });
        Ok(partitions.collect())
    }

    async fn get_worker_info(
        &mut self,
        request: GetWorkerInfoRequest,
    ) -> Result<GetWorkerInfoResponse> {
        let answer = self.channel.get_worker_info(request).await;
        answer.map_err(|error| self.name.given_to(error))
    }
}

/// What a status says, with its causes. Of a node that refuses it is the node's own words.
fn words(status: &tonic::Status) -> String {
    match std::error::Error::source(status) {
        Some(source) => causes(source),
        None => status.message().to_owned(),
    }
}

/// An error and its causes in a line, without repetitions.
pub(crate) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use datafusion_distributed::{ProducerHead, TaskKey, Worker};

    use super::*;

    fn name() -> Name {
        Name {
            url: Url::parse("http://10.0.0.7:50061/").unwrap(),
            mark: Mark::drawn(),
        }
    }

    #[test]
    fn a_panic_is_no_loss_and_names_its_node() {
        let name = name();
        let of = |status| name.given_to(DataFusionError::External(Box::new(status)));
        let panicked = of(tonic::Status::internal(PANICKED));
        assert_eq!(name.mark.read(&panicked), None);
        let text = panicked.to_string();
        assert!(text.contains("10.0.0.7:50061") && text.contains("panic"));
        // From another node it comes as a text, and stays what it is.
        let text = DataFusionError::External(text.into());
        assert_eq!(name.mark.read(&name.given_to(text)), None);
        let gone = of(tonic::Status::unavailable("gone"));
        assert_eq!(name.mark.read(&gone).unwrap().reason, "gone");
    }

    /// The words are the library's.
    #[tokio::test]
    async fn a_part_that_never_came_is_a_loss() {
        let request = ExecuteTaskRequest {
            task_key: TaskKey {
                query_id: Default::default(),
                stage_id: 0,
                task_number: 0,
            },
            target_partition_start: 0,
            target_partition_end: 1,
            producer_head: ProducerHead::None,
        };
        let name = name();
        let answer = Worker::default().execute_task(request).await;
        let loss = name.mark.read(&name.given_to(answer.err().unwrap()));
        assert_eq!(loss.unwrap().node, None);
        let user = DataFusionError::Execution(format!("cannot read `{NEVER_SENT}`"));
        assert_eq!(name.mark.read(&name.given_to(user)), None);
    }
}
