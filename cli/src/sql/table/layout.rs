//! Which columns of a table fit a terminal, and how wide each is.
//!
//! First texts give way, the widest first, down to what still tells them apart. If that is not enough, columns are left out
//! from the middle on: names and keys stand at the beginning of most answers, what was computed at the end. Numbers are
//! never cut, for half a number is a wrong one.

/// What a text keeps at least.
const SHORTEST_TEXT: usize = 12;

/// What a text keeps where columns are left out anyway: a run's name.
const READABLE_TEXT: usize = 24;

/// How much room there is for a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Room {
    Unlimited,
    /// So many characters.
    Width(usize),
}

/// What a column would take, in characters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) name: usize,
    /// Its widest line, the name included.
    pub(super) widest: usize,
    pub(super) is_number: bool,
}

impl Column {
    fn at_most(&self, longest_text: usize) -> usize {
        if self.is_number {
            return self.widest;
        }
        self.widest
            .min(longest_text.max(self.name).max(SHORTEST_TEXT))
    }
}

/// What stands on every line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) slots: Vec<Slot>,
    pub(super) n_left_out: usize,
    pub(super) room: Room,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Column {
        place: usize,
        width: usize,
    },
    /// Where columns are left out.
    LeftOut,
}

impl Slot {
    pub(super) fn width(&self) -> usize {
        match self {
            Self::Column { width, .. } => *width,
            Self::LeftOut => 1,
        }
    }
}

impl Layout {
    pub(super) fn of(columns: &[Column], room: Room) -> Self {
        let widths = |longest_text: usize| -> Vec<usize> {
            let at_most = |column: &Column| column.at_most(longest_text);
            columns.iter().map(at_most).collect()
        };
        let widest = columns.iter().map(|column| column.widest).max();
        let natural = widths(widest.unwrap_or(0));
        let Room::Width(available) = room else {
            return Self::all(&natural, room);
        };
        let fitting = (SHORTEST_TEXT..=widest.unwrap_or(0).max(SHORTEST_TEXT))
            .rev()
            .map(widths)
            .find(|widths| line(widths) <= available);
        match fitting {
            Some(widths) => Self::all(&widths, room),
            None => Self::some(&widths(READABLE_TEXT), available, room),
        }
    }

    fn all(widths: &[usize], room: Room) -> Self {
        let slot = |(place, &width)| Slot::Column { place, width };
        Self {
            slots: widths.iter().enumerate().map(slot).collect(),
            n_left_out: 0,
            room,
        }
    }

    /// As many columns of both ends as there is room for, one at least.
    fn some(widths: &[usize], available: usize, room: Room) -> Self {
        let (mut first, mut last) = (1.min(widths.len()), widths.len());
        let shown = |first: usize, last: usize| [&widths[..first], &[1], &widths[last..]].concat();
        loop {
            let more = match first <= widths.len() - last {
                true => (first + 1, last),
                false => (first, last - 1),
            };
            if more.0 >= more.1 || line(&shown(more.0, more.1)) > available {
                break;
            }
            (first, last) = more;
        }
        let slot = |place: usize| Slot::Column {
            place,
            width: widths[place],
        };
        let mut slots: Vec<Slot> = (0..first).map(slot).collect();
        if first < last {
            slots.push(Slot::LeftOut);
        }
        slots.extend((last..widths.len()).map(slot));
        Self {
            slots,
            n_left_out: last - first,
            room,
        }
    }
}

/// The length of a line: a space on both sides of each column and a stroke between two.
fn line(widths: &[usize]) -> usize {
    widths
        .iter()
        .map(|width| width + 3)
        .sum::<usize>()
        .saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(widest: usize) -> Column {
        Column {
            name: 4,
            widest,
            is_number: false,
        }
    }

    fn number(widest: usize) -> Column {
        Column {
            is_number: true,
            ..text(widest)
        }
    }

    fn widths(columns: &[Column], room: usize) -> Vec<usize> {
        let layout = Layout::of(columns, Room::Width(room));
        let widths: Vec<usize> = layout.slots.iter().map(Slot::width).collect();
        assert!(
            line(&widths) <= room || widths.len() <= 2,
            "{widths:?} in {room}"
        );
        widths
    }

    #[test]
    fn what_fits_is_left_alone() {
        assert_eq!(widths(&[text(30), number(5)], 40), [30, 5]);
        assert_eq!(widths(&[], 40), [0; 0]);
        let layout = Layout::of(&[text(300)], Room::Unlimited);
        assert_eq!(layout, Layout::all(&[300], Room::Unlimited));
    }

    #[test]
    fn the_widest_texts_give_way_first() {
        assert_eq!(widths(&[text(100), text(14), number(20)], 70), [28, 14, 20]);
        assert_eq!(widths(&[text(100), text(100)], 60), [27, 27]);
    }

    #[test]
    fn columns_are_left_out_of_the_middle() {
        assert_eq!(widths(&[number(10); 9], 60), [10, 10, 1, 10, 10]);
        let layout = Layout::of(&[number(10); 9], Room::Width(60));
        let place = |slot: &Slot| match slot {
            Slot::Column { place, .. } => Some(*place),
            Slot::LeftOut => None,
        };
        let places: Vec<_> = layout.slots.iter().map(place).collect();
        assert_eq!(places, [Some(0), Some(1), None, Some(7), Some(8)]);
        assert_eq!(layout.n_left_out, 5);
    }

    #[test]
    fn one_column_is_always_there() {
        assert_eq!(widths(&[number(50), number(50)], 20), [50, 1]);
        assert_eq!(widths(&[number(50)], 20), [50]);
    }
}
