//! Image files in folders, a folder a class.

use std::fs;
use std::path::{Path, PathBuf};

use crate::images::{Picture, decode};
use crate::{Error, Result};

/// What the names of image files end in, in lower case.
const EXTENSIONS: [&str; 3] = ["jpg", "jpeg", "png"];

/// Folders within class folders are read to this depth, which ends circles of links.
const DEPTH: usize = 8;

/// Names in one piece of memory: a large data set has a million of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    text: String,
    ends: Vec<usize>,
}

impl Names {
    /// Adds a name.
    pub(crate) fn push(&mut self, name: &str) {
        self.text.push_str(name);
        self.ends.push(self.text.len());
    }

    /// Number of names.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Name `index`.
    pub(crate) fn get(&self, index: usize) -> &str {
        let start = match index {
            0 => 0,
            _ => self.ends[index - 1],
        };
        &self.text[start..self.ends[index]]
    }
}

/// The images of a folder of class folders. Classes and the images of each are in the order of their names.
#[derive(Clone, Debug)]
pub(crate) struct ClassFolders {
    root: PathBuf,
    classes: Vec<String>,
    /// Paths within the class folders, class by class.
    names: Names,
    /// For each class, the index after its last image.
    ends: Vec<usize>,
}

impl ClassFolders {
    /// Lists the class folders in `root`, which are `n_classes`. Hidden files, and files that are no images by their
    /// names, are passed over.
    ///
    /// # Errors
    /// When there are more or fewer class folders, or one has no image.
    pub(crate) fn list(root: &Path, n_classes: usize) -> Result<Self> {
        let mut folders = Self {
            root: root.to_owned(),
            classes: subfolders(root)?,
            names: Names::default(),
            ends: Vec::new(),
        };
        let n_found = folders.classes.len();
        if n_found != n_classes {
            return Err(Error::unusable(
                root,
                format!("it has {n_found} class folders, and the task has {n_classes} classes"),
                "name the folder whose subfolders are the classes, or set the task's n_classes to their number",
            ));
        }
        for class in &folders.classes {
            let folder = root.join(class);
            let names = images(&folder)?;
            if names.is_empty() {
                return Err(Error::unusable(
                    &folder,
                    "this class folder has no .jpg, .jpeg or .png file",
                    "remove the folder and count one class less, or fetch its images again",
                ));
            }
            names.iter().for_each(|name| folders.names.push(name));
            folders.ends.push(folders.names.len());
        }
        Ok(folders)
    }

    /// Names of the classes.
    pub(crate) fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Number of images.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Indices of the images of a class.
    pub(crate) fn members(&self, class: usize) -> std::ops::Range<usize> {
        let start = match class {
            0 => 0,
            _ => self.ends[class - 1],
        };
        start..self.ends[class]
    }

    /// Reads and decodes image `index`; returns its class, too.
    pub(crate) fn picture(&self, index: usize) -> Result<(Picture, usize)> {
        let class = self.ends.partition_point(|&end| end <= index);
        let path = self
            .root
            .join(&self.classes[class])
            .join(self.names.get(index));
        Ok((read_picture(&path)?, class))
    }

    /// Checks that `other` has the same classes.
    ///
    /// # Errors
    /// Names the first class that one of them lacks.
    pub(crate) fn check_same_classes(&self, other: &Self) -> Result<()> {
        for (one, another) in [(self, other), (other, self)] {
            for class in &one.classes {
                if another.classes.binary_search(class).is_err() {
                    return Err(Error::unusable(
                        &another.root,
                        format!(
                            "it lacks the class folder `{class}` of {}",
                            one.root.display()
                        ),
                        "give both the same class folders",
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Reads and decodes an image file.
///
/// # Errors
/// Names the file.
pub(crate) fn read_picture(path: &Path) -> Result<Picture> {
    let bytes = fs::read(path).map_err(|source| Error::read(path, source))?;
    decode(&bytes).map_err(|reason| {
        Error::unusable(
            path,
            reason,
            "fetch the file again, or take it out of the data set",
        )
    })
}

/// Names of the folders in `folder`, sorted; hidden ones are passed over.
pub(crate) fn subfolders(folder: &Path) -> Result<Vec<String>> {
    let entries = entries(folder)?.into_iter();
    Ok(entries
        .filter_map(|(name, is_folder)| is_folder.then_some(name))
        .collect())
}

/// Paths of the image files in `folder` and its subfolders, relative to it and sorted.
pub(crate) fn images(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    gather(folder, "", DEPTH, &mut found)?;
    found.sort_unstable();
    Ok(found)
}

fn gather(folder: &Path, prefix: &str, depth: usize, found: &mut Vec<String>) -> Result<()> {
    for (name, is_folder) in entries(folder)? {
        if is_folder {
            if depth > 0 {
                gather(
                    &folder.join(&name),
                    &format!("{prefix}{name}/"),
                    depth - 1,
                    found,
                )?;
            }
        } else if is_image(&name) {
            found.push(format!("{prefix}{name}"));
        }
    }
    Ok(())
}

/// Whether a file is an image by its name.
pub(crate) fn is_image(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| {
        EXTENSIONS
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}

/// Names in a folder that are not hidden, sorted, and whether each is a folder.
pub(crate) fn entries(folder: &Path) -> Result<Vec<(String, bool)>> {
    let read = |source| Error::read(folder, source);
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        let entry = entry.map_err(read)?;
        let name = entry.file_name().into_string().map_err(|name| {
            Error::unusable(
                &folder.join(name),
                "its name is not Unicode text",
                "rename it",
            )
        })?;
        if name.starts_with('.') {
            continue;
        }
        let kind = entry.file_type().map_err(read)?;
        let is_folder = kind.is_dir() || (kind.is_symlink() && entry.path().is_dir());
        entries.push((name, is_folder));
    }
    entries.sort_unstable();
    Ok(entries)
}

#[cfg(test)]
mod tests;
