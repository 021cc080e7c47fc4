//! Backups of a running ledger: a copy beside it, in the folder that the configuration names.

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;

use super::{Ask, json, off_network};
use crate::http::json::Json;
use crate::http::problem::{Code, Problem};
use crate::http::wire::BackupWire;

/// `POST /v1/backups` `{"name"}`: 201 once the copy is whole and on disk.
pub async fn make(ask: Ask, body: Body) -> Result<Response, Problem> {
    let name = ask.read::<BackupWire, _>(body).await?;
    let folder = ask
        .edge
        .backups
        .clone()
        .ok_or_else(|| Problem::new(Code::BackupRefused, "this ledger has no folder of backups"))?;
    let to = folder.join(name.as_str());
    let handle = ask.edge.handle.clone();
    let copied = off_network(move || {
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        if to.exists() {
            return Err(format!("there is a backup {:?} already", to.display()));
        }
        let seq = handle.back_up(&to).map_err(|error| error.to_string())?;
        Ok((to.canonicalize().unwrap_or(to), seq))
    })
    .await?;
    let (path, seq) = copied.map_err(|why| {
        tracing::warn!(%why, "a backup was not made");
        Problem::new(Code::BackupRefused, why)
    })?;
    tracing::info!(path = %path.display(), seq = seq.get(), "a backup was made");
    let mut out = Json::with_capacity(256);
    out.begin_object();
    out.field("name", &name);
    out.field("path", &path.to_string_lossy());
    out.int_field("seq", seq.get());
    out.end_object();
    Ok(json(StatusCode::CREATED, out))
}
