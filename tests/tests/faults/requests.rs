//! A store behind a network that spoils a fifth of the requests.

use std::collections::BTreeMap;

use engram_tests::emulators::{Moto, Place};
use engram_tests::faults::{Fault, FaultyProxy};
use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use tokio::runtime::Runtime;

use super::{Calm, stderr};

/// Of the requests, how many begin a fault. Some faults go on for the next ones.
const SHARE: f64 = 0.18;

/// Requests that hang are given up after this time.
const TIMEOUT: &str = "2 seconds";

/// The place as it is reached through a proxy.
fn through(proxy: &FaultyProxy, place: &Place) -> Place {
    let place = place.clone().with("AWS_ENDPOINT_URL", &proxy.url());
    place.with("AWS_TIMEOUT", TIMEOUT)
}

/// The files below a folder of a place by the last part of their names.
pub(super) fn below(place: &Place, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let (store, root) = place.store();
    let folder = root.join(folder);
    Runtime::new().unwrap().block_on(async {
        let listed: Vec<_> = store.list(Some(&folder)).try_collect().await.unwrap();
        let mut found = BTreeMap::new();
        for object in listed {
            let bytes = store.get(&object.location).await.unwrap();
            let name = object.location.filename().unwrap().to_owned();
            found.insert(name, bytes.bytes().await.unwrap().to_vec());
        }
        found
    })
}

#[test]
fn a_sweep_through_a_bad_network_is_complete_and_right() {
    let Some(moto) = Moto::shared() else { return };
    let (calm, place) = (Calm::shared(), moto.place("rough"));
    let proxy = FaultyProxy::before(moto.address(), 1, SHARE);
    let rough = through(&proxy, &place);
    let output = rough
        .engram(&["generate", "--workers", "4"])
        .arg(calm.sweep())
        .args(["--to", &rough.url])
        .output()
        .unwrap();
    let text = stderr(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("64 trained in"), "{text}");

    let injected = proxy.injected();
    let n_injected: usize = injected.values().sum();
    let share = n_injected as f64 / proxy.n_requests() as f64;
    assert!(share > 0.2, "{share} of the requests: {injected:?}");
    assert_eq!(injected.len(), 8, "faults of every kind: {injected:?}");
    assert!(injected[&Fault::LostReply] > 5, "{injected:?}");

    // Every run once, in the undisturbed one's bytes, and nothing left of what was tried again.
    assert!(below(&place, "trajectories") == calm.trajectories);
    let logs = below(&place, "logs");
    let of_state = |state: &str| logs.keys().filter(|name| name.contains(state)).count();
    assert_eq!(
        (of_state(".trained."), logs.len()),
        (64, 65),
        "{:?}",
        logs.keys()
    );
    assert!(below(&place, "checkpoints").is_empty());

    // Asked through the same network, it answers what the folder answers.
    let sql = "SELECT * FROM trajectories ORDER BY run_id, layer_index, epoch";
    let answer = |place: &Place| {
        let arguments = ["sql", "--format", "csv", "--at", &place.url, sql];
        let output = place.engram(&arguments).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let folder = Place {
        url: calm.folder.path().join("dataset").display().to_string(),
        environment: Vec::new(),
    };
    let expected = answer(&folder);
    assert_eq!(expected.lines().count(), 64 * 4 * 2 + 1);
    for seed in 2..4 {
        let proxy = FaultyProxy::before(moto.address(), seed, SHARE);
        assert!(answer(&through(&proxy, &place)) == expected, "seed {seed}");
        let n_injected: usize = proxy.injected().values().sum();
        assert!(n_injected > 20, "{:?}", proxy.injected());
    }

    // Published through it, it is the release of the folder.
    let publish = |from: &Place, to: &Place| {
        let name = ["--name", "many", "--version", "1.0.0"];
        let mut command = to.engram(&["publish", "--from", &from.url, "--to", &to.url]);
        let output = command.args(name).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    };
    let release = Place {
        url: calm.folder.path().join("release").display().to_string(),
        environment: Vec::new(),
    };
    publish(&folder, &release);
    let released = moto.place("rough-release");
    let proxies = [4, 5, 6].map(|seed| FaultyProxy::before(moto.address(), seed, SHARE));
    publish(
        &through(&proxies[0], &place),
        &through(&proxies[1], &released),
    );
    let released = through(&proxies[2], &released);
    assert!(answer(&released) == expected);
}

#[test]
fn credentials_that_expire_on_the_way_are_told_and_leave_nothing_partial() {
    let Some(moto) = Moto::shared() else { return };
    let (calm, place) = (Calm::shared(), moto.place("expiring"));
    let generate = |place: &Place| {
        let output = place
            .engram(&["generate", "--workers", "1", "--shard", "1/8"])
            .arg(calm.sweep())
            .args(["--to", &place.url])
            .output()
            .unwrap();
        (stderr(&output), output.status.code())
    };
    // Enough for some of the eight runs.
    let proxy = FaultyProxy::expiring(moto.address(), 60);
    let (text, code) = generate(&through(&proxy, &place));
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("the credentials have expired (400 Bad Request ExpiredToken: Expired)"),
        "{text}"
    );
    assert!(
        text.contains("(renew them, AWS_SESSION_TOKEN with them: "),
        "{text}"
    );
    assert!(text.contains(" could not be trained\nhint: "), "{text}");
    let there = below(&place, "trajectories");
    assert!((1..8).contains(&there.len()), "{text}");
    for (name, bytes) in &there {
        assert!(calm.trajectories[name] == *bytes, "{name}");
    }
    // With fresh ones the same command goes on.
    let (text, code) = generate(&place);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains(&format!("{} networks are there", there.len())),
        "{text}"
    );
    assert_eq!(below(&place, "trajectories").len(), 8);
}
