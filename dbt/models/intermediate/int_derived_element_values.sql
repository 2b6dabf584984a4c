-- The derived elements on all reported figures, before anything is held out.
with

{{ all_derived_figures(ref('int_reported_element_values')) }}

select * from derived
