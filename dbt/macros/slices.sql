{#
    A build that goes on from the one before makes again only the slice of a model that can have changed. Which rounds
    and areas these are, warehouse/slices.py finds and tells in the variable `slice`; a whole build has none.

    A change of an area reaches those above it and those that came after it, which are made from its figures: all of
    them are the slice's areas. Where areas are compared with one another it may reach any: a model that compares them
    tells which, and those that come after it make these areas, too.

    A model says in its `meta` what its rows are made from:
    slice      `round`: rows of a round from what it reads of that round; `area`: the same, and a row of an area only
               from areas whose changes reach it; `series`: the same of all rounds. A model that looks at earlier rounds
               may be sliced by round or area, for a round that changed brings all later ones with it
    by_round   what it reads only of the rounds that it makes
    by_area    the same of the rounds and areas; where a model is sliced by round this is no less true of the rounds
    by_series  what it reads only of the areas that it makes
    rows_of    where its rows have no round or area: the mart that has a row with this key for each of them, and that is
               made later, so that it still holds the rows of the build before; `as` is the key's name here, if another
    compares   whether it compares areas with one another: it is sliced by round, and tells in which areas rows differ
    All else it reads whole, and a model without `slice` is made whole. A view with `by_round` or `by_area` is read in
    slices by the models that read it so.

    A whole build of more than memory holds is told slices, too, in the variable `parts`: a model with `slice` is then
    made by them one after another. Each row is of one of them, for the last is of all rounds that no other has.
#}

{# The areas that a change reaches, before all models; the areas that a model compares come later. #}
{% macro find_reached_areas() -%}
    {%- set areas, lineage = ref('stg_areas'), ref('int_area_lineage') -%}
    {%- set units, unit_lineage = ref('stg_reporting_units'), ref('int_unit_lineage') -%}
    {%- if var('slice', none) -%}
        create schema if not exists reached;
        -- A table of its own: a union within what a recursion joins loses rows in DuckDB 1.5, now and then.
        create or replace table reached.steps as
            select area_code as from_code, parent_code as to_code from {{ areas }}
            union all
            select member_code as from_code, area_code as to_code from {{ lineage }}
            union all
            select members.area_code as from_code, units.area_code as to_code
            from {{ unit_lineage }} as lineage
            inner join {{ units }} as units
                on lineage.reporting_unit_code = units.reporting_unit_code
            inner join {{ units }} as members
                on lineage.member_code = members.reporting_unit_code;
        create or replace table reached.areas as
        with recursive

        areas as (
            select unnest([{{ listed(var('slice').areas) }}]) as area_code
            union
            select steps.to_code as area_code
            from areas
            inner join reached.steps as steps on areas.area_code = steps.from_code
        )

        select area_code from areas
        where area_code is not null
    {%- endif -%}
{%- endmacro %}

{# The rows of a relation that are in a slice; what has no round or no area may be of any. #}
{% macro in_slice(slice, scope, areas='select area_code from reached.areas') -%}
    {%- if scope == 'series' -%}
        (area_code is null or area_code in ({{ areas }}))
    {%- else -%}
        (round_code is null or round_code {{ is_of_rounds(slice) }})
        {%- if scope == 'area' %} and (area_code is null or area_code in ({{ areas }})){% endif -%}
    {%- endif -%}
{%- endmacro %}

{# The areas that a change reaches; none where they are many. #}
{% macro few_reached_areas() -%}
    {%- set few = 50 -%}
    {%- set areas = run_query('select area_code from reached.areas order by area_code').columns[0].values() -%}
    {{ return(areas if areas | length <= few else none) }}
{%- endmacro %}

{#
    The same as a filter that is moved to what a query reads, which a query within a filter is not. Thousands of areas
    are no list: each row would be compared with it from its first to its last.
#}
{% macro in_slice_told(slice, scope) -%}
    {%- set areas = few_reached_areas() -%}
    {{ in_slice(slice, scope) if areas is none else in_slice(slice, scope, listed(areas)) }}
{%- endmacro %}

{# For tests: the rows of a scope that a build that goes on made anew, of any other build all. #}
{% macro made_anew(scope) -%}
    {{ in_slice_told(var('slice'), scope) if execute and var('slice', none) else 'true' }}
{%- endmacro %}

{# For the test of a key: whether a row's may be another one's, too. Of many areas hashes of all keys tell it sooner. #}
{% macro may_be_doubled(relation, column_name, scope) -%}
    {%- if scope and execute and var('slice', none) and few_reached_areas() is not none -%}
        {{ column_name }} in (select {{ column_name }} from {{ relation }} where {{ made_anew(scope) }})
    {%- else -%}
        (select count(distinct hash({{ column_name }})) < count(*) from {{ relation }} where {{ column_name }} is not null)
    {%- endif -%}
{%- endmacro %}

{% macro is_of_rounds(slice) -%}
    {{ 'not ' if slice.is_rest }}in ({{ listed(slice.rounds) }})
{%- endmacro %}

{% macro listed(codes) -%}
    '{{ codes | map('replace', "'", "''") | join("', '") }}'
{%- endmacro %}

{# The statements that put the slice anew into a table of the build before; `query` reads slices. #}
{% macro build_slice(relation, made, query, slice, scope) %}
    {%- set rows_of, compares = model.config.meta.rows_of, model.config.meta.compares -%}
    {%- if rows_of %}
        {#- An area has the rows of all below it: those that are as they were are left where they lie. -#}
        create or replace temporary table made as
        {{ query }};
        {%- set columns = adapter.get_columns_in_relation(relation) | map(attribute='quoted') | list %}
        {%- set is_reached %}
            before.{{ rows_of.as or rows_of.key }} in (
                select {{ rows_of.key }}
                from kho.marts.{{ rows_of.relation }}
                where {{ in_slice(slice, scope) }}
            )
        {%- endset %}
        {%- set is_same %}
            {%- for column in columns %}
            {{ 'and ' if not loop.first }}before.{{ column }} is not distinct from made.{{ column }}
            {%- endfor %}
        {%- endset %}
        delete from {{ relation }} as before
        where {{ is_reached }} and not exists (select 1 from temp.made as made where {{ is_same }});
        insert into {{ relation }} by name
        select * from temp.made as made
        where not exists (select 1 from {{ relation }} as before where {{ is_reached }} and {{ is_same }});
        drop table temp.made
    {%- elif compares %}
        create or replace table {{ made }} as select * from (
        {{ query }}
        ) as whole
        where {{ in_slice(slice, scope) }};
        {%- set columns = adapter.get_columns_in_relation(relation) | map(attribute='quoted') | join(', ') %}
        {%- set row = 'hash(' ~ columns ~ ')' %}
        create or replace table reached.areas as
        with recursive

        differing as (
            select area_code from (
                {%- for side in [made, relation ~ ' where ' ~ in_slice(slice, scope)] %}
                select
                    area_code,
                    count(*) as n_rows,
                    sum({{ row }}) as total,
                    bit_xor({{ row }}) as parity
                from {{ side }}
                group by area_code
                {% if not loop.last %} union all {% endif %}
                {%- endfor %}
            ) as sides
            where area_code is not null
            group by area_code
            having count(*) = 1 or min(n_rows) < max(n_rows) or min(total) < max(total) or min(parity) < max(parity)
        ),

        areas as (
            select area_code from differing
            union
            select steps.to_code as area_code
            from areas
            inner join reached.steps as steps on areas.area_code = steps.from_code
        )

        select area_code from reached.areas
        union
        select area_code from areas
        where area_code is not null;
        delete from {{ relation }} where {{ in_slice(slice, 'area') }};
        insert into {{ relation }} by name
        select * from {{ made }}
        where {{ in_slice(slice, 'area') }}
    {%- else %}
        {%- set is_made = in_slice_told(slice, scope) %}
        delete from {{ relation }} where {{ is_made }};
        insert into {{ relation }} by name
        select * from (
        {{ query }}
        ) as whole
        where {{ is_made }}
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

{# The query of this model, or its code, reading slices of what its `meta` names. #}
{% macro read_in_slices(query, slice, scope) -%}
    {%- set meta, text = model.config.meta, namespace(sql=query) -%}
    {%- set scopes = {'by_series': scope} if scope == 'series' else {'by_area': scope, 'by_round': 'round'} -%}
    {%- for told, of in scopes.items() -%}
        {%- for name in meta.get(told, []) -%}
            {%- set relation = ref(name) -%}
            {%- set part = sliced_schema(slice, of) ~ '.' ~ name if has_sliced_views(load_cached_relation(relation))
                else '(select * from ' ~ relation ~ ' where ' ~ in_slice(slice, of) ~ ')' -%}
            {%- set text.sql = text.sql | replace(as_written(relation), as_written(part)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(text.sql) }}
{%- endmacro %}

{# A name as it stands in a model: in Python it stands in a text. #}
{% macro as_written(relation) -%}
    {{ return(relation | string | replace('"', '\\"') if model.language == 'python' else relation | string) }}
{%- endmacro %}

{# What a view filters and joins is not cut down by who reads it; those over files are no more than the files. #}
{% macro has_sliced_views(relation) -%}
    {{ return(relation.is_view and relation.schema != 'staging') }}
{%- endmacro %}

{% macro sliced_schema(slice, scope) -%}
    slice{{ slice.number }}_by_{{ scope }}
{%- endmacro %}
