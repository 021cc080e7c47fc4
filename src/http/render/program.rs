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
const STYLE: &str = "*{box-sizing:border-box}body{font:1.05rem/1.55 system-ui,sans-serif;margin:0;color:var(--text);\
background:var(--ground)}header{background:var(--brand);color:var(--on-brand);padding:2.5rem 1.25rem}\
header>*,main,footer{max-width:52rem;margin-inline:auto}h1{line-height:1.15;margin-block:0;font-size:2.1rem}\
header p{margin-block:.6rem 0;font-size:1.15rem}nav{margin-top:1.2rem}nav a{display:inline-block;color:inherit;\
border:1px solid currentColor;border-radius:2rem;padding:.2rem .8rem;margin:0 .4rem .4rem 0;text-decoration:none;font-size:.9rem}\
main{padding:1rem 1.25rem}section{background:var(--card);border-radius:.8rem;padding:.2rem 1.25rem 1rem;margin-top:1.25rem;\
box-shadow:0 1px 3px #0003}h2{font-size:1.3rem;margin-block:.9rem .4rem}ul{padding-left:1.1rem;margin-block:.5rem}\
li{margin-block:.35rem}li::marker{color:var(--mark)}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;vertical-align:top;padding:.5rem .9rem .5rem 0;border-bottom:1px solid var(--line)}\
thead th{font-size:.85rem;color:var(--soft)}tbody tr:last-child>*{border-bottom:0}tbody th::first-letter{text-transform:uppercase}\
footer{padding:1rem 1.25rem 3rem;color:var(--soft);font-size:.9rem}@media(max-width:36rem){header{padding:1.5rem 1.25rem}\
table,tbody,tr,th,td{display:block}thead{position:absolute;left:-99rem}tr{padding:.5rem 0;border-bottom:1px solid var(--line)}\
tbody tr:last-child{border-bottom:0}th,td{border:0;padding:.1rem 0}td{display:flex;gap:1rem;justify-content:space-between}\
td span{text-align:right}td::before{content:attr(data-name);color:var(--soft);font-size:.85rem;flex:none}}";

/// The colours of the page: the brand's, and those of light and of dark screens.
fn colours(page: &Page) -> String {
    let (brand, on) = page.colours.as_ref().map_or(("#1f3a5f", "#ffffff"), |(brand, on)| (brand, on));
    format!(
        ":root{{--brand:{brand};--on-brand:{on};--mark:{brand};--text:#1b1b1b;--ground:#f3f3f1;--card:#fff;--line:#d5d5d0;--soft:#595959}}\
         @media(prefers-color-scheme:dark){{:root{{--text:#eee;--ground:#121212;--card:#1e1e1e;--line:#444;--soft:#b5b5b5;--mark:#b5b5b5}}}}"
    )
}

/// The page as HTML.
pub fn program_page(names: Names<'_>, rules: &Compiled) -> String {
    let page = rules.page();
    let title = escaped(&page.title);
    let mut out = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title>\
         <style>{}{STYLE}</style></head><body><header><h1>{title}</h1>",
        colours(page)
    );
    out.extend(page.about.as_ref().map(|about| format!("<p>{}</p>", escaped(about))));
    out.push_str("<nav aria-label=\"Sections\">");
    for section in &page.sections {
        out.extend([format!("<a href=\"#{}\">{}</a>", section.id, escaped(section.heading))]);
    }
    out.push_str("</nav></header><main>");
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
                // On a narrow screen a row is a list, and each cell says by its column what it is.
                let cell = |(cell, head): (&String, &&str)| {
                    format!("<td data-name=\"{}\"><span>{}</span></td>", escaped(head), escaped(cell))
                };
                out.extend(cells.zip(section.columns.iter().skip(1)).map(cell));
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
