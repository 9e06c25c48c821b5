//! Models stored by earlier versions of the library predict what they predicted then, or are refused
//! by a clear error: those of format 1 had features that there are no more.

use std::path::Path;

use propensity::Error;
use propensity::model::Model;

#[test]
fn format_1_is_refused_as_old() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let bytes = std::fs::read(folder.join("format_1.model")).unwrap();
    let found = Model::decode(&bytes).err();
    let expected = Error::UnknownFormat {
        found: 1,
        required: 2,
    };
    assert_eq!(found, Some(expected));
}
