{{ config(meta={
    'slice': 'area',
    'by_area': ['stg_cells', 'int_round_areas'],
    'by_round': ['int_rounds', 'int_round_elements'],
}) }}

select
    {{ surrogate_key(['cells.sha256', 'cells.sheet', 'cells.cell']) }} as reported_cell_key,
    cells.round_code,
    coalesce(rounds.period_code, cells.period_code) as period_code,
    rounds.data_year,
    cells.area_code,
    areas.area_name,
    cells.sha256,
    cells.file_name,
    cells.sheet,
    cells.row_number as row,
    cells.col_number as col,
    cells.cell,
    cells.raw_text,
    cells.cell_type,
    cells.role,
    cells.submission_id,
    cells.reporting_unit_code,
    cells.data_element_code,
    cells.category_code,
    elements.name_vi,
    cells.disposition,
    cells.reason,
    cells.is_sample
from {{ ref('stg_cells') }} as cells
left join {{ ref('int_rounds') }} as rounds on cells.round_code = rounds.round_code
left join {{ ref('int_round_areas') }} as areas
    on cells.round_code = areas.round_code and cells.area_code = areas.area_code
left join {{ ref('int_round_elements') }} as elements
    on cells.round_code = elements.round_code and cells.data_element_code = elements.data_element_code
