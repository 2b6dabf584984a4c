{# What makes a finding the same in a later revision: rule, subject and what was observed. #}
{% macro same_finding(one, other) -%}
    {{ one }}.rule_code = {{ other }}.rule_code
    {%- for column in [
        'reporting_unit_code',
        'area_code',
        'period_code',
        'data_element_code',
        'category_code',
        'observed',
    ] %}
            and {{ one }}.{{ column }} is not distinct from {{ other }}.{{ column }}
    {%- endfor -%}
{%- endmacro %}
