"""The jobs: one from landing to release, one for the report set of a round."""

import dagster as dg

from dagster_project.defs.assets import EXPORTS
from dagster_project.defs.partitions import ROUNDS

#: From the inbox to a release. In process: a process per step costs seconds each and meets the DuckDB lock.
refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(EXPORTS),
    executor_def=dg.in_process_executor,
    description="Nhận tệp, kiểm tra, dựng số liệu và chốt một bản / from the inbox to a release",
)

report = dg.define_asset_job(
    "report",
    selection=dg.AssetSelection.assets(EXPORTS),
    partitions_def=ROUNDS,
    executor_def=dg.in_process_executor,
    description="Xuất bộ báo cáo của một đợt / the report set of one round",
)
