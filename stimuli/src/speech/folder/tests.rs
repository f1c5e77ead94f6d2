use std::fs;

use engram_schemas::Task;
use tempfile::TempDir;

use super::*;

/// Empty files, because a folder is judged by its names.
fn folder(files: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    folder
}

const COMMANDS: [&str; 12] = [
    "noise/street.wav",
    "noise/babble.WAV",
    "noise/read.me",
    "speech/yes/anna_1.wav",
    "speech/yes/anna_2.wav",
    "speech/yes/bert_1.wav",
    "speech/yes/.hidden_1.wav",
    "speech/no/anna_1.wav",
    "speech/no/bert_1.wav",
    "speech/no/notes.txt",
    "speech/_background_noise_/running_tap.wav",
    "speech/LICENSE",
];

fn settings(label: SpeechLabel, n_classes: usize) -> TaskSettings {
    TaskSettings {
        label: Some(label),
        n_classes: Some(n_classes),
        ..TaskSettings::new(Task::Wsn)
    }
}

fn listed(folder: &TempDir, sounds: &Sounds) -> Vec<(String, usize)> {
    let name = |path: &Path| {
        let path = path.strip_prefix(folder.path()).unwrap();
        path.to_string_lossy().replace('\\', "/")
    };
    sounds
        .clips
        .iter()
        .map(|clip| (name(&clip.path), clip.class))
        .collect()
}

fn refusal(task: &TaskSettings, folder: &TempDir) -> (String, String) {
    let error = find(task, folder.path(), 0).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains(&folder.path().display().to_string()),
        "{text}"
    );
    (text, error.hint().unwrap_or_default())
}

#[test]
fn words_and_speakers_of_folders() {
    let folder = folder(&COMMANDS);
    for (label, expected) in [
        (SpeechLabel::Word, [0, 0, 1, 1, 1]),
        (SpeechLabel::Speaker, [0, 1, 0, 0, 1]),
    ] {
        let [train, validation] = find(&settings(label, 2), folder.path(), 7).unwrap();
        let mut all = listed(&folder, &train);
        assert_eq!(all.len(), 3);
        all.extend(listed(&folder, &validation));
        all.sort();
        let classes: Vec<usize> = all.iter().map(|(_, class)| *class).collect();
        assert_eq!(classes, expected);
        assert_eq!(all[0].0, "speech/no/anna_1.wav");
        assert_eq!(all.len(), 5);
        assert_eq!(train.noises.len(), 2);
        assert_eq!(train.noises, validation.noises);
    }
}

#[test]
fn the_split_is_by_class_and_follows_the_seed() {
    let files: Vec<String> = (0..60)
        .map(|place| {
            format!(
                "speech/{}/s_{place:02}.wav",
                ["a", "b", "c"][place * place % 3]
            )
        })
        .chain(["noise/n.wav".to_owned()])
        .collect();
    let folder = folder(&files.iter().map(String::as_str).collect::<Vec<_>>());
    let task = TaskSettings {
        validation_fraction: Some(0.25),
        ..settings(SpeechLabel::Word, 2)
    };
    let find = |seed| find(&task, folder.path(), seed).unwrap();
    let [train, validation] = find(1);
    let of = |sounds: &Sounds, class| {
        sounds
            .clips
            .iter()
            .filter(|clip| clip.class == class)
            .count()
    };
    assert_eq!((of(&train, 0), of(&validation, 0)), (15, 5));
    assert_eq!((of(&train, 1), of(&validation, 1)), (30, 10));
    assert!(train.clips.is_sorted() && validation.clips.is_sorted());
    assert!(
        train
            .clips
            .iter()
            .all(|clip| !validation.clips.contains(clip))
    );
    assert_eq!([train, validation.clone()], find(1).map(|sounds| sounds));
    assert_ne!(validation, find(2)[1]);
}

#[test]
fn a_split_of_the_folders_own_is_kept() {
    let files = [
        "noise/train/street.wav",
        "noise/val/babble.wav",
        "speech/train/yes/anna_1.wav",
        "speech/train/no/anna_1.wav",
        "speech/val/yes/bert_1.wav",
    ];
    let found = folder(&files);
    let task = settings(SpeechLabel::Word, 2);
    let [train, validation] = find(&task, found.path(), 0).unwrap();
    assert_eq!(
        listed(&found, &train),
        [
            ("speech/train/no/anna_1.wav".to_owned(), 0),
            ("speech/train/yes/anna_1.wav".to_owned(), 1)
        ]
    );
    assert_eq!(
        listed(&found, &validation),
        [("speech/val/yes/bert_1.wav".to_owned(), 1)]
    );
    assert!(train.noises[0].ends_with("noise/train/street.wav"));
    assert!(validation.noises[0].ends_with("noise/val/babble.wav"));

    let (text, hint) = refusal(&settings(SpeechLabel::Speaker, 1), &found);
    assert!(
        text.contains("`bert` is among the speakers to validate with and not"),
        "{text}"
    );
    assert!(hint.contains("speech/train"), "{hint}");
}

#[test]
fn a_table_says_what_the_folders_do_not() {
    let files = [
        "noise/n.wav",
        "clips/1.wav",
        "clips/2.wav",
        "clips/3, old.wav",
        "clips/4.wav",
    ];
    let folder = folder(&files);
    let table = folder.path().join("labels.csv");
    let write = |text: &str| fs::write(&table, text).unwrap();
    write(
        "\u{feff}speaker, file,word,room\r\nanna,clips/1.wav,yes,1\r\nbert,\"clips/3, old.wav\",yes,\r\n\r\n\
         anna,clips/4.wav,\"no\",2\r\nbert,clips/2.wav,no,3\r\n",
    );
    let task = settings(SpeechLabel::Word, 2);
    let [train, validation] = find(&task, folder.path(), 0).unwrap();
    let mut all = listed(&folder, &train);
    all.extend(listed(&folder, &validation));
    all.sort();
    let expected = [("1.wav", 1), ("2.wav", 0), ("3, old.wav", 1), ("4.wav", 0)];
    assert_eq!(
        all,
        expected.map(|(name, class)| (format!("clips/{name}"), class))
    );
    assert!(find(&settings(SpeechLabel::Speaker, 2), folder.path(), 0).is_ok());

    for (text, label, expected) in [
        (
            "file,speaker\nclips/1.wav,anna\n",
            SpeechLabel::Word,
            "no column `word`",
        ),
        (
            "word,speaker\nyes,anna\n",
            SpeechLabel::Word,
            "no column `file`",
        ),
        ("", SpeechLabel::Word, "no column `file`"),
        ("file,word\n", SpeechLabel::Word, "lists no clip"),
        (
            "file,word\nclips/1.wav\n",
            SpeechLabel::Word,
            "line 2: there are 1 fields, and 2 columns",
        ),
        (
            "file,word\nclips/1.wav,\n",
            SpeechLabel::Word,
            "line 2: `file` or `word` is empty",
        ),
        (
            "file,word\n\nclips/9.wav,no\n",
            SpeechLabel::Word,
            "line 3: there is no file",
        ),
        (
            "file,word\nclips/1.wav,no\nclips/1.wav,yes\n",
            SpeechLabel::Word,
            "twice",
        ),
    ] {
        write(text);
        let (found, hint) = refusal(&settings(label, 2), &folder);
        assert!(
            found.contains("labels.csv cannot be used") && found.contains(expected),
            "{found}"
        );
        assert!(!hint.is_empty());
    }
    fs::write(&table, [b'f', 0xff, 0xfe]).unwrap();
    assert!(refusal(&task, &folder).0.contains("no UTF-8 text"));
}

#[test]
fn a_table_and_a_split_of_the_folders_own() {
    let folder = folder(&[
        "noise/n.wav",
        "speech/train/1.wav",
        "speech/train/2.wav",
        "speech/val/3.wav",
        "other/4.wav",
    ]);
    let table = folder.path().join("labels.csv");
    let listed_in_both =
        "file,word\nspeech/val/3.wav,no\nspeech/train/2.wav,yes\nspeech/train/1.wav,no\n";
    fs::write(&table, listed_in_both).unwrap();
    let task = settings(SpeechLabel::Word, 2);
    let [train, validation] = find(&task, folder.path(), 0).unwrap();
    let clip = |name: &str, class| (format!("speech/{name}.wav"), class);
    assert_eq!(
        listed(&folder, &train),
        [clip("train/1", 0), clip("train/2", 1)]
    );
    assert_eq!(listed(&folder, &validation), [clip("val/3", 0)]);

    fs::write(&table, format!("{listed_in_both}other/4.wav,no\n")).unwrap();
    let (text, _) = refusal(&task, &folder);
    assert!(
        text.contains("which is neither in speech/train nor"),
        "{text}"
    );
    fs::write(
        &table,
        "file,word\nspeech/train/2.wav,yes\nspeech/train/1.wav,no\n",
    )
    .unwrap();
    let (text, _) = refusal(&task, &folder);
    assert!(text.contains("it holds no clip"), "{text}");
}

#[test]
fn a_wrong_number_of_classes_says_which() {
    let folder = folder(&COMMANDS);
    let (text, hint) = refusal(&settings(SpeechLabel::Word, 35), &folder);
    assert!(
        text.contains("it has 2 words (no .. yes), and the sweep file says 35"),
        "{text}"
    );
    assert!(hint.contains("n_classes = 2"), "{hint}");
    let (text, _) = refusal(&TaskSettings::new(Task::Wsn), &folder);
    assert!(
        text.contains("it has 2 words (no .. yes), and the study has 794"),
        "{text}"
    );
}

#[test]
fn what_is_missing_is_named() {
    let word = settings(SpeechLabel::Word, 2);
    let without = |names: &[&str]| {
        let kept: Vec<&str> = COMMANDS
            .iter()
            .copied()
            .filter(|file| !names.iter().any(|name| file.starts_with(name)))
            .collect();
        folder(&kept)
    };
    let (text, hint) = refusal(&word, &without(&["noise"]));
    assert!(
        text.contains("noise cannot be used: there is no such folder"),
        "{text}"
    );
    assert!(hint.contains("background noise"), "{hint}");
    let (text, _) = refusal(&word, &without(&["noise/street", "noise/babble"]));
    assert!(
        text.contains("noise cannot be used: it holds no .wav file"),
        "{text}"
    );
    let (text, _) = refusal(&word, &without(&["speech"]));
    assert!(
        text.contains("speech cannot be used: there is no such folder"),
        "{text}"
    );
    let (text, hint) = refusal(&word, &without(&["speech/yes", "speech/no"]));
    assert!(text.contains("no folders of clips"), "{text}");
    assert!(hint.contains("labels.csv"), "{hint}");
    let (text, _) = refusal(&word, &without(&["speech/no/anna", "speech/no/bert"]));
    assert!(text.contains("no clip of this word is there"), "{text}");
    let (text, hint) = refusal(&word, &without(&["speech/no/anna"]));
    assert!(text.contains("`no` has one clip"), "{text}");
    assert!(hint.contains("add clips"), "{hint}");

    let nameless = folder(&["noise/n.wav", "speech/yes/1.wav", "speech/no/2.wav"]);
    let (text, hint) = refusal(&settings(SpeechLabel::Speaker, 2), &nameless);
    assert!(text.contains("1.wav") || text.contains("2.wav"), "{text}");
    assert!(
        text.contains("its name says no speaker") && hint.contains("SPEAKER"),
        "{text}"
    );

    let gone = Path::new("/nowhere/at/all");
    let error = find(&word, gone, 0).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("/nowhere/at/all cannot be used: there is no such folder")
    );
}
