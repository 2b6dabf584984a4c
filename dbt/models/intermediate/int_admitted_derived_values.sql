-- The derived elements on what is admitted: nothing built on what a blocking rule holds has a value.
with

{{ all_derived_figures(ref('int_admitted_reported_values')) }}

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
