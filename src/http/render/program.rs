//! A program: what it declares, by name, and the page a member would read, as JSON and as HTML.

use super::Names;
use crate::http::json::Json;
use crate::ledger::tiers::threshold;
use crate::ledger::types::TimeMs;
use crate::rules::{Compiled, Page};

/// Writes a program.
pub fn program(out: &mut Json, names: Names<'_>, rules: &Compiled, now: TimeMs) {
    let Names { state, terms, .. } = names;
    out.begin_object();
    out.field("program", &state.name);
    out.key("ruleset");
    out.begin_object();
    out.int_field("version", state.version);
    out.field("hash", &state.hash);
    out.end_object();
    out.field("name", rules.title());
    out.field("currency", rules.currency());
    out.field("time_zone", terms.zone.name());
    out.time_field("now", now);
    out.key("auto_enroll");
    out.bool(terms.auto_enroll);
    out.key("pools");
    out.begin_array();
    for pool in &terms.pools {
        out.begin_object();
        out.field("pool", state.name_of(pool.name));
        out.key("transferable");
        out.bool(pool.transferable);
        out.end_object();
    }
    out.end_array();
    out.key("tiers");
    out.begin_array();
    for level in terms.tiers.iter().flat_map(|tiers| &tiers.levels) {
        out.begin_object();
        out.field("tier", state.name_of(level.name));
        if let Some((_, from)) = threshold(level) {
            out.int_field("from", from);
        }
        out.end_object();
    }
    out.end_array();
    out.key("cards");
    out.begin_array();
    for card in &terms.cards {
        out.begin_object();
        out.field("card", state.name_of(card.name));
        out.int_field("of", card.size);
        out.field("reward", state.name_of(card.reward));
        out.end_object();
    }
    out.end_array();
    out.key("rewards");
    out.begin_array();
    for reward in &terms.rewards {
        out.begin_object();
        out.field("reward", state.name_of(reward.name));
        if let Some(value) = reward.value {
            out.int_field("value", value.get());
        }
        if let Some((pool, price)) = reward.price {
            out.field("pool", state.name_of(pool));
            out.int_field("price", price.get());
        }
        out.end_object();
    }
    out.end_array();
    sections(out, rules.page());
    out.end_object();
}

/// Writes the page's sections.
fn sections(out: &mut Json, page: &Page) {
    out.key("sections");
    out.begin_array();
    for section in &page.sections {
        out.begin_object();
        out.field("id", section.id);
        out.field("heading", section.heading);
        out.key("lines");
        out.begin_array();
        for line in &section.lines {
            out.string(line);
        }
        out.end_array();
        out.key("columns");
        out.begin_array();
        for column in &section.columns {
            out.string(column);
        }
        out.end_array();
        out.key("rows");
        out.begin_array();
        for row in &section.rows {
            out.begin_array();
            for cell in row {
                out.string(cell);
            }
            out.end_array();
        }
        out.end_array();
        out.end_object();
    }
    out.end_array();
}

/// What the page looks like: readable on a phone, in the dark, and without any file but itself.
const STYLE: &str = "body{font:1.05rem/1.5 system-ui,sans-serif;max-width:44rem;margin:0 auto;padding:1rem;color:#1b1b1b;\
background:#fff}h1{line-height:1.2}h2{margin-top:2rem}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;vertical-align:top;padding:.5rem .75rem .5rem 0;border-bottom:1px solid #767676}\
footer{margin-top:3rem;color:#595959;font-size:.9rem}\
@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}footer{color:#b5b5b5}}";

/// The page as HTML.
pub fn program_page(names: Names<'_>, rules: &Compiled) -> String {
    let page = rules.page();
    let title = escaped(&page.title);
    let mut out = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><main><h1>{title}</h1>"
    );
    for section in &page.sections {
        let heading = escaped(section.heading);
        out.extend([format!("<section aria-labelledby=\"{0}\"><h2 id=\"{0}\">{heading}</h2>", section.id)]);
        if !section.lines.is_empty() {
            out.push_str("<ul>");
            out.extend(section.lines.iter().map(|line| format!("<li>{}</li>", escaped(line))));
            out.push_str("</ul>");
        }
        if !section.rows.is_empty() {
            out.extend([format!(
                "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"{}\"><table>",
                section.id
            )]);
            out.push_str("<thead><tr>");
            out.extend(section.columns.iter().map(|head| format!("<th scope=\"col\">{}</th>", escaped(head))));
            out.push_str("</tr></thead><tbody>");
            for row in &section.rows {
                let mut cells = row.iter();
                let first = cells.next().map(|cell| format!("<tr><th scope=\"row\">{}</th>", escaped(cell)));
                out.extend(first);
                out.extend(cells.map(|cell| format!("<td>{}</td>", escaped(cell))));
                out.push_str("</tr>");
            }
            out.push_str("</tbody></table></div>");
        }
        out.push_str("</section>");
    }
    let version = names.state.version;
    out.extend([format!(
        "</main><footer>Version {version} of the program's rules. Times are of {}.</footer></body></html>\n",
        escaped(names.terms.zone.name())
    )]);
    out
}

/// Text within HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}
