//! The program `tifa`: see [`tifa::cli`].

fn main() -> std::process::ExitCode {
    tifa::cli::main()
}
