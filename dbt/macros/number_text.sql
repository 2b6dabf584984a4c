{# A number as Vietnamese offices write it, at most six decimals: 1.234,5; in English 1,234.5. #}
{% macro number_text(column, language='vi') -%}
    {%- set plain = "trim(trailing '.' from trim(trailing '0' from " ~ six_decimals(column) ~ "))" -%}
    {{ plain if language == 'en' else "translate(" ~ plain ~ ", ',.', '.,')" }}
{%- endmacro %}

{# A number with six decimals and its thousands parted by commas. #}
{% macro six_decimals(column) -%}
    {{ return(adapter.dispatch('six_decimals')(column)) }}
{%- endmacro %}

{% macro duckdb__six_decimals(column) -%}
    {{ return("format('{:,.6f}', " ~ column ~ ")") }}
{%- endmacro %}

{% macro spark__six_decimals(column) -%}
    {{ return("case when " ~ column ~ " is not null then format_string('%,.6f', cast(" ~ column ~ " as double)) end") }}
{%- endmacro %}
