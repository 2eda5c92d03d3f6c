//! A picture that a browser took, pixel by pixel.

use png::{ColorType, Decoder, Transformations};
use std::io::Cursor;

/// Red, green, blue.
pub(crate) type Color = [u8; 3];

/// A picture, as rows of pixels.
pub(crate) struct Picture {
    width: usize,
    pixels: Vec<Color>,
}

impl Picture {
    pub(crate) fn decode(bytes: &[u8]) -> Self {
        let mut decoder = Decoder::new(Cursor::new(bytes));
        decoder.set_transformations(Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().expect("a PNG");
        let mut data = vec![0; reader.output_buffer_size().expect("it fits")];
        let info = reader.next_frame(&mut data).expect("a whole PNG");
        let size = match info.color_type {
            ColorType::Rgb => 3,
            ColorType::Rgba => 4,
            other => panic!("colours as {other:?}"),
        };
        let pixels = data.chunks_exact(size).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        Self { width: info.width as usize, pixels }
    }

    /// How wide and how high it is.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.width, self.pixels.len() / self.width)
    }

    pub(crate) fn color(&self, x: usize, y: usize) -> Color {
        self.pixels[y * self.width + x]
    }

    /// How many pixels are of this colour.
    pub(crate) fn count(&self, color: Color) -> usize {
        self.pixels.iter().filter(|pixel| **pixel == color).count()
    }
}
