//! The settings that are tried: the study's grid of every classifier, and a reduced one.

use std::collections::BTreeSet;

use crate::conv1d_mlp::{self, Pooling};
use crate::{
    Conv1dMlpSettings, Kind, LinearSvmSettings, MaxFeatures, RandomForestSettings, Result,
    Settings, Trajectories,
};

/// Trees of the study's forests.
const TREES: [usize; 5] = [20, 50, 100, 500, 1000];
/// The study's weights of examples on the wrong side of their margin.
const CS: [f64; 7] = [1.0, 50.0, 500.0, 5e3, 5e4, 5e5, 5e6];
/// The study's numbers of principal components.
const COMPONENTS: [usize; 11] = [10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 600];

/// The study's widths of filters, as shares of a trajectory's points.
const KERNEL_SHARES: [f64; 6] = [0.003, 0.007, 0.05, 0.25, 0.5, 1.0];

/// Which settings are tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Grid {
    /// All of the study's.
    #[default]
    Full,
    /// A few of them.
    Quick,
}

impl Grid {
    /// The settings of a classifier, for `n_examples` to learn from: of the study's grid what fits them and their features,
    /// each once.
    ///
    /// # Errors
    /// As [`Trajectories::from_feature_names`].
    pub fn points(
        self,
        kind: Kind,
        n_examples: usize,
        feature_names: &[String],
    ) -> Result<Vec<Settings>> {
        Ok(match kind {
            Kind::RandomForest => self.forests(),
            Kind::LinearSvm => self.machines(n_examples.min(feature_names.len())),
            Kind::Conv1dMlp => {
                let trajectories = Trajectories::from_feature_names(feature_names)?;
                self.networks(conv1d_mlp::n_points(&trajectories))
            }
            // Not in the study: as they come.
            _ => vec![kind.settings()],
        })
    }

    /// All settings of a classifier that are tried where examples and points of a trajectory are enough for all of them, one
    /// a line, as JSON: what a grid holds, for the names of results.
    ///
    /// # Errors
    /// As [`points`](Self::points), of which none is to be expected.
    pub fn content(self, kind: Kind) -> Result<String> {
        // Enough that every share of them is another number of points, and that all components fit.
        let long: Vec<String> = (0..1000).map(|point| format!("x@{point}")).collect();
        let points = self.points(kind, long.len(), &long)?;
        let json = |point| serde_json::to_string(point).unwrap_or_default();
        Ok(points.iter().map(json).collect::<Vec<_>>().join("\n"))
    }

    fn forests(self) -> Vec<Settings> {
        let (trees, max_features) = match self {
            Self::Full => (&TREES[..], &MaxFeatures::ALL[..]),
            Self::Quick => (&TREES[2..4], &MaxFeatures::ALL[..1]),
        };
        let forest = |max_features, n_trees| {
            Settings::RandomForest(RandomForestSettings {
                n_trees,
                max_features,
                ..RandomForestSettings::default()
            })
        };
        max_features
            .iter()
            .flat_map(|&max_features| trees.iter().map(move |&trees| forest(max_features, trees)))
            .collect()
    }

    /// Networks over trajectories of `n_points`. Kernels of equally many points are one, and where a filter has a single place,
    /// so are strides and poolings.
    fn networks(self, n_points: usize) -> Vec<Settings> {
        const POOLINGS: [Pooling; 3] = [Pooling::None, Pooling::Max, Pooling::Average];
        let (shares, filters, strides, poolings) = match self {
            Self::Full => (
                &KERNEL_SHARES[..],
                &[20, 40][..],
                &[1, 2, 4][..],
                &POOLINGS[..],
            ),
            Self::Quick => (&KERNEL_SHARES[4..], &[40][..], &[1][..], &POOLINGS[..1]),
        };
        let (rates, batches, decays) = match self {
            Self::Full => (&[1e-3, 1e-4][..], &[512, 1024][..], &[1e-4, 0.0][..]),
            Self::Quick => (&[1e-3][..], &[512, 1024][..], &[0.0][..]),
        };
        let mut seen = BTreeSet::new();
        let mut points = Vec::new();
        for &kernel_share in shares {
            for (&n_filters, &stride, &pooling) in product(filters, strides, poolings) {
                let shape = Conv1dMlpSettings {
                    kernel_share,
                    n_filters,
                    stride,
                    pooling,
                    ..Conv1dMlpSettings::default()
                };
                let kernel = shape.kernel(n_points);
                let has_one_place = n_points - kernel < stride;
                let places = (!has_one_place).then(|| (stride, format!("{pooling:?}")));
                if !seen.insert((kernel, n_filters, places)) {
                    continue;
                }
                for (&learning_rate, &batch_size, &weight_decay) in product(rates, batches, decays)
                {
                    points.push(Settings::Conv1dMlp(Conv1dMlpSettings {
                        learning_rate,
                        batch_size,
                        weight_decay,
                        ..shape.clone()
                    }));
                }
            }
        }
        points
    }

    fn machines(self, most_components: usize) -> Vec<Settings> {
        let (cs, components) = match self {
            Self::Full => (&CS[..], &COMPONENTS[..]),
            Self::Quick => (&CS[..3], &[][..]),
        };
        let fitting = components.iter().filter(|&&n| n <= most_components);
        let machine = |n_components, c| {
            Settings::LinearSvm(LinearSvmSettings {
                c,
                n_components,
                ..LinearSvmSettings::default()
            })
        };
        [None]
            .into_iter()
            .chain(fitting.copied().map(Some))
            .flat_map(|n_components| cs.iter().map(move |&c| machine(n_components, c)))
            .collect()
    }
}

/// All combinations.
fn product<'a, A, B, C>(
    a: &'a [A],
    b: &'a [B],
    c: &'a [C],
) -> impl Iterator<Item = (&'a A, &'a B, &'a C)> {
    a.iter()
        .flat_map(move |a| b.iter().flat_map(move |b| c.iter().map(move |c| (a, b, c))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The study's 24 trajectories of 21 points and 3 depth indicators.
    fn names() -> Vec<String> {
        let points =
            (0..24).flat_map(|n| (0..21).map(move |epoch| format!("statistic_{n}@{epoch}")));
        let depths = ["depth_early", "depth_middle", "depth_deep"].map(str::to_owned);
        points.chain(depths).collect()
    }

    #[test]
    fn the_full_grids_are_the_studys() {
        let names = names();
        let n = |kind, n_examples| Grid::Full.points(kind, n_examples, &names).unwrap().len();
        assert_eq!(n(Kind::RandomForest, 15_552), 15);
        // Without components and with 10 to 500 of them; 600 do not fit.
        assert_eq!(n(Kind::LinearSvm, 15_552), 7 * 11);
        assert_eq!(n(Kind::LinearSvm, 45), 7 * 5);
        // Kernels of 1, 2, 6 and 11 points in 3 strides and 3 poolings, and one of all 21 points; each with 2 numbers of
        // filters, 2 rates, 2 sizes of a batch, 2 decays.
        assert_eq!(n(Kind::Conv1dMlp, 15_552), (4 * 9 + 1) * 16);
    }

    #[test]
    fn networks_of_filters_with_a_single_place_are_one() {
        let names: Vec<String> = (0..5).map(|point| format!("x@{point}")).collect();
        let points = Grid::Full.points(Kind::Conv1dMlp, 100, &names).unwrap();
        let n_of = |kernel: usize| {
            let of_kernel = points.iter().filter(|point| match point {
                Settings::Conv1dMlp(network) => network.kernel(5) == kernel,
                _ => false,
            });
            of_kernel.count() / 16
        };
        // A kernel of two points has four places, two in strides of two, and one in strides of four.
        assert_eq!([1, 2, 3, 5].map(n_of), [9, 7, 7, 1]);
    }

    #[test]
    fn a_quick_grid_is_a_part_of_the_full_one() {
        for kind in [Kind::RandomForest, Kind::LinearSvm, Kind::Conv1dMlp] {
            let full = Grid::Full.points(kind, 1_000, &names()).unwrap();
            let quick = Grid::Quick.points(kind, 1_000, &names()).unwrap();
            assert!(quick.len() > 1 && quick.len() < full.len());
            assert!(quick.iter().all(|point| full.contains(point)));
        }
    }

    #[test]
    fn the_content_of_a_grid_is_all_of_it() {
        let n = |grid: Grid, kind| grid.content(kind).unwrap().lines().count();
        assert_eq!(n(Grid::Full, Kind::RandomForest), 15);
        assert_eq!(n(Grid::Full, Kind::LinearSvm), 7 * 12);
        assert_eq!(n(Grid::Full, Kind::Conv1dMlp), (5 * 9 + 1) * 16);
        assert_eq!(n(Grid::Quick, Kind::Conv1dMlp), 4);
        assert_eq!(n(Grid::Quick, Kind::NaiveBayes), 1);
    }
}
