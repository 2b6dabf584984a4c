-- The derived elements on all reported figures, before anything is held out.
with

{{ all_derived_figures(ref('int_reported_element_values')) }}

select
    round_code,
    area_code,
    data_element_code,
    category_code,
    value,
    value_state,
    value_status,
    n_sources,
    coverage,
    is_sample
from derived
