{#
  Nobody reads a build file while it is built: a relation is made under its own name at once. dbt's own
  materializations make it aside, rename it and drop the one before, and ask for columns that the contract has proved;
  for a hundred small models that is half of a build. For the same reason a macro is not called for each column.
#}
{% materialization table, adapter="duckdb", supported_languages=["sql", "python"] %}
  {%- set target = this.incorporate(type="table") -%}
  {%- set meta = model.config.meta -%}
  {{ run_hooks(pre_hooks) if pre_hooks }}
  {% set slice = var("slice", none) if meta.slice %}
  {% if slice %}
    {% set query = read_in_slices(compiled_code, slice, meta.slice) %}
    {% set made = target.incorporate(path={"schema": "reached"}) %}
    {% if model["language"] == "python" %}
      {% call statement("made", language="python") %}
        {{- create_table_as(False, made, query, "python") }}
      {%- endcall %}
      {% set query = "from " ~ made %}
    {% endif %}
    {% call statement("main") -%}
      {{ build_slice(target, made, query, slice, meta.slice) }}
    {%- endcall %}
    {% do drop_relation_if_exists(made.incorporate(type="table")) if model["language"] == "python" or meta.compares %}
  {% else %}
    {% set parts = var("parts", []) if meta.slice in ["round", "area"] and not meta.rows_of else [] %}
    {% do drop_relation_if_exists(load_cached_relation(this)) %}
    {% set query = read_part(compiled_code, parts[0], true) if parts else compiled_code %}
    {% call statement("main", language=model["language"]) -%}
      {{- create_table_as(False, target, query, model["language"]) }}
    {%- endcall %}
    {% for part in parts[1:] %}
      {% call statement("part") -%}
        insert into {{ target }} by name {{ read_part(compiled_code, part, false) }}
      {%- endcall %}
    {% endfor %}
    {% do comment_on(target) %}
  {% endif %}
  {{ run_hooks(post_hooks) if post_hooks }}
  {{ adapter.commit() }}
  {{ return({"relations": [target]}) }}
{% endmaterialization %}


{% materialization view, adapter="duckdb" %}
  {%- set target = this.incorporate(type="view") -%}
  {% do drop_relation_if_exists(load_cached_relation(this)) %}
  {{ run_hooks(pre_hooks) if pre_hooks }}
  {% call statement("main") -%}
    {{ get_create_view_as_sql(target, sql) }}
  {%- endcall %}
  {% do comment_on(target) %}
  {% if has_sliced_views(target) %}
    {% set slice, parts = var("slice", none), var("parts", []) %}
    {% for one in ([slice] if slice else parts) %}
      {% call statement("slices") -%}
        {{ create_sliced_views(this.identifier, sql, one, ["round", "area"] if slice else ["round"]) }}
      {%- endcall %}
    {% endfor %}
  {% endif %}
  {{ run_hooks(post_hooks) if post_hooks }}
  {{ adapter.commit() }}
  {{ return({"relations": [target]}) }}
{% endmaterialization %}


{#- The descriptions of a relation and its columns, in one statement for the database. -#}
{% macro comment_on(relation) %}
  {%- set told = [] %}
  {%- if config.persist_relation_docs() and model.description %}
    {%- do told.append((relation.type ~ ' ' ~ relation, model.description)) %}
  {%- endif %}
  {%- for column in model.columns.values() if config.persist_column_docs() and column.description %}
    {%- do told.append(('column ' ~ relation ~ '.' ~ adapter.quote(column.name), column.description)) %}
  {%- endfor %}
  {%- if told %}
    {% call statement("comments") %}
      {% for what, words in told %}
        comment on {{ what }} is '{{ words | replace("'", "''") }}';
      {% endfor %}
    {% endcall %}
  {%- endif %}
{% endmacro %}


{#- A contract is kept where a query gives the columns that the model names, each of its type, in whatever order. -#}
{% macro duckdb__get_assert_columns_equivalent(sql) %}
  {%- set untyped = model.columns.values() | rejectattr('data_type') | map(attribute='name') | list %}
  {%- do exceptions.column_type_missing(column_names=untyped) if untyped %}
  {%- set empty %}
    select
    {%- for column in model.columns.values() %}
      cast(null as {{ column.data_type }}) as {{ adapter.quote(column.name) }}{{ ',' if not loop.last }}
    {%- endfor %}
  {%- endset %}
  {%- set sides = [] %}
  {%- for query in [empty, get_empty_subquery_sql(sql)] %}
    {%- set columns = [] %}
    {%- for column in adapter.get_column_schema_from_query(query) %}
      {%- do columns.append({
        'name': column.name,
        'data_type': column.dtype,
        'formatted': column.name | lower ~ ' ' ~ column.dtype,
      }) %}
    {%- endfor %}
    {%- do sides.append(columns) %}
  {%- endfor %}
  {%- if sides[0] | map(attribute='formatted') | sort != sides[1] | map(attribute='formatted') | sort %}
    {%- do exceptions.raise_contract_error(*sides) %}
  {%- endif %}
{% endmacro %}
