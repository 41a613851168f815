//! Memory limits of Linux control groups (cgroups): the limit of this process's own group, and of the groups around it.
//! Cluster schedulers, services and containers set them; a process that exceeds one is killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A control group that has a limit.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    folder: PathBuf,
    files: &'static Files,
}

/// The names of the files of a group, and the entries of `memory.stat` for memory that the system can reclaim: the
/// cache of files.
#[derive(Debug, PartialEq, Eq)]
struct Files {
    limit: &'static str,
    used: &'static str,
    cached: [&'static str; 2],
}

const FIRST_VERSION: Files = Files {
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    cached: ["total_active_file", "total_inactive_file"],
};

const SECOND_VERSION: Files =
    Files { limit: "memory.max", used: "memory.current", cached: ["active_file", "inactive_file"] };

/// Version 1 writes a number near 2^63 if there is no limit, version 2 a word.
const NO_LIMIT: u64 = 1 << 62;

/// The groups of this process, read once: processes are seldom moved.
static OWN: LazyLock<Vec<Group>> = LazyLock::new(|| groups(Path::new("/")));

/// Whether there is any limit.
pub(crate) fn is_limited() -> bool {
    !OWN.is_empty()
}

/// The number of bytes that all limits leave.
pub(crate) fn left() -> Option<u64> {
    OWN.iter().filter_map(Group::left).min()
}

impl Group {
    fn limit(&self) -> Option<u64> {
        number(&read(&self.folder.join(self.files.limit))).filter(|limit| *limit < NO_LIMIT)
    }

    fn left(&self) -> Option<u64> {
        let used = number(&read(&self.folder.join(self.files.used)))?;
        let statistics = read(&self.folder.join("memory.stat"));
        let entry =
            |name: &&str| statistics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let cached: u64 = self.files.cached.iter().filter_map(entry).filter_map(number).sum();
        Some(self.limit()?.saturating_sub(used.saturating_sub(cached)))
    }
}

/// Returns the groups with a limit around this process, on a system whose files are in the folder `root`.
fn groups(root: &Path) -> Vec<Group> {
    let mounts = read(&root.join("proc/self/mountinfo"));
    let own = read(&root.join("proc/self/cgroup"));
    let around = own.lines().filter_map(|line| {
        let [_, controllers, path] = line.splitn(3, ':').collect::<Vec<_>>().try_into().ok()?;
        let files = match controllers {
            "" => &SECOND_VERSION,
            _ if has(controllers, "memory") => &FIRST_VERSION,
            _ => return None,
        };
        let (top, place) = mounts.lines().find_map(|line| mount(line, files))?;
        let place = root.join(place.trim_start_matches('/'));
        // A container may see only a part of the tree, in which its own group has no name.
        let inner = place.join(Path::new(path).strip_prefix(top).unwrap_or(Path::new("")));
        let levels = inner.ancestors().take_while(|level| level.starts_with(&place));
        Some(levels.map(|level| Group { folder: level.to_owned(), files }).collect::<Vec<_>>())
    });
    around.flatten().filter(|group| group.limit().is_some()).collect()
}

/// Returns the top of a tree of groups, and where it is mounted, from a line of `mountinfo`.
fn mount<'a>(line: &'a str, files: &Files) -> Option<(&'a str, &'a str)> {
    let (place, system) = line.split_once(" - ")?;
    let [kind, _, options] = system.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let is_it = match kind {
        "cgroup2" => *files == SECOND_VERSION,
        "cgroup" => *files == FIRST_VERSION && has(options, "memory"),
        _ => false,
    };
    let mut fields = place.split(' ').skip(3);
    Some((fields.next()?, fields.next()?)).filter(|_| is_it)
}

fn has(list: &str, name: &str) -> bool {
    list.split(',').any(|item| item == name)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A system with these files.
    fn system(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
        root
    }

    fn left(root: &tempfile::TempDir) -> Vec<u64> {
        groups(root.path()).iter().filter_map(Group::left).collect()
    }

    #[test]
    fn the_limits_of_a_group_and_of_those_around_it_are_found() {
        let second = system(&[
            ("proc/self/cgroup", "0::/user.slice/job.scope\n"),
            (
                "proc/self/mountinfo",
                "22 1 0:20 / / rw - ext4 /dev/a rw\n31 22 0:26 / /sys/fs/cgroup rw - cgroup2 none rw\n",
            ),
            ("sys/fs/cgroup/memory.stat", "anon 5\n"),
            ("sys/fs/cgroup/user.slice/memory.max", "9000\n"),
            ("sys/fs/cgroup/user.slice/memory.current", "8000\n"),
            ("sys/fs/cgroup/user.slice/memory.stat", "file 7\nactive_file 1000\ninactive_file 500\n"),
            ("sys/fs/cgroup/user.slice/job.scope/memory.max", "max\n"),
            ("sys/fs/cgroup/user.slice/job.scope/memory.current", "8000\n"),
        ]);
        assert_eq!(left(&second), [2500]);
        let first = system(&[
            ("proc/self/cgroup", "8:pids:/\n4:memory,hugetlb:/a/b\n0::/\n"),
            (
                "proc/self/mountinfo",
                "35 31 0:32 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
                 36 31 0:33 / /sys/fs/cgroup/memory rw shared:1 - cgroup cgroup rw,memory\n",
            ),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "70\n"),
            ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "100\n"),
            ("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "70\n"),
            ("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "50\n"),
            ("sys/fs/cgroup/memory/a/b/memory.usage_in_bytes", "60\n"),
            ("sys/fs/cgroup/memory/a/b/memory.stat", "inactive_file 99\ntotal_inactive_file 20\n"),
        ]);
        assert_eq!(left(&first), [10, 30]);
    }

    #[test]
    fn a_container_that_sees_a_part_of_the_tree_has_the_limit_of_its_top() {
        let mountinfo = "31 22 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 none rw\n";
        for own in ["0::/docker/abc\n", "0::/../elsewhere\n", "0::/\n"] {
            let root = system(&[
                ("proc/self/cgroup", own),
                ("proc/self/mountinfo", mountinfo),
                ("sys/fs/cgroup/memory.max", "1000\n"),
                ("sys/fs/cgroup/memory.current", "400\n"),
            ]);
            assert_eq!(left(&root), [600], "{own}");
        }
        assert_eq!(left(&system(&[])), [0_u64; 0]);
    }
}
