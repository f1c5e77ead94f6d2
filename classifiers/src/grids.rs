//! The settings that are tried: the study's grid of every classifier, and a reduced one.

use crate::{Kind, LinearSvmSettings, MaxFeatures, RandomForestSettings, Settings};

/// Trees of the study's forests.
const TREES: [usize; 5] = [20, 50, 100, 500, 1000];
/// The study's weights of examples on the wrong side of their margin.
const CS: [f64; 7] = [1.0, 50.0, 500.0, 5e3, 5e4, 5e5, 5e6];
/// The study's numbers of principal components.
const COMPONENTS: [usize; 11] = [10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 600];

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
    /// The settings of a classifier, for `n_examples` to learn from of `n_features`: of the study's grid what fits them.
    pub fn points(self, kind: Kind, n_examples: usize, n_features: usize) -> Vec<Settings> {
        match kind {
            Kind::RandomForest => self.forests(),
            Kind::LinearSvm => self.machines(n_examples.min(n_features)),
            // Not in the study: as they come.
            _ => vec![kind.settings()],
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_grids_are_the_studys() {
        let n =
            |kind, n_examples, n_features| Grid::Full.points(kind, n_examples, n_features).len();
        assert_eq!(n(Kind::RandomForest, 15_552, 507), 15);
        // Without components and with 10 to 500 of them; 600 do not fit.
        assert_eq!(n(Kind::LinearSvm, 15_552, 507), 7 * 11);
        assert_eq!(n(Kind::LinearSvm, 45, 507), 7 * 5);
    }

    #[test]
    fn a_quick_grid_is_a_part_of_the_full_one() {
        for kind in [Kind::RandomForest, Kind::LinearSvm] {
            let full = Grid::Full.points(kind, 1_000, 507);
            let quick = Grid::Quick.points(kind, 1_000, 507);
            assert!(quick.len() > 1 && quick.len() < full.len());
            assert!(quick.iter().all(|point| full.contains(point)));
        }
    }
}
