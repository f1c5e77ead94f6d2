//! Which sounds a data folder holds: clips with their classes, and background noise, each for training and for validation.
//!
//! `docs/tasks-speech.md` has the folder's layout. Nothing but names is read here; a file is opened when its clip is wanted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use engram_plan::{SpeechLabel, TaskSettings};
use engram_schemas::randomness;
use rand::seq::SliceRandom;

use super::labels::{self, LABELS};
use super::unusable;
use crate::{Error, Result};

/// The folder of clips, inside the data folder.
const SPEECH: &str = "speech";

/// The folder of background noise, inside the data folder.
const NOISE: &str = "noise";

/// Folders of a split that the data come with, inside the other two.
const PARTS: [&str; 2] = ["train", "val"];

/// A clip and what is to be told of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Clip {
    pub(super) path: PathBuf,
    /// Place of its word or speaker in their alphabetical order.
    pub(super) class: usize,
}

/// The sounds of one set, in the order of their paths.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sounds {
    pub(super) clips: Vec<Clip>,
    pub(super) noises: Vec<PathBuf>,
}

/// A clip as it is found, with the name of its word or speaker.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) label: String,
}

/// Finds the sounds to train on and to validate with.
///
/// # Errors
/// When folders or labels are missing or contradict each other, when the classes are not as many as `task` says, or when a
/// class has too few clips.
pub(super) fn find(task: &TaskSettings, data: &Path, dataset_seed: u64) -> Result<[Sounds; 2]> {
    if !data.is_dir() {
        let hint = "it must hold the folders speech/ and noise/; see docs/tasks-speech.md";
        return Err(unusable(data, "there is no such folder", hint));
    }
    let label = task.label.unwrap_or_default();
    let speech = data.join(SPEECH);
    let listed = data.join(LABELS);
    let parts = parts(&speech);
    let mut found: [Vec<Found>; 2] = Default::default();
    if listed.exists() {
        let clips = labels::read(&listed, data, label)?;
        match &parts {
            None => found[0] = clips,
            Some(folders) => {
                for clip in clips {
                    let part = folders.iter().position(|part| clip.path.starts_with(part));
                    let Some(part) = part else {
                        let reason = format!(
                            "it lists {}, which is neither in speech/train nor in speech/val",
                            clip.path.display()
                        );
                        let hint = "move the clip into one of the two, or take both folders away";
                        return Err(unusable(&listed, reason, hint));
                    };
                    found[part].push(clip);
                }
            }
        }
    } else if let Some(folders) = &parts {
        for (found, folder) in found.iter_mut().zip(folders) {
            *found = word_folders(folder, label)?;
        }
    } else {
        found[0] = word_folders(&speech, label)?;
    }
    for clips in &mut found {
        clips.sort_unstable();
    }
    let names = classes(task, label, &speech, &found[0])?;
    let [train, validation] = found.map(|clips| with_classes(clips, &names, label, &speech));
    let [mut train, mut validation] = [train?, validation?];
    if parts.is_none() {
        let fraction = task.validation_fraction();
        validation = hold_out(&mut train, &names, label, fraction, dataset_seed, &speech)?;
    } else if validation.is_empty() {
        let hint = "put clips into it, or take the folders train/ and val/ away";
        return Err(unusable(&speech.join("val"), "it holds no clip", hint));
    }
    let [train_noises, validation_noises] = noises(data)?;
    Ok([
        Sounds {
            clips: train,
            noises: train_noises,
        },
        Sounds {
            clips: validation,
            noises: validation_noises,
        },
    ])
}

/// The folders of the split that `folder` comes with, if it does.
fn parts(folder: &Path) -> Option<[PathBuf; 2]> {
    let parts = PARTS.map(|name| folder.join(name));
    parts.iter().all(|part| part.is_dir()).then_some(parts)
}

/// The clips of a folder that has one folder a word.
fn word_folders(folder: &Path, label: SpeechLabel) -> Result<Vec<Found>> {
    if !folder.is_dir() {
        let hint = "make one folder a word in it: speech/WORD/SPEAKER_1.wav";
        return Err(unusable(folder, "there is no such folder", hint));
    }
    let mut clips = Vec::new();
    for word in entries(folder)? {
        // Speech Commands keeps its noise beside the words, in `_background_noise_`.
        if !word.is_dir() || name(&word).starts_with(['_', '.']) {
            continue;
        }
        let waves = waves(&word)?;
        if waves.is_empty() {
            let hint = "put .wav files into it (others: ffmpeg -i FILE NEW.wav), or take it away";
            return Err(unusable(&word, "no clip of this word is there", hint));
        }
        for path in waves {
            let label = match label {
                SpeechLabel::Word => name(&word),
                SpeechLabel::Speaker => speaker(&path)?,
            };
            clips.push(Found { path, label });
        }
    }
    if clips.is_empty() {
        let hint =
            "make one folder a word, speech/WORD/SPEAKER_1.wav, or list the clips in labels.csv";
        return Err(unusable(folder, "it has no folders of clips", hint));
    }
    Ok(clips)
}

/// The name of a clip up to the first underscore.
fn speaker(path: &Path) -> Result<String> {
    let name = name(path);
    match name.split_once('_') {
        Some((speaker, _)) if !speaker.is_empty() => Ok(speaker.to_owned()),
        _ => {
            let hint = "name it SPEAKER_1.wav, or list clips and speakers in labels.csv";
            Err(unusable(path, "its name says no speaker", hint))
        }
    }
}

/// The names of the classes of `clips`, in alphabetical order and as many as the task says.
fn classes(
    task: &TaskSettings,
    label: SpeechLabel,
    speech: &Path,
    clips: &[Found],
) -> Result<BTreeMap<String, usize>> {
    let mut names: BTreeMap<String, usize> =
        clips.iter().map(|clip| (clip.label.clone(), 0)).collect();
    for (place, class) in names.values_mut().enumerate() {
        *class = place;
    }
    let (n, wanted) = (names.len(), task.n_outputs());
    if n != wanted {
        let span = match (names.keys().next(), names.keys().next_back()) {
            (Some(first), Some(last)) if n > 1 => format!(" ({first} .. {last})"),
            (Some(only), _) => format!(" ({only})"),
            _ => String::new(),
        };
        let said = match task.n_classes {
            Some(_) => "the sweep file says",
            None => "the study has",
        };
        let reason = format!("it has {n} {}{span}, and {said} {wanted}", plural(label));
        let hint = format!(
            "write n_classes = {n} into the task in the sweep file, or put the folder right"
        );
        return Err(unusable(speech, reason, hint));
    }
    Ok(names)
}

fn with_classes(
    clips: Vec<Found>,
    names: &BTreeMap<String, usize>,
    label: SpeechLabel,
    speech: &Path,
) -> Result<Vec<Clip>> {
    let number = |clip: Found| match names.get(&clip.label) {
        Some(&class) => Ok(Clip {
            path: clip.path,
            class,
        }),
        None => {
            let reason = format!(
                "`{}` is among the {} to validate with and not among those to train on",
                clip.label,
                plural(label)
            );
            let hint = "put clips of it into speech/train, or take it out of speech/val";
            Err(unusable(speech, reason, hint))
        }
    };
    clips.into_iter().map(number).collect()
}

/// Takes the same share of every class out of `clips`, by a generator of the dataset seed's own.
fn hold_out(
    clips: &mut Vec<Clip>,
    names: &BTreeMap<String, usize>,
    label: SpeechLabel,
    fraction: f64,
    dataset_seed: u64,
    speech: &Path,
) -> Result<Vec<Clip>> {
    let mut members = vec![Vec::new(); names.len()];
    for clip in clips.drain(..) {
        members[clip.class].push(clip);
    }
    let mut validation = Vec::new();
    for ((name, &class), mut members) in names.iter().zip(members) {
        if members.len() < 2 {
            let reason = format!(
                "`{name}` has one clip, and every one of the {} needs one to train on and one to validate with",
                plural(label)
            );
            return Err(unusable(speech, reason, "add clips of it, or take it away"));
        }
        let mut random = randomness::generator("speech split", dataset_seed, class as u64);
        members.shuffle(&mut random);
        let n_held_out = (members.len() as f64 * fraction).round() as usize;
        let n_trained = members.len() - n_held_out.clamp(1, members.len() - 1);
        validation.extend(members.drain(n_trained..));
        clips.append(&mut members);
    }
    clips.sort_unstable();
    validation.sort_unstable();
    Ok(validation)
}

/// The noises to train and to validate with: the same, unless they come in two folders.
fn noises(data: &Path) -> Result<[Vec<PathBuf>; 2]> {
    let folder = data.join(NOISE);
    let hint = "put recordings of background noise there, .wav files of any length";
    if !folder.is_dir() {
        return Err(unusable(&folder, "there is no such folder", hint));
    }
    let folders = parts(&folder).unwrap_or_else(|| [folder.clone(), folder.clone()]);
    let noises = folders.each_ref().map(|folder| waves(folder));
    for (folder, noises) in folders.iter().zip(&noises) {
        if noises.as_ref().is_ok_and(Vec::is_empty) {
            return Err(unusable(folder, "it holds no .wav file", hint));
        }
    }
    let [train, validation] = noises;
    Ok([train?, validation?])
}

/// The `.wav` files of a folder, in the order of their names. Hidden files are none.
fn waves(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = entries(folder)?;
    paths.retain(|path| {
        let is_wave = path
            .extension()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("wav"));
        is_wave && !name(path).starts_with('.') && path.is_file()
    });
    Ok(paths)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |source| Error::Read {
        path: folder.to_owned(),
        source,
    };
    let mut paths = std::fs::read_dir(folder)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()).map_err(failed))
        .collect::<Result<Vec<_>>>()?;
    paths.sort_unstable();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn plural(label: SpeechLabel) -> &'static str {
    match label {
        SpeechLabel::Word => "words",
        SpeechLabel::Speaker => "speakers",
    }
}

#[cfg(test)]
mod tests;
