//! How a release is cited, and under which licence it is.

use engram_schemas::Manifest;

use crate::publish::PublishSettings;

/// SPDX's name for a licence that nobody asserts.
pub const UNKNOWN_LICENSE: &str = "NOASSERTION";

/// Where the text of a licence is; nothing where it is not known.
pub fn license_url(license: &str) -> Option<String> {
    (license != UNKNOWN_LICENSE).then(|| format!("https://spdx.org/licenses/{license}.html"))
}

/// CITATION.cff, version 1.2.0 of the Citation File Format.
pub fn cff(manifest: &Manifest, settings: &PublishSettings) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut lines = vec![
        "cff-version: 1.2.0".to_owned(),
        "message: \"If you use this dataset, please cite it as below.\"".to_owned(),
        "type: dataset".to_owned(),
        format!("title: {}", quoted(&manifest.name)),
        format!("version: {}", quoted(&manifest.version)),
    ];
    if manifest.license != UNKNOWN_LICENSE {
        lines.push(format!("license: {}", quoted(&manifest.license)));
    }
    lines.push("authors:".to_owned());
    for author in authors(settings) {
        lines.push(format!("  - name: {}", quoted(&author)));
    }
    if let Some(url) = &settings.url {
        lines.push(format!("url: {}", quoted(url)));
    }
    if let Some(date) = &settings.date {
        lines.push(format!("date-released: {}", quoted(date)));
    }
    lines.extend(
        [
            "references:",
            "  - type: conference-paper",
            "    title: \"Identifying Learning Rules From Neural Network Observables\"",
            "    authors:",
            "      - family-names: Nayebi",
            "        given-names: Aran",
            "      - family-names: Srivastava",
            "        given-names: Sanjana",
            "      - family-names: Ganguli",
            "        given-names: Surya",
            "      - family-names: Yamins",
            "        given-names: \"Daniel L. K.\"",
            "    collection-title: \"Advances in Neural Information Processing Systems 33\"",
            "    year: 2020",
        ]
        .map(str::to_owned),
    );
    lines.join("\n") + "\n"
}

/// In a line.
pub fn line(manifest: &Manifest, settings: &PublishSettings) -> String {
    let mut text = format!(
        "{}: {}, version {}",
        authors(settings).join(", "),
        manifest.name,
        manifest.version
    );
    if let Some(url) = &settings.url {
        text.push_str(&format!(", {url}"));
    }
    text
}

/// The file LICENSE.
pub fn license(settings: &PublishSettings) -> String {
    let rest = match license_url(&settings.license) {
        Some(url) => format!("The text of the licence: {url}"),
        None => {
            "The licence of these data is not known: ask their authors before you pass them on."
                .to_owned()
        }
    };
    format!("SPDX-License-Identifier: {}\n\n{rest}\n", settings.license)
}

/// The authors, or who is meant where none are named.
pub(crate) fn authors(settings: &PublishSettings) -> Vec<String> {
    match settings.authors.is_empty() {
        true => vec![format!("The makers of {}", settings.name)],
        false => settings.authors.clone(),
    }
}
