//! A program's files as they are: names and contents, sorted, bounded and hashed. Nothing here understands them.

use std::fs;
use std::path::Path;

use super::diagnostic::Diagnostic;
use crate::ledger::types::Text;
use crate::limits::{NAME_BYTES_MAX, PROGRAM_BYTES_MAX, PROGRAM_FILES_MAX, PROGRAMS_MAX};

/// The name of the file that declares a program.
pub const MANIFEST: &str = "program.toml";

/// The folder of the merchant's own cases within a program's folder.
pub const CASES_FOLDER: &str = "tests/";

/// A program's folder, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramFiles {
    /// The folder's name, as in `/v1/programs/{name}`.
    pub name: Text,
    /// Path within the folder (with `/`) and content, sorted by path.
    pub files: Vec<(Text, String)>,
}

impl ProgramFiles {
    /// Files from somewhere else than a folder: a request or the journal. Sorts them; checks nothing.
    #[must_use]
    pub fn new(name: &str, mut files: Vec<(Text, String)>) -> Self {
        files.sort();
        Self { name: Text::new(name), files }
    }

    /// Reads `program.toml`, `*.rhai` and `tests/*.toml` of a folder; anything else in it is not looked at.
    pub fn load(dir: &Path) -> Result<Self, Vec<Diagnostic>> {
        let name = dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !is_name(name) {
            return Err(vec![Diagnostic::of_file(
                &dir.to_string_lossy(),
                "a program's folder is named with lower-case letters, digits and _, at most 64",
            )]);
        }
        let mut reader = Reader { name, files: Vec::new(), bytes: 0, diagnostics: Vec::new() };
        reader.folder(dir, "", |file| file == MANIFEST || has_extension(file, "rhai"));
        let cases = dir.join("tests");
        if cases.is_dir() {
            reader.folder(&cases, CASES_FOLDER, |file| has_extension(file, "toml"));
        }
        if reader.diagnostics.is_empty() { Ok(Self::new(name, reader.files)) } else { Err(reader.diagnostics) }
    }

    /// The same program with some files replaced or added, as a check of a draft needs it.
    #[must_use]
    pub fn with(&self, changed: impl IntoIterator<Item = (Text, String)>) -> Self {
        let mut files = self.files.clone();
        for (path, content) in changed {
            match files.iter_mut().find(|(known, _)| *known == path) {
                Some(known) => known.1 = content,
                None => files.push((path, content)),
            }
        }
        Self::new(&self.name, files)
    }

    /// The content of a file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|(known, _)| known == path).map(|(_, content)| content.as_str())
    }

    /// BLAKE3 over names and contents, hexadecimal. Lengths are hashed too, so that no two sets of files read alike.
    #[must_use]
    pub fn hash(&self) -> Text {
        let mut hasher = blake3::Hasher::new();
        for (path, content) in &self.files {
            for part in [path.as_str(), content.as_str()] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part.as_bytes());
            }
        }
        Text::new(hasher.finalize().to_hex())
    }

    /// Refuses more files or bytes than a program may have. Loading enforces it; files from elsewhere are checked by compiling.
    pub(super) fn check_size(&self) -> Option<Diagnostic> {
        let bytes: usize = self.files.iter().map(|(_, content)| content.len()).sum();
        if self.files.len() > PROGRAM_FILES_MAX || bytes > PROGRAM_BYTES_MAX {
            return Some(too_large(&self.name));
        }
        None
    }
}

/// Reads every sub-folder that has a `program.toml`, sorted by name. All of them, or everything that is wrong.
pub fn load_all(rules: &Path) -> Result<Vec<ProgramFiles>, Vec<Diagnostic>> {
    let failed = |error: std::io::Error| {
        vec![Diagnostic::of_file(&rules.to_string_lossy(), format!("the rules folder cannot be read: {error}"))]
    };
    let mut folders = Vec::new();
    for entry in fs::read_dir(rules).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.join(MANIFEST).is_file() {
            folders.push(path);
        }
        if folders.len() > PROGRAMS_MAX {
            return Err(vec![Diagnostic::of_file(
                &rules.to_string_lossy(),
                format!("a rules folder holds at most {PROGRAMS_MAX} programs"),
            )]);
        }
    }
    folders.sort();
    let mut programs = Vec::with_capacity(folders.len());
    let mut diagnostics = Vec::new();
    for folder in &folders {
        match ProgramFiles::load(folder) {
            Ok(files) => programs.push(files),
            Err(wrong) => diagnostics.extend(wrong),
        }
    }
    if diagnostics.is_empty() { Ok(programs) } else { Err(diagnostics) }
}

/// Whether a text can name a program or something it declares: lower-case letters, digits and `_`, beginning with a letter.
#[must_use]
pub fn is_name(text: &str) -> bool {
    text.len() <= NAME_BYTES_MAX
        && text.bytes().next().is_some_and(|first| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

pub(super) fn has_extension(file: &str, extension: &str) -> bool {
    Path::new(file).extension().is_some_and(|found| found == extension)
}

fn too_large(program: &str) -> Diagnostic {
    Diagnostic::of_file(
        program,
        format!("a program has at most {PROGRAM_FILES_MAX} files of together {PROGRAM_BYTES_MAX} bytes"),
    )
}

/// Collects files without ever holding more than a program may have.
struct Reader<'a> {
    name: &'a str,
    files: Vec<(Text, String)>,
    bytes: usize,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn folder(&mut self, dir: &Path, prefix: &str, wanted: impl Fn(&str) -> bool) {
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) => return self.failed(prefix, &error),
        };
        for entry in entries {
            let file = match entry {
                Ok(entry) => entry.file_name(),
                Err(error) => return self.failed(prefix, &error),
            };
            let Some(file) = file.to_str().filter(|file| wanted(file)) else { continue };
            self.file(&dir.join(file), &format!("{prefix}{file}"));
            if self.files.len() > PROGRAM_FILES_MAX || self.bytes > PROGRAM_BYTES_MAX {
                self.diagnostics.push(too_large(self.name));
                return;
            }
        }
    }

    fn file(&mut self, path: &Path, within: &str) {
        let size = match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => metadata.len(),
            Ok(_) => return,
            Err(error) => return self.failed(within, &error),
        };
        if size > PROGRAM_BYTES_MAX as u64 {
            self.bytes = PROGRAM_BYTES_MAX + 1;
            return;
        }
        match fs::read_to_string(path) {
            Ok(content) => {
                self.bytes += content.len();
                self.files.push((Text::new(within), content));
            }
            Err(error) => self.failed(within, &error),
        }
    }

    fn failed(&mut self, within: &str, error: &std::io::Error) {
        self.diagnostics.push(Diagnostic::of_file(within, format!("cannot be read: {error}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_sorted_and_only_what_belongs() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("shop");
        fs::create_dir_all(root.join("tests")).unwrap();
        for (path, content) in [
            ("program.toml", "p"),
            ("earn.rhai", "e"),
            ("tests/b.toml", "b"),
            ("tests/a.toml", "a"),
            ("notes.txt", "n"),
        ] {
            fs::write(root.join(path), content).unwrap();
        }
        let files = ProgramFiles::load(&root).unwrap();
        let paths: Vec<_> = files.files.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["earn.rhai", "program.toml", "tests/a.toml", "tests/b.toml"]);
        assert_eq!(load_all(dir.path()).unwrap(), std::slice::from_ref(&files));
        assert_eq!(files.hash().len(), 64);
        assert_ne!(files.hash(), files.with([(Text::new("earn.rhai"), "f".to_owned())]).hash());
        let moved = ProgramFiles::new("shop", vec![("ab".into(), "c".into())]);
        assert_ne!(moved.hash(), ProgramFiles::new("shop", vec![("a".into(), "bc".into())]).hash());
    }

    #[test]
    fn what_is_too_large_or_not_text_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("shop");
        fs::create_dir(&root).unwrap();
        fs::write(root.join("program.toml"), vec![b' '; PROGRAM_BYTES_MAX + 1]).unwrap();
        assert!(ProgramFiles::load(&root).unwrap_err()[0].message.contains("at most"));
        fs::write(root.join("program.toml"), [0xFF, 0xFE]).unwrap();
        assert!(ProgramFiles::load(&root).unwrap_err()[0].message.contains("cannot be read"));
        assert!(!ProgramFiles::load(&dir.path().join("No Such")).unwrap_err().is_empty());
    }
}
