//! How a release is cited, and under which licence it is.

use engram_schemas::Manifest;

use crate::publish::PublishSettings;

/// CITATION.cff, version 1.2.0 of the Citation File Format.
pub fn cff(manifest: &Manifest, settings: &PublishSettings) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut lines = vec![
        "cff-version: 1.2.0".to_owned(),
        "message: \"If you use this dataset, please cite it as below.\"".to_owned(),
        "type: dataset".to_owned(),
        format!("title: {}", quoted(&manifest.name)),
        format!("version: {}", quoted(&manifest.version)),
        format!("license: {}", quoted(&manifest.license)),
        "authors:".to_owned(),
    ];
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
    format!(
        "SPDX-License-Identifier: {}\n\nThe text of the licence: https://spdx.org/licenses/{}.html\n",
        settings.license, settings.license
    )
}

/// The authors, or who is meant where none are named.
pub(crate) fn authors(settings: &PublishSettings) -> Vec<String> {
    match settings.authors.is_empty() {
        true => vec![format!("The makers of {}", settings.name)],
        false => settings.authors.clone(),
    }
}
