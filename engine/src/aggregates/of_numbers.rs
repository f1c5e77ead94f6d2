//! An aggregate of one column of numbers, as DataFusion wants it: the part that is the same for each.

use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature,
};

use super::not_distinct;
use super::numbers;
use super::single_group::{Groups, SingleGroup};

/// What is an aggregate's own.
pub(super) trait Aggregate: Debug + Eq + Hash + Send + Sync + 'static {
    /// Its name in SQL.
    const NAME: &'static str;

    /// What it keeps of groups.
    type Groups: Groups + 'static;

    /// No groups yet.
    fn groups() -> Self::Groups;

    /// The columns of what it keeps, for an expression of this name.
    fn state_fields(name: &str) -> Vec<FieldRef>;

    /// What it gives.
    fn return_type() -> DataType {
        DataType::Float64
    }

    /// For people.
    fn documentation() -> Option<&'static Documentation>;
}

/// An aggregate, registered.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct OfNumbers<A> {
    signature: Signature,
    aggregate: PhantomData<A>,
}

impl<A> Default for OfNumbers<A> {
    fn default() -> Self {
        Self {
            signature: numbers::signature(),
            aggregate: PhantomData,
        }
    }
}

impl<A: Aggregate> AggregateUDFImpl for OfNumbers<A> {
    fn name(&self) -> &str {
        A::NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(A::return_type())
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(A::state_fields(arguments.name))
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        not_distinct(&arguments)?;
        Ok(Box::new(SingleGroup::new(A::groups())))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        not_distinct(&arguments)?;
        Ok(Box::new(A::groups()))
    }

    fn documentation(&self) -> Option<&Documentation> {
        A::documentation()
    }
}
