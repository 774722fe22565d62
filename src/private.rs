//! Files that hold what people said, typed or dialled: for their owner only.
//!
//! # Invariants
//! - A file gets the mode 0600 when it is made. The mode of one that is there is never changed.
//! - A link is not followed: what it points to may be anything, a device of the host too.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a file with these options, in which it may be created, but not through a link.
///
/// # Errors
/// Those of opening; a clear one for a link.
pub(crate) fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC);
    }
    options.open(path).map_err(|err| if is_link(path) { link() } else { err })
}

/// Opens a file for appending, which is made when it is not there.
///
/// # Errors
/// As [`open`].
pub(crate) fn append(path: &Path) -> io::Result<File> {
    open(OpenOptions::new().read(true).append(true).create(true), path)
}

fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|about| about.is_symlink())
}

fn link() -> io::Error {
    io::Error::other("it is a link, and links are not followed here")
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn make(path: &Path) -> io::Result<()> {
        std::fs::write(path, "x")?;
        set_permissions(path, Permissions::from_mode(0o644))
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().map_or(0, |about| about.permissions().mode() & 0o777)
    }

    #[limited::test]
    fn a_new_file_is_its_owners_and_one_that_is_there_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (new, old) = (folder.path().join("new"), folder.path().join("old"));
        drop(append(&new).unwrap());
        assert_eq!(mode(&new), 0o600);
        make(&old).unwrap();
        drop(append(&old).unwrap());
        assert_eq!(mode(&old), 0o644);
    }

    #[limited::test]
    fn links_are_refused_and_what_they_point_to_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (target, nothing) = (folder.path().join("target"), folder.path().join("nothing"));
        make(&target).unwrap();
        for (name, to) in [("a", &target), ("b", &nothing)] {
            let path = folder.path().join(name);
            symlink(to, &path).unwrap();
            let err = append(&path).unwrap_err().to_string();
            assert!(err.contains("it is a link"), "{err}");
        }
        assert_eq!((mode(&target), std::fs::read_to_string(&target).unwrap()), (0o644, "x".into()));
        assert!(!nothing.exists());
    }
}
