{#
    A number as Vietnamese offices write it, at most six decimals: 1.234,5; in English 1,234.5. Whole numbers, which are
    most, have no zeros to cut off.
#}
{% macro number_text(column, language='vi') -%}
    {%- set whole = "format('{:,d}', cast(" ~ column ~ " as bigint))" -%}
    {%- set plain = "rtrim(rtrim(format('{:,.6f}', " ~ column ~ "), '0'), '.')" -%}
    case
        when {{ column }} = floor({{ column }}) and abs({{ column }}) < 1e15
            then {{ whole if language == 'en' else "replace(" ~ whole ~ ", ',', '.')" }}
        else {{ plain if language == 'en' else "translate(" ~ plain ~ ", ',.', '.,')" }}
    end
{%- endmacro %}
