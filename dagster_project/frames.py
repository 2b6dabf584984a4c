"""The columns that rooms hand to one another, as polars schemas.

A frame that crosses from one room into another is declared here and nowhere else; ``conform`` checks it. The
tables of the catalogue are declared in ``catalogue.tables``, the marts in ``dbt/models/marts``.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

TIMESTAMP = pl.Datetime("us", "UTC")

#: What the manifest of a zip calls itself: figures on their way up, findings on their way back.
REPORT_PACKAGE, RETURN_PACKAGE = "kho-package/1", "kho-return/1"


def _schema(columns: Mapping[str, pl.DataType | type[pl.DataType]]) -> pl.Schema:
    return pl.Schema(columns)


#: One row per arrival of a file (bytes equal to a known file are a receipt too).
RECEIPTS = _schema(
    {
        "receipt_id": pl.String,
        "sha256": pl.String,
        "file_name": pl.String,
        "size_bytes": pl.Int64,
        "received_at": TIMESTAMP,
        "sender": pl.String,
        "channel": pl.String,
        "status": pl.String,  # received, paper, duplicate, refused
        "reason": pl.String,  # message code where refused
        "is_sample": pl.Boolean,
    }
)

#: One row per file × reporting unit × area × form × round.
SUBMISSIONS = _schema(
    {
        "submission_id": pl.String,
        "sha256": pl.String,
        "file_name": pl.String,
        "reporting_unit_code": pl.String,
        "area_code": pl.String,
        "form_code": pl.String,
        "form_version": pl.String,
        "round_code": pl.String,
        "period_code": pl.String,
        "received_at": TIMESTAMP,
        "counts_from": TIMESTAMP,  # when a file that came for a fixed round was let in; null: when it came
        "signed_copy": pl.Boolean,
        "blocked": pl.Boolean,  # a fault of identity or layout: the file changes nothing
        "entered_how": pl.String,  # form, back_series, layout, package, on_behalf, correction
        "is_sample": pl.Boolean,
    }
)

#: One row per cell of a read file: every cell with content, and every bound position even if blank.
CELLS = _schema(
    {
        "sha256": pl.String,
        "file_name": pl.String,
        "sheet": pl.String,
        "row": pl.Int32,  # from 1
        "col": pl.Int32,  # from 1
        "cell": pl.String,  # A1 notation
        "raw_text": pl.String,  # verbatim; empty string where blank
        "cell_type": pl.String,  # text, number, boolean, date, error, formula_no_value, blank
        "number": pl.Float64,  # the cell's own number, where it is one
        "number_format": pl.String,
        "role": pl.String,  # value, state, status, source, note, or null where nothing is bound
        "submission_id": pl.String,
        "reporting_unit_code": pl.String,
        "area_code": pl.String,
        "form_code": pl.String,
        "round_code": pl.String,
        "period_code": pl.String,
        "data_element_code": pl.String,
        "category_code": pl.String,
        "value": pl.Float64,
        "value_exact": pl.String,  # decimal digits, for counts and money
        "value_text": pl.String,
        "value_state": pl.String,
        "value_status": pl.String,
        "unit": pl.String,
        "source_text": pl.String,
        "note_text": pl.String,
        "entered_how": pl.String,
        "unit_multiplier": pl.Float64,  # as the table says: the value is in so many of its unit; never applied
        "obs_status": pl.String,  # SDMX code of what the table says of the observation
        "status_text": pl.String,  # its own word for it
        "period_text": pl.String,  # its own label of the period
        "is_sample": pl.Boolean,
        "disposition": pl.String,  # accepted, quarantined, ignored
        "reason": pl.String,  # rule code of the quarantine, or why it is ignored
    }
)

#: One row per rule × subject × submission.
FINDINGS = _schema(
    {
        "finding_id": pl.String,
        "rule_code": pl.String,
        "stage": pl.String,  # guard, intake, admission, meaning, returned
        "status": pl.String,  # pass, fail, no_data, did_not_run
        "severity": pl.String,  # blocking, warning, info
        "sha256": pl.String,
        "file_name": pl.String,
        "sheet": pl.String,
        "cell": pl.String,
        "submission_id": pl.String,
        "reporting_unit_code": pl.String,
        "area_code": pl.String,
        "round_code": pl.String,
        "period_code": pl.String,
        "indicator_code": pl.String,
        "data_element_code": pl.String,
        "category_code": pl.String,
        "observed": pl.String,
        "expected": pl.String,
        "message_vi": pl.String,
        "message_en": pl.String,
        "advice_vi": pl.String,
        "advice_en": pl.String,
        "is_sample": pl.Boolean,
    }
)


#: What an officer ever entered: a correction of a unit's figure, or a figure on a unit's behalf.
ENTRIES = _schema(
    {
        "entry_id": pl.String,
        "kind": pl.String,  # correction, on_behalf
        "round_code": pl.String,
        "period_code": pl.String,
        "area_code": pl.String,
        "reporting_unit_code": pl.String,
        "data_element_code": pl.String,
        "category_code": pl.String,
        "value": pl.Float64,
        "value_exact": pl.String,
        "value_text": pl.String,
        "value_state": pl.String,
        "unit": pl.String,
        "expect": pl.String,  # the source's figure in plain digits, or the text of its cell; null on behalf
        "reason": pl.String,
        "said_by": pl.String,
        "channel": pl.String,
        "entered_at": TIMESTAMP,
        "entered_by": pl.String,
        "paper_sha256": pl.String,
        "paper_name": pl.String,
        "page": pl.Int32,
        "confirmed_at": TIMESTAMP,
        "withdrawn_at": TIMESTAMP,
        "is_standing": pl.Boolean,  # the newest of its kind and figure that was not withdrawn
        "is_sample": pl.Boolean,
    }
)

#: What makes a finding the same finding in a later revision, as long as what was observed is the same.
_FINDING_KEY: dict[str, type[pl.DataType]] = {
    "rule_code": pl.String,
    "reporting_unit_code": pl.String,
    "area_code": pl.String,
    "period_code": pl.String,
    "data_element_code": pl.String,
    "category_code": pl.String,
    "observed": pl.String,
}
FINDING_KEY = tuple(_FINDING_KEY)

#: What a unit says about a finding; the newest per finding key.
RESPONSES = _schema(
    {
        "response_id": pl.String,
        **_FINDING_KEY,
        "text": pl.String,
        "answered_by": pl.String,
        "answered_at": TIMESTAMP,
        "how": pl.String,  # workbook, command
        "is_sample": pl.Boolean,
    }
)

#: Answers read from feedback workbooks, on their way to RESPONSES.
ANSWERS = _schema(
    {
        "sha256": pl.String,
        "submission_id": pl.String,
        "finding_id": pl.String,
        **_FINDING_KEY,
        "text": pl.String,
    }
)

#: What an officer decided on a blocking finding; the newest per finding key.
VERDICTS = _schema(
    {
        "verdict_id": pl.String,
        **_FINDING_KEY,
        "verdict": pl.String,  # accept: the figure stands
        "reason": pl.String,
        "decided_by": pl.String,
        "decided_at": TIMESTAMP,
        "is_sample": pl.Boolean,
    }
)

#: Why a unit need not send a form, or may send it later, whether it still stands or not.
EXEMPTIONS = _schema(
    {
        "exemption_id": pl.String,
        "reporting_unit_code": pl.String,
        "area_code": pl.String,
        "form_code": pl.String,
        "round_code": pl.String,
        "kind": pl.String,  # exempt, extension, nothing_to_report, not_sending
        "until": pl.Date,  # the last day of an extension
        "reason": pl.String,
        "decided_by": pl.String,
        "decided_at": TIMESTAMP,
        "withdrawn_at": TIMESTAMP,
        "is_standing": pl.Boolean,  # the newest of its unit, area, form and round that was not withdrawn
        "is_sample": pl.Boolean,
    }
)

#: What was done with a round, in order; without a row a round is a draft.
ROUND_STATES = _schema(
    {
        "act_number": pl.Int64,
        "round_code": pl.String,
        "act": pl.String,  # review, sign, issue, lock, reopen, amend
        "state": pl.String,  # draft, reviewed, for_signature, issued, locked
        "reason": pl.String,
        "amendment": pl.String,  # update, supplement, replacement
        "returned_by": pl.String,
        "paper_sha256": pl.String,
        "paper_name": pl.String,
        "release_id": pl.String,  # the release that the act was decided on
        "set_by": pl.String,
        "set_at": TIMESTAMP,
        "is_sample": pl.Boolean,
    }
)

#: Documents that were issued from rounds.
DOCUMENTS = _schema(
    {
        "act_number": pl.Int64,
        "round_code": pl.String,
        "kind": pl.String,  # report
        "document_number": pl.String,
        "document_date": pl.Date,
        "signer": pl.String,
        "file_sha256": pl.String,
        "file_name": pl.String,
        "release_id": pl.String,  # the frozen release that it was printed from
        "revision": pl.Int64,
        "relation": pl.String,  # to the document that it cites: update, supplement, replacement
        "cites_number": pl.String,
        "cites_date": pl.Date,
        "registered_by": pl.String,
        "registered_at": TIMESTAMP,
        "is_sample": pl.Boolean,
    }
)


#: What officers wrote into reports and did not withdraw.
REPORT_TEXTS = _schema(
    {
        "text_id": pl.String,
        "round_code": pl.String,
        "section": pl.String,
        "text": pl.String,
        "written_by": pl.String,
        "written_at": TIMESTAMP,
        "is_sample": pl.Boolean,
    }
)


def empty(schema: pl.Schema) -> pl.DataFrame:
    """A frame of ``schema`` without rows."""
    return pl.DataFrame(schema=schema)


def conform(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """``frame`` with exactly the columns of ``schema``, in its order; a missing column becomes null.

    Raises ``ValueError`` for a column that the schema does not know, ``polars.exceptions.PolarsError`` for a type
    that does not cast.
    """
    unknown = [name for name in frame.columns if name not in schema]
    if unknown:
        raise ValueError(f"columns outside the contract: {unknown}")
    return frame.select(
        pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in schema.items()
    )
