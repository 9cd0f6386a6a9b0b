//! What `--help` shows at its end. A test reads each command as the program would.

pub(super) const TIFA: &str = "\
Examples:
  tifa init --from raw corpus     a pipeline for the files of a folder
  tifa run                        read, count and publish what changed
  tifa show theme_profile         rows of a table of the last release
  tifa help run                   more on a command";

pub(super) const RUN: &str = "\
Examples:
  tifa run                        the one pipeline in the nearest pipelines/ folder
  tifa run sample --dry-run       what would be made, and why
  tifa run sample --until parse   stop early, and look: tifa show documents
  tifa --quiet run a.toml b.toml --as-of 2024-03-31
                                  each night: two pipelines, the last line of each

Ctrl-C or SIGTERM stops a run within a second: the last release stays, and the next run goes on
from what is in the cache. The exit code is then 130 or 143; a second Ctrl-C ends it at once.";

pub(super) const CHECK: &str = "\
Examples:
  tifa check                      the pipeline, its lexicon and vocabulary, and their cases
  tifa check sample --corpus      themes and terms that never occur in its files
  tifa check sample --fresh 2d    fail if the last release is stale or a day is missing";

pub(super) const SCHEMA: &str = "\
Examples:
  tifa schema                     all tables
  tifa schema hits                the columns of one
  tifa schema --format json       for programs";

pub(super) const SHOW: &str = "\
Examples:
  tifa show                       the tables there are
  tifa show occasions --columns date_start,name,place_name --rows 20
  tifa show hits --wide           cells whole";

pub(super) const CHART: &str = "\
Examples:
  tifa chart 新质生产力           by the shortest periods that fit on a screen
  tifa chart rule-of-law --period year";

pub(super) const RELEASES: &str = "\
Examples:
  tifa releases                   the releases there are, and why each was made
  tifa releases diff latest~1 latest
                                  what changed since the one before";

pub(super) const REPORT: &str = "\
Examples:
  tifa report --lang en           the last release's page in English
  tifa report --file -            on standard output";

pub(super) const DISCOVER: &str = "\
Examples:
  tifa discover --window 2024     against all text before 2024
  tifa discover --window 2023-09/2024-03 --top 50
  tifa discover --accept 3f9a --theme-id low-altitude-economy
                                  a draft of a theme, by the beginning of an id";

pub(super) const EXPLAIN: &str = "\
Examples:
  tifa explain \"会议3月4日在哈尔滨召开。\" --date 2024-03-06
  tifa explain --jsonl            lines such as {\"id\": 1, \"text\": \"…\"} from standard input";

pub(super) const INIT: &str = "\
Examples:
  tifa init corpus                a folder with a small text, to look at
  tifa init --from raw            a pipeline for the files in raw/, into this folder
  tifa init --from ~/news corpus  into the folder corpus; the files stay where they are";

pub(super) const COMPLETIONS: &str = "\
Examples:
  tifa completions bash           its output belongs into ~/.bashrc: source <(tifa completions bash)
  tifa completions zsh            into ~/.zshrc: source <(tifa completions zsh)
  tifa completions fish           fish: tifa completions fish | source";

pub(super) const MAN: &str = "\
Examples:
  tifa man                        the page of the program: tifa man | man -l -
  tifa man run                    that of a command
  tifa man --output man1          all of them, as files";

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::super::Arguments;

    /// The words of a line as a shell would cut it, quotation marks and all.
    fn words(line: &str) -> Vec<String> {
        let mut out = Vec::new();
        for (number, part) in line.split('"').enumerate() {
            if number % 2 == 1 {
                out.push(part.to_owned());
            } else {
                out.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        out
    }

    /// The commands of a help text: lines indented by two spaces, without what is said of them.
    fn commands(help: &str) -> Vec<Vec<String>> {
        let lines = help.lines().filter(|line| line.starts_with("  tifa "));
        lines.map(|line| words(line.trim_start().split("  ").next().unwrap_or_default())).collect()
    }

    #[test]
    fn every_command_has_examples_that_the_program_takes() {
        let root = Arguments::command();
        let mut with_examples = 0;
        for command in root.get_subcommands().chain([&root]) {
            let help = command.get_after_help().unwrap_or_else(|| panic!("`{}` has no examples", command.get_name())).to_string();
            let examples = commands(&help);
            assert!(!examples.is_empty(), "{help}");
            for example in examples {
                let own = example.iter().any(|word| word == command.get_name());
                assert!(own, "`{}` is no example of `{}`", example.join(" "), command.get_name());
                if let Err(error) = Arguments::try_parse_from(&example) {
                    assert!(example.get(1).is_some_and(|word| word == "help"), "{}: {error}", example.join(" "));
                }
            }
            with_examples += 1;
        }
        assert!(with_examples > 10);
    }
}
