"""What an office does around its figures, as assets: forms and reminders of a round, its closing, notices, mail.

Each is one call into ``timetable``, ``notices`` or ``mail``; when it is due is told by ``automation``.
"""

# Annotations are not postponed here: Dagster wants the context's type itself, not its name.

import dagster as dg

from dagster_project import mail, pipeline, timetable
from dagster_project.defs.assets import CATALOGUE, EXPORTS, RELEASE
from dagster_project.defs.partitions import ROUNDS
from dagster_project.defs.retries import tried_again
from dagster_project.defs.tags import OCCASION_TAG
from dagster_project.notices import due_notices, write_notices
from dagster_project.pipeline import Desk

FORMS = dg.AssetKey("forms")
REMINDERS = dg.AssetKey("reminders")
CLOSING = dg.AssetKey("closing")
DELIVERY = dg.AssetKey("delivery")
NOTICES = dg.AssetKey("notices")
#: Who does what starts by itself, in the ledger.
BY = "kho serve"


@dg.asset(key=FORMS, deps=[CATALOGUE], partitions_def=ROUNDS, group_name="office", kinds={"excel"})
def forms(context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]) -> dg.MaterializeResult[None]:
    """One workbook per reporting unit of a round."""
    with tried_again(context):
        catalogue = pipeline.load_checked_catalogue(desk)
        issued = timetable.issue_forms(desk, catalogue, context.partition_key, BY)
    folder = dg.MetadataValue.path(desk.folder.forms / context.partition_key)
    return dg.MaterializeResult(metadata={"forms": len(issued), "folder": folder})


@dg.asset(key=REMINDERS, deps=[RELEASE], partitions_def=ROUNDS, group_name="office", kinds={"file"})
def reminders(context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]) -> dg.MaterializeResult[None]:
    """A notice to each unit that owes a form of the round."""
    occasion = context.run.tags.get(OCCASION_TAG, f"{desk.now():%Y-%m-%d}")
    return _remind(context, desk, timetable.Step(timetable.REMINDER, context.partition_key, occasion))


@dg.asset(key=CLOSING, deps=[RELEASE], partitions_def=ROUNDS, group_name="office", kinds={"file"})
def closing(context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]) -> dg.MaterializeResult[None]:
    """After the units' due moment: a notice to each unit that is overdue, on the release of that moment."""
    return _remind(context, desk, timetable.Step(timetable.CLOSING, context.partition_key))


@dg.asset(
    key=DELIVERY,
    deps=[EXPORTS],
    partitions_def=ROUNDS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="office",
    kinds={"file"},
)
def delivery(context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]) -> dg.MaterializeResult[None]:
    """The round's documents were made for the level above, in time; the ledger tells so."""
    for round_code in context.partition_keys:
        timetable.mark_done(desk, timetable.Step(timetable.EXPORT, round_code), BY)
    return dg.MaterializeResult(metadata={"rounds": list(context.partition_keys)})


@dg.asset(key=NOTICES, deps=[RELEASE], group_name="office", kinds={"file"})
def notices(context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]) -> dg.MaterializeResult[None]:
    """Receipts to units and the note about the release, as files; each event once."""
    with tried_again(context):
        written = write_notices(desk, due_notices(desk, pipeline.load_checked_catalogue(desk)))
    return dg.MaterializeResult(metadata={"written": len(written)})


@dg.op(out=dg.Out(dg.Nothing))
def hand_over(context: dg.OpExecutionContext, free_desk: dg.ResourceParam[Desk]) -> None:
    """Notices to the mail server, without the build lock: a server that does not answer holds up nothing."""
    for sent in mail.send_waiting(free_desk):
        context.log.info(f"{sent.notice.number}: {sent.outcome} {sent.detail}")  # noqa: G004


def _remind(
    context: dg.AssetExecutionContext, desk: Desk, step: timetable.Step
) -> dg.MaterializeResult[None]:
    with tried_again(context):
        written = timetable.remind(desk, pipeline.load_checked_catalogue(desk), step, BY)
    return dg.MaterializeResult(metadata={"written": len(written)})
