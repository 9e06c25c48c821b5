//! From a model's definition to training rows: cutoffs, population, outcomes, features.
//!
//! The event sources are read once; what must be known before features (cutoffs, counts,
//! vocabularies) is learned by walking the stream's partitions again.

mod rows;

use pgrx::pg_sys::Oid;
use propensity::cutoff::Cutoff;
use propensity::event::history::{Flags, MarkKind};
use propensity::event::spread::Span;
use propensity::features::Features;
use propensity::features::population::{Rules, Source};
use propensity::features::schema::{GoalKind, Learner, LeftOut, Ranks, Schema};
use propensity::fit::Sample;
use propensity::fit::hold_out::{self, CutoffRows};
use propensity::learn::dataset::Dataset;
use propensity::time::{self, Length, Micros};
use propensity::walk::sample::{Sampler, Share};

use crate::catalog::Condition;
use crate::catalog::Definition;
use crate::catalog::args::TakeAs;
use crate::catalog::instant;
use crate::error::Error;
use crate::feed::pushed::Histories;
use crate::feed::span;
use crate::feed::stream::{Stream, Window};
use crate::pg::guc;
use crate::pg::memory::poll;
use crate::source::examples;
use crate::source::goal;
use crate::source::unused;
pub use rows::Profiles;
use rows::{Population, RowWriter, Survey};

/// What training and the data check work on.
pub struct Gathered {
    pub stream: Stream,
    pub rules: Rules,
    /// Oldest first.
    pub cutoffs: Vec<Cutoff>,
    /// Rows and positives at each cutoff, of the profiles read.
    pub counts: Vec<CutoffRows>,
    /// How many profiles were read.
    pub profiles: Profiles,
    /// Rows at all cutoffs that there were, of the profiles read.
    pub eligible: u64,
    /// Whether the rows are those of an `examples` relation.
    pub examples: bool,
    /// The instant that training looks back from.
    pub as_of: Micros,
    /// When the events are.
    pub span: Span,
    /// What the events up to the newest cutoff say: often it is the only one that is held out.
    learned: Option<Learner>,
}

/// The rules of a model's population and outcomes.
pub fn rules(definition: &Definition) -> Rules {
    let source = |condition: Option<&Condition>| match condition {
        None => Source::None,
        Some(condition) if condition.aggregate => Source::Marks,
        Some(_) => Source::Events,
    };
    Rules {
        eligible: source(definition.eligible.as_ref()),
        excluded: source(definition.exclude.as_ref()),
        goal: source(Some(&definition.goal)),
        occurs: definition.occurs,
    }
}

/// Profiles read of a large table for each training row that is wanted: not all are eligible.
const PROFILES_PER_ROW: u64 = 4;
/// A second sample is so much larger than the first one says.
const MARGIN: f64 = 1.1;

/// Training rows unless the model's options say otherwise, if they fit into memory: as many as there are profiles
/// eligible at the newest cutoff, within these bounds.
const FEWEST_ROWS: u64 = 80_000;
const MOST_ROWS: u64 = 200_000;

/// Gathers what to train on: the rows that are wanted at the newest cutoffs, if there are so many. Of a table with far
/// more profiles only a sample of them is read, by the hash of their key.
pub fn sample(definition: &Definition, as_of: Option<Micros>) -> Result<Gathered, Error> {
    let most = definition.options.max_training_rows.unwrap_or(MOST_ROWS);
    let sampler = Sampler::at_most(most.saturating_mul(PROFILES_PER_ROW));
    let gathered = gather(definition, as_of, None, Some(sampler))?;
    let wanted = gathered.wanted(definition);
    let (share, found) = (
        gathered.stream.share(),
        hold_out::newest_rows(&gathered.counts),
    );
    if share == Share::ALL || found >= wanted {
        return Ok(gathered);
    }
    drop(gathered);
    let wider = share.fraction() * MARGIN * wanted as f64 / found.max(1) as f64;
    let sampler = Sampler::of(Share::of(wider));
    gather(definition, as_of, None, Some(sampler))
}

/// Rows that say what candidates for features tell: as many as fit into this part of the memory, within these ends.
const TRIAL_SHARE: usize = 8;
const FEWEST_TRIAL_ROWS: usize = 500;
const MOST_TRIAL_ROWS: usize = 5000;

/// Reads the events up to `as_of`, of all profiles or of a sample, and finds the cutoffs to train
/// on.
pub fn gather(
    definition: &Definition,
    as_of: Option<Micros>,
    examples: Option<Oid>,
    sampler: Option<Sampler>,
) -> Result<Gathered, Error> {
    let until = as_of.unwrap_or_else(instant::now);
    let mut stream = read(definition, until, sampler)?;
    let as_of = as_of.map_or_else(|| Ok(stream.span(definition)?.last), Ok::<_, Error>)?;
    match examples {
        Some(examples) => {
            let cutoffs = example_cutoffs(definition, &mut stream, examples, as_of)?;
            Gathered::at(definition, stream, as_of, cutoffs, true)
        }
        None => looking_back(definition, stream, as_of),
    }
}

/// Reads the events up to an instant, and the attributes, of all profiles or of a sample.
pub fn read(
    definition: &Definition,
    until: Micros,
    sampler: Option<Sampler>,
) -> Result<Stream, Error> {
    let open = || Stream::open(definition, None);
    let events = |stream, sampler| events(definition, stream, until, sampler);
    let sampled = sampler.is_some();
    let mut stream = events(open()?, sampler)?;
    if stream.summary().counts.events == 0 {
        return Err(stream.no_events(definition));
    }
    let again = |stream: Stream| sampled.then(|| Sampler::of(stream.share()));
    if stream.is_blurred() {
        // Knowing the sample from the beginning takes in nobody else's texts.
        let sampler = again(stream);
        stream = events(open()?, sampler)?;
    }
    if stream.has_too_many_types() {
        let sampler = again(stream);
        stream = open()?;
        stream.choose_types(until)?;
        stream = events(stream, sampler)?;
    }
    stream.read_attributes(None)?;
    Ok(stream)
}

/// Reads the events up to an instant, and the attributes, of all profiles, for a version of this schema: it knows what
/// it tells apart.
pub fn read_known(
    definition: &Definition,
    until: Micros,
    schema: &Schema,
) -> Result<Stream, Error> {
    let stream = Stream::open(definition, Some(schema))?;
    let mut stream = events(definition, stream, until, None)?;
    if stream.summary().counts.events == 0 {
        return Err(stream.no_events(definition));
    }
    stream.read_attributes(None)?;
    Ok(stream)
}

/// Reads the events up to an instant, of all profiles or of a sample: as histories where they are elsewhere.
fn events(
    definition: &Definition,
    mut stream: Stream,
    until: Micros,
    sampler: Option<Sampler>,
) -> Result<Stream, Error> {
    match (Histories::choose(definition, &stream)?, sampler) {
        (Some(histories), sampler) => histories.read(&mut stream, until, sampler)?,
        (None, None) => stream.read_events(until, None)?,
        (None, Some(sampler)) => stream.sample_events(until, sampler)?,
    }
    Ok(stream)
}

/// Finds the cutoffs to train on as of an instant; later events of the stream are not looked at.
pub fn looking_back(
    definition: &Definition,
    stream: Stream,
    as_of: Micros,
) -> Result<Gathered, Error> {
    let cutoffs = policy_cutoffs(definition, &stream, as_of)?;
    Gathered::at(definition, stream, as_of, cutoffs, false)
}

/// The cutoffs of docs/method.md 1: back from the newest complete one.
fn policy_cutoffs(
    definition: &Definition,
    stream: &Stream,
    as_of: Micros,
) -> Result<Vec<Cutoff>, Error> {
    let newest = instant::newest_complete(definition, as_of)?;
    let window = definition.outcome_window.in_days();
    let span = stream.span(definition)?;
    let age = time::days_between(span.first, newest);
    let required = definition
        .eligible_window
        .unwrap_or_default()
        .in_days()
        .max(30.0);
    if age < required {
        return Err(Error::TooLittleHistory {
            model: definition.name.clone(),
            found: time::days_between(span.first, as_of),
            required: required + window,
            eligible: definition
                .eligible_window
                .map_or_else(|| "any length".to_owned(), Length::words),
            outcome: definition.outcome_window.words(),
            apart: span::apart(&span),
        });
    }
    let stride = hold_out::stride(0.0, age, window);
    let step = (stride.days * time::DAY as f64) as Micros;
    let instants: Vec<Micros> = (0..stride.cutoffs as Micros)
        .rev()
        .map(|back| newest - back * step)
        .collect();
    instant::windows(definition, &instants)
}

/// The distinct cutoffs of an `examples` relation, whose rows become marks.
fn example_cutoffs(
    definition: &Definition,
    stream: &mut Stream,
    examples: Oid,
    as_of: Micros,
) -> Result<Vec<Cutoff>, Error> {
    let examples = examples::open(definition, examples, &stream.key().cast)?;
    let read = stream.read_marks(&examples.sql, &[], MarkKind::Example, examples.labelled)?;
    if read == 0 {
        return Err(Error::NoExamples {
            relation: examples.name,
            found: "0 rows".to_owned(),
        });
    }
    let mut instants = std::collections::BTreeSet::new();
    let (mut total, mut strangers, mut late) = (0_u64, 0_u64, 0_u64);
    stream.walk(&mut |profile| {
        let cutoffs: std::collections::BTreeSet<Micros> =
            profile.marks.iter().map(|mark| mark.cutoff).collect();
        for &cutoff in &cutoffs {
            total += 1;
            strangers += u64::from(profile.history.until(cutoff) == 0);
            late += u64::from(cutoff > as_of);
        }
        instants.extend(cutoffs);
        Ok(())
    })?;
    if strangers == total {
        return Err(Error::NoExamples {
            relation: examples.name,
            found: format!("{total} examples, none of a profile with events up to its cutoff"),
        });
    }
    let mut remarks = examples.remarks;
    if strangers > 0 {
        remarks.push(format!(
            "{strangers} of {total} examples are of profiles without events up to their cutoff"
        ));
    }
    if late > 0 && examples.labelled {
        remarks.push(format!(
            "{late} of {total} examples have a cutoff after {}, up to which events are known",
            instant::text(as_of)
        ));
    }
    examples::notice(&examples.name, &remarks);
    let cutoffs = instant::windows(definition, &instants.into_iter().collect::<Vec<_>>())?;
    if !examples.labelled {
        cutoffs
            .iter()
            .try_for_each(|cutoff| check_complete(definition, cutoff, as_of))?;
    }
    Ok(cutoffs)
}

/// An outcome is known once its window is over: by the instant that somebody asked for, else by the newest event.
pub fn check_complete(
    definition: &Definition,
    window: &Cutoff,
    known_until: Micros,
) -> Result<(), Error> {
    if window.outcome_until <= known_until {
        return Ok(());
    }
    Err(Error::WindowOpen {
        model: definition.name.clone(),
        cutoff: instant::text(window.at),
        found: instant::text(known_until),
        required: instant::text(window.outcome_until),
    })
}

/// Evaluates the conditions with aggregates over the windows of all cutoffs, each time over no events first: that is the
/// value of every profile that has none in the window.
pub fn mark(
    stream: &mut Stream,
    definition: &Definition,
    cutoffs: &mut [Cutoff],
    outcomes: bool,
) -> Result<(), Error> {
    let of = |condition: Option<&Condition>| {
        condition
            .filter(|condition| condition.aggregate)
            .map(|condition| condition.sql.clone())
    };
    let goal = Some(&definition.goal).filter(|_| outcomes);
    let (goal, eligible, exclude) = (
        of(goal),
        of(definition.eligible.as_ref()),
        of(definition.exclude.as_ref()),
    );
    let conditions = [
        (MarkKind::Goal, &goal),
        (MarkKind::Eligible, &eligible),
        (MarkKind::Excluded, &exclude),
    ];
    let at: Vec<Micros> = cutoffs.iter().map(|cutoff| cutoff.at).collect();
    let mut holds = Vec::new();
    for (_, condition) in &conditions {
        holds.push(match condition {
            Some(condition) => stream.over_nothing(condition, &at)?,
            None => vec![false; cutoffs.len()],
        });
    }
    let [goal, eligible, excluded] = holds.as_slice() else {
        return Ok(());
    };
    let values = goal.iter().zip(eligible).zip(excluded);
    for (cutoff, ((&goal, &eligible), &excluded)) in cutoffs.iter_mut().zip(values) {
        cutoff.over_nothing = Flags::new(goal, eligible, excluded);
    }
    for (kind, condition) in conditions {
        let Some(condition) = condition else {
            continue;
        };
        for (unless, windows) in ascending(cutoffs, kind) {
            stream.read_aggregate(condition, unless, &windows, kind)?;
        }
    }
    Ok(())
}

/// An instant with its windows, and whether one profile meets the conditions with aggregates there: as if that were what
/// they are over no events, of which no mark says otherwise.
pub fn cutoff_of_profile(
    stream: &Stream,
    definition: &Definition,
    at: Micros,
    profile: &str,
) -> Result<Cutoff, Error> {
    let mut cutoff = instant::windows(definition, &[at])?
        .pop()
        .ok_or(Error::Internal("an instant has no windows"))?;
    let holds = |condition: Option<&Condition>, kind| {
        let condition = condition.filter(|condition| condition.aggregate);
        condition.map_or(Ok(false), |condition| {
            stream.holds(&condition.sql, profile, window(&cutoff, kind).1)
        })
    };
    let eligible = holds(definition.eligible.as_ref(), MarkKind::Eligible)?;
    let excluded = holds(definition.exclude.as_ref(), MarkKind::Excluded)?;
    cutoff.over_nothing = Flags::new(false, eligible, excluded);
    Ok(cutoff)
}

/// The window of a condition around a cutoff, and what the condition is over no events.
fn window(cutoff: &Cutoff, kind: MarkKind) -> (bool, Window) {
    let (over_nothing, at) = (cutoff.over_nothing, cutoff.at);
    let (holds, after, until) = match kind {
        MarkKind::Eligible => (over_nothing.eligible(), cutoff.eligible_from, at),
        MarkKind::Excluded => (over_nothing.excluded(), cutoff.excluded_from, at),
        _ => (over_nothing.goal(), at, cutoff.outcome_until),
    };
    (holds, Window { at, after, until })
}

/// Windows in lists whose beginnings and ends both go up, so that those that an event lies in are found by two
/// searches; the conditions of a list are the same over no events. Nearly always there is one list.
fn ascending(cutoffs: &[Cutoff], kind: MarkKind) -> Vec<(bool, Vec<Window>)> {
    let mut windows: Vec<_> = cutoffs.iter().map(|cutoff| window(cutoff, kind)).collect();
    windows.sort_by_key(|(holds, window)| (*holds, window.at));
    let mut lists: Vec<(bool, Vec<Window>)> = Vec::new();
    for (holds, window) in windows {
        let fits = |&&mut (held, ref list): &&mut (bool, Vec<Window>)| {
            let goes_up = |last: &Window| {
                last.at < window.at && last.after <= window.after && last.until <= window.until
            };
            held == holds && list.last().is_some_and(goes_up)
        };
        match lists.iter_mut().find(|list| fits(list)) {
            Some((_, list)) => list.push(window),
            None => lists.push((holds, vec![window])),
        }
    }
    lists
}

impl Gathered {
    fn at(
        definition: &Definition,
        mut stream: Stream,
        as_of: Micros,
        mut cutoffs: Vec<Cutoff>,
        examples: bool,
    ) -> Result<Self, Error> {
        mark(&mut stream, definition, &mut cutoffs, true)?;
        let mut gathered = Self {
            span: stream.span(definition)?,
            stream,
            rules: rules(definition),
            cutoffs,
            counts: Vec::new(),
            profiles: Profiles::default(),
            eligible: 0,
            examples,
            as_of,
            learned: None,
        };
        gathered.survey(definition)?;
        Ok(gathered)
    }

    /// Training rows that are wanted, if there are so many and memory holds them.
    pub fn wanted(&self, definition: &Definition) -> u64 {
        let newest = self.counts.last().map_or(0, |count| count.rows);
        let newest = (newest as f64 / self.stream.share().fraction()) as u64;
        let usual = newest.clamp(FEWEST_ROWS, MOST_ROWS);
        definition.options.max_training_rows.unwrap_or(usual)
    }

    /// Lets go of the oldest cutoffs when all have more than `limit` rows; given examples stay.
    pub fn keep_newest(&mut self, limit: u64) {
        if !self.examples {
            let older = self.counts.len() - hold_out::newest_first(&self.counts, limit);
            self.counts.drain(..older);
            self.cutoffs.drain(..older);
        }
    }

    /// Rows of the profiles read.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|count| count.rows as u64).sum()
    }

    /// Rows of all profiles at all cutoffs that there were, about, if only a sample of them was read.
    pub fn estimate(&self) -> u64 {
        (self.eligible as f64 / self.stream.share().fraction()) as u64
    }

    /// Refuses outcomes that are all the same, and says what there is of the goal that made them so.
    pub fn refuse_one_class(&self, definition: &Definition) -> Result<(), Error> {
        let positives: usize = self.counts.iter().map(|count| count.positives).sum();
        let rows = self.total() as usize;
        if self.examples || positives > 0 && positives < rows {
            return Ok(());
        }
        Err(Error::OneClass {
            model: definition.name.clone(),
            positives,
            rows,
            window: definition.outcome_window.words(),
            goal: goal::explained(definition)?,
            once: self.profiles.come_once().then(|| {
                let Profiles { all, singles } = self.profiles;
                format!("{singles} of {all} profiles have one event and do not come back")
            }),
        })
    }

    /// The stream, and who is trained on.
    fn parts(&mut self) -> (&mut Stream, Population<'_>) {
        let population = Population {
            rules: &self.rules,
            cutoffs: &self.cutoffs,
            examples: self.examples,
        };
        (&mut self.stream, population)
    }

    /// Counts the rows at each cutoff, and learns on the way.
    fn survey(&mut self, definition: &Definition) -> Result<(), Error> {
        let Some(newest) = self.cutoffs.iter().map(|cutoff| cutoff.at).max() else {
            return Ok(());
        };
        let learner = learner(&self.stream, definition, newest)?;
        let (stream, population) = self.parts();
        let mut survey = Survey::new(population, learner);
        let mut other = stream.keeps_two_busy().then(|| survey.clone());
        stream.share_out((&mut survey, other.as_mut()), &mut |()| Ok(()))?;
        if let Some(other) = other {
            survey.merge(other)?;
        }
        let Survey {
            counts,
            profiles,
            learner,
            ..
        } = survey;
        (self.counts, self.profiles, self.learned) = (counts, profiles, Some(learner));
        self.eligible = self.total();
        Ok(())
    }

    /// Vocabularies and windows, from the events up to `until` only; and what is left out because others tell more of
    /// the outcomes that are known by then.
    pub fn learn(
        &mut self,
        definition: &Definition,
        until: Micros,
    ) -> Result<(Schema, LeftOut), Error> {
        let learned = self.learned.take();
        let learned = match learned.filter(|learned| learned.until() == until) {
            Some(learned) => learned,
            None => learned_until(&mut self.stream, definition, until)?,
        };
        let unread = LeftOut {
            identifiers: learned.identifiers()?,
            columns: unused::columns(definition)?,
            ..LeftOut::default()
        };
        let Some(candidates) = learned.candidates(self.stream.dictionaries())? else {
            return Ok((schema(learned, &self.stream, definition)?, unread));
        };
        let ranks = self.ranks(&candidates, until)?;
        let chosen = learned.finish_by(self.stream.dictionaries(), &ranks)?;
        let left_out = LeftOut {
            identifiers: unread.identifiers,
            columns: unread.columns,
            ..chosen.left_out(&candidates)
        };
        Ok((named(chosen, definition), left_out))
    }

    /// What candidates tell of the outcomes of some rows.
    fn ranks(&mut self, candidates: &Schema, until: Micros) -> Result<Ranks, Error> {
        let features = candidates.features().len();
        let room = guc::max_memory() / TRIAL_SHARE / size_of::<f32>();
        let rows = (room / features.max(1)).clamp(FEWEST_TRIAL_ROWS, MOST_TRIAL_ROWS);
        let mut dataset = Dataset::new(features);
        self.feature_rows(candidates, self.total(), rows as u64, &mut |rows| {
            Ok(dataset.append(&rows)?)
        })?;
        Ok(Ranks::of(
            candidates,
            &dataset,
            &self.cutoffs,
            until,
            &mut poll,
        )?)
    }

    /// The training rows, of a sample of them if there are more than `limit`: `take` gets some after the other.
    pub fn feature_rows(
        &mut self,
        schema: &Schema,
        total: u64,
        limit: u64,
        take: &mut dyn FnMut(Dataset) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let sample = Sample::new(total, limit);
        let (stream, population) = self.parts();
        let writer = || {
            let features = Features::new(schema, stream.dictionaries());
            RowWriter::new(population, sample, features)
        };
        let writers = (writer(), stream.keeps_two_busy().then(writer));
        stream.share_out(writers, take)
    }
}

/// Vocabularies and windows, from the events up to `until` only.
pub fn learn(stream: &mut Stream, definition: &Definition, until: Micros) -> Result<Schema, Error> {
    let learned = learned_until(stream, definition, until)?;
    schema(learned, stream, definition)
}

/// What the events up to `until` say.
fn learned_until(
    stream: &mut Stream,
    definition: &Definition,
    until: Micros,
) -> Result<Learner, Error> {
    let mut learned = learner(stream, definition, until)?;
    let mut other = stream.keeps_two_busy().then(|| learned.clone());
    stream.share_out((&mut learned, other.as_mut()), &mut |()| Ok(()))?;
    if let Some(other) = other {
        learned.merge(other)?;
    }
    Ok(learned)
}

/// One that has learned nothing yet.
fn learner(stream: &Stream, definition: &Definition, until: Micros) -> Result<Learner, Error> {
    let window = definition.outcome_window.in_days();
    let goal = if definition.goal.aggregate {
        GoalKind::Aggregate
    } else {
        GoalKind::Events
    };
    let uses = definition.options.take_as.iter();
    let uses = uses.filter_map(|(name, asked)| Some((name.clone(), asked.text_use()?)));
    let asked = definition.options.take_as.iter();
    let amounts = asked.filter(|(_, asked)| **asked == TakeAs::Amount);
    let amounts = amounts.map(|(name, _)| name.clone()).collect();
    let learner = Learner::new(stream.names(), window, until, goal);
    Ok(learner.with_uses(uses.collect()).with_amounts(&amounts))
}

/// What a learner has learned, with the names that the definition gives.
fn schema(learned: Learner, stream: &Stream, definition: &Definition) -> Result<Schema, Error> {
    let schema = learned.finish(stream.dictionaries())?;
    Ok(named(schema, definition))
}

/// A schema with the names that the definition gives.
fn named(mut schema: Schema, definition: &Definition) -> Schema {
    if let Some(goal) = &mut schema.goal {
        goal.name.clone_from(&definition.options.goal_name);
    }
    schema
}

/// How many training rows fit into the memory setting: a row is held as f32 twice, once as it is
/// and once standardised, and as u8 bins. What the backend holds besides does not count, so that
/// every session learns from the same rows.
pub fn rows_that_fit(features: usize) -> u64 {
    const BYTES_PER_VALUE: usize = 10;
    /// Dictionaries, a partition and what the learners need besides.
    const REST: usize = 8 << 20;
    let room = (guc::max_memory() / 10 * 7).saturating_sub(REST);
    (room / (features.max(1) * BYTES_PER_VALUE)) as u64
}
