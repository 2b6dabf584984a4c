with

source as (

    select * from {{ source('intake', 'round_states') }}

),

renamed as (

    select
        act_number,
        round_code,
        act,
        state,
        reason,
        amendment,
        returned_by,
        paper_sha256,
        paper_name,
        release_id,
        set_by,
        set_at,
        is_sample
    from source

)

select * from renamed
