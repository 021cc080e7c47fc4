//! `GET /problems/{code}`: what a code means, as a page or as JSON.

use super::super::json::Json;
use super::Code;

/// The page of a code, HTML where `html`, else JSON.
pub fn page(code: Code, html: bool) -> Vec<u8> {
    let info = code.info();
    let status = info.status;
    if html {
        let retry = if info.retryable { "yes, later, with the same ids" } else { "no: change it first" };
        return format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
             <body><main><h1>{title}</h1><p><code>{code}</code>, HTTP status {status}</p><p>{help}</p>\
             <p>Send the same request again? {retry}.</p></main></body></html>\n",
            title = info.title,
            code = info.code,
            help = info.help,
        )
        .into_bytes();
    }
    let mut out = Json::with_capacity(512);
    out.begin_object();
    out.key("type");
    out.prefixed("/problems/", info.code);
    out.field("code", info.code);
    out.field("title", info.title);
    out.int_field("status", status.as_u16());
    out.key("retryable");
    out.bool(info.retryable);
    out.field("help", info.help);
    out.end_object();
    out.into_bytes()
}
