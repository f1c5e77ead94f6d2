//! The explorer's page: files of `server/explorer/`, as they stand there.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap};
use axum::response::{IntoResponse, Response};

use super::refusal::Refusal;

struct Asset {
    name: &'static str,
    content: &'static [u8],
}

macro_rules! assets {
    ($($name:literal),* $(,)?) => {
        &[$(Asset {
            name: $name,
            content: include_bytes!(concat!("../../explorer/", $name)),
        }),*]
    };
}

const PAGE: &str = "index.html";

const ASSETS: &[Asset] = assets![
    "index.html",
    "address.js",
    "catalogue.js",
    "chart.js",
    "download.js",
    "editor.js",
    "elements.js",
    "figures.js",
    "icon.svg",
    "main.js",
    "names.js",
    "palette.js",
    "reference.js",
    "result-chart.js",
    "result-table.js",
    "server.js",
    "sql.js",
    "style.css",
    "trajectories.js",
    "trajectory-query.js",
    "trajectory-series.js",
    "vendor/LICENSE.uPlot",
    "vendor/uPlot.iife.min.js",
    "vendor/uPlot.min.css",
];

/// The page.
pub(super) async fn page(headers: HeaderMap) -> Response {
    answer(PAGE, &headers)
}

/// One of its files.
pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    answer(&name, &headers)
}

fn answer(name: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return Refusal::not_found(format!("the page has no file {name}")).into_response();
    };
    let tag = asset.tag();
    // Whoever has the file asks whether it is still the same, and does not get it again.
    let kept = headers.get(header::IF_NONE_MATCH);
    let is_kept = kept
        .and_then(|kept| kept.to_str().ok())
        .is_some_and(|kept| kept.split(',').any(|kept| kept.trim() == tag));
    let about = [
        (header::ETAG, tag),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::CONTENT_TYPE, asset.kind().to_owned()),
    ];
    match is_kept {
        true => (StatusCode::NOT_MODIFIED, about).into_response(),
        false => (about, asset.content).into_response(),
    }
}

impl Asset {
    /// Weak, because the same file is also sent compressed.
    fn tag(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.content.hash(&mut hasher);
        format!("W/\"{:016x}\"", hasher.finish())
    }

    fn kind(&self) -> &'static str {
        match self.name.rsplit('.').next() {
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "text/plain; charset=utf-8",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_page_is_served() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("explorer");
        for (folder, prefix) in [(folder.clone(), ""), (folder.join("vendor"), "vendor/")] {
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let name = format!("{prefix}{}", entry.file_name().display());
                let is_page = entry.path().is_file() && !name.ends_with(".md");
                assert!(
                    !is_page || ASSETS.iter().any(|asset| asset.name == name),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn the_page_has_the_colours_and_the_rules_of_the_report() {
        let text = |name: &str| {
            let asset = ASSETS.iter().find(|asset| asset.name == name).unwrap();
            std::str::from_utf8(asset.content).unwrap()
        };
        let palette = include_str!("../../../report/src/drawing/palette.rs");
        let colour = |name: &str| -> String {
            let (_, rest) = palette
                .split_once(&format!("const {name}: RGBColor = RGBColor("))
                .unwrap();
            let numbers = rest.split(')').next().unwrap().split(", ");
            let parts = numbers.map(|number| format!("{:02x}", number.parse::<u8>().unwrap()));
            format!("\"#{}\"", parts.collect::<String>())
        };
        let series = palette.split("[RGBColor; 7] = [").nth(1).unwrap();
        let names = series.split(']').next().unwrap().split(", ");
        let colours = names.map(colour).collect::<Vec<_>>().join(", ");
        let script = text("palette.js");
        assert!(
            script.contains(&format!("COLORS = [{colours}]")),
            "{colours}"
        );
        let rules = engram_schemas::LearningRule::ALL.iter();
        let rules: String = rules.map(|rule| format!("  \"{rule}\",\n")).collect();
        assert!(script.contains(&format!("RULES = [\n{rules}]")), "{rules}");
    }
}
