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

pub fn no_hold_out(model: &str, version: i32) -> Message {
    Message {
        code: STATE,
        text: format!("version {version} of model \"{model}\" was not judged"),
        detail: "Found too few examples to hold any out at its training; at least 50 to learn from, 25 of them of the rarer class, and some of each class to judge by are required.".to_owned(),
        hint: format!(
            "Run {} with more history; or judge a past run by what came true: run => its number in customer_ai.runs.",
            call("train", model)
        ),
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

pub fn no_figures(model: &str, run: i64) -> Message {
    Message {
        code: STATE,
        text: format!("run {run} of model \"{model}\" has no figures of its factors"),
        detail: "Found profiles that were predicted where their events are; only the strongest factors of each were sent from there.".to_owned(),
        hint: "Set customer_ai.feeder to local and score again, or count the column factors of the score relation.".to_owned(),
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
