"""A small Spark cluster on this machine, from the wheel: one master, two workers, Spark Connect; loopback only.

What runs on it is told elsewhere. Each process leads a group of its own, so that all of them end with the cluster.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_UP_WITHIN = 180.0
#: A worker of its own address: killed, it takes no other worker's shuffle files with it.
_WORKERS = ("127.0.0.1", "127.0.0.2")
_CONNECT = "org.apache.spark.sql.connect.service.SparkConnectServer"


@dataclass(frozen=True)
class Cluster:
    """Where it is reached; ``warehouse`` holds its tables as Parquet, one folder per schema and table."""

    remote: str
    monitor: str
    warehouse: Path
    workers: Sequence[subprocess.Popen[bytes]]


@contextmanager
def running(environment: Path, folder: Path, memory: str, settings: Mapping[str, str]) -> Iterator[Cluster]:
    """A cluster whose Python environment is ``environment``; its logs and tables lie below ``folder``."""
    home = next(environment.glob("lib/python3*/site-packages/pyspark"))
    master, connect, monitor = (_free_port() for _ in range(3))
    url = f"spark://127.0.0.1:{master}"
    warehouse = folder / "warehouse"
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, *command: str, address: str = "127.0.0.1") -> subprocess.Popen[bytes]:
        with (folder / "logs" / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=folder,
                env=os.environ
                | {
                    "SPARK_HOME": str(home),
                    "SPARK_NO_DAEMONIZE": "1",
                    "SPARK_LOCAL_IP": address,
                    "SPARK_LOCAL_DIRS": str(folder / "shuffle" / name),
                    "SPARK_WORKER_DIR": str(folder / "work" / name),
                },
            )
        started.append(process)
        return process

    try:
        spark_class = str(home / "bin" / "spark-class")
        places = ("--host", "127.0.0.1", "--port", str(master), "--webui-port", "0")
        start("master", spark_class, "org.apache.spark.deploy.master.Master", *places)
        _wait(master, started)
        workers = [
            start(
                f"worker-{number}",
                spark_class,
                "org.apache.spark.deploy.worker.Worker",
                *("--host", address, "--cores", "1", "--memory", memory, "--webui-port", "0", url),
                address=address,
            )
            for number, address in enumerate(_WORKERS, start=1)
        ]
        told = {
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": str(connect),
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.executor.memory": memory,
            "spark.log.level": "WARN",
            "spark.ui.port": str(monitor),
            "spark.ui.showConsoleProgress": "false",
            "spark.sql.warehouse.dir": str(warehouse),
            **settings,
        }
        start(
            "connect",
            *(
                str(home / "bin" / "spark-submit"),
                "--master",
                url,
                "--driver-memory",
                "2g",
                "--class",
                _CONNECT,
            ),
            *(part for name, value in told.items() for part in ("--conf", f"{name}={value}")),
            "spark-internal",
        )
        _wait(connect, started)
        yield Cluster(f"sc://127.0.0.1:{connect}", f"http://127.0.0.1:{monitor}", warehouse, workers)
    finally:
        for process in reversed(started):
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process of the cluster and what it started, at once."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(port: int, started: Sequence[subprocess.Popen[bytes]]) -> None:
    until = time.monotonic() + _UP_WITHIN
    while time.monotonic() < until:
        if any(process.poll() is not None for process in started):
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise RuntimeError(f"Spark did not come up on port {port}")
