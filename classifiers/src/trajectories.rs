//! Which features are the points of one trajectory.
//!
//! Features are named `statistic@epoch` where they are a statistic at an epoch (`weight_abs_median@5`), and otherwise
//! stand for themselves (`depth_early`). That is all a classifier needs to know about time: a trajectory's points in the
//! order of their epochs, whatever the order of the features. Distances between epochs play no part.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Features sorted into trajectories and those that stand for themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trajectories {
    channels: Vec<Channel>,
    others: Vec<usize>,
}

/// The features of one statistic's trajectory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// The statistic.
    pub name: String,
    /// Its features' numbers, by rising epoch.
    pub features: Vec<usize>,
}

impl Trajectories {
    /// Sorts features by their names; channels are in the order of their first feature. A name whose part after the last
    /// `@` is not a whole number stands for itself.
    ///
    /// # Errors
    /// [`Error::Examples`] when a statistic has two features at one epoch.
    pub fn from_feature_names(names: &[String]) -> Result<Self> {
        let mut statistics: Vec<(&str, BTreeMap<i64, usize>)> = Vec::new();
        let mut places = BTreeMap::new();
        let mut others = Vec::new();
        for (feature, name) in names.iter().enumerate() {
            let point = name.rsplit_once('@').and_then(|(statistic, epoch)| {
                epoch.parse::<i64>().ok().map(|epoch| (statistic, epoch))
            });
            let Some((statistic, epoch)) = point else {
                others.push(feature);
                continue;
            };
            let place = *places.entry(statistic).or_insert_with(|| {
                statistics.push((statistic, BTreeMap::new()));
                statistics.len() - 1
            });
            if statistics[place].1.insert(epoch, feature).is_some() {
                let reason = format!("two features are `{statistic}` at epoch {epoch}");
                return Err(Error::Examples { reason });
            }
        }
        let channels = statistics
            .into_iter()
            .map(|(name, of_epoch)| Channel {
                name: name.to_owned(),
                features: of_epoch.into_values().collect(),
            })
            .collect();
        Ok(Self { channels, others })
    }

    /// The trajectories.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// Numbers of the features that are no trajectory's, rising.
    pub fn others(&self) -> &[usize] {
        &self.others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sort(names: &[&str]) -> Result<Trajectories> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        Trajectories::from_feature_names(&names)
    }

    #[test]
    fn points_are_ordered_by_epoch_as_a_number() {
        let sorted = sort(&["b@10", "a@0", "depth_early", "b@9", "x@y", "a@5"]).unwrap();
        let channel = |name: &str, features: &[usize]| Channel {
            name: name.to_owned(),
            features: features.to_vec(),
        };
        assert_eq!(
            sorted.channels(),
            [channel("b", &[3, 0]), channel("a", &[1, 5])]
        );
        assert_eq!(sorted.others(), [2, 4]);
    }

    #[test]
    fn one_epoch_twice_is_refused() {
        let error = sort(&["a@1", "a@01"]).unwrap_err().to_string();
        assert!(error.contains("two features are `a` at epoch 1"), "{error}");
    }
}
