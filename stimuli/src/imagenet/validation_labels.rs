//! The classes of validation images that lie beside each other, from whichever of the usual files is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::matlab;
use crate::{Error, Result};

/// Lines of a file's name and its class: the class folder's name, or its place in their order from 0.
const LIST: &str = "val.txt";

/// Lines of an image's name and, after a comma, the class folder's name and boxes.
const TABLE: &str = "LOC_val_solution.csv";

/// Lines of numbers, in the order of the images; the development kit's `meta.mat` says which class folders they mean.
const GROUND_TRUTH: &str = "ILSVRC2012_validation_ground_truth.txt";
const META: &str = "meta.mat";

/// Where the development kit's files are looked for, from the data folder.
const KIT: [&str; 4] = ["", "val", "data", "ILSVRC2012_devkit_t12/data"];

/// The classes of images by their files' names without extension.
#[derive(Debug)]
pub(super) struct ValidationLabels {
    /// The file that says so.
    path: PathBuf,
    classes: BTreeMap<String, u32>,
}

impl ValidationLabels {
    /// Reads the first of the usual files that is in `data` or in its `folder` of validation images. `classes` are the
    /// names of the class folders, sorted.
    pub(super) fn find(data: &Path, folder: &Path, classes: &[String]) -> Result<Self> {
        for place in [data, folder] {
            let list = place.join(LIST);
            if list.is_file() {
                return Self::list(list, classes);
            }
            let table = place.join(TABLE);
            if table.is_file() {
                return Self::table(table, classes);
            }
        }
        for place in KIT.map(|place| data.join(place)) {
            let ground_truth = place.join(GROUND_TRUTH);
            if ground_truth.is_file() {
                return Self::ground_truth(ground_truth, &place.join(META), classes);
            }
        }
        Err(Error::unusable(
            folder,
            "its images are not in class folders, and nothing says which class each is of",
            format!(
                "put {LIST}, {TABLE}, or {GROUND_TRUTH} with {META} into {}",
                data.display()
            ),
        ))
    }

    fn list(path: PathBuf, names: &[String]) -> Result<Self> {
        let mut classes = BTreeMap::new();
        for (place, line) in lines(&path)? {
            let mut words = line.split_whitespace();
            let (Some(name), Some(class), None) = (words.next(), words.next(), words.next()) else {
                return Err(wrong_line(
                    &path,
                    place,
                    "it is not a file's name and a class",
                ));
            };
            let number = class.parse().ok();
            let class = number
                .filter(|&class: &usize| class < names.len())
                .or_else(|| number_of(names, class))
                .ok_or_else(|| {
                    let reason = format!(
                        "`{class}` is neither a class folder nor a number from 0 to {}",
                        names.len() - 1
                    );
                    wrong_line(&path, place, &reason)
                })?;
            classes.insert(stem(name).to_owned(), class as u32);
        }
        Ok(Self { path, classes })
    }

    fn table(path: PathBuf, names: &[String]) -> Result<Self> {
        let mut classes = BTreeMap::new();
        for (place, line) in lines(&path)?.into_iter().skip(1) {
            let fields = line.split_once(',');
            let class = fields.and_then(|(_, boxes)| boxes.split_whitespace().next());
            let (Some((name, _)), Some(class)) = (fields, class) else {
                return Err(wrong_line(
                    &path,
                    place,
                    "it is not an image's name, a comma and its boxes",
                ));
            };
            let Some(class) = number_of(names, class) else {
                let reason = format!("there is no class folder `{class}`");
                return Err(wrong_line(&path, place, &reason));
            };
            classes.insert(name.to_owned(), class as u32);
        }
        Ok(Self { path, classes })
    }

    fn ground_truth(path: PathBuf, meta: &Path, names: &[String]) -> Result<Self> {
        let bytes = fs::read(meta).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => Error::unusable(
                meta,
                format!(
                    "it is missing, and {} has the numbers that it explains",
                    path.display()
                ),
                "copy both from the development kit, ILSVRC2012_devkit_t12/data",
            ),
            _ => Error::read(meta, source),
        })?;
        let folders = matlab::classes(&bytes).map_err(|reason| {
            Error::unusable(meta, reason, "copy it from the development kit again")
        })?;
        let mut classes = BTreeMap::new();
        for (place, line) in lines(&path)? {
            let folder = line
                .trim()
                .parse()
                .ok()
                .and_then(|number: u32| folders.get(&number));
            let Some(class) = folder.and_then(|folder| number_of(names, folder)) else {
                let reason = match folder {
                    Some(folder) => format!("it means class folder `{folder}`, which is not there"),
                    None => format!("`{}` is no class of {}", line.trim(), meta.display()),
                };
                return Err(wrong_line(&path, place, &reason));
            };
            classes.insert(format!("ILSVRC2012_val_{place:08}"), class as u32);
        }
        Ok(Self { path, classes })
    }

    /// The class of the file `name`, which is not asked for again.
    pub(super) fn take(&mut self, folder: &Path, name: &str) -> Result<u32> {
        self.classes.remove(stem(name)).ok_or_else(|| {
            Error::unusable(
                &folder.join(name),
                format!("{} does not say which class it is of", self.path.display()),
                "use the file of labels that belongs to these images",
            )
        })
    }

    /// Checks that every image of the file of labels was there.
    pub(super) fn check_all_taken(&self, folder: &Path) -> Result<()> {
        match self.classes.first_key_value() {
            None => Ok(()),
            Some((name, _)) => Err(Error::unusable(
                folder,
                format!(
                    "it lacks {} of the images that {} lists, the first of them `{name}`",
                    self.classes.len(),
                    self.path.display()
                ),
                "unpack ILSVRC2012_img_val.tar again",
            )),
        }
    }
}

/// Lines that are not empty, counted from 1.
fn lines(path: &Path) -> Result<Vec<(usize, String)>> {
    let text = fs::read_to_string(path).map_err(|source| Error::read(path, source))?;
    let lines = text
        .lines()
        .zip(1..)
        .filter(|(line, _)| !line.trim().is_empty());
    Ok(lines
        .map(|(line, place)| (place, line.to_owned()))
        .collect())
}

fn number_of(names: &[String], class: &str) -> Option<usize> {
    names.binary_search_by(|name| name.as_str().cmp(class)).ok()
}

/// A file's name without folders and extension.
fn stem(name: &str) -> &str {
    let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn wrong_line(path: &Path, place: usize, reason: &str) -> Error {
    Error::unusable(
        path,
        format!("line {place}: {reason}"),
        "use the file that belongs to these class folders, and set n_classes to their number",
    )
}
