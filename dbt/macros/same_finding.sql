{#
    What makes a finding the same in a later revision: rule, subject and what was observed. `rule_code` names the column
    of `one` with the rule, null where nothing can be the same.
#}
{% macro same_finding(one, other, rule_code='rule_code') -%}
    {{ one }}.{{ rule_code }} = {{ other }}.rule_code
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
