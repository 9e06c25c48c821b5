//! What cannot be judged.

use super::{Code, INVALID, Message, STATE, call, cut, perhaps};

pub fn unknown_run(model: &str, run: i64, runs: &[i64]) -> Message {
    let numbers: Vec<String> = runs.iter().map(i64::to_string).collect();
    Message {
        code: Code::ERRCODE_UNDEFINED_OBJECT,
        text: format!("scoring run {run} of model \"{model}\" does not exist"),
        detail: format!("Found {}.", newest("scoring run", &numbers)),
        hint: format!(
            "SELECT * FROM customer_ai.runs WHERE model = '{model}' AND kind = 'score' lists them."
        ),
    }
}

/// The newest of numbers that go up, in words.
fn newest(noun: &str, numbers: &[String]) -> String {
    const MOST: usize = 10;
    match numbers {
        [] => format!("no {noun}"),
        [only] => format!("{noun} {only}"),
        many if many.len() <= MOST => format!("the {noun}s {}", many.join(", ")),
        many => {
            let last = &many[many.len() - MOST..];
            format!("{} {noun}s, the newest {}", many.len(), last.join(", "))
        }
    }
}

pub fn no_hold_out(model: &str, version: i32, measured: bool) -> Message {
    Message {
        code: STATE,
        text: format!("version {version} of model \"{model}\" was not judged"),
        detail: if measured {
            "Found held-out rows that were measured and not kept, by version 0.1.0 of the extension; they are required."
        } else {
            "Found too few examples to hold any out at its training; at least 50 to learn from, 25 of them of the rarer class, and some of each class to judge by are required."
        }
        .to_owned(),
        hint: format!(
            "Run {}{}; or judge a past run by what came true: run => its number in customer_ai.runs.",
            call("train", model),
            if measured { "" } else { " with more history" }
        ),
    }
}

pub fn not_summed_up(model: &str, run: i64) -> Message {
    Message {
        code: STATE,
        text: format!("run {run} of model \"{model}\" was not summed up"),
        detail: "Found a run of version 0.1.0 of the extension, which kept no figures of what it predicted; they are required.".to_owned(),
        hint: format!("Run {}; the score relation and its history have the rows of every run that is kept.", call("score", model)),
    }
}

pub fn run_not_kept(model: &str, run: i64, history: &str) -> Message {
    Message {
        code: STATE,
        text: format!("the scores of run {run} of model \"{model}\" are not kept any more"),
        detail: format!("Found no rows of the run in \"{history}\"; they are required."),
        hint:
            "Choose a newer run of customer_ai.runs, or have more kept with the option keep_runs."
                .to_owned(),
    }
}

pub fn run_other_goal(model: &str, run: i64) -> Message {
    Message {
        code: STATE,
        text: format!("run {run} of model \"{model}\" predicted another goal"),
        detail: "Found that goal, occurs or outcome window have changed since its version was trained; they must be the same to say what came true.".to_owned(),
        hint: format!("SELECT run, state FROM customer_ai.performance('{model}') tells which runs can be judged; without a run the hold-out is."),
    }
}

pub fn no_figures(model: &str, run: i64, binned: bool) -> Message {
    let (detail, hint) = if binned {
        (
            "Found profiles that were predicted where their events are; only the strongest factors of each were sent from there.",
            "Set customer_ai.feeder to local and score again, or count the column factors of the score relation.".to_owned(),
        )
    } else {
        (
            "Found a version that was imported, or trained by version 0.1.0 of the extension: it does not know what values its factors had.",
            format!(
                "Run {}, then score; or count the column factors of the score relation.",
                call("train", model)
            ),
        )
    };
    Message {
        code: STATE,
        text: format!("run {run} of model \"{model}\" has no figures of its factors"),
        detail: detail.to_owned(),
        hint,
    }
}

pub fn no_such_factor(model: &str, factor: &str, nearest: Option<String>) -> Message {
    Message {
        code: INVALID,
        text: format!("model \"{model}\" has no factor \"{}\"", cut(factor)),
        detail: "Found no factor of this name in the version of the run.".to_owned(),
        hint: perhaps(
            "factor",
            nearest,
            format!("{} lists them.", call("importance", model)),
        ),
    }
}

pub fn one_run(model: &str, run: i64) -> Message {
    Message {
        code: STATE,
        text: format!("model \"{model}\" has no scoring run before run {run}"),
        detail: "Found one run; two are required.".to_owned(),
        hint: format!(
            "Run {} again when there are new events.",
            call("score", model)
        ),
    }
}
