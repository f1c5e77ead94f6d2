use super::*;
use crate::testing;

fn drawn(grid: Grid) -> Vec<Figure> {
    let rows = testing::made_up();
    let results = Results::try_new(&rows).unwrap();
    ALL.iter()
        .map(|kind| kind.draw(&results, grid).unwrap())
        .collect()
}

/// Share of pixels that are not white.
fn inked(pixels: &resvg::tiny_skia::Pixmap) -> f64 {
    let inked = pixels
        .pixels()
        .iter()
        .filter(|pixel| pixel.red() < 250 || pixel.blue() < 250)
        .count();
    inked as f64 / pixels.pixels().len() as f64
}

#[test]
fn every_figure_is_well_formed_and_has_words() {
    for figure in drawn(Grid::Full) {
        drawing::parse(&figure.name, &figure.svg).unwrap();
        assert!(figure.svg.contains("</text>"), "{}", figure.name);
        assert!(
            figure.caption.len() > 40 && figure.description.len() > 40,
            "{}",
            figure.name
        );
        assert!(
            !figure.svg.contains("NaN") && !figure.svg.contains("inf"),
            "{}",
            figure.name
        );
        assert!(
            figure
                .svg
                .contains(&format!("id=\"{}-title\"", figure.name))
        );
    }
}

#[test]
fn nothing_is_drawn_beyond_the_edge() {
    for figure in [drawn(Grid::Reduced), drawn(Grid::FullButConv1d)].concat() {
        let tree = drawing::parse(&figure.name, &figure.svg).unwrap();
        let (drawn, size) = (tree.root().abs_bounding_box(), tree.size());
        assert!(
            drawn.left() >= 0.0 && drawn.top() >= 0.0,
            "{} {drawn:?}",
            figure.name
        );
        assert!(
            drawn.right() <= size.width() && drawn.bottom() <= size.height(),
            "{} {drawn:?}",
            figure.name
        );
    }
}

#[test]
fn png_has_the_size_of_the_drawing_and_its_words() {
    for figure in drawn(Grid::Full) {
        let tree = drawing::parse(&figure.name, &figure.svg).unwrap();
        let pixels = drawing::pixels(&figure.name, &figure.svg, 1.0).unwrap();
        assert_eq!(
            f64::from(pixels.width()),
            f64::from(tree.size().width()).ceil()
        );
        assert_eq!(&figure.png(1.0).unwrap()[1..4], b"PNG");
        // The same drawing without its texts has less ink.
        let silent: String = figure
            .svg
            .split("<text")
            .enumerate()
            .map(|(i, part)| {
                if i == 0 {
                    part
                } else {
                    part.split_once("</text>").unwrap().1
                }
            })
            .collect();
        let silent = drawing::pixels(&figure.name, &silent, 1.0).unwrap();
        assert!(inked(&silent) > 0.005, "{}", figure.name);
        assert!(inked(&pixels) > inked(&silent) * 1.005, "{}", figure.name);
    }
}

#[test]
fn a_reduced_grid_is_noted() {
    for figure in drawn(Grid::Reduced) {
        assert!(figure.svg.contains("\nreduced grid\n"), "{}", figure.name);
    }
    for figure in drawn(Grid::Full) {
        assert!(!figure.svg.contains("reduced grid"), "{}", figure.name);
    }
}

#[test]
fn what_a_figure_lacks_is_named() {
    let results = Results::try_new(&[]).unwrap();
    for kind in ALL {
        let missing = kind.draw(&results, Grid::Full).unwrap_err().to_string();
        assert!(missing.contains("figure_"), "{}: {missing}", kind.name);
    }
}

#[test]
fn some_of_a_figure_is_drawn_from_some_of_its_rows() {
    let rows: Vec<_> = testing::made_up()
        .into_iter()
        .filter(|row| row.split == 0 && row.classifier == crate::names::RANDOM_FOREST)
        .collect();
    let results = Results::try_new(&rows).unwrap();
    for kind in ALL {
        if kind.name == "figure_s4" {
            continue;
        }
        let figure = kind.draw(&results, Grid::Full).unwrap();
        assert!(!figure.svg.contains("NaN"), "{}", figure.name);
    }
}

#[test]
fn labels_and_chance_are_written() {
    let figure = &drawn(Grid::Full)[0];
    for word in [
        "Weights",
        "Activity change",
        "Random forest",
        "Conv1D MLP",
        "Test accuracy",
        "chance",
    ] {
        assert!(figure.svg.contains(&format!("\n{word}\n")), "{word}");
    }
}

#[test]
fn a_scale_without_pixels_is_an_error() {
    let figure = &drawn(Grid::Full)[0];
    assert!(matches!(figure.png(0.0), Err(crate::Error::Scale { .. })));
}
