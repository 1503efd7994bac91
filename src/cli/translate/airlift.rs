//! The DAG files themselves, for `--emit airlift`: their texts for the diff, and the edit in place.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context as _, Result};

use crate::cli::Ctx;
use crate::cli::failure::Trouble;
use crate::cli::file;
use crate::cli::messages::Messages;
use crate::emit::{OutputFile, edited};
use crate::translate::Translation;

/// The texts of the DAG files by their paths as shown. A file that is not UTF-8 has no diff.
pub(super) fn texts(translation: &Translation) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for dag in &translation.dags {
        if !texts.contains_key(&dag.source)
            && let Ok(text) = fs::read_to_string(&dag.location)
        {
            texts.insert(dag.source.clone(), text);
        }
    }
    texts
}

/// Edits the DAG files that have a diff, and puts the state of their tasks beside them. A state that is there already says
/// what somebody decided, so it stays.
pub(super) fn write(
    translation: &Translation,
    files: &[OutputFile],
    messages: &Messages,
    ctx: &mut Ctx<'_>,
) -> Result<()> {
    let texts = texts(translation);
    let diff = files.iter().find(|file| file.path == "airlift.diff");
    let lines = diff.iter().flat_map(|diff| diff.text.lines());
    let changed: BTreeSet<&str> = lines.filter_map(|line| line.strip_prefix("+++ b/")).collect();
    let has_diff = |source: &str| changed.contains(source);
    let trouble =
        || Trouble::new("the DAG files could not be edited", "check that they can be written");
    let mut done: Vec<&str> = Vec::new();
    for dag in &translation.dags {
        let Some(folder) = dag.location.parent().filter(|_| has_diff(&dag.source)) else {
            continue;
        };
        let name = format!("proxied_state/{}.yaml", crate::emit::paths::component(&dag.id));
        let place = folder.join(&name);
        if let Some(state) = files.iter().find(|file| file.path == name)
            && !place.exists()
        {
            let states = folder.join("proxied_state");
            if [&states, &place].into_iter().any(|path| path.is_symlink()) {
                return Err(Trouble::new(
                    format!("{} is a link, or lies behind one", place.display()),
                    "replace the link by what it points to",
                )
                .into());
            }
            fs::create_dir_all(&states).with_context(trouble)?;
            file::write(&place, &state.text).with_context(trouble)?;
        }
        if let Some(text) = texts.get(&dag.source).filter(|_| !done.contains(&dag.source.as_str()))
        {
            file::write(&dag.location, &edited(text)).with_context(trouble)?;
            messages.note(&format!("{} is edited", dag.source), &mut ctx.stderr)?;
            done.push(&dag.source);
        }
    }
    Ok(())
}
