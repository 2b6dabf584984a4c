{#
  Nobody reads a build file while it is built: a relation is made under its own name at once. dbt's own
  materializations make it aside, rename it and drop the one before, and ask for columns that the contract has proved;
  for a hundred small models that is half of a build.
#}
{% materialization table, adapter="duckdb", supported_languages=["sql", "python"] %}
  {%- set target = this.incorporate(type="table") -%}
  {%- set meta = model.config.meta -%}
  {{ run_hooks(pre_hooks) }}
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
  {{ run_hooks(post_hooks) }}
  {{ adapter.commit() }}
  {{ return({"relations": [target]}) }}
{% endmaterialization %}


{% materialization view, adapter="duckdb" %}
  {%- set target = this.incorporate(type="view") -%}
  {% do drop_relation_if_exists(load_cached_relation(this)) %}
  {{ run_hooks(pre_hooks) }}
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
  {{ run_hooks(post_hooks) }}
  {{ adapter.commit() }}
  {{ return({"relations": [target]}) }}
{% endmaterialization %}


{#- The descriptions of a relation and its columns, in one statement for the database. -#}
{% macro comment_on(relation) %}
  {% if config.persist_relation_docs() or config.persist_column_docs() %}
    {% call statement("comments") %}
      {% if config.persist_relation_docs() and model.description %}
        comment on {{ relation.type }} {{ relation }} is {{ duckdb_escape_comment(model.description) }};
      {% endif %}
      {% if config.persist_column_docs() %}
        {% for name, column in model.columns.items() if column.description %}
          comment on column {{ relation }}.{{ adapter.quote(name) }} is {{ duckdb_escape_comment(column.description) }};
        {% endfor %}
      {% endif %}
    {% endcall %}
  {% endif %}
{% endmacro %}
