-- Every category taken apart by dimension: those of the catalogue, and the combinations that figures came with.
with

dimensions as (

    select * from {{ ref('stg_disaggregation_dimensions') }}

),

elements as (

    select distinct
        elements.data_element_code,
        elements.disaggregation_code
    from {{ ref('stg_data_elements') }} as elements
    inner join dimensions on elements.disaggregation_code = dimensions.disaggregation_code

),

combinations as (

    select distinct
        elements.disaggregation_code,
        cells.category_code
    from {{ ref('stg_cells') }} as cells
    inner join elements on cells.data_element_code = elements.data_element_code
    where cells.role = 'value' and cells.category_code <> '_T'

),

parts as (

    select
        combinations.disaggregation_code,
        combinations.category_code,
        dimensions.dimension_position,
        dimensions.dimension_code,
        split_part(combinations.category_code, '.', cast(dimensions.dimension_position as integer)) as part_code,
        true as is_combination
    from combinations
    inner join dimensions on combinations.disaggregation_code = dimensions.disaggregation_code
    union all
    select
        disaggregation_code,
        category_code,
        cast(1 as bigint) as dimension_position,
        disaggregation_code as dimension_code,
        category_code as part_code,
        false as is_combination
    from {{ ref('stg_categories') }}

)

select
    parts.disaggregation_code,
    parts.category_code,
    parts.dimension_position,
    parts.dimension_code,
    dimension_names.name_vi as dimension_name_vi,
    dimension_names.name_en as dimension_name_en,
    parts.part_code,
    categories.name_vi as part_name_vi,
    categories.name_en as part_name_en,
    parts.is_combination
from parts
left join {{ ref('stg_disaggregations') }} as dimension_names
    on parts.dimension_code = dimension_names.disaggregation_code
left join {{ ref('stg_categories') }} as categories
    on parts.dimension_code = categories.disaggregation_code and parts.part_code = categories.category_code
