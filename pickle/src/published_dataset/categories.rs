//! Names of tasks, architectures and learning rules, as others spell them.

use std::collections::BTreeMap;

use engram_schemas::{Architecture, LearningRule, Task};

use super::Spellings;

/// One name an example, as far as they are recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Categories<T> {
    /// Of every example, in order; nothing where the name is not known.
    pub members: Vec<Option<T>>,
    /// The names that are not known, with the number of examples of each.
    pub unrecognised: BTreeMap<String, usize>,
}

impl<T: Spelled> Categories<T> {
    /// Recognises every name, by `spellings` first. Nothing is guessed: what is not spelled in a known way is reported.
    pub(super) fn recognise<S: AsRef<str>>(names: &[S], spellings: &Spellings) -> Self {
        let mut known: BTreeMap<&str, Option<T>> = BTreeMap::new();
        let mut unrecognised: BTreeMap<String, usize> = BTreeMap::new();
        let members = names.iter().map(|name| {
            let name = name.as_ref();
            let ours = spellings.names.get(name).map_or(name, String::as_str);
            let member = *known.entry(name).or_insert_with(|| member(ours));
            if member.is_none() {
                *unrecognised.entry(name.to_owned()).or_default() += 1;
            }
            member
        });
        Self {
            members: members.collect(),
            unrecognised,
        }
    }
}

/// A closed set of names that has other spellings.
pub trait Spelled: Copy + 'static {
    /// Every member, with its own name.
    fn names() -> impl Iterator<Item = (&'static str, Self)>;

    /// Further spellings, in small letters and digits.
    const SPELLINGS: &'static [(&'static str, Self)];
}

impl Spelled for LearningRule {
    fn names() -> impl Iterator<Item = (&'static str, Self)> {
        Self::ALL.iter().map(|rule| (rule.as_str(), *rule))
    }

    const SPELLINGS: &'static [(&'static str, Self)] = &[
        ("momentum", Self::Sgdm),
        ("sgdmomentum", Self::Sgdm),
        ("sgdwithmomentum", Self::Sgdm),
        ("fa", Self::FeedbackAlignment),
        ("feedback", Self::FeedbackAlignment),
        ("ia", Self::InformationAlignment),
        ("information", Self::InformationAlignment),
        ("infoalignment", Self::InformationAlignment),
    ];
}

impl Spelled for Task {
    fn names() -> impl Iterator<Item = (&'static str, Self)> {
        Self::ALL.iter().map(|task| (task.as_str(), *task))
    }

    const SPELLINGS: &'static [(&'static str, Self)] = &[
        ("ilsvrc2012", Self::Imagenet),
        ("supervisedimagenet", Self::Imagenet),
        ("imagenetsupervised", Self::Imagenet),
        ("simclrimagenet", Self::Simclr),
        ("imagenetsimclr", Self::Simclr),
        ("wordspeakernoise", Self::Wsn),
        ("supervisedcifar10", Self::Cifar10),
    ];
}

impl Spelled for Architecture {
    fn names() -> impl Iterator<Item = (&'static str, Self)> {
        Self::ALL
            .iter()
            .map(|architecture| (architecture.as_str(), *architecture))
    }

    const SPELLINGS: &'static [(&'static str, Self)] = &[
        ("resnet18v1", Self::Resnet18),
        ("resnet34v1", Self::Resnet34),
    ];
}

fn member<T: Spelled>(name: &str) -> Option<T> {
    let name = letters(name);
    let further = T::SPELLINGS.iter().copied();
    let mut spellings = T::names().map(|(own, member)| (letters(own), member));
    let own = spellings
        .find(|(own, _)| *own == name)
        .map(|(_, member)| member);
    own.or_else(|| {
        further
            .into_iter()
            .find(|(spelling, _)| *spelling == name)
            .map(|(_, member)| member)
    })
}

/// A name's letters and digits alone, in small letters: what is left where writers differ in case and separators.
pub(super) fn letters(name: &str) -> String {
    let characters = name.chars().filter(|character| character.is_alphanumeric());
    characters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_recognised_and_nothing_is_guessed() {
        let none = Spellings::default();
        let rules = Categories::<LearningRule>::recognise(
            &[
                "SGDM",
                "Adam",
                "FA",
                "IA",
                "Information Alignment",
                "sgd",
                "sgd",
            ],
            &none,
        );
        assert_eq!(
            rules.members[..5],
            [
                Some(LearningRule::Sgdm),
                Some(LearningRule::Adam),
                Some(LearningRule::FeedbackAlignment),
                Some(LearningRule::InformationAlignment),
                Some(LearningRule::InformationAlignment),
            ]
        );
        assert_eq!(rules.members[5..], [None, None]);
        assert_eq!(rules.unrecognised, BTreeMap::from([("sgd".to_owned(), 2)]));

        let architectures = Categories::<Architecture>::recognise(
            &[
                "ResNet-18",
                "KNet4",
                "Alexnet-LRN",
                "resnet_34_v2",
                "ResNet18v1",
            ],
            &none,
        );
        assert_eq!(
            architectures.members,
            [
                Architecture::Resnet18,
                Architecture::Knet4,
                Architecture::AlexnetLrn,
                Architecture::Resnet34v2,
                Architecture::Resnet18
            ]
            .map(Some)
        );
        let tasks = Categories::<Task>::recognise(
            &[
                "ImageNet",
                "SimCLR",
                "Word-Speaker-Noise",
                "CIFAR-10",
                "wsn",
            ],
            &none,
        );
        assert_eq!(
            tasks.members,
            [
                Task::Imagenet,
                Task::Simclr,
                Task::Wsn,
                Task::Cifar10,
                Task::Wsn
            ]
            .map(Some)
        );
    }

    #[test]
    fn a_name_means_what_the_spellings_say() {
        let spellings = Spellings {
            names: BTreeMap::from([("sup-v2".to_owned(), "imagenet".to_owned())]),
            ..Spellings::default()
        };
        let tasks = Categories::<Task>::recognise(&["sup-v2", "wsn", "sup-v3"], &spellings);
        assert_eq!(tasks.members, [Some(Task::Imagenet), Some(Task::Wsn), None]);
        assert_eq!(
            tasks.unrecognised,
            BTreeMap::from([("sup-v3".to_owned(), 1)])
        );
    }
}
