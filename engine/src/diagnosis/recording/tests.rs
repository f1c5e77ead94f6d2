use std::io::Write;

use super::*;

async fn read_text(name: &str, text: &str) -> Result<Vec<Recording>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::File::create(&path)
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    read(&path).await
}

#[tokio::test]
async fn units_become_statistics_of_every_session() {
    let text = "recording,depth,unit,day 1,day 2\n\
        a,early,1,3,0.5\na,early,2,-1,\na,early,3,4,1.5\nb,,1,1,1\n";
    let recordings = read_text("units.csv", text).await.unwrap();
    assert_eq!(recordings.len(), 2);
    let [a, b] = &recordings[..] else {
        unreachable!()
    };
    assert_eq!(
        (a.name.as_str(), a.depth, a.n_units),
        ("a", Some(Depth::Early), Some(3))
    );
    assert_eq!((b.name.as_str(), b.depth, b.n_units), ("b", None, Some(1)));
    assert_eq!(a.sessions[0]["activation_raw_mean"], 2.0);
    assert_eq!(a.sessions[0]["activation_abs_median"], 3.0);
    // The second unit was lost on the second day.
    assert_eq!(a.sessions[1]["activation_raw_mean"], 1.0);
    assert!(!a.sessions[0].contains_key("weight_raw_mean"));
}

#[tokio::test]
async fn units_may_be_silent_for_long() {
    let mut text = "depth,s1\n".to_owned();
    text.push_str(&",0\n".repeat(1500));
    text.push_str(",0.5\n");
    let recordings = read_text("units.csv", &text).await.unwrap();
    let session = &recordings[0].sessions[0];
    assert_eq!(session["activation_raw_mean"], 0.5 / 1501.0);
}

#[tokio::test]
async fn statistics_are_averaged_over_stimuli() {
    let text = "stimulus,measure,s1\n0,activation,1\n0,activation,3\n1,activation,5\n1,activation,7\n\
        0,activity_change,1\n0,activity_change,2\n1,activity_change,3\n1,activity_change,4\n";
    let recordings = read_text("units.csv", text).await.unwrap();
    let session = &recordings[0].sessions[0];
    assert_eq!(session["activation_raw_mean"], 4.0);
    assert_eq!(session["activation_raw_median"], 3.0);
    assert_eq!(session["activity_change_raw_mean"], 5.0);
}

#[tokio::test]
async fn statistics_are_read_in_the_order_of_their_sessions() {
    let text = "session,activation_raw_mean\n10,2.5\n5,1.5\n";
    let recordings = read_text("statistics.csv", text).await.unwrap();
    let means: Vec<f64> = recordings[0]
        .sessions
        .iter()
        .map(|session| session["activation_raw_mean"])
        .collect();
    assert_eq!(means, [1.5, 2.5]);
}

#[tokio::test]
async fn what_cannot_be_read_is_said() {
    for (name, text, expected) in [
        ("a.txt", "x\n1\n", "ends in none of"),
        ("a.csv", "unit\n1\n", "no column with a session's values"),
        ("a.csv", "s1,s2\n1,two\n", "`s2` is text"),
        ("a.csv", ",s1\n0,1\n", "a column without a name"),
        ("a.csv", "s1,s2\n1,\n2,\n", "no unit with a value in `s2`"),
        ("a.csv", "measure,s1\nspikes,1\n", "`spikes` is no measure"),
        ("a.csv", "depth,s1\nshallow,1\n", "`shallow` is no depth"),
        (
            "a.csv",
            "session,activation_raw_mean\n1,1\n1,2\n",
            "has session 1 twice",
        ),
        ("a.csv", "activation_raw_mean\n1\n", "a column `session`"),
    ] {
        let error = read_text(name, text).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
