//! `tallystick new`: a program's folder from a template: a manifest with comments, and cases that pass.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{FINE, cannot_start, say};

/// Flags of `new`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The template: points, stamps, tiers, `double_category` or referral.
    #[arg(value_parser = template)]
    template: &'static Template,
    /// The new program's folder, which must not be there yet, such as `rules/my_shop`.
    #[arg(value_parser = folder)]
    folder: PathBuf,
}

/// A template: its name, what it is for, its files.
#[derive(Debug)]
struct Template {
    name: &'static str,
    about: &'static str,
    files: [(&'static str, &'static str); 2],
}

/// A template with its manifest and its cases.
macro_rules! template {
    ($name:literal, $cases:literal, $about:literal) => {
        Template {
            name: $name,
            about: $about,
            files: [
                ("program.toml", include_str!(concat!("new/", $name, "/program.toml"))),
                (concat!("tests/", $cases), include_str!(concat!("new/", $name, "/tests/", $cases))),
            ],
        }
    };
}

static TEMPLATES: [Template; 5] = [
    template!("points", "points.toml", "points for every purchase, with a cap and a limit"),
    template!("stamps", "cards.toml", "a card of ten stamps, the tenth coffee free"),
    template!("tiers", "tiers.toml", "tiers by what was spent in a year, with better rates"),
    template!("double_category", "produce.toml", "twice the points on one category"),
    template!("referral", "friends.toml", "a bonus for both when a member brings a friend"),
];

fn template(name: &str) -> Result<&'static Template, String> {
    TEMPLATES.iter().find(|template| template.name == name).ok_or_else(|| {
        let all: Vec<String> =
            TEMPLATES.iter().map(|template| format!("  {:16} {}", template.name, template.about)).collect();
        format!("there are\n{}", all.join("\n"))
    })
}

fn folder(path: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(path);
    super::program_name(path.file_name().and_then(|name| name.to_str()).unwrap_or_default())?;
    Ok(path)
}

/// Writes a new program.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let template = args.template;
    if args.folder.exists() {
        return cannot_start(format!("{} is there already; give a new folder", args.folder.display()));
    }
    if let Err(error) = write(template, &args.folder) {
        return cannot_start(format!("{}: {error}", args.folder.display()));
    }
    let rules = args.folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    say(format!("{} is written: {}", args.folder.display(), template.about));
    say(format!("next: tallystick test --rules {}", rules.display()));
    ExitCode::from(FINE)
}

fn write(template: &Template, folder: &Path) -> io::Result<()> {
    for (path, content) in template.files {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap_or(folder))?;
        OpenOptions::new().write(true).create_new(true).open(&file)?.write_all(content.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::cases::run_cases;
    use crate::rules::{Program, ProgramFiles, warnings};

    #[test]
    fn every_template_is_a_program_without_warnings_whose_cases_pass() {
        let folder = tempfile::tempdir().unwrap();
        for template in &TEMPLATES {
            let at = folder.path().join(template.name);
            write(template, &at).unwrap();
            let files = ProgramFiles::load(&at).unwrap();
            let program = Program::compile(&files).unwrap();
            assert_eq!(warnings(&files, &program, None), [], "{}", template.name);
            let report = run_cases(&files).unwrap();
            assert!(report.failures.is_empty() && report.passed > 0, "{}: {:?}", template.name, report.failures);
        }
        assert!(write(&TEMPLATES[0], &folder.path().join("points")).is_err(), "nothing is written over");
    }
}
