{#
    A number as Vietnamese offices write it, at most six decimals: 1.234,5; in English 1,234.5. Whole numbers, which are
    most, have no zeros to cut off.
#}
{% macro number_text(column, language='vi') -%}
    {%- set plain = "trim(trailing '.' from trim(trailing '0' from " ~ six_decimals(column) ~ "))" -%}
    {%- set whole = whole_number(column) -%}
    case
        when {{ column }} = floor({{ column }}) and abs({{ column }}) < 1e15
            then {{ whole if language == 'en' else "replace(" ~ whole ~ ", ',', '.')" }}
        else {{ plain if language == 'en' else "translate(" ~ plain ~ ", ',.', '.,')" }}
    end
{%- endmacro %}

{#
    With six decimals and its thousands parted by commas; what lies in the middle goes to the even digit. Spark would
    write a null as a word, and the middle up.
#}
{% macro six_decimals(column) -%}
    {%- if target.type == 'spark' -%}
        case when {{ column }} is not null then format_string('%,.6f', bround(cast({{ column }} as double), 6)) end
    {%- else -%}
        format('{:,.6f}', {{ column }})
    {%- endif -%}
{%- endmacro %}

{# Without decimals, its thousands parted by commas. #}
{% macro whole_number(column) -%}
    {%- if target.type == 'spark' -%}
        case when {{ column }} is not null then format_string('%,d', cast({{ column }} as bigint)) end
    {%- else -%}
        format('{:,d}', cast({{ column }} as bigint))
    {%- endif -%}
{%- endmacro %}
