{#
    States in the order in which they win when figures are put together: one held figure holds the whole, and a
    figure that somebody still owes is missing before it is not available. A sum over some of the areas stands next to
    a value, from which every reader tells it apart by the rank 1.
#}
{% macro state_rank(column) -%}
    case {{ column }}
        when 'held' then 5
        when 'missing' then 4
        when 'not_available' then 3
        when 'not_applicable' then 2
        when 'partial' then 1.5
        else 1
    end
{%- endmacro %}

{# The state for a rank; where all parts have figures, `value` tells value from zero. #}
{% macro ranked_state(rank, value) -%}
    case {{ rank }}
        when 5 then 'held'
        when 4 then 'missing'
        when 3 then 'not_available'
        when 2 then 'not_applicable'
        when 1.5 then 'partial'
        else case when {{ value }} = 0 then 'zero' else 'value' end
    end
{%- endmacro %}

{# A figure is as final as its least final part; unknown where no part says so. #}
{% macro status_rank(column) -%}
    case {{ column }} when 'estimate' then 3 when 'preliminary' then 2 when 'final' then 1 end
{%- endmacro %}

{% macro ranked_status(rank) -%}
    case {{ rank }} when 3 then 'estimate' when 2 then 'preliminary' when 1 then 'final' end
{%- endmacro %}

{#
    Whether a unit's figure counts in its area's: the lead's, or where each unit reports its part, that of every unit
    that is assigned one. A contributor's figure never stands for the lead's, and a unit that nobody asked adds nothing.
#}
{% macro counts(current_values, elements) -%}
    case coalesce({{ elements }}.unit_aggregation, 'lead')
        when 'sum' then {{ current_values }}.counting_role is not null
        else coalesce({{ current_values }}.counting_role = 'lead', false)
    end
{%- endmacro %}
