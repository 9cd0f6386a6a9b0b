"""The DAGs of `examples/deploy` in a real Airflow: imported as a scheduler does,
and run for each exit code with a program that ends with it.

Run by deploy.py, with Airflow's Python.
"""

import os
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

DEPLOY = Path(__file__).resolve().parents[2] / "examples" / "deploy"

FAKE = """#!/bin/sh
if [ "$1" = check ]; then echo looked; exit "$FAKE_CHECK"; fi
if [ "$FAKE_CODE" = 0 ]; then
  echo '{"status":"published","release":"r1","counts":{"documents":3}}'
else
  echo "error: made up for $FAKE_CODE" >&2
fi
exit "$FAKE_CODE"
"""

# Exit code of tifa run: state of the DAG's run, state of the task, its tries.
EXPECTED = {0: ("success", "success", 1), 1: ("failed", "failed", 1), 2: ("failed", "failed", 1), 75: ("success", "skipped", 3)}


def main():
    with tempfile.TemporaryDirectory(prefix="tifa-airflow-") as home:
        program = Path(home) / "tifa"
        program.write_text(FAKE)
        program.chmod(0o755)
        os.environ |= {
            "AIRFLOW_HOME": home,
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(DEPLOY),
            "TIFA": str(program),
            "TIFA_FOLDER": home,
        }
        from airflow.dag_processing.dagbag import DagBag
        from airflow.utils.db import initdb

        initdb()
        bag = DagBag(str(DEPLOY))
        faults = [f"not imported: {error}" for error in bag.import_errors.values()]
        if sorted(bag.dags) != ["tifa", "tifa_fresh"]:
            faults.append(f"the DAGs are {sorted(bag.dags)}")
        if not faults:
            for task in bag.dags["tifa"].tasks:
                # As the file has it, but for the time of a test.
                task.retries, task.retry_delay = 2, timedelta(seconds=1)
            for code, expected in EXPECTED.items():
                os.environ["FAKE_CODE"] = str(code)
                run = bag.dags["tifa"].test()
                (task,) = run.get_task_instances()
                got = (str(run.state), str(task.state), task.try_number)
                if got != expected:
                    faults.append(f"exit code {code}: {got} and not {expected}")
            for code, expected in ((0, "success"), (1, "failed")):
                os.environ["FAKE_CHECK"] = str(code)
                state = str(bag.dags["tifa_fresh"].test().state)
                if state != expected:
                    faults.append(f"check ends with {code}: {state} and not {expected}")
    print("\n".join(f"FAULT {fault}" for fault in faults) or f"HELD {len(EXPECTED)} exit codes of run, 2 of check", flush=True)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
