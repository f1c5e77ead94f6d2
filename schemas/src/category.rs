//! Closed sets of names. Each is an enum whose text form is the one in sweep files, partition folders and SQL.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// Declares an enum of names with its text form, its list and its parsing.
macro_rules! category {
    ($(#[$doc:meta])* $name:ident, $kind:literal, { $($(#[$item_doc:meta])* $item:ident => $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum $name {
            $($(#[$item_doc])* $item,)+
        }

        impl $name {
            /// Every member, in declared order.
            pub const ALL: &'static [Self] = &[$(Self::$item,)+];

            /// The name as it stands in files, folders and SQL.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$item => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(given: &str) -> Result<Self> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|member| member.as_str() == given)
                    .ok_or_else(|| unknown_name($kind, given, Self::ALL.iter().map(|member| member.as_str())))
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(given: String) -> Result<Self> {
                given.parse()
            }
        }

        impl From<$name> for &'static str {
            fn from(member: $name) -> Self {
                member.as_str()
            }
        }
    };
}

category! {
    /// What a network is trained to do.
    Task, "task", {
        /// ILSVRC 2012 classification, 1000 classes.
        Imagenet => "imagenet",
        /// Contrastive self-supervision (NT-Xent) on ImageNet's images.
        Simclr => "simclr",
        /// Word-Speaker-Noise: spoken words in background noise, 794 classes.
        Wsn => "wsn",
        /// CIFAR-10 classification.
        Cifar10 => "cifar10",
        /// Optical recognition of handwritten digits, 8x8 images, 10 classes; embedded.
        Digits => "digits",
        /// Contrastive self-supervision on the digits.
        DigitsSimclr => "digits_simclr",
        /// Any folder of images with a subfolder a class.
        ImageFolder => "image_folder",
    }
}

category! {
    /// A network's architecture.
    Architecture, "architecture", {
        /// AlexNet without response normalisation.
        Alexnet => "alexnet",
        /// AlexNet with local response normalisation.
        AlexnetLrn => "alexnet_lrn",
        /// Post-activation residual network, 18 layers.
        Resnet18 => "resnet18",
        /// Pre-activation residual network, 18 layers.
        Resnet18v2 => "resnet18v2",
        /// Post-activation residual network, 34 layers.
        Resnet34 => "resnet34",
        /// Pre-activation residual network, 34 layers.
        Resnet34v2 => "resnet34v2",
        /// Post-activation residual network, 10 layers, 16 to 128 channels; for small images.
        Resnet10 => "resnet10",
        /// Three convolutions and a classifier, batch norm.
        Knet4 => "knet4",
        /// Three convolutions and a classifier, local response normalisation.
        Knet4Lrn => "knet4_lrn",
        /// Four convolutions and a classifier, batch norm.
        Knet5 => "knet5",
        /// Four convolutions and a classifier, local response normalisation.
        Knet5Lrn => "knet5_lrn",
    }
}

category! {
    /// The rule by which synapses change.
    LearningRule, "learning rule", {
        /// Backpropagation, stochastic gradient descent with momentum.
        Sgdm => "sgdm",
        /// Backpropagation, Adam.
        Adam => "adam",
        /// The error travels through fixed random weights (Lillicrap 2016).
        FeedbackAlignment => "feedback_alignment",
        /// The error travels through weights learned by a layer-local loss (Kunin 2020).
        InformationAlignment => "information_alignment",
        /// Feedback weights receive the forward weights' updates, and both decay (Kolen and Pollack 1994, Akrout 2019).
        KolenPollack => "kolen_pollack",
        /// Feedback weights follow the correlation of a layer's inputs and outputs (Akrout 2019).
        WeightMirror => "weight_mirror",
        /// Feedback weights are pulled toward the forward ones (Kunin 2020).
        SymmetricAlignment => "symmetric_alignment",
        /// Feedback weights learn to give the layer's activations (Kunin 2020).
        ActivationAlignment => "activation_alignment",
        /// The signs of the forward weights, one magnitude (Liao 2016).
        UniformSign => "uniform_sign",
        /// The signs of the forward weights, magnitudes drawn anew for every batch (Liao 2016).
        BatchwiseRandomSign => "batchwise_random_sign",
        /// The signs of the forward weights, fixed random magnitudes (Liao 2016).
        FixedRandomSign => "fixed_random_sign",
        /// The output's error reaches every layer directly through fixed random weights (Nokland 2016).
        DirectFeedbackAlignment => "direct_feedback_alignment",
    }
}

category! {
    /// Where in its network a layer lies.
    Depth, "depth", {
        /// Among the first third of the layers.
        Early => "early",
        /// Among the second third.
        Middle => "middle",
        /// The rest.
        Deep => "deep",
    }
}

category! {
    /// How weight norms and activity change are defined.
    Definition, "definition", {
        /// As physically measured: the norm of the whole kernel, the derivative through the forward kernel.
        Standard => "standard",
        /// As the study's published code computes them: the mean norm of the kernel's slices along its first axis, the
        /// derivative through the feedback kernel where the rule has one.
        Published => "published",
    }
}

category! {
    /// How a run ended.
    Status, "status", {
        /// All epochs were trained.
        Trained => "trained",
        /// The loss stopped being finite; the rows reach up to the last checkpoint before.
        Diverged => "diverged",
    }
}

category! {
    /// What its log says of a run.
    RunState, "run state", {
        /// It is being trained, or was when its worker was lost.
        Running => "running",
        /// All epochs were trained, and its file is there.
        Trained => "trained",
        /// Its loss stopped being finite, and its file is there.
        Diverged => "diverged",
        /// It could not be trained.
        Failed => "failed",
    }
}

impl From<Status> for RunState {
    fn from(status: Status) -> Self {
        match status {
            Status::Trained => Self::Trained,
            Status::Diverged => Self::Diverged,
        }
    }
}

impl LearningRule {
    /// The four rules of the study, whose networks its grid consists of.
    pub const STUDIED: [Self; 4] = [
        Self::Sgdm,
        Self::Adam,
        Self::FeedbackAlignment,
        Self::InformationAlignment,
    ];
}

impl Depth {
    /// Depth of layer `index` of `n_layers` by the study's grouping: with g = floor(n/3), the first g layers are early,
    /// the next g middle, the rest deep.
    pub fn of_layer(index: usize, n_layers: usize) -> Self {
        let group = n_layers / 3;
        match index {
            i if i < group => Self::Early,
            i if i < 2 * group => Self::Middle,
            _ => Self::Deep,
        }
    }
}

/// The error for `given`, with the nearest of the known names.
pub fn unknown_name<'a>(
    kind: &'static str,
    given: &str,
    known: impl Iterator<Item = &'a str>,
) -> Error {
    let known: Vec<String> = known.map(str::to_owned).collect();
    Error::UnknownName {
        kind,
        given: given.to_owned(),
        nearest: nearest(given, known.iter().map(String::as_str)).map(str::to_owned),
        known,
    }
}

/// The candidate that was most likely meant by `given`, if any is close enough to be worth saying.
pub fn nearest<'a>(given: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    candidates
        .map(|candidate| {
            (
                strsim::jaro_winkler(&given, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(similarity, _)| *similarity >= 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// How an error ends: the name that was probably meant, or else the whole list.
pub(crate) fn suggestion(nearest: Option<&str>, known: &[String]) -> String {
    match nearest {
        Some(name) => format!("; did you mean `{name}`?"),
        None => format!("; known are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for rule in LearningRule::ALL {
            assert_eq!(rule.as_str().parse::<LearningRule>().unwrap(), *rule);
        }
        for architecture in Architecture::ALL {
            assert_eq!(
                architecture.to_string().parse::<Architecture>().unwrap(),
                *architecture
            );
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let error = "knet4_lnr".parse::<Architecture>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown architecture `knet4_lnr`; did you mean `knet4_lrn`?"
        );
        let error = "zzz".parse::<Task>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown task `zzz`; known are imagenet, simclr, wsn, cifar10, digits, digits_simclr, image_folder"
        );
    }

    #[test]
    fn depth_takes_thirds_and_leaves_the_rest_deep() {
        let depths = |n| (0..n).map(|i| Depth::of_layer(i, n)).collect::<Vec<_>>();
        use Depth::{Deep, Early, Middle};
        assert_eq!(depths(4), [Early, Middle, Deep, Deep]);
        assert_eq!(depths(5), [Early, Middle, Deep, Deep, Deep]);
        assert_eq!(
            depths(8),
            [Early, Early, Middle, Middle, Deep, Deep, Deep, Deep]
        );
    }
}
