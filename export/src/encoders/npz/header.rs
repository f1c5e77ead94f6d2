//! The header of a `.npy` file.
//!
//! # References
//! NumPy, `numpy.lib.format`, versions 1.0 and 2.0.

/// Headers end where this many bytes do, so that arrays can be mapped into memory.
const ALIGNMENT: usize = 64;

/// The letter of the order of bytes that numbers are written in, which is the machine's own.
pub(super) const ORDER: char = if cfg!(target_endian = "big") {
    '>'
} else {
    '<'
};

/// The header of an array of this type and shape, in the order of C.
pub(super) fn header(data_type: &str, shape: &[usize]) -> Vec<u8> {
    let shape = match shape {
        [n] => format!("({n},)"),
        shape => {
            let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
            format!("({})", lengths.join(", "))
        }
    };
    let words = format!("{{'descr': '{data_type}', 'fortran_order': False, 'shape': {shape}, }}");
    // The magic word, the version, the length, and a newline at the end.
    let is_long = words.len() + ALIGNMENT > usize::from(u16::MAX);
    let before = if is_long { 12 } else { 10 };
    let total = (before + words.len() + 1).next_multiple_of(ALIGNMENT);
    let length = total - before;
    let mut header = b"\x93NUMPY".to_vec();
    match is_long {
        false => {
            header.extend([1, 0]);
            header.extend((length as u16).to_le_bytes());
        }
        true => {
            header.extend([2, 0]);
            header.extend((length as u32).to_le_bytes());
        }
    }
    header.extend(words.bytes());
    header.resize(total - 1, b' ');
    header.push(b'\n');
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `numpy.save` 2.4 writes before the numbers of `numpy.zeros((3, 2))`.
    #[test]
    fn a_header_is_that_of_numpy() {
        let words = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }";
        let mut expected = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        expected.extend(format!("{words:<117}\n").bytes());
        assert_eq!(header("<f8", &[3, 2]), expected);
    }

    #[test]
    fn another_reader_takes_headers_for_what_they_are() {
        for (data_type, shape) in [
            ("|b1", vec![7]),
            ("<U12", vec![0]),
            ("<M8[us]", vec![2, 3, 4]),
        ] {
            let read = npyz::NpyHeader::from_reader(header(data_type, &shape).as_slice()).unwrap();
            let shape: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
            assert_eq!(
                (read.dtype().descr(), read.shape()),
                (format!("'{data_type}'"), shape.as_slice())
            );
        }
    }
}
