use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;

/// Examples whose values are their index, epoch and eye; some of them fail or panic.
#[derive(Debug, Default)]
struct Numbers {
    n_loaded: AtomicUsize,
    wait: Duration,
    failing: Option<usize>,
    panicking: Option<usize>,
}

impl Stimuli for Numbers {
    fn shape(&self) -> [usize; 3] {
        [1, 1, 2]
    }

    fn n_examples(&self, _: Set) -> usize {
        1000
    }

    fn load(&self, _: Set, index: usize, view: View, values: &mut [f32]) -> Result<usize> {
        self.n_loaded.fetch_add(1, Ordering::SeqCst);
        // Later examples are faster, so that threads would overtake each other.
        std::thread::sleep(self.wait / (1 + index as u32 % 7));
        assert_ne!(self.panicking, Some(index), "a panic that the test wants");
        if self.failing == Some(index) {
            return Err(Error::unusable(
                "file.jpg".as_ref(),
                "it was cut",
                "fetch it",
            ));
        }
        let eye = match view {
            View::Plain => 0,
            View::Varied { eye, .. } => eye,
        };
        values.copy_from_slice(&[index as f32, eye as f32]);
        Ok(index % 10)
    }
}

fn read(numbers: Numbers, n: usize, n_threads: usize) -> (Arc<Numbers>, Batches) {
    let numbers = Arc::new(numbers);
    let stimuli: Arc<dyn Stimuli> = numbers.clone();
    let eyes = [0, 1].map(|eye| View::Varied { epoch: 1, eye });
    let indices = (0..n).rev().collect();
    let batches = Batches::read(&stimuli, Set::Train, indices, 8, eyes.to_vec(), n_threads);
    (numbers, batches.unwrap())
}

#[test]
fn order_and_values_do_not_depend_on_threads() {
    let all = |n_threads| {
        let numbers = Numbers {
            wait: Duration::from_micros(300),
            ..Numbers::default()
        };
        let batches = read(numbers, 83, n_threads).1;
        batches.collect::<Result<Vec<_>>>().unwrap()
    };
    let one = all(1);
    assert_eq!(one.len(), 11);
    assert_eq!(one[0].labels, [2, 1, 0, 9, 8, 7, 6, 5]);
    assert_eq!(one[0].values[..4], [82.0, 0.0, 81.0, 0.0]);
    assert_eq!(one[0].values[16..20], [82.0, 1.0, 81.0, 1.0]);
    assert_eq!(one[10].labels, [2, 1, 0]);
    for n_threads in [0, 2, 3, 7, 50] {
        assert_eq!(all(n_threads), one, "{n_threads} threads");
    }
    assert_eq!(read(Numbers::default(), 0, 4).1.count(), 0);
}

#[test]
fn threads_wait_for_the_reader() {
    let (numbers, mut batches) = read(Numbers::default(), 800, 2);
    batches.next().unwrap().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    // One taken; each thread holds one that waits and one that cannot be handed over: 5 batches, 8 examples, 2 views.
    let n_loaded = numbers.n_loaded.load(Ordering::SeqCst);
    assert!(n_loaded <= 5 * 8 * 2, "{n_loaded}");
}

#[test]
fn an_early_drop_ends_the_threads() {
    let (numbers, mut batches) = read(Numbers::default(), 1000, 3);
    batches.next().unwrap().unwrap();
    drop(batches);
    // Nobody but the test holds the examples: the threads are gone.
    assert_eq!(Arc::strong_count(&numbers), 1);
    let n_loaded = numbers.n_loaded.load(Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(numbers.n_loaded.load(Ordering::SeqCst), n_loaded);
    assert!(n_loaded < 300, "{n_loaded}");

    // In the middle of a batch, too.
    let slow = Numbers {
        wait: Duration::from_millis(50),
        ..Numbers::default()
    };
    let (numbers, batches) = read(slow, 1000, 2);
    drop(batches);
    assert!(numbers.n_loaded.load(Ordering::SeqCst) <= 4);
}

#[test]
fn an_error_comes_out_in_its_place_and_ends_the_batches() {
    for n_threads in [1, 2, 5] {
        let failing = Numbers {
            failing: Some(60),
            ..Numbers::default()
        };
        // Example 60 of 99 to 0 is in batch 4.
        let found: Vec<_> = read(failing, 100, n_threads).1.collect();
        assert_eq!(found.len(), 5);
        assert!(found[..4].iter().all(|batch| batch.is_ok()));
        let error = found[4].as_ref().unwrap_err();
        assert!(error.to_string().contains("file.jpg"), "{error}");
    }
}

#[test]
fn a_panic_is_an_error() {
    let panicking = Numbers {
        panicking: Some(80),
        ..Numbers::default()
    };
    let found: Vec<_> = read(panicking, 100, 2).1.collect();
    assert_eq!(found.len(), 3);
    assert!(matches!(found[2], Err(Error::ReaderDied)));
}
