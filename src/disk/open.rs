//! Opens files so that nothing waits: a pipe that nobody writes to, a device and the log of the kernel, which calls itself
//! a regular file, would hold a run up for ever.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Where the shell puts what it hands over, such as `<(...)`.
const HANDED_OVER: [&str; 3] = ["/dev/fd", "/dev/stdin", "/proc/self/fd"];

/// A regular file, and how long it says it is.
pub(crate) fn regular(path: &Path) -> io::Result<(File, u64)> {
    let about = fs::metadata(path)?;
    if !about.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    Ok((at_once(OpenOptions::new().read(true)).open(path)?, about.len()))
}

/// A file that was named on the command line, to be read: a regular file, what the shell hands over, or nothing at all
/// (`/dev/null`).
///
/// # Errors
/// It cannot be opened, or is something that could wait or never end.
pub fn named(path: &Path) -> io::Result<impl Read> {
    let is_meant = is_handed_over(path) || path == Path::new("/dev/null");
    Ok(Named(if is_meant { File::open(path)? } else { regular(path)?.0 }))
}

/// Looks whether what somebody else is going to read ends, and is no longer than so many bytes. What the shell hands
/// over can be read only once and is left alone.
///
/// # Errors
/// It cannot be read, is longer, or could wait.
pub fn ends(path: &Path, longest: u64) -> io::Result<()> {
    if is_handed_over(path) || super::read(path, longest)?.is_some() {
        return Ok(());
    }
    Err(io::Error::other(format!("it is longer than {longest} bytes")))
}

fn is_handed_over(path: &Path) -> bool {
    HANDED_OVER.iter().any(|place| path.starts_with(place))
}

/// Looks whether a file can be written to without waiting: a pipe needs somebody who reads.
///
/// # Errors
/// It is a pipe without a reader.
pub fn feed(path: &Path) -> io::Result<Option<File>> {
    if !fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return Ok(None);
    }
    let probe = at_once(OpenOptions::new().write(true)).open(path);
    let probe = probe.map_err(|error| match error.raw_os_error() {
        Some(libc::ENXIO) => io::Error::other("nobody reads from this pipe"),
        _ => error,
    })?;
    let file = OpenOptions::new().write(true).open(path)?;
    drop(probe);
    Ok(Some(file))
}

/// Whether a regular file is empty or ends with the end of a line; what is no regular file counts as such.
///
/// # Errors
/// When it cannot be read.
pub fn ends_with_line(path: &Path) -> io::Result<bool> {
    let found = fs::metadata(path)?;
    if !found.is_file() || found.len() == 0 {
        return Ok(true);
    }
    let mut file = File::open(path)?;
    file.seek(io::SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// Reads until a buffer is full or the file ends, without asking whether there is more. Gives how much was read.
pub(super) fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(waits(error)),
        }
    }
    Ok(filled)
}

/// Says what it means that a read would wait.
pub(super) fn waits(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::Error::other("not a regular file: it waits for more"),
        _ => error,
    }
}

/// A file whose reads do not wait.
struct Named(File);

impl Read for Named {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(waits)
    }
}

fn at_once(options: &mut OpenOptions) -> &OpenOptions {
    options.custom_flags(libc::O_NONBLOCK)
}
