//! Places of codes in lists that a schema keeps.

/// Small numbers for codes: the place of a kept text in its list.
#[derive(Debug, Default)]
pub(super) struct Places {
    by_code: Vec<u8>,
    rest: u8,
}

impl Places {
    /// `kept` yields a code, if it is known, for each place; all other codes get `rest`.
    pub(super) fn new(kept: impl Iterator<Item = Option<u32>>, codes: usize, rest: u8) -> Self {
        let mut by_code = vec![rest; codes + 1];
        for (place, code) in kept.enumerate() {
            if let Some(slot) = code.and_then(|code| by_code.get_mut(code as usize)) {
                *slot = place as u8;
            }
        }
        Self { by_code, rest }
    }

    /// 0 for these codes, 1 for all others.
    pub(super) fn flags(these: impl Iterator<Item = u32>, codes: usize) -> Self {
        let mut by_code = vec![1; codes + 1];
        for code in these {
            if let Some(slot) = by_code.get_mut(code as usize) {
                *slot = 0;
            }
        }
        Self { by_code, rest: 1 }
    }

    #[inline]
    pub(super) fn of(&self, code: u32) -> u8 {
        self.by_code
            .get(code as usize)
            .copied()
            .unwrap_or(self.rest)
    }
}
