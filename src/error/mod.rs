//! What can go wrong in this layer.
//! Errors of Postgres itself (from SPI, the parser, the executor) are not here: they pass through as they are.

mod convert;
mod listed;
mod message;
mod nearest;

pub use listed::listed;
pub use nearest::nearest;

use std::io;

use pgrx::pg_sys::panic::ErrorReport;

/// One variant for each situation.
#[derive(Debug)]
pub enum Error {
    /// An argument is NULL that must not be.
    NullArgument { argument: &'static str },
    /// An argument outside its range; `required` completes "It must be".
    Argument {
        argument: &'static str,
        found: String,
        required: String,
        hint: String,
    },
    /// An interval with no length, a negative part, or no end.
    Window {
        argument: &'static str,
        found: String,
    },
    /// An interval longer than timestamps reach.
    WindowTooLong {
        argument: &'static str,
        found: String,
    },
    /// An instant that is infinite or later than now.
    Instant {
        argument: &'static str,
        found: String,
        required: &'static str,
    },

    /// The extension is of another version than the library.
    OtherVersion {
        found: String,
        library: &'static str,
    },

    /// A caller of a function that returns a table takes no rows.
    NoRowsAccepted,

    /// Options that are not a JSON object.
    OptionsShape { found: String },
    /// An option that does not exist.
    UnknownOption { option: String },
    /// An option of the wrong JSON type or outside its range; `required` completes "It must be".
    Option {
        option: String,
        found: String,
        required: String,
    },
    /// An option over a limit of ours.
    OptionLimit {
        option: String,
        found: String,
        limit: String,
    },

    /// No model of that name that the caller may see.
    UnknownModel {
        name: String,
        nearest: Option<String>,
    },
    /// A model of that name exists.
    ModelExists { name: String },
    /// A model of that name exists, and is defined in another way; the parts that differ, each in words.
    ModelDiffers {
        name: String,
        differing: Vec<String>,
    },
    /// A model that may be neither trained nor scored.
    ModelDisabled { model: String },
    /// What others built upon the relations of a model that is to be dropped, in words.
    ModelUsed { model: String, others: Vec<String> },
    /// A call of alter_model with nothing to change.
    NothingToAlter,
    /// Another model writes its scores there.
    ScoresTaken { relation: String, model: String },
    /// The score history is not what it was made as; `required` completes "it must be", the hint is a sentence.
    HistoryAltered {
        relation: String,
        found: String,
        required: String,
        hint: String,
    },
    /// A column of the score history has another type than what is to be written.
    HistoryType {
        relation: String,
        column: String,
        found: String,
        required: String,
        hint: String,
    },
    /// The role that owns the model does not exist any more.
    OwnerGone { model: String, owner: String },
    /// The role that owns the model is gone, and there is another one of its name.
    OwnerReplaced { model: String, owner: String },
    /// The scores of a model were given to a superuser, the model was not.
    ScoresGiven {
        model: String,
        owner: String,
        found: String,
    },
    /// The model has no event source.
    NoSources { model: String },
    /// No role of that name.
    UnknownRole { name: String },
    /// The caller is not a member of the role that owns the model.
    NotOwner { owner: String, caller: String },
    /// The model has no active version; the newest of its versions, if there are any.
    NotTrained { model: String, newest: Option<i32> },
    /// No version of that number.
    UnknownVersion {
        model: String,
        version: i32,
        /// Those that there are.
        versions: Vec<i32>,
    },
    /// The active version cannot be dropped.
    VersionActive { model: String, version: i32 },
    /// No version was active before the one that is.
    NoFormerVersion { model: String, active: Option<i32> },
    /// The model has no scores yet.
    NotScored { model: String },
    /// No scoring run of that number.
    UnknownRun {
        model: String,
        run: i64,
        /// Those that there are, oldest first.
        runs: Vec<i64>,
    },
    /// A run whose reasons nobody saw but where they were made, or (not `binned`) of a version that does not know what values its
    /// factors had.
    NoFigures {
        model: String,
        run: i64,
        binned: bool,
    },
    /// Not a factor of the model.
    NoSuchFactor {
        model: String,
        factor: String,
        nearest: Option<String>,
    },
    /// The only scoring run, where two are to be compared.
    OneRun { model: String, run: i64 },
    /// A version of which no rows were held out.
    /// `measured`: it was measured on some, which were not kept.
    NoHoldOut {
        model: String,
        version: i32,
        measured: bool,
    },
    /// A run that was not summed up while it was made.
    NotSummedUp { model: String, run: i64 },
    /// A run of a version that predicted something else than the definition now says.
    RunOtherGoal { model: String, run: i64 },
    /// A run whose scores are not in the history any more.
    RunNotKept {
        model: String,
        run: i64,
        history: String,
    },

    /// The relation does not exist (any more).
    UnknownRelation { relation: String },
    /// An index, a sequence, a type: not something with rows of events.
    WrongKind { relation: String, found: String },
    /// One of our own tables, or the scores of the model.
    OwnRelation { relation: String },
    /// Options name a column that no relation has.
    NoSuchColumn {
        option: &'static str,
        column: String,
        relation: String,
        columns: Vec<String>,
    },
    /// A relation without the column.
    UnknownColumn {
        relation: String,
        column: String,
        /// Those that it has.
        columns: Vec<String>,
    },
    /// A column left out that has no plausible choice, or more than one.
    CannotGuess {
        argument: &'static str,
        relation: String,
        candidates: Vec<String>,
        /// All that it has.
        columns: Vec<String>,
    },
    /// A column of a type that cannot be used; `required` completes "It must be".
    ColumnType {
        relation: String,
        column: String,
        found: String,
        required: &'static str,
        hint: String,
    },
    /// A column whose equality is not that of its bytes.
    ColumnEquality {
        relation: String,
        column: String,
        found: String,
        hint: String,
    },
    /// The same column for two purposes.
    SameColumn {
        column: String,
        first: &'static str,
        second: &'static str,
    },
    /// The profile columns of two sources differ in type.
    ProfileTypes {
        relation: String,
        column: String,
        found: String,
        required: String,
    },
    /// A column of one name has another type in another source.
    StreamTypes {
        relation: String,
        column: String,
        found: String,
        required: String,
    },
    /// No right to create in a schema, or no such schema.
    SchemaRights { schema: String, exists: bool },
    /// No right to name what is in a schema.
    SchemaUsage { schema: String, role: String },
    /// No right to read a column.
    ColumnRights {
        relation: String,
        column: String,
        role: String,
    },

    /// A condition that is not one expression.
    NotAnExpression {
        condition: &'static str,
        found: String,
    },
    /// A condition with something that is not allowed; `place` is a sentence.
    Forbidden {
        condition: &'static str,
        what: String,
        place: String,
        hint: &'static str,
    },
    /// A condition with aggregates that fails over no events.
    OverNothing {
        condition: &'static str,
        reason: String,
    },
    /// A condition that is not boolean.
    NotBoolean {
        condition: &'static str,
        found: String,
    },
    /// A condition with an aggregate where it must be about one row.
    Aggregate { condition: &'static str },
    /// The same events as a second source.
    SourceTwice { model: String, relation: String },
    /// What is to be removed is no source of the model; `kind` is what it was taken for.
    NotASource {
        model: String,
        relation: String,
        kind: &'static str,
        sources: Vec<String>,
    },
    /// The only event source cannot be removed.
    LastSource { model: String, relation: String },
    /// A second relation of profile attributes.
    SecondProfiles { model: String, relation: String },

    /// No event that can be used.
    NoEvents {
        model: String,
        future: u64,
        skipped: u64,
        /// Time of the newest event in the future.
        newest: Option<String>,
    },
    /// Less history than the windows need, in days.
    TooLittleHistory {
        model: String,
        found: f64,
        required: f64,
        /// The windows, in words.
        eligible: String,
        outcome: String,
        /// The events that lie apart and do not count, in a clause.
        apart: Option<String>,
    },
    /// A cutoff whose outcome window ends after the newest event.
    WindowOpen {
        model: String,
        cutoff: String,
        found: String,
        required: String,
    },
    /// All examples have the same outcome; `goal` says in a sentence what there is of the goal.
    OneClass {
        model: String,
        positives: usize,
        rows: usize,
        window: String,
        goal: String,
        /// That hardly any profile has more than one event, in a clause.
        once: Option<String>,
    },
    /// No profile meets the eligible condition at any of the cutoffs.
    NoEligible { model: String, cutoffs: Vec<String> },
    /// An examples relation without rows that can be used.
    NoExamples { relation: String, found: String },
    /// An examples relation without a column that is needed; `profile` is the model's name of the profile.
    ExampleColumn {
        relation: String,
        column: String,
        profile: String,
        found: Vec<String>,
    },
    /// Labels that contradict one another or are none; `required` completes "Required is".
    ExampleLabels {
        relation: String,
        found: String,
        required: &'static str,
    },
    /// A profile without events up to the instant of the prediction.
    UnknownProfile {
        model: String,
        profile: String,
        /// The instant of the prediction.
        as_of: String,
        /// Events after it.
        later: u64,
    },
    /// A profile key of more bytes than an index takes.
    KeyTooLong {
        beginning: String,
        bytes: usize,
        limit: usize,
    },
    /// Two rows of one profile where there is to be one.
    DuplicateProfiles {
        relation: String,
        column: String,
        profile: String,
    },
    /// A profile that is no value of the type of the keys.
    ProfileText {
        profile: String,
        column: String,
        required: String,
    },
    /// An override of something that is not a factor or feature.
    UnknownFactor {
        name: String,
        nearest: Option<String>,
    },
    /// A column that the active version reads is gone.
    ColumnGone { model: String, column: String },
    /// A column that the active version reads holds something else now.
    ColumnRetyped {
        model: String,
        relation: String,
        column: String,
        found: String,
        learned: String,
    },
    /// More memory used than the setting allows, in bytes.
    MemoryLimit { used: usize, limit: usize },
    /// A temporary file that the system does not write or read.
    TempFile(io::Error),

    /// A segment name without a schema.
    SegmentName { found: String },
    /// No segment of that name that the caller may see.
    UnknownSegment {
        name: String,
        nearest: Option<String>,
    },
    /// A segment or another relation of that name exists.
    SegmentExists { name: String },
    /// A segment of that name is there, and is another one.
    SegmentDiffers {
        name: String,
        differing: Vec<String>,
    },
    /// pg_cron is not in this database.
    NoCron { database: String, command: String },
    /// Another role has scheduled the model.
    Scheduled { model: String, role: String },
    /// The relation of a segment cannot be made again, because others need it.
    SegmentNeeded { name: String, reason: String },
    /// A segment that holds a profile which is to be forgotten, and cannot be refreshed; the reason is a sentence.
    SegmentFails {
        name: String,
        model: String,
        reason: String,
    },
    /// A segment whose relation is gone, or is another one now; the reason completes "its relation".
    SegmentGone {
        name: String,
        model: String,
        reason: &'static str,
    },

    /// A function of an aggregate called by itself.
    DirectCall,
    /// A model document that is not written in hexadecimal digits.
    DocumentText,
    /// A state speaks of a model document that this backend has not seen.
    UnknownDocument,
    /// An argument of an aggregate that changes from row to row.
    NotConstant { argument: &'static str },
    /// More or fewer attributes than the model reads.
    AttributeCount { found: usize, names: Vec<String> },
    /// An argument of a type that cannot be used; `required` completes "It must be".
    ArgumentType {
        argument: String,
        found: String,
        required: &'static str,
    },
    /// A model whose events cannot be asked where they are; the reason is a sentence.
    NotPushed { model: String, reason: &'static str },
    /// The events of one profile are too many to travel as one value.
    HistoryTooLong { bytes: usize, limit: usize },
    /// What another server answered cannot be read.
    BadAnswer,
    /// A model with profile attributes, which events do not have.
    NeedsProfiles,

    /// Something of the learning library, about a model.
    Model {
        model: String,
        error: propensity::Error,
    },
    /// Something of the learning library, not about one model.
    Learning(propensity::Error),
    /// What only a mistake of ours can cause; completes "Found that".
    Internal(&'static str),
    /// A status of SPI that only a mistake of ours can cause.
    Spi(pgrx::spi::Error),
}

impl Error {
    /// Raises it at once, where nothing can be returned.
    pub fn throw(self) -> ! {
        let report = ErrorReport::from(self);
        std::panic::panic_any(report)
    }
}

/// A value that a query of ours cannot return as NULL.
pub fn not_null<T>(value: Option<T>) -> Result<T, Error> {
    value.ok_or(Error::Internal("a query returned NULL"))
}
