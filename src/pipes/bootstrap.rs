//! The two environment variables with which a process opens Pipes.
//!
//! A parameter is JSON, compressed with zlib, in base64. Linux refuses to start a process with a
//! single environment string of 131072 bytes, and says only "argument list too long"; so the size is
//! checked here, before anything is created.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{ContextData, to_python_json};

/// Name of the variable that carries the context.
pub const CONTEXT_VARIABLE: &str = "DAGSTER_PIPES_CONTEXT";
/// Name of the variable that says where messages go.
pub const MESSAGES_VARIABLE: &str = "DAGSTER_PIPES_MESSAGES";
/// The largest encoded parameter that is accepted, in bytes. The limit of Linux is 131072 for the
/// whole `NAME=value` string; the rest is left for names and for smaller limits of other kernels.
pub const MAX_PARAMETER_BYTES: usize = 100 * 1024;

/// Why a parameter could not be packed or unpacked.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// The parameter does not fit into an environment variable.
    #[error(
        "the Pipes context takes {size} bytes in {CONTEXT_VARIABLE}, more than the {MAX_PARAMETER_BYTES} that fit \
         into an environment variable; put large values into a file, a ConfigMap or object storage and pass their \
         name in the extras"
    )]
    TooLarge {
        /// Bytes of the encoded parameter.
        size: usize,
    },
    /// Not base64.
    #[error("not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// Not zlib.
    #[error("not a zlib stream: {0}")]
    Zlib(#[from] std::io::Error),
    /// Not JSON.
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Encodes a parameter as `dagster_pipes.encode_param` does.
pub fn encode<T: Serialize>(parameter: &T) -> Result<String, BootstrapError> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
    packer.write_all(to_python_json(parameter)?.as_bytes())?;
    Ok(STANDARD.encode(packer.finish()?))
}

/// Reads what [`encode`] wrote, or Dagster itself.
pub fn decode(text: &str) -> Result<Json, BootstrapError> {
    let packed = STANDARD.decode(text)?;
    let mut json = String::new();
    ZlibDecoder::new(packed.as_slice()).read_to_string(&mut json)?;
    Ok(serde_json::from_str(&json)?)
}

/// The variables of the container whose messages are read: context inline, messages on stderr.
///
/// # Errors
/// [`BootstrapError::TooLarge`] when the context does not fit.
pub fn variables(context: &ContextData) -> Result<[(&'static str, String); 2], BootstrapError> {
    let encoded = encode(&json!({ "data": context }))?;
    if encoded.len() > MAX_PARAMETER_BYTES {
        return Err(BootstrapError::TooLarge { size: encoded.len() });
    }
    Ok([(CONTEXT_VARIABLE, encoded), (MESSAGES_VARIABLE, encode(&json!({ "stdio": "stderr" }))?)])
}

/// The messages variable of all other containers: they may open Pipes, but nobody listens.
pub fn silent_messages() -> Result<String, BootstrapError> {
    encode(&json!({ "path": "/dev/null" }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn encoding_equals_the_bytes_of_dagster() {
        let [_, (name, stderr)] = variables(&ContextData::new("run")).unwrap();
        assert_eq!(
            (name, stderr.as_str()),
            (MESSAGES_VARIABLE, "eJyrViouScnMV7JSADFSi4qUagFBNAaS")
        );
        assert_eq!(silent_messages().unwrap(), "eJyrVipILMlQslJQ0k9JLdPPK83JUaoFAEmRBuA=");
    }

    #[test]
    fn decoding_reads_what_was_encoded() {
        let value = json!({"data": {"ü": [1, 2.5, null], "s": "\u{1F600}"}});
        assert_eq!(decode(&encode(&value).unwrap()).unwrap(), value);
        assert!(decode("%").is_err());
        assert!(decode("YWJj").is_err());
    }

    #[test]
    fn a_context_that_does_not_fit_is_refused_with_advice() {
        // Hashes do not compress, so the context is as large as they are.
        let noise = |count: u32| -> String {
            (0..count).map(|i| STANDARD.encode(Sha256::digest(i.to_be_bytes()))).collect()
        };
        let mut context = ContextData::new("run");
        context.extras.insert("noise".into(), Json::String(noise(1500)));
        assert!(variables(&context).is_ok());
        context.extras.insert("noise".into(), Json::String(noise(3000)));
        let error = variables(&context).unwrap_err();
        assert!(error.to_string().contains("ConfigMap"), "{error}");
    }

    #[test]
    fn parameters_equal_those_of_the_real_package() {
        let golden: Json =
            serde_json::from_str(include_str!("../../fixtures/pipes/bootstrap.json")).unwrap();
        for case in golden.as_array().unwrap() {
            let (value, text) = (&case["value"], case["encoded"].as_str().unwrap());
            assert_eq!(&decode(text).unwrap(), value);
            assert_eq!(&decode(&encode(value).unwrap()).unwrap(), value);
            let plain = STANDARD.decode(text).unwrap();
            let mut json = String::new();
            ZlibDecoder::new(plain.as_slice()).read_to_string(&mut json).unwrap();
            assert_eq!(to_python_json(value).unwrap(), json);
        }
    }
}
