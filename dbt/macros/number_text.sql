{# A number as Vietnamese offices write it, at most six decimals: 1.234,5 #}
{% macro number_text(column) -%}
    translate(rtrim(rtrim(format('{:,.6f}', {{ column }}), '0'), '.'), ',.', '.,')
{%- endmacro %}
