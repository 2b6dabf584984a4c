{# A double as text at 12 significant digits: what content hashes compare, and the same on every engine. #}
{% macro canonical_double(column) -%}
    case when {{ column }} = 0 then '0' else printf('%.11e', {{ column }}) end
{%- endmacro %}
