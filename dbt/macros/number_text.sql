{# A number as Vietnamese offices write it, at most six decimals: 1.234,5; in English 1,234.5. #}
{% macro number_text(column, language='vi') -%}
    {%- set plain = "rtrim(rtrim(format('{:,.6f}', " ~ column ~ "), '0'), '.')" -%}
    {{ plain if language == 'en' else "translate(" ~ plain ~ ", ',.', '.,')" }}
{%- endmacro %}
