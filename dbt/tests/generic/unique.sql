{#
    In place of dbt's own: as many different hashes as rows prove that no two are the same, in less time and memory than
    the texts of a country take. Only where they are fewer the texts are looked at. A build that goes on looks at the
    keys of what it made anew, where the test says in its `meta` which rows these are.
#}
{% test unique(model, column_name) %}

select
    {{ column_name }} as unique_field,
    count(*) as n_records
from {{ model }}
where
    {{ column_name }} is not null
    and {{ may_be_doubled(model, column_name, config.get('meta', {}).slice) }}
group by {{ column_name }}
having count(*) > 1

{% endtest %}
