{# How findings show what was found and what was expected, in a language. #}

{#- Among peers what lies around their middle, else the right side with its operator. -#}
{% macro expected_text(language='vi') -%}
    case
        when low_value is not null
            then {{ number_text('low_value', language) }} || ' – ' || {{ number_text('high_value', language) }}
        else case operator
            when '==' then ''
            when '!=' then '≠ '
            when '<=' then '≤ '
            when '>=' then '≥ '
            else operator || ' '
        end || {{ number_text('right_value', language) }}
    end
{%- endmacro %}

{#- A figure that an officer entered, and what its source holds. -#}
{% macro entered_text(language='vi') -%}
    coalesce({{ number_text('figure', language) }}, words)
{%- endmacro %}

{% macro source_text(language='vi') -%}
    coalesce({{ number_text('source_figure', language) }}, source_words)
{%- endmacro %}
