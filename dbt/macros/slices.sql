{#
    A build that goes on from the one before makes again only the slice of a model that can have changed. Which rounds
    and areas these are, warehouse/slices.py finds and tells in the variable `slice`; a whole build has none.

    A model says in its `meta` what its rows are made from:
    slice      `round`: rows of a round from what it reads of that round; `area`: from that round and area. A model that
               looks at earlier rounds may be sliced by round, for a round that changed brings all later ones with it
    by_round   what it reads only of the rounds that it makes
    by_area    the same of the rounds and areas; where a model is sliced by round this is no less true of the rounds
    rows_of    where its rows have no round: the mart that has a row with this key for each of them, and that is made
               later, so that it still holds the rows of the build before
    All else it reads whole, and a model without `slice` is made whole. A view with `by_round` or `by_area` is read in
    slices by the models that read it so.

    A whole build of more than memory holds is told slices, too, in the variable `parts`: a model with `slice` is then
    made by them one after another. Each row is of one of them, for the last is of all rounds that no other has.
#}

{#
    The rows of a relation that are in a slice; what has no round or no area may be of any. Areas may be thousands: rows
    are joined with them, for a list in a filter is compared with each row from its first to its last.
#}
{% macro in_slice(slice, scope) -%}
    (round_code is null or round_code {{ is_of_rounds(slice) }})
    {%- if scope == 'area' %} and (area_code is null or area_code in (select unnest([{{ listed(slice.areas) }}]))){% endif -%}
{%- endmacro %}

{% macro is_of_rounds(slice) -%}
    {{ 'not ' if slice.is_rest }}in ({{ listed(slice.rounds) }})
{%- endmacro %}

{% macro listed(codes) -%}
    '{{ codes | map('replace', "'", "''") | join("', '") }}'
{%- endmacro %}

{# The statements that put the slice anew into a table of the build before. #}
{% macro build_slice(relation, query, slice, scope) %}
    {%- set rows_of = model.config.meta.rows_of -%}
    {%- if rows_of %}
        delete from {{ relation }} where {{ rows_of.key }} in (
            select {{ rows_of.key }}
            from {{ relation.incorporate(path={'identifier': rows_of.relation}) }}
            where {{ in_slice(slice, scope) }}
        );
        insert into {{ relation }} by name
        {{ read_in_slices(query, slice, scope) }}
    {%- else %}
        delete from {{ relation }} where {{ in_slice(slice, scope) }};
        insert into {{ relation }} by name
        select * from (
        {{ read_in_slices(query, slice, scope) }}
        ) as whole
        where {{ in_slice(slice, scope) }}
    {%- endif %}
{% endmacro %}

{# The rows of one of the parts of a whole build; those of no round come with the first. #}
{% macro read_part(query, part, is_first) %}
    select * from (
    {{ read_in_slices(query, part, 'round') }}
    ) as whole
    where {{ 'round_code is null or ' if is_first }}round_code {{ is_of_rounds(part) }}
{% endmacro %}

{# A view once more for those that read a slice of it. #}
{% macro create_sliced_views(name, query, slice, scopes) %}
    {% for scope in scopes %}
        create schema if not exists {{ sliced_schema(slice, scope) }};
        create or replace view {{ sliced_schema(slice, scope) }}.{{ name }} as (
        {{ read_in_slices(query, slice, scope) }}
        );
    {% endfor %}
{% endmacro %}

{# The query of this model, reading slices of what its `meta` names. #}
{% macro read_in_slices(query, slice, scope) -%}
    {%- set by_area = model.config.meta.get('by_area', []) -%}
    {%- set text = namespace(sql=query) -%}
    {%- for name in by_area + model.config.meta.get('by_round', []) -%}
        {%- set relation, of = ref(name), scope if name in by_area else 'round' -%}
        {%- set part = sliced_schema(slice, of) ~ '.' ~ name if has_sliced_views(load_cached_relation(relation))
            else '(select * from ' ~ relation ~ ' where ' ~ in_slice(slice, of) ~ ')' -%}
        {%- set text.sql = text.sql | replace(relation | string, part) -%}
    {%- endfor -%}
    {{ return(text.sql) }}
{%- endmacro %}

{# What a view filters and joins is not cut down by who reads it; those over files are no more than the files. #}
{% macro has_sliced_views(relation) -%}
    {{ return(relation.is_view and relation.schema != 'staging') }}
{%- endmacro %}

{% macro sliced_schema(slice, scope) -%}
    slice{{ slice.number }}_by_{{ scope }}
{%- endmacro %}
