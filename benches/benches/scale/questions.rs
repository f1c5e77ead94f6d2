//! What is asked.

/// A question.
pub(crate) struct Question {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Its SQL, in which `$run` stands for a run.
    pub(crate) sql: &'static str,
    /// Whether its answer is the same at every size.
    pub(crate) is_selective: bool,
    /// The largest release that it is asked of: what it holds is known to grow with the release.
    pub(crate) largest: usize,
}

/// A run that there is at every size.
const RUN: &str = "08e686cf0eb31f123ead";

impl Question {
    /// The SQL as it is asked.
    pub(crate) fn sql(&self) -> String {
        self.sql.replace("$run", &format!("'{RUN}'"))
    }
}

/// The questions.
pub(crate) const QUESTIONS: [Question; 6] = [
    Question {
        name: "one_run",
        sql: "SELECT layer, epoch, weight_raw_mean FROM trajectories WHERE run_id = $run ORDER BY ALL",
        is_selective: true,
        largest: usize::MAX,
    },
    Question {
        name: "run_all",
        sql: "SELECT * FROM trajectories WHERE run_id = $run",
        is_selective: true,
        largest: usize::MAX,
    },
    Question {
        name: "runs_few",
        sql: "SELECT run_id, max(epoch), avg(weight_abs_norm) FROM trajectories WHERE run_id IN ($run) AND layer_index < 2 GROUP BY ALL",
        is_selective: true,
        largest: usize::MAX,
    },
    Question {
        name: "network",
        sql: "SELECT learning_rule, epoch, avg(activation_raw_var) FROM trajectories \
              WHERE task = 'cifar10' AND architecture = 'knet4' GROUP BY ALL ORDER BY ALL",
        is_selective: false,
        largest: usize::MAX,
    },
    Question {
        name: "count",
        sql: "SELECT task, learning_rule, count(*) FROM trajectories GROUP BY ALL ORDER BY ALL",
        is_selective: false,
        largest: usize::MAX,
    },
    Question {
        name: "features",
        sql: "SELECT run_id, layer, features FROM features('weight')",
        is_selective: false,
        largest: 30,
    },
];
