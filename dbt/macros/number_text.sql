{# A number as Vietnamese offices write it, at most six decimals: 1.234,5; in English 1,234.5. #}
{% macro number_text(column, language='vi') -%}
    {%- set plain = "trim(trailing '.' from trim(trailing '0' from " ~ six_decimals(column) ~ "))" -%}
    {{ plain if language == 'en' else "translate(" ~ plain ~ ", ',.', '.,')" }}
{%- endmacro %}

{# With six decimals and its thousands parted by commas; Spark would write a null as a word. #}
{% macro six_decimals(column) -%}
    {%- if target.type == 'spark' -%}
        case when {{ column }} is not null then format_string('%,.6f', cast({{ column }} as double)) end
    {%- else -%}
        format('{:,.6f}', {{ column }})
    {%- endif -%}
{%- endmacro %}
