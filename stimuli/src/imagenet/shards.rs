//! Tar shards as WebDataset has them: `NAME.jpg` and `NAME.cls`, the class as a number in decimal, beside each other.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::archive::{Member, members};
use crate::class_folders::is_image;
use crate::images::{Picture, Pictures, decode};
use crate::section::Section;
use crate::{Error, Result, Set};

/// Longest text of a class's number.
const LONGEST_CLASS: u64 = 32;

/// An image in a shard.
#[derive(Clone, Copy, Debug)]
struct Place {
    shard: u32,
    class: u32,
    start: u64,
    size: u32,
}

/// The images in tar shards.
#[derive(Debug)]
pub(crate) struct Shards {
    paths: Vec<PathBuf>,
    train: Vec<Place>,
    validation: Vec<Place>,
}

impl Shards {
    /// Indexes the shards among the files called `names` in `data`: those with a part of the name that begins with
    /// `train` or `val`. Nothing, where there is no such file.
    pub(super) fn open<'a>(
        data: &Path,
        names: impl Iterator<Item = &'a str>,
        n_classes: usize,
    ) -> Result<Option<Self>> {
        let mut shards = Self {
            paths: Vec::new(),
            train: Vec::new(),
            validation: Vec::new(),
        };
        for name in names {
            let Some(set) = set_of(name) else {
                continue;
            };
            let path = data.join(name);
            let places = index(&path, shards.paths.len() as u32, n_classes)?;
            shards.paths.push(path);
            match set {
                Set::Train => shards.train.extend(places),
                Set::Validation => shards.validation.extend(places),
            }
        }
        if shards.paths.is_empty() {
            return Ok(None);
        }
        for (places, which) in [(&shards.train, "train"), (&shards.validation, "val")] {
            if places.is_empty() {
                return Err(Error::unusable(
                    data,
                    format!("it has no images in shards called {which}*.tar"),
                    "put the shards of both sets into one folder",
                ));
            }
        }
        let mut seen = vec![false; n_classes];
        for place in &shards.train {
            seen[place.class as usize] = true;
        }
        let n_found = seen.iter().filter(|seen| **seen).count();
        if n_found != n_classes {
            return Err(Error::unusable(
                data,
                format!(
                    "its training shards have images of {n_found} classes, and the task has {n_classes} classes"
                ),
                "fetch the shards that are missing, or set the task's n_classes to their number",
            ));
        }
        Ok(Some(shards))
    }

    fn places(&self, set: Set) -> &[Place] {
        match set {
            Set::Train => &self.train,
            Set::Validation => &self.validation,
        }
    }
}

impl Pictures for Shards {
    fn n_examples(&self, set: Set) -> usize {
        self.places(set).len()
    }

    fn picture(&self, set: Set, index: usize) -> Result<(Picture, usize)> {
        let place = self.places(set)[index];
        let path = &self.paths[place.shard as usize];
        let mut bytes = vec![0; place.size as usize];
        // Shards are not kept open: there may be more than a process may have open files.
        File::open(path)
            .and_then(|mut file| {
                file.seek(SeekFrom::Start(place.start))?;
                file.read_exact(&mut bytes)
            })
            .map_err(|source| Error::read(path, source))?;
        match decode(&bytes) {
            Ok(picture) => Ok((picture, place.class as usize)),
            Err(reason) => {
                let members = members(&Section::open(path)?)?;
                let member = members.iter().find(|member| member.start == place.start);
                let name = member.map_or("that is gone", |member| &member.name);
                Err(unusable(path, name, &reason))
            }
        }
    }
}

/// The set that a shard belongs to, by its name.
fn set_of(name: &str) -> Option<Set> {
    let stem = name.strip_suffix(".tar")?.to_ascii_lowercase();
    stem.split(|letter: char| !letter.is_ascii_alphanumeric())
        .find_map(|part| match part {
            _ if part.starts_with("train") => Some(Set::Train),
            _ if part.starts_with("val") => Some(Set::Validation),
            _ => None,
        })
}

/// Finds the images of a shard.
fn index(path: &Path, shard: u32, n_classes: usize) -> Result<Vec<Place>> {
    let section = Section::open(path)?;
    let mut places = Vec::new();
    let members = members(&section)?;
    // Members of an example have one name up to the first dot and stand together.
    for example in members.chunk_by(|one, other| key(&one.name) == key(&other.name)) {
        let image = example.iter().find(|member| is_image(&member.name));
        let label = example.iter().find(|member| member.name.ends_with(".cls"));
        let (image, label) = match (image, label) {
            (Some(image), Some(label)) => (image, label),
            (Some(image), None) => {
                let reason = "it has no .cls member beside it that says its class";
                return Err(unusable(path, &image.name, reason));
            }
            (None, Some(label)) => {
                let reason = "it has no .jpg, .jpeg or .png member beside it";
                return Err(unusable(path, &label.name, reason));
            }
            (None, None) => continue,
        };
        let size = u32::try_from(image.size)
            .map_err(|_| unusable(path, &image.name, "it is larger than 4 GiB"))?;
        places.push(Place {
            shard,
            class: class(&section, label, n_classes)?,
            start: image.start,
            size,
        });
    }
    Ok(places)
}

/// A member's path up to the first dot of its last part.
fn key(name: &str) -> &str {
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    match name[last..].find('.') {
        Some(dot) => &name[..last + dot],
        None => name,
    }
}

fn class(section: &Section, label: &Member, n_classes: usize) -> Result<u32> {
    let mut text = vec![0; label.size.min(LONGEST_CLASS) as usize];
    section.read_at(label.start, &mut text)?;
    let text = String::from_utf8_lossy(&text);
    match text.trim().parse() {
        Ok(class) if (class as usize) < n_classes => Ok(class),
        _ => {
            let reason = format!(
                "it says `{}`, and a class is a number from 0 to {}",
                text.trim().escape_debug(),
                n_classes - 1
            );
            Err(unusable(section.name(), &label.name, &reason))
        }
    }
}

fn unusable(path: &Path, member: &str, reason: &str) -> Error {
    Error::unusable(
        path,
        format!("member `{member}`: {reason}"),
        "fetch the shard again, or make it again without that example",
    )
}
