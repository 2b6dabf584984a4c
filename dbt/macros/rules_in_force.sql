{#
    What to select from for the rules of gate 2: `rules` as they are in force at the end of the period of each of the
    `rounds` that are of interest.
#}
{% macro rules_in_force() -%}
    {{ ref('stg_validation_rules') }} as rules
    inner join {{ ref('int_rounds') }} as rounds
        on
            coalesce(rules.criteria_set_code, rounds.criteria_set_code) = rounds.criteria_set_code
            and rounds.period_end between rules.starts_on and rules.ends_on
            and rules.stage = 'meaning'
            and rounds.is_of_interest
{%- endmacro %}
