"""The jobs: from landing to a release, the report set of rounds, and the steps of a round's timetable."""

import dagster as dg

from dagster_project.defs.assets import EXPORTS, release_is_fresh
from dagster_project.defs.office import CLOSING, DELIVERY, FORMS, NOTICES, REMINDERS, hand_over
from dagster_project.defs.partitions import ROUNDS

_FRESHNESS = dg.AssetSelection.checks(release_is_fresh)
_FIGURES = (
    dg.AssetSelection.all()
    - dg.AssetSelection.assets(EXPORTS, FORMS, REMINDERS, CLOSING, DELIVERY, NOTICES)
    - _FRESHNESS
)

#: From the inbox to a release. In process: a process per step costs seconds each and meets the DuckDB lock.
refresh = dg.define_asset_job(
    "refresh",
    selection=_FIGURES,
    executor_def=dg.in_process_executor,
    description="Nhận tệp, kiểm tra, dựng số liệu và chốt một bản / from the inbox to a release",
)

report = dg.define_asset_job(
    "report",
    selection=dg.AssetSelection.assets(EXPORTS),
    partitions_def=ROUNDS,
    executor_def=dg.in_process_executor,
    description="Xuất bộ báo cáo của các đợt / the report set of rounds",
)

issue_forms = dg.define_asset_job(
    "issue_forms",
    selection=dg.AssetSelection.assets(FORMS),
    partitions_def=ROUNDS,
    executor_def=dg.in_process_executor,
    description="Phát hành biểu của một đợt / the forms of a round",
)

remind = dg.define_asset_job(
    "remind",
    selection=dg.AssetSelection.assets(REMINDERS),
    partitions_def=ROUNDS,
    executor_def=dg.in_process_executor,
    description="Nhắc các đơn vị còn nợ biểu / reminders to units that owe a form",
)

close = dg.define_asset_job(
    "close",
    selection=_FIGURES | dg.AssetSelection.assets(CLOSING),
    partitions_def=ROUNDS,
    executor_def=dg.in_process_executor,
    description="Hết hạn đơn vị: chốt và báo quá hạn / at the units' due moment: a release, and who is overdue",
)

deliver = dg.define_asset_job(
    "deliver",
    selection=dg.AssetSelection.assets(EXPORTS, DELIVERY),
    partitions_def=ROUNDS,
    executor_def=dg.in_process_executor,
    description="Trước hạn của mình: bộ báo cáo gửi cấp trên / before the own due date: the set for the level above",
)

notify = dg.define_asset_job(
    "notify",
    selection=dg.AssetSelection.assets(NOTICES),
    executor_def=dg.in_process_executor,
    description="Viết biên nhận và thông báo bản chốt / receipts and the note about the release",
)

check_freshness = dg.define_asset_job(
    "check_freshness",
    selection=_FRESHNESS,
    executor_def=dg.in_process_executor,
    description="Bản chốt có đủ những gì đã nhận chưa / does the release hold what was received",
)


@dg.job(
    name="send_notices",
    executor_def=dg.in_process_executor,
    description="Gửi thông báo qua máy chủ thư / notices to the mail server",
)
def send_notices() -> None:
    """What was written and not sent yet."""
    hand_over()
