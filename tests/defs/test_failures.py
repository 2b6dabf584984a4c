"""A run that failed is told to the maintainer once, whether a sensor sees it or somebody looks later."""

from pathlib import Path

import dagster as dg
import pytest

from dagster_project.defs.automation import failure_sensor
from dagster_project.defs.failures import end_dead_runs, failed_runs
from dagster_project.errors import KhoError
from dagster_project.ledger.notices import list_notices
from dagster_project.ledger.store import open_ledger
from dagster_project.notices import write_notices
from dagster_project.pipeline import Desk
from dagster_project.settings import read_settings


@dg.op
def broken() -> None:
    raise KhoError("cli.interrupted")


@dg.job(executor_def=dg.in_process_executor, logger_defs={})
def refresh() -> None:
    broken()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    from dagster_project.defs.desk import system_clock

    monkeypatch.setenv("KHO_DATA", str(tmp_path / "data"))
    desk = Desk(settings=read_settings(tmp_path / "data"), now=system_clock)
    desk.folder.make()
    return desk


def test_a_sensor_and_a_later_look_tell_the_maintainer_once(desk: Desk) -> None:
    with dg.instance_for_test() as instance:
        result = refresh.execute_in_process(instance=instance, raise_on_error=False)
        context = dg.build_run_status_sensor_context(
            sensor_name="failure_sensor",
            dagster_event=result.get_run_failure_event(),
            dagster_instance=instance,
            dagster_run=result.dagster_run,
        ).for_run_failure()
        failure_sensor(context)
        assert write_notices(desk, failed_runs(desk, instance)) == []
    (told,) = list_notices(open_ledger(desk.settings.ledger))
    assert told.kind == "failure"
    assert "refresh" in told.subject


def test_runs_that_no_process_works_on_are_closed(desk: Desk) -> None:
    with dg.instance_for_test() as instance:
        run = instance.create_run_for_job(refresh, status=dg.DagsterRunStatus.STARTED)
        end_dead_runs(desk, instance)
        closed = instance.get_run_by_id(run.run_id)
        assert closed is not None
        assert closed.status is dg.DagsterRunStatus.CANCELED
