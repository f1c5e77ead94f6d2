use std::sync::Arc;

use engram_plan::TaskSettings;
use engram_schemas::Task;

use crate::fixtures::{SEEDS, write_photographs};
use crate::{Batches, Error, Set, Stimuli, View, open};

fn folder_task(name: Task) -> TaskSettings {
    TaskSettings {
        n_classes: Some(2),
        image_size: Some(24),
        images: (name == Task::Simclr).then_some(Task::ImageFolder),
        ..TaskSettings::new(name)
    }
}

fn all(stimuli: &Arc<dyn Stimuli>, n_threads: usize) -> Vec<crate::Batch> {
    let views = [0, 1].map(|eye| View::Varied { epoch: 3, eye }).to_vec();
    let indices: Vec<usize> = (0..stimuli.n_examples(Set::Train)).collect();
    let batches = Batches::read(stimuli, Set::Train, indices, 4, views, n_threads).unwrap();
    batches.collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_task_of_files_asks_for_its_folder() {
    for name in [Task::Cifar10, Task::Imagenet, Task::ImageFolder, Task::Wsn] {
        let task = TaskSettings::new(name);
        let error = open(&task, None, SEEDS).err().unwrap();
        assert!(matches!(error, Error::NoData { task } if task == name));
        assert!(error.hint().unwrap().contains(name.as_str()));
    }
    // A contrastive task asks for the images that it sees.
    let task = TaskSettings::new(Task::Simclr);
    let error = open(&task, None, SEEDS).err().unwrap();
    assert!(matches!(
        error,
        Error::NoData {
            task: Task::Imagenet
        }
    ));
}

#[test]
fn decoded_views_do_not_depend_on_threads() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..22)
        .map(|index| format!("{}/{index}.jpg", ["a", "b"][index % 2]))
        .collect();
    write_photographs(
        folder.path(),
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    for name in [Task::ImageFolder, Task::Simclr] {
        let stimuli = || open(&folder_task(name), Some(folder.path().to_owned()), SEEDS).unwrap();
        let one = all(&stimuli(), 1);
        assert_eq!(one.len(), 5);
        assert_eq!(one[0].values.len(), 2 * 4 * 3 * 24 * 24);
        let (first, second) = one[0].values.split_at(4 * 3 * 24 * 24);
        assert_ne!(first, second);
        assert_eq!(all(&stimuli(), 4), one);
        let labels: Vec<i64> = one.iter().flat_map(|batch| batch.labels.clone()).collect();
        assert_eq!(labels.iter().filter(|&&label| label == 1).count(), 9);
    }
}

#[test]
fn a_broken_image_comes_out_of_the_batches_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..20)
        .map(|index| format!("{}/{index:02}.jpg", ["a", "b"][index / 10]))
        .collect();
    write_photographs(
        folder.path(),
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let stimuli = open(
        &folder_task(Task::ImageFolder),
        Some(folder.path().to_owned()),
        SEEDS,
    )
    .unwrap();
    let whole = std::fs::read(folder.path().join("b/15.jpg")).unwrap();
    std::fs::write(folder.path().join("b/15.jpg"), &whole[..whole.len() - 50]).unwrap();
    let error = [Set::Train, Set::Validation].into_iter().find_map(|set| {
        let indices = (0..stimuli.n_examples(set)).collect();
        let mut batches = Batches::read(&stimuli, set, indices, 3, vec![View::Plain], 2).unwrap();
        batches.find_map(Result::err)
    });
    let text = error.unwrap().to_string();
    assert!(
        text.contains("15.jpg") && text.contains("cut before its end"),
        "{text}"
    );
}
