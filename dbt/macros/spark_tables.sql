{#
    How a model becomes a table on Spark. Spark puts the text of a CTE wherever its name stands, so that figures made
    level by level from one another grow to hundreds of copies: planning them takes minutes even over no rows. A CTE
    that is read more than once and is made from several relations is therefore stored first, in the schema `kept`.
    What a model says is the same; sqlfluff's layout (a CTE begins and ends at the start of a line) is relied upon.
#}
{% macro spark__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- set whole = with_kept_parts(relation, compiled_code) -%}
    create table {{ relation }}
    {{ file_format_clause() }}
    {{ location_clause() }}
    {{ comment_clause() }}
    as
    {{ whole }}
{%- endmacro %}

{# The query with its heavy shared CTEs stored and read from there. #}
{% macro with_kept_parts(relation, query) -%}
    {%- set copies_at_most = 3 -%}
    {%- set parts = ctes_of(query) -%}
    {%- set head = 'with recursive' if modules.re.search('(?m)^with recursive', query) else 'with' -%}
    {%- set sizes, before = {}, [] -%}
    {%- for part in parts.ctes -%}
        {%- set later = parts.ctes[loop.index:] | map(attribute='text') | join('\n') ~ parts.final -%}
        {%- set size = namespace(n=0) -%}
        {%- for name in read_in(part.text) -%}
            {%- set size.n = size.n + sizes.get(name, 1) -%}
        {%- endfor -%}
        {%- if size.n > copies_at_most and read_in(later).count(part.name) > 1 -%}
            {%- set kept = 'kept.' ~ relation.identifier ~ '__' ~ part.name -%}
            {%- do run_query('create schema if not exists kept') -%}
            {%- do run_query('drop table if exists ' ~ kept) -%}
            {%- do run_query(
                'create table ' ~ kept ~ ' as\n' ~ with_what_it_reads(head, before + [part], 'select * from ' ~ part.name)
            ) -%}
            {%- do before.append({'name': part.name, 'text': part.name ~ ' as (select * from ' ~ kept ~ ')'}) -%}
            {%- do sizes.update({part.name: 1}) -%}
        {%- else -%}
            {%- do before.append(part) -%}
            {%- do sizes.update({part.name: size.n}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(with_what_it_reads(head, before, parts.final)) }}
{%- endmacro %}

{# A query behind those CTEs alone that it reads, itself or through others: Spark plans what nobody reads, too. #}
{% macro with_what_it_reads(head, ctes, query) -%}
    {%- set read, texts = read_in(query), [] -%}
    {%- for part in ctes | reverse -%}
        {%- if part.name in read -%}
            {%- do read.extend(read_in(part.text)) -%}
            {%- do texts.insert(0, part.text) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return((head ~ '\n' ~ texts | join(',\n') ~ '\n' if texts else '') ~ query) }}
{%- endmacro %}

{# The names that a text of SQL reads, each as often as it stands there. #}
{% macro read_in(text) -%}
    {{ return(modules.re.findall('\\b(?:from|join)\\s+([\\w.]+)', text)) }}
{%- endmacro %}

{# A query as its CTEs in order, each with its name and its text, and what follows them. #}
{% macro ctes_of(query) -%}
    {%- set ctes, inside, final = [], [], [] -%}
    {%- set at = namespace(name=none) -%}
    {%- for line in query.splitlines() -%}
        {%- set start = modules.re.match('(\\w+) as \\($', line) -%}
        {%- if at.name is none and start -%}
            {%- set at.name = start.group(1) -%}
        {%- endif -%}
        {%- if at.name is none -%}
            {%- if not modules.re.match('(with|with recursive|,)\\s*$|--', line) -%} {%- do final.append(line) -%} {%- endif -%}
        {%- elif line.rstrip() in [')', '),'] -%}
            {%- do ctes.append({'name': at.name, 'text': (inside + [')']) | join('\n')}) -%}
            {%- do inside.clear() -%}
            {%- set at.name = none -%}
        {%- else -%}
            {%- do inside.append(line) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return({'ctes': ctes, 'final': final | join('\n')}) }}
{%- endmacro %}

{#
    Before the models: the sources as views over the build's inputs, and what the models in Python gave, which do not
    run on Spark, as views over the folder KHO_STATISTICS. dbt run-operation register_sources --target spark
#}
{% macro register_sources() -%}
    {%- for one in graph.sources.values() -%}
        {%- set place = modules.re.search("'(.+)'", one.meta.external_location).group(1) -%}
        {%- do register(one.schema, one.identifier, place | replace('{name}', one.name)) -%}
    {%- endfor -%}
    {%- if env_var('KHO_STATISTICS', '') -%}
        {%- for one in graph.nodes.values() if one.language == 'python' -%}
            {%- do register(one.schema, one.alias, env_var('KHO_STATISTICS') ~ '/' ~ one.name ~ '.parquet') -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{% macro register(schema, name, place) -%}
    {%- do run_query('create schema if not exists ' ~ schema) -%}
    {%- do run_query('create or replace view ' ~ schema ~ '.' ~ name ~ ' as select * from parquet.`' ~ place ~ '`') -%}
{%- endmacro %}
