{# How high an area or a round stands; null for a level that is none of an administration. #}
{% macro level_rank(column) -%}
    case {{ column }} when 'commune' then 1 when 'district' then 2 when 'province' then 3 when 'national' then 4 end
{%- endmacro %}
