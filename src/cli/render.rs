//! Errors for people: the line at fault, what is wrong, what to do.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::Error;
use crate::batch::BatchError;
use crate::diagnostic::Diagnostic;
use crate::plan::PlanError;

/// Prints an error on standard error.
pub(super) fn error(error: &Error, json: bool) {
    if json {
        tracing::error!(exit_code = error.exit_code(), "{error}");
        return;
    }
    let styled = is_styled();
    let text = match error {
        Error::Plan(PlanError::Faults(faults)) => faults.iter().map(|fault| diagnostic(fault, styled)).collect::<Vec<_>>().join("\n\n"),
        other => format!("error: {other}"),
    };
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Says that a signal ended the command, and that nothing is lost.
pub(super) fn interrupted(exit_code: u8, json: bool) {
    let by = if exit_code == 143 { "SIGTERM" } else { "Ctrl-C" };
    if json {
        tracing::error!(exit_code, "stopped by {by}: {}", BatchError::Interrupted);
    } else {
        let _ = writeln!(io::stderr(), "stopped by {by}: the last release is as it was, and the next run goes on from what is in the cache");
    }
}

/// Prints a mistake that stops nothing.
pub(super) fn warn(fault: &Diagnostic) {
    let _ = writeln!(io::stderr(), "{}", snippet(fault, Level::WARNING, is_styled()));
}

/// Whether colours are wanted: not in a pipe, nor with `NO_COLOR` or `TERM=dumb`.
pub(super) fn is_styled() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

fn diagnostic(fault: &Diagnostic, styled: bool) -> String {
    snippet(fault, Level::ERROR, styled)
}

fn snippet(fault: &Diagnostic, level: Level<'_>, styled: bool) -> String {
    let path = fault.file.display().to_string();
    let end = fault.span.end.max(fault.span.start).min(fault.text.len());
    let start = fault.span.start.min(end);
    let snippet = Snippet::source(fault.text.as_str()).path(path.as_str()).annotation(AnnotationKind::Primary.span(start..end));
    let mut group: Group<'_> = level.primary_title(fault.message.as_str()).element(snippet);
    if let Some(hint) = &fault.hint {
        group = group.element(Level::HELP.message(hint.as_str()));
    }
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Span;

    #[test]
    fn a_fault_is_shown_with_its_line_and_advice() {
        let fault = Diagnostic {
            file: "pipelines/a.toml".into(),
            text: "name = \"a\"\ncadance = \"daily\"\n".into(),
            span: Span::new(11, 18),
            message: "unknown field `cadance`".into(),
            hint: Some("did you mean `cadence`?".into()),
        };
        let text = diagnostic(&fault, false);
        for part in ["pipelines/a.toml:2:1", "unknown field `cadance`", "^^^^^^^", "did you mean `cadence`?"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
