#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use serde_json::{Value, json};

use super::*;
use crate::eval::pure::oracle::{self, of_int, text};

fn call(name: &str, args: &[Value]) -> Result<Value, Failure> {
    Ok(match name {
        "quote" => json!(quote(text(&args[0]), text(&args[1]))),
        "quote_plus" => json!(quote_plus(text(&args[0]), text(&args[1]))),
        "unquote" => json!(unquote(text(&args[0]))),
        "unquote_plus" => json!(unquote_plus(text(&args[0]))),
        "urlencode" => {
            let pairs = args[0].as_array().unwrap();
            let pairs: Vec<_> = pairs.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
            json!(urlencode(&pairs))
        }
        "urlsplit" => {
            let url = SplitUrl::new(text(&args[0]))?;
            json!([url.scheme, url.netloc, url.path, url.query, url.fragment])
        }
        "urlparse" => {
            let url = SplitUrl::new(text(&args[0]))?;
            let ((path, params), (user, password)) = (url.params(), url.credentials());
            let port = url.port()?.map_or(Value::Null, of_int);
            json!([path, params, user, password, url.hostname(), port])
        }
        _ => panic!("no function: {name}"),
    })
}

#[test]
fn urls_agree_with_cpython() {
    oracle::check("url", call);
}
