with

source as (

    select * from {{ source('intake', 'documents') }}

),

renamed as (

    select
        act_number,
        round_code,
        kind as document_kind,
        document_number,
        document_date,
        signer,
        file_sha256,
        file_name,
        release_id,
        revision,
        relation,
        cites_number,
        cites_date,
        registered_by,
        registered_at,
        is_sample
    from source

)

select * from renamed
