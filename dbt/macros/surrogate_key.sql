{#
    md5 of typed, null-marked parts: each part carries its type and its length, so that no two lists of parts
    read the same. `texts` and `dates` are columns or expressions of that type.
#}
{% macro surrogate_key(texts, dates=[]) -%}
    md5(
        concat_ws(
            '|'
            {%- for part in texts -%}
            , coalesce('t' || cast(length({{ part }}) as string) || ':' || {{ part }}, 'n')
            {%- endfor -%}
            {%- for part in dates -%}
            , coalesce('d:' || cast({{ part }} as string), 'n')
            {%- endfor -%}
        )
    )
{%- endmacro %}
