//! A progress bar on a terminal; nothing where standard error is piped.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar for long work. It draws nothing unless standard error is a terminal.
pub(super) fn bar(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10));
    let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} ({eta})");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.with_message(what)
}
