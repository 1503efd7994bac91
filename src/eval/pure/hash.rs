//! `hashlib`, `base64` and hexadecimal: bytes as text.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use sha2::Digest as _;

use super::Failure;

/// `hashlib.new(algorithm, data).digest()`; `None` for algorithms podlift does not have.
pub fn digest(algorithm: &str, data: &[u8]) -> Option<Vec<u8>> {
    Some(match algorithm {
        "md5" => md5::Md5::digest(data).to_vec(),
        "sha1" => sha1::Sha1::digest(data).to_vec(),
        "sha224" => sha2::Sha224::digest(data).to_vec(),
        "sha256" => sha2::Sha256::digest(data).to_vec(),
        "sha384" => sha2::Sha384::digest(data).to_vec(),
        "sha512" => sha2::Sha512::digest(data).to_vec(),
        _ => return None,
    })
}

/// `hashlib.new(algorithm, data).hexdigest()`; `None` for algorithms podlift does not have.
pub fn hexdigest(algorithm: &str, data: &[u8]) -> Option<String> {
    digest(algorithm, data).map(|digest| to_hex(&digest))
}

/// `data.hex()`.
pub fn to_hex(data: &[u8]) -> String {
    let mut text = String::with_capacity(data.len() * 2);
    for byte in data {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// `bytes.fromhex(text)`: blanks may stand between bytes.
///
/// # Errors
/// `ValueError` with the position of the first stranger.
pub fn from_hex(text: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut chars = text.chars().enumerate();
    let strange = |position: usize| {
        Failure::value(format!(
            "non-hexadecimal number found in fromhex() arg at position {position}"
        ))
    };
    while let Some((position, c)) = chars.next() {
        if matches!(c, ' ' | '\t'..='\r') {
            continue;
        }
        let high = c.to_digit(16).ok_or_else(|| strange(position))?;
        let low = chars.next().and_then(|(_, c)| c.to_digit(16));
        let low = low.ok_or_else(|| strange(position + 1))?;
        bytes.extend(u8::try_from(high * 16 + low));
    }
    Ok(bytes)
}

/// `base64.b64encode(data).decode()`.
pub fn b64encode(data: &[u8]) -> String {
    STANDARD.encode(data)
}

/// `base64.urlsafe_b64encode(data).decode()`.
pub fn urlsafe_b64encode(data: &[u8]) -> String {
    URL_SAFE.encode(data)
}

/// `base64.b64decode(text)`: whatever is not of the alphabet is skipped, and what follows the padding
/// is not read.
///
/// # Errors
/// `binascii.Error`, a `ValueError`, for data that breaks off.
pub fn b64decode(text: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut buffer = 0u32;
    let mut in_quad = 0;
    let mut pads = 0;
    let mut count = 0usize;
    for c in text.chars() {
        if c == '=' {
            if in_quad >= 2 {
                pads += 1;
                if in_quad + pads >= 4 {
                    return Ok(bytes);
                }
            }
            continue;
        }
        let Some(value) = sextet(c) else { continue };
        pads = 0;
        count += 1;
        buffer = (buffer << 6) | value;
        in_quad = (in_quad + 1) % 4;
        let byte = match in_quad {
            2 => buffer >> 4,
            3 => buffer >> 2,
            0 => buffer,
            _ => continue,
        };
        bytes.extend(u8::try_from(byte & 0xff));
    }
    match in_quad {
        0 => Ok(bytes),
        1 => Err(Failure::raised(
            "Error",
            format!(
                "Invalid base64-encoded string: number of data characters ({count}) cannot be 1 \
                 more than a multiple of 4"
            ),
        )),
        _ => Err(Failure::raised("Error", "Incorrect padding")),
    }
}

/// `base64.urlsafe_b64decode(text)`.
///
/// # Errors
/// As [`b64decode`].
pub fn urlsafe_b64decode(text: &str) -> Result<Vec<u8>, Failure> {
    b64decode(&text.replace('-', "+").replace('_', "/"))
}

fn sextet(c: char) -> Option<u32> {
    let code = u32::from(c);
    Some(match c {
        'A'..='Z' => code - 65,
        'a'..='z' => code - 71,
        '0'..='9' => code + 4,
        '+' => 62,
        '/' => 63,
        _ => return None,
    })
}

/// `zlib.crc32`.
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            // The polynomial of Ethernet and zip, its bits in reverse.
            if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 }
        })
    })
}

/// `zlib.adler32`.
pub fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (low, high) = bytes.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % MODULUS;
        (low, (high + low) % MODULUS)
    });
    (high << 16) | low
}

#[cfg(test)]
mod tests;
