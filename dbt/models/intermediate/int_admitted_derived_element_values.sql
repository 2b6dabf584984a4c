-- The derived elements on what is admitted: nothing built on what a blocking rule holds has a value.
with

{{ all_derived_figures(ref('int_admitted_reported_element_values')) }}

select * from derived
