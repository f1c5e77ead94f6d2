//! Writes the page and every figure, drawn from made-up results, into a folder: for looking at them.

use std::path::PathBuf;

use engram_report::{Grid, PageOptions, Results, claims_markdown, figures, page, testing};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder")?);
    std::fs::create_dir_all(&folder)?;
    let rows = testing::made_up();
    let results = Results::try_new(&rows)?;
    let options = PageOptions {
        grid: Grid::Reduced,
        ..PageOptions::default()
    };
    std::fs::write(
        folder.join("report.html"),
        page(&testing::summary(), &results, &options),
    )?;
    std::fs::write(
        folder.join("claims.md"),
        claims_markdown(&results, Grid::Reduced),
    )?;
    for kind in figures::ALL {
        if let Ok(figure) = kind.draw(&results, Grid::Reduced) {
            std::fs::write(folder.join(format!("{}.svg", figure.name)), &figure.svg)?;
            std::fs::write(
                folder.join(format!("{}.png", figure.name)),
                figure.png(3.0)?,
            )?;
        }
    }
    Ok(())
}
