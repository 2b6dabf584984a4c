-- Every cell that was read is a row, once, with one of the three dispositions.
{{ config(meta={'dagster': {'ref': {'name': 'fct_reported_cell'}}}) }}

with

read as (

    select
        sha256,
        count(*) as n_cells
    from {{ ref('stg_cells') }}
    group by sha256

),

told as (

    select
        sha256,
        count(*) filter (where disposition = 'accepted') as n_accepted,
        count(*) filter (where disposition = 'quarantined' and reason is not null) as n_quarantined,
        count(*) filter (where disposition = 'ignored' and reason is not null) as n_ignored
    from {{ ref('fct_reported_cell') }}
    group by sha256

)

select
    read.sha256,
    read.n_cells,
    told.n_accepted,
    told.n_quarantined,
    told.n_ignored
from read
left join told on read.sha256 = told.sha256
where coalesce(told.n_accepted + told.n_quarantined + told.n_ignored, 0) <> read.n_cells
