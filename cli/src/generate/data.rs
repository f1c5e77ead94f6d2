//! Where the tasks' files lie: the sweep file's table `[data]`, and over it what the command line says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use engram_schemas::Task;

/// Reads `TASK=PATH`.
pub(crate) fn task_and_path(text: &str) -> Result<(Task, PathBuf), String> {
    let (task, path) = text.split_once('=').ok_or("write TASK=PATH")?;
    if path.is_empty() {
        return Err("the path is empty".to_owned());
    }
    let task = task.parse();
    Ok((
        task.map_err(|error: engram_schemas::Error| error.to_string())?,
        path.into(),
    ))
}

/// The place of every task that has one, as absolute paths. Relative paths of the sweep file are relative to its folder,
/// those of the command line to the working directory.
pub(crate) fn places(
    sweep: &Path,
    in_file: &BTreeMap<Task, String>,
    given: &[(Task, PathBuf)],
) -> anyhow::Result<BTreeMap<Task, PathBuf>> {
    let folder = sweep.parent().unwrap_or(Path::new(""));
    let in_file = in_file
        .iter()
        .map(|(&task, path)| (task, folder.join(path)));
    let absolute = |(task, path): (Task, PathBuf)| {
        let path = std::path::absolute(&path)
            .with_context(|| format!("cannot use {} for task `{task}`", path.display()))?;
        Ok((task, path))
    };
    in_file.chain(given.iter().cloned()).map(absolute).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_stands_over_the_sweep_file() {
        let in_file = BTreeMap::from([
            (Task::Imagenet, "images".to_owned()),
            (Task::Cifar10, "/data/cifar".to_owned()),
        ]);
        let given = [task_and_path("imagenet=/elsewhere/a=b").unwrap()];
        let seen = places(Path::new("/sweeps/paper.toml"), &in_file, &[]).unwrap();
        assert_eq!(seen[&Task::Imagenet], Path::new("/sweeps/images"));
        assert_eq!(seen[&Task::Cifar10], Path::new("/data/cifar"));
        let seen = places(Path::new("/sweeps/paper.toml"), &in_file, &given).unwrap();
        assert_eq!(seen[&Task::Imagenet], Path::new("/elsewhere/a=b"));
        let seen = places(Path::new("paper.toml"), &in_file, &[]).unwrap();
        assert_eq!(
            seen[&Task::Imagenet],
            std::env::current_dir().unwrap().join("images")
        );
    }

    #[test]
    fn a_mistyped_task_is_answered_with_the_nearest() {
        let text = task_and_path("imagent=/data").unwrap_err();
        assert!(text.contains("did you mean `imagenet`?"), "{text}");
        assert_eq!(task_and_path("imagenet").unwrap_err(), "write TASK=PATH");
        assert_eq!(task_and_path("imagenet=").unwrap_err(), "the path is empty");
    }
}
