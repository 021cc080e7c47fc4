//! The program that `bench` and `demo` use where there is no folder of rules: Corner Coffee as it ships, in the binary. It
//! never stands in for a folder that is there.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::Path;

/// Where rules are looked for unless a flag says otherwise.
pub const FOLDER: &str = "rules";

const FILES: [(&str, &str); 2] = [
    ("corner_coffee/program.toml", include_str!("../../rules/corner_coffee/program.toml")),
    ("corner_coffee/earn.rhai", include_str!("../../rules/corner_coffee/earn.rhai")),
];

/// The folder of the programs: the one asked for, or where that is the usual one and is not there, one made in `scratch`.
///
/// # Errors
/// Where that folder cannot be written.
pub fn rules<'a>(asked: &'a Path, scratch: &Path) -> io::Result<Cow<'a, Path>> {
    if asked != Path::new(FOLDER) || asked.exists() {
        return Ok(Cow::Borrowed(asked));
    }
    let folder = scratch.join(FOLDER);
    for (path, content) in FILES {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap_or(&folder))?;
        fs::write(file, content)?;
    }
    Ok(Cow::Owned(folder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Program, ProgramFiles};

    #[test]
    fn what_is_in_the_binary_is_the_whole_shipped_program() {
        let scratch = tempfile::tempdir().unwrap();
        let shipped = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join(FOLDER);
        assert_eq!(rules(&shipped, scratch.path()).unwrap(), shipped, "a folder that is there is used");
        for (path, content) in FILES {
            assert_eq!(fs::read_to_string(shipped.join(path)).unwrap(), content);
            let file = scratch.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
        let of = |folder: &Path| ProgramFiles::load(&folder.join("corner_coffee")).unwrap();
        let scripts = |files: &ProgramFiles| {
            let paths = files.files.iter().map(|(path, _)| path.clone());
            paths.filter(|path| !path.starts_with("tests/")).collect::<Vec<_>>()
        };
        let made = of(scratch.path());
        assert_eq!(scripts(&made), scripts(&of(&shipped)), "no file of it is missing");
        Program::compile(&made).unwrap();
    }
}
