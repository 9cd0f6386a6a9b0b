"""`examples/deploy` by the tools that read it: systemd's own check of its units,
a shell for the lines of the crontab, and Airflow for the DAGs.

Needs TIFA. Airflow is in the environment's AIRFLOW_PYTHON, a Python that has it;
without one, that part is skipped and said to be.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from outside import REPOSITORY, Report, binary

DEPLOY = REPOSITORY / "examples" / "deploy"
INSTALLED = "/usr/local/bin/tifa"
FOLDERS = ("/srv/tifa", "/var/lib/tifa/metrics", "/var/log/tifa")

# What cron would mail: nothing for a run that needs nobody.
QUIET = (0, 75)


def units(report):
    """`systemd-analyze verify`, with the program where the test has it."""
    if not shutil.which("systemd-analyze"):
        print("skipped: systemd-analyze is not installed")
        return
    with tempfile.TemporaryDirectory(prefix="tifa-units-") as base:
        names = sorted(p.name for p in DEPLOY.glob("*.service")) + sorted(p.name for p in DEPLOY.glob("*.timer"))
        for name in names:
            text = (DEPLOY / name).read_text(encoding="utf-8")
            (Path(base) / name).write_text(text.replace(INSTALLED, binary()), encoding="utf-8")
        done = subprocess.run(["systemd-analyze", "verify", *(f"{base}/{n}" for n in names)], capture_output=True, text=True)
        report.check("systemd-analyze verify", (done.returncode != 0 or done.stderr.strip()) and [done.stderr.strip() or f"exit {done.returncode}"], ", ".join(names))
        done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=20", f"{base}/tifa.service"], capture_output=True, text=True)
        told = done.stdout.strip().splitlines()[-1:]
        report.check("systemd-analyze security: exposure at most 2.0", done.returncode != 0 and told, told[0].split(":")[-1].strip() if told else "")


def crontab(report):
    """Each line, run by sh with a program that ends with each exit code."""
    lines = [line.split(None, 5)[5] for line in (DEPLOY / "tifa.crontab").read_text(encoding="utf-8").splitlines() if line[:1].isdigit()]
    report.check("crontab: a % would end a command", [line for line in lines if "%" in line], f"{len(lines)} lines")
    with tempfile.TemporaryDirectory(prefix="tifa-cron-") as base:
        for folder in FOLDERS:
            Path(base + folder).mkdir(parents=True)
        program = Path(base) / "tifa"
        program.write_text('#!/bin/sh\necho "the last line"\n[ "$FAKE_CODE" = 0 ] || echo "error: made up" >&2\nexit "$FAKE_CODE"\n')
        program.chmod(0o755)
        faults = []
        for line in lines:
            command = line
            for folder in ("/srv/tifa", "/var/lib/tifa", "/var/log/tifa"):
                command = command.replace(folder, base + folder)
            for code in (0, 1, 2, 75):
                # `check` has no lock to wait for.
                if "check" in line and code == 75:
                    continue
                environment = {"PATH": f"{base}:/usr/bin:/bin", "FAKE_CODE": str(code)}
                done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, env=environment)
                mail = done.stdout + done.stderr
                if code in QUIET and mail or code not in QUIET and not (f"exit code {code}" in mail and "made up" in mail):
                    faults.append(f"exit code {code} of `{line[:60]}…` mails {mail!r}")
        report.check("crontab: 1 and 2 are mailed, 0 and 75 are not", faults)
        log = Path(base + "/var/log/tifa/corpus.log").read_text()
        report.check("crontab: the last line of each run is in the log", log != "the last line\n" * 4 and [log])


def dags(report):
    """The DAGs, by airflow_dag.py."""
    python = os.environ.get("AIRFLOW_PYTHON")
    if not python:
        print("skipped: AIRFLOW_PYTHON names no Python that has Airflow")
        return
    done = subprocess.run([python, Path(__file__).with_name("airflow_dag.py")], capture_output=True, text=True, errors="replace", timeout=600)
    held = [line[5:] for line in done.stdout.splitlines() if line.startswith("HELD ")]
    faults = [line[6:] for line in done.stdout.splitlines() if line.startswith("FAULT ")]
    if done.returncode and not faults:
        faults = [f"exit {done.returncode}: {(done.stdout + done.stderr)[-600:]}"]
    report.check("Airflow: the DAGs are imported, and each exit code ends as said", faults, held[0] if held else "")


def main():
    report = Report()
    units(report)
    crontab(report)
    dags(report)
    report.end()


if __name__ == "__main__":
    main()
