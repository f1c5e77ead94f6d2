//! `labels.csv`: which clips there are, what they say, and who speaks.

use std::path::Path;

use engram_plan::SpeechLabel;

use super::folder::Found;
use super::unusable;
use crate::{Error, Result};

/// The file's name, inside the data folder.
pub(super) const LABELS: &str = "labels.csv";

/// Reads the table at `path`: a line of column names, among them `file` (relative to the folder `data`) and the label that
/// is asked for, `word` or `speaker`; then one clip a line. Fields may stand in double quotes. Other columns are ignored.
///
/// # Errors
/// When a column or a field is missing, a clip is listed twice, or a file is not there; the error names the line.
pub(super) fn read(path: &Path, data: &Path, label: SpeechLabel) -> Result<Vec<Found>> {
    let text = std::fs::read_to_string(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::InvalidData => {
            unusable(path, "it is no UTF-8 text", "save it as UTF-8")
        }
        _ => Error::Read {
            path: path.to_owned(),
            source,
        },
    })?;
    let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let header = fields(lines.next().map_or("", |(_, line)| line));
    let column = |wanted: &str| {
        header
            .iter()
            .position(|name| name == wanted)
            .ok_or_else(|| {
                let reason = format!("its first line names no column `{wanted}`");
                unusable(path, reason, "begin it with the line: file,word,speaker")
            })
    };
    let file = column("file")?;
    let wanted = match label {
        SpeechLabel::Word => "word",
        SpeechLabel::Speaker => "speaker",
    };
    let label = column(wanted)?;
    let mut clips = Vec::new();
    for (place, line) in lines {
        if line.trim().is_empty() {
            continue;
        }
        let mut fields = fields(line);
        let wrong =
            |what: &str, hint: &str| unusable(path, format!("line {}: {what}", place + 1), hint);
        if fields.len() != header.len() {
            let what = format!(
                "there are {} fields, and {} columns",
                fields.len(),
                header.len()
            );
            return Err(wrong(
                &what,
                "a field with a comma in it needs double quotes",
            ));
        }
        if fields[file].is_empty() || fields[label].is_empty() {
            let hint = "fill it in, or take the line away";
            return Err(wrong(&format!("`file` or `{wanted}` is empty"), hint));
        }
        let clip = data.join(&fields[file]);
        if !clip.is_file() {
            let hint = format!("files are named from {} on", data.display());
            return Err(wrong(
                &format!("there is no file {}", clip.display()),
                &hint,
            ));
        }
        clips.push(Found {
            path: clip,
            label: std::mem::take(&mut fields[label]),
        });
    }
    let mut paths: Vec<&Path> = clips.iter().map(|clip| clip.path.as_path()).collect();
    paths.sort_unstable();
    if let Some(pair) = paths.windows(2).find(|pair| pair[0] == pair[1]) {
        let reason = format!("it lists {} twice", pair[0].display());
        return Err(unusable(path, reason, "keep one of the lines"));
    }
    if clips.is_empty() {
        return Err(unusable(
            path,
            "it lists no clip",
            "list clips, or take it away",
        ));
    }
    Ok(clips)
}

/// The fields of a line, without the spaces around them.
fn fields(line: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut rest = line.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '"' if quoted && rest.peek() == Some(&'"') => {
                rest.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => {
                fields.push(field.trim().to_owned());
                field.clear();
            }
            _ => field.push(character),
        }
    }
    fields.push(field.trim().to_owned());
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_by_hand() {
        assert_eq!(fields("a,b , c"), ["a", "b", "c"]);
        assert_eq!(
            fields("\"a,b\",\"say \"\"no\"\"\","),
            ["a,b", "say \"no\"", ""]
        );
        assert_eq!(fields(""), [""]);
    }
}
