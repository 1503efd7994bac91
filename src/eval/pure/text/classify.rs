//! `str.isalpha` and its kin: questions to the Unicode database.

use unicode_general_category::{GeneralCategory as Category, get_general_category};

/// Code points that are digits without being decimal: superscripts, circled digits and the like
/// (Unicode's `Numeric_Type=Digit`).
const DIGITS_NOT_DECIMAL: [(u32, u32); 20] = [
    (0x00B2, 0x00B3),
    (0x00B9, 0x00B9),
    (0x1369, 0x1371),
    (0x19DA, 0x19DA),
    (0x2070, 0x2070),
    (0x2074, 0x2079),
    (0x2080, 0x2089),
    (0x2460, 0x2468),
    (0x2474, 0x247C),
    (0x2488, 0x2490),
    (0x24EA, 0x24EA),
    (0x24F5, 0x24FD),
    (0x24FF, 0x24FF),
    (0x2776, 0x277E),
    (0x2780, 0x2788),
    (0x278A, 0x2792),
    (0x10A40, 0x10A43),
    (0x10E60, 0x10E68),
    (0x11052, 0x1105A),
    (0x1F100, 0x1F10A),
];

/// Ideographs that are numbers although their category is "letter".
#[rustfmt::skip]
const NUMERIC_LETTERS: [u32; 81] = [
    0x3405, 0x3483, 0x382A, 0x3B4D, 0x4E00, 0x4E03, 0x4E07, 0x4E09, 0x4E5D, 0x4E8C, 0x4E94, 0x4E96,
    0x4EBF, 0x4EC0, 0x4EDF, 0x4EE8, 0x4F0D, 0x4F70, 0x5104, 0x5146, 0x5169, 0x516B, 0x516D, 0x5341,
    0x5343, 0x5344, 0x5345, 0x534C, 0x53C1, 0x53C2, 0x53C3, 0x53C4, 0x56DB, 0x58F1, 0x58F9, 0x5E7A,
    0x5EFE, 0x5EFF, 0x5F0C, 0x5F0D, 0x5F0E, 0x5F10, 0x62FE, 0x634C, 0x67D2, 0x6F06, 0x7396, 0x767E,
    0x8086, 0x842C, 0x8CAE, 0x8CB3, 0x8D30, 0x9621, 0x9646, 0x964C, 0x9678, 0x96F6, 0xF96B, 0xF973,
    0xF978, 0xF9B2, 0xF9D1, 0xF9D3, 0xF9FD, 0x20001, 0x20064, 0x200E2, 0x20121, 0x2092A, 0x20983, 0x2098C,
    0x2099C, 0x20AEA, 0x20AFD, 0x20B19, 0x22390, 0x22998, 0x23B1B, 0x2626D, 0x2F890,
];

/// Whether `str.isspace` and `str.split` take this character for a blank. It is Rust's whitespace and
/// the four separators of ASCII.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// Whether `repr` shows this character as it is.
pub(super) fn is_printable(c: char) -> bool {
    c == ' '
        || !matches!(
            get_general_category(c),
            Category::Control
                | Category::Format
                | Category::Surrogate
                | Category::PrivateUse
                | Category::Unassigned
                | Category::LineSeparator
                | Category::ParagraphSeparator
                | Category::SpaceSeparator
        )
}

pub(super) fn is_titlecase(c: char) -> bool {
    get_general_category(c) == Category::TitlecaseLetter
}

pub(super) fn is_cased(c: char) -> bool {
    c.is_lowercase() || c.is_uppercase() || is_titlecase(c)
}

fn is_alpha(c: char) -> bool {
    matches!(
        get_general_category(c),
        Category::UppercaseLetter
            | Category::LowercaseLetter
            | Category::TitlecaseLetter
            | Category::ModifierLetter
            | Category::OtherLetter
    )
}

fn is_decimal(c: char) -> bool {
    get_general_category(c) == Category::DecimalNumber
}

fn is_digit(c: char) -> bool {
    let code = u32::from(c);
    is_decimal(c) || DIGITS_NOT_DECIMAL.iter().any(|(first, last)| (*first..=*last).contains(&code))
}

fn is_numeric(c: char) -> bool {
    matches!(
        get_general_category(c),
        Category::DecimalNumber | Category::LetterNumber | Category::OtherNumber
    ) || NUMERIC_LETTERS.binary_search(&u32::from(c)).is_ok()
}

/// Python's rule for all these methods: an empty text never qualifies.
fn all(text: &str, test: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(test)
}

/// `str.isalpha`.
pub fn isalpha(text: &str) -> bool {
    all(text, is_alpha)
}

/// `str.isdecimal`.
pub fn isdecimal(text: &str) -> bool {
    all(text, is_decimal)
}

/// `str.isdigit`.
pub fn isdigit(text: &str) -> bool {
    all(text, is_digit)
}

/// `str.isnumeric`.
pub fn isnumeric(text: &str) -> bool {
    all(text, is_numeric)
}

/// `str.isalnum`.
pub fn isalnum(text: &str) -> bool {
    all(text, |c| is_alpha(c) || is_numeric(c))
}

/// `str.isspace`.
pub fn isspace(text: &str) -> bool {
    all(text, is_space)
}

/// `str.isascii`; the empty text is ASCII.
pub fn isascii(text: &str) -> bool {
    text.is_ascii()
}

/// `str.isprintable`; the empty text is printable.
pub fn isprintable(text: &str) -> bool {
    text.chars().all(is_printable)
}

/// `str.isidentifier`.
pub fn isidentifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c == '_' || unicode_ident::is_xid_start(c))
        && chars.all(unicode_ident::is_xid_continue)
}

/// `str.islower`: something is lower case and nothing is upper or title case.
pub fn islower(text: &str) -> bool {
    text.chars().any(char::is_lowercase)
        && !text.chars().any(|c| c.is_uppercase() || is_titlecase(c))
}

/// `str.isupper`: something is upper case and nothing is lower or title case.
pub fn isupper(text: &str) -> bool {
    text.chars().any(char::is_uppercase)
        && !text.chars().any(|c| c.is_lowercase() || is_titlecase(c))
}

/// `str.istitle`: upper case begins every run of cased letters and stands nowhere else.
pub fn istitle(text: &str) -> bool {
    let mut found = false;
    let mut after_cased = false;
    for c in text.chars() {
        if c.is_uppercase() || is_titlecase(c) {
            if after_cased {
                return false;
            }
            found = true;
            after_cased = true;
        } else if c.is_lowercase() {
            if !after_cased {
                return false;
            }
            found = true;
        } else {
            after_cased = false;
        }
    }
    found
}
