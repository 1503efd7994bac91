//! Text for a terminal, line by line, in colours where these are wanted.

use anstyle::{AnsiColor, Style};

/// Lines as they come together.
pub(super) struct Terminal {
    pub(super) text: String,
    color: bool,
}

impl Terminal {
    pub(super) fn new(color: bool) -> Terminal {
        Terminal { text: String::new(), color }
    }

    /// Adds a line, without spaces at its end.
    pub(super) fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    /// A text in a style.
    pub(super) fn paint(&self, text: &str, style: Style) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

pub(super) fn red() -> Style {
    AnsiColor::Red.on_default()
}

pub(super) fn green() -> Style {
    AnsiColor::Green.on_default()
}

pub(super) fn yellow() -> Style {
    AnsiColor::Yellow.on_default()
}

pub(super) fn bold() -> Style {
    Style::new().bold()
}

pub(super) fn dim() -> Style {
    Style::new().dimmed()
}
