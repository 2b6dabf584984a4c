{#
    In place of dbt's own: as many different hashes as rows prove that no two are the same, in less time and memory than
    the texts of a country take. Only where they are fewer the texts are looked at.
#}
{% test unique(model, column_name) %}

select
    {{ column_name }} as unique_field,
    count(*) as n_records
from {{ model }}
where
    {{ column_name }} is not null
    and (
        select count(distinct hash({{ column_name }})) < count(*)
        from {{ model }}
        where {{ column_name }} is not null
    )
group by {{ column_name }}
having count(*) > 1

{% endtest %}
