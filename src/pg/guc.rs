//! The `customer_ai.*` settings.

use std::ffi::CStr;

use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting, PostgresGucEnum};

const PREFIX: &CStr = c"customer_ai";
/// What brings events to features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
pub enum Feeder {
    #[name = c"auto"]
    Auto,
    #[name = c"local"]
    Local,
    #[name = c"pushed_down"]
    PushedDown,
}

impl Feeder {
    /// As users write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Local => "local",
            Self::PushedDown => "pushed_down",
        }
    }
}

static FEEDER: GucSetting<Feeder> = GucSetting::<Feeder>::new(Feeder::Auto);
static MAX_MEMORY: GucSetting<i32> = GucSetting::<i32>::new(512 * 1024);
static SHOW_PROGRESS: GucSetting<bool> = GucSetting::<bool>::new(false);
static NOTIFY: GucSetting<bool> = GucSetting::<bool>::new(true);
static THREADS: GucSetting<i32> = GucSetting::<i32>::new(2);

/// Registers the settings and reserves their prefix.
pub fn register() {
    GucRegistry::define_int_guc(
        c"customer_ai.max_memory",
        c"Sets the most memory that training or scoring may use in a backend.",
        c"Training rows are sampled to fit; beyond it a run ends with an error. Temporary files are not counted: see temp_file_limit.",
        &MAX_MEMORY,
        16 * 1024,
        i32::MAX,
        GucContext::Userset,
        GucFlags::UNIT_KB,
    );
    GucRegistry::define_int_guc(
        c"customer_ai.threads",
        c"Sets how many threads training and scoring may use; with 1, no parallel workers either.",
        c"Profiles are walked and the two learners are fitted side by side; more than 2 threads change nothing. Any number gives the same model and scores, byte for byte.",
        &THREADS,
        1,
        64,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_enum_guc(
        c"customer_ai.feeder",
        c"Sets where events become features and scores: local, pushed_down, or auto.",
        c"local streams the events through this backend; pushed_down runs an aggregate by profile, which foreign servers and Citus nodes do by themselves; auto takes that where they would.",
        &FEEDER,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_bool_guc(
        c"customer_ai.show_progress",
        c"Says each phase of training and scoring to the client.",
        c"As INFO; the view customer_ai.progress shows the same to other sessions, always.",
        &SHOW_PROGRESS,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_bool_guc(
        c"customer_ai.notify",
        c"Notifies the channel customer_ai of runs and of changes of segments.",
        c"A transaction that has notified cannot be prepared for a two-phase commit.",
        &NOTIFY,
        GucContext::Userset,
        GucFlags::default(),
    );
    // SAFETY: called once from _PG_init with a constant string.
    unsafe {
        #[cfg(feature = "pg14")]
        pgrx::pg_sys::EmitWarningsOnPlaceholders(PREFIX.as_ptr());
        #[cfg(not(feature = "pg14"))]
        pgrx::pg_sys::MarkGUCPrefixReserved(PREFIX.as_ptr());
    }
}

/// `customer_ai.feeder`.
pub fn feeder() -> Feeder {
    FEEDER.get()
}

/// `customer_ai.max_memory` in bytes.
pub fn max_memory() -> usize {
    usize::try_from(MAX_MEMORY.get())
        .unwrap_or(0)
        .saturating_mul(1024)
}

/// `customer_ai.show_progress`.
pub fn show_progress() -> bool {
    SHOW_PROGRESS.get()
}

/// `customer_ai.notify`.
pub fn notify() -> bool {
    NOTIFY.get()
}

/// `customer_ai.threads`.
pub fn threads() -> i32 {
    THREADS.get()
}
