-- Every figure that a unit sent, of any revision, stands in a cell of a file that is kept.
{{ config(meta={'dagster': {'ref': {'name': 'fct_reported_value_history'}}}) }}

with

history as (

    select * from {{ ref('fct_reported_value_history') }}
    where {{ made_anew('area') }}

)

select
    history.reported_value_key,
    history.submission_id
from history
left join {{ ref('fct_reported_cell') }} as cells
    on
        history.sha256 = cells.sha256
        and history.cell = cells.cell
        and coalesce(history.sheet, '') = coalesce(cells.sheet, '')
where
    history.entered_how not in ('on_behalf', 'correction')
    and (
        cells.reported_cell_key is null
        or cells.role <> 'value'
        or cells.disposition <> case when history.value_state = 'held' then 'quarantined' else 'accepted' end
    )
