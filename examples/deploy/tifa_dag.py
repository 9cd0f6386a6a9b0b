"""Two DAGs for Airflow 3: run a pipeline each night; look each morning whether its release is fresh.

What the exit codes of `tifa run` become:

    0   published or unchanged            success
    1   the data failed a check           failed at once: the same data fails again
    2   configuration or a broken world   failed at once: somebody must look
    75  another run holds the lock        tried again every five minutes; after the last try, skipped

Put this file into the DAGs folder. TIFA, TIFA_FOLDER and TIFA_PIPELINE in the
environment of the workers say what is run, and where.
"""

from __future__ import annotations

import json
import os
import subprocess
from datetime import timedelta

import pendulum
from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from airflow.sdk import dag, get_current_context, task

TIFA = os.environ.get("TIFA", "tifa")
FOLDER = os.environ.get("TIFA_FOLDER", "/srv/tifa")
PIPELINE = os.environ.get("TIFA_PIPELINE", "corpus")
LINEAGE = os.environ.get("TIFA_OPENLINEAGE", "")

BUSY = 75


def last_try() -> bool:
    """Whether Airflow will not try this task again."""
    instance = get_current_context()["ti"]
    return instance.try_number > (instance.max_tries or 0)


def run_tifa() -> dict:
    """Runs the pipeline and returns its record, which Airflow shows as the task's result."""
    command = [TIFA, "run", PIPELINE, "--log-format", "json"]
    if LINEAGE:
        command += ["--openlineage", LINEAGE]
    done = subprocess.run(command, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    print(done.stderr, end="")
    told = done.stderr.strip().splitlines()[-1:] or ["no message"]
    match done.returncode:
        case 0:
            record = json.loads(done.stdout.strip().splitlines()[-1])
            print(f"{record['status']} {record['release']}: {record['counts']['documents']} documents")
            return {key: record[key] for key in ("status", "release", "counts")}
        case 1:
            raise AirflowFailException(f"the data failed a check, and nothing was published: {told[0]}")
        case 75:
            if last_try():
                raise AirflowSkipException("another run still holds the lock: it does the work")
            raise AirflowException("another run holds the lock")
        case code:
            raise AirflowFailException(f"exit code {code}: {told[0]}")


def check_fresh() -> None:
    """Fails if the last release is too old, or an expected day is missing."""
    done = subprocess.run([TIFA, "check", PIPELINE, "--fresh", "2d"], cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    print(done.stdout, end="")
    if done.returncode != 0:
        raise AirflowFailException(f"exit code {done.returncode}: {done.stdout.strip()[-500:]}")


@dag(
    dag_id="tifa",
    schedule="30 21 * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz="Asia/Shanghai"),
    # A run reads all that is there, so nights that were missed are one run.
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 6, "retry_delay": timedelta(minutes=5)},
    doc_md=__doc__,
)
def tifa():
    task(task_id="run", execution_timeout=timedelta(hours=4))(run_tifa)()


# A DAG of its own: it must also look when the other one failed, was skipped or is switched off.
@dag(
    dag_id="tifa_fresh",
    schedule="0 8 * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    doc_md=__doc__,
)
def tifa_fresh():
    task(task_id="fresh")(check_fresh)()


tifa()
tifa_fresh()
