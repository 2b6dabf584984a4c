select
    {{ surrogate_key(['cast(documents.act_number as string)']) }} as document_key,
    documents.round_code,
    rounds.criteria_set_code,
    rounds.level,
    rounds.period_code,
    rounds.data_year,
    rounds.name_vi,
    documents.document_kind,
    documents.document_number,
    documents.document_date,
    documents.signer,
    documents.file_sha256,
    documents.file_name,
    documents.release_id,
    documents.revision,
    documents.relation,
    documents.cites_number,
    documents.cites_date,
    documents.registered_by,
    documents.registered_at,
    documents.revision = max(documents.revision) over (
        partition by documents.round_code, documents.document_kind
    ) as is_current,
    documents.is_sample
from {{ ref('stg_documents') }} as documents
left join {{ ref('int_rounds') }} as rounds on documents.round_code = rounds.round_code
