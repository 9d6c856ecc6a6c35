use std::fs;
use std::path::Path;

use futures::future::join_all;
use proptest::prelude::*;
use uuid::Uuid;

use super::line::Entry;
use super::scan::HEADER;
use super::*;
use crate::scalar::{EngagementId, ReferralId};
use crate::shared_referral::operation::Witness;
use crate::shared_referral::problem::Half;

/// A folder that goes with its owner.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("journal-{}", Uuid::new_v4()));
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("deals.journal")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn id(number: usize) -> OperationId {
    OperationId::of_key(&number.to_string())
}

fn begun(number: usize) -> Record {
    let print = format!("{number:032x}").parse().unwrap();
    Record::Begun {
        at: "2026-01-01T00:00:00Z".parse().unwrap(),
        marker: number.to_string(),
        content: print,
        traits: print,
    }
}

fn created(half: Half) -> Record {
    Record::Created {
        half,
        at: "2026-01-01T00:00:01Z".parse().unwrap(),
        referral: ReferralId::new("a").unwrap(),
        engagement: EngagementId::new("e").unwrap(),
        by: Witness::Answer,
    }
}

fn abandoned() -> Record {
    let at = "2026-01-01T00:00:02Z".parse().unwrap();
    Record::Abandoned { at }
}

/// What an operation has after each of its three appends.
fn history(number: usize) -> Vec<Record> {
    vec![begun(number), created(Half::Own), created(Half::Connected)]
}

async fn append(journal: &FileJournal, number: usize, after: usize) {
    let record = history(number).remove(after);
    journal
        .append(id(number), after, vec![record])
        .await
        .unwrap();
}

async fn finish(journal: &FileJournal, number: usize) {
    for after in 0..3 {
        append(journal, number, after).await;
    }
}

fn kind<T>(result: Result<T, JournalError>) -> JournalErrorKind {
    result.err().unwrap().kind()
}

#[tokio::test]
async fn what_was_appended_is_there_after_it_is_opened_again() {
    let folder = Folder::new();
    let journal = FileJournal::open(folder.file()).unwrap();
    finish(&journal, 1).await;
    append(&journal, 2, 0).await;
    append(&journal, 3, 0).await;
    append(&journal, 2, 1).await;
    for _ in 0..2 {
        assert_eq!(journal.load(id(1)).await.unwrap(), history(1));
        assert_eq!(journal.load(id(2)).await.unwrap(), history(2)[..2]);
        assert_eq!(journal.load(id(4)).await.unwrap(), []);
        assert_eq!(journal.list_open().await.unwrap(), [id(2), id(3)]);
    }
    drop(journal);
    let before = fs::read(folder.file()).unwrap();
    let journal = FileJournal::open(folder.file()).unwrap();
    assert_eq!(journal.recovered(), None);
    assert_eq!(fs::read(folder.file()).unwrap(), before, "left as it is");
    let shown = format!("{journal:?}");
    assert_eq!(shown, "FileJournal { syncs: 0, recovered: None, .. }");
    assert_eq!(journal.load(id(1)).await.unwrap(), history(1));
    assert_eq!(journal.load(id(2)).await.unwrap(), history(2)[..2]);
    assert_eq!(journal.list_open().await.unwrap(), [id(2), id(3)]);
    append(&journal, 2, 2).await;
    assert_eq!(journal.list_open().await.unwrap(), [id(3)]);
}

#[tokio::test]
async fn an_append_that_does_not_follow_changes_nothing() {
    let folder = Folder::new();
    let journal = FileJournal::open(folder.file()).unwrap();
    finish(&journal, 1).await;
    append(&journal, 2, 0).await;
    let before = fs::read(folder.file()).unwrap();
    for (number, after) in [(1, 0), (1, 2), (2, 0), (2, 2), (3, 1)] {
        let result = journal.append(id(number), after, vec![created(Half::Own)]);
        assert_eq!(
            kind(result.await),
            JournalErrorKind::Conflict,
            "{number} {after}"
        );
    }
    let nonsense = journal.append(id(2), 1, vec![begun(2)]);
    assert_eq!(kind(nonsense.await), JournalErrorKind::Damaged);
    assert_eq!(fs::read(folder.file()).unwrap(), before);
}

#[tokio::test]
async fn what_is_complete_cannot_be_given_up_and_the_journal_stays_good() {
    let folder = Folder::new();
    let journal = FileJournal::open(folder.file()).unwrap();
    finish(&journal, 1).await;
    let refused = journal.append(id(1), 3, vec![abandoned()]).await;
    assert_eq!(kind(refused), JournalErrorKind::Damaged);
    append(&journal, 2, 0).await;
    drop(journal);
    let journal = FileJournal::open(folder.file()).unwrap();
    assert_eq!(journal.load(id(1)).await.unwrap(), history(1));
    assert_eq!(journal.list_open().await.unwrap(), [id(2)]);
}

#[tokio::test]
async fn what_becomes_known_of_a_finished_operation_is_added_to_it() {
    let folder = Folder::new();
    let journal = FileJournal::open(folder.file()).unwrap();
    finish(&journal, 1).await;
    let at = "2026-01-01T00:00:03Z".parse().unwrap();
    let half = Half::Own;
    let more = Record::NoTwin { half, at };
    journal.append(id(1), 3, vec![more.clone()]).await.unwrap();
    append(&journal, 2, 0).await;
    drop(journal);
    let journal = FileJournal::open(folder.file()).unwrap();
    let all = [history(1), vec![more]].concat();
    assert_eq!(journal.load(id(1)).await.unwrap(), all);
}

#[tokio::test]
async fn of_two_writers_at_once_one_is_told_of_the_other() {
    let folder = Folder::new();
    let journal = FileJournal::open(folder.file()).unwrap();
    let both = [0, 1].map(|_| journal.append(id(1), 0, vec![begun(1)]));
    let results = join_all(both).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(journal.load(id(1)).await.unwrap(), [begun(1)]);
}

#[tokio::test]
async fn appends_that_come_together_share_one_sync() {
    let folder = Folder::new();
    let journal = FileJournal::open(folder.file()).unwrap();
    let before = journal.syncs();
    let all = (0..200).map(|number| journal.append(id(number), 0, vec![begun(number)]));
    for result in join_all(all).await {
        result.unwrap();
    }
    // One may find the thread idle; whatever queues up meanwhile goes together.
    let syncs = journal.syncs() - before;
    assert!((1..=100).contains(&syncs), "{syncs}");
    assert_eq!(journal.list_open().await.unwrap().len(), 200);
}

#[tokio::test]
async fn a_file_cut_at_any_byte_opens_with_what_was_whole() {
    let folder = Folder::new();
    let journal = FileJournal::open(folder.file()).unwrap();
    finish(&journal, 1).await;
    append(&journal, 2, 0).await;
    append(&journal, 2, 1).await;
    drop(journal);
    let whole = fs::read(folder.file()).unwrap();
    let ends: Vec<usize> = (0..whole.len())
        .filter(|at| whole[*at] == b'\n')
        .map(|at| at + 1)
        .collect();
    for cut in 0..=whole.len() {
        fs::write(folder.file(), &whole[..cut]).unwrap();
        let journal = FileJournal::open(folder.file()).unwrap();
        let lines = ends.iter().filter(|end| **end <= cut).count();
        let torn = cut - ends.get(lines.wrapping_sub(1)).copied().unwrap_or(0);
        assert_eq!(
            journal.recovered().map(|recovered| recovered.bytes),
            (torn > 0).then_some(torn as u64),
            "{cut}"
        );
        let first = journal.load(id(1)).await.unwrap();
        assert_eq!(first, history(1)[..lines.saturating_sub(1).min(3)], "{cut}");
        let second = journal.load(id(2)).await.unwrap();
        assert_eq!(
            second,
            history(2)[..lines.saturating_sub(4).min(2)],
            "{cut}"
        );
        // And it goes on from there.
        append(&journal, 1000, 0).await;
        drop(journal);
        let journal = FileJournal::open(folder.file()).unwrap();
        assert_eq!(journal.recovered(), None);
        assert_eq!(journal.load(id(1)).await.unwrap(), first);
        assert_eq!(journal.load(id(1000)).await.unwrap(), [begun(1000)]);
    }
}

/// The file with lines of one last write, of which some are broken.
fn torn_write(folder: &Folder, broken: &[bool]) {
    let mut content = HEADER.to_vec();
    let entry = |commit, part, parts, number| Entry {
        commit,
        part,
        parts,
        operation: id(number),
        after: 0,
        records: vec![begun(number)],
    };
    content.extend(entry(1, 1, 1, 100).to_line().unwrap());
    for (index, is_broken) in broken.iter().enumerate() {
        let mut line = entry(2, index + 1, broken.len(), index).to_line().unwrap();
        if *is_broken {
            let end = line.len() - 1;
            line[..end].fill(0);
        }
        content.extend(&line);
    }
    fs::write(folder.file(), content).unwrap();
    private(&folder.file());
}

#[tokio::test]
async fn holes_in_the_last_write_are_the_mark_of_a_crash() {
    for bits in 1..8_u8 {
        let broken = [bits & 1 > 0, bits & 2 > 0, bits & 4 > 0];
        let folder = Folder::new();
        torn_write(&folder, &broken);
        let journal = FileJournal::open(folder.file()).unwrap();
        assert!(journal.recovered().is_some());
        let kept = broken.iter().take_while(|broken| !**broken).count();
        let open = journal.list_open().await.unwrap();
        assert_eq!(open.len(), 1 + kept, "{broken:?}");
        assert_eq!(open[0], id(100));
        append(&journal, 7, 0).await;
        drop(journal);
        // A second crash, in the next write, is one too.
        let mut content = fs::read(folder.file()).unwrap();
        content.truncate(content.len() - 5);
        fs::write(folder.file(), content).unwrap();
        let journal = FileJournal::open(folder.file()).unwrap();
        assert_eq!(journal.list_open().await.unwrap(), open);
    }
}

#[tokio::test]
async fn a_write_cut_at_the_end_of_a_line_does_not_make_the_next_crash_look_like_damage() {
    let folder = Folder::new();
    // Of the first write only its first line is there, and that is whole.
    torn_write(&folder, &[false, true]);
    let text = fs::read_to_string(folder.file()).unwrap();
    let whole = text.lines().count() - 1;
    let kept: String = text
        .lines()
        .take(whole)
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(folder.file(), kept).unwrap();
    let commits = |text: &str| -> Vec<u64> {
        let lines = text.lines().skip(1);
        lines
            .map(|line| Entry::from_line(line.as_bytes()).unwrap().commit)
            .collect()
    };
    drop(FileJournal::open(folder.file()).unwrap());
    let text = fs::read_to_string(folder.file()).unwrap();
    let last = text.lines().last().unwrap();
    let last = Entry::from_line(last.as_bytes()).unwrap();
    assert_eq!(last.part, last.parts, "{:?}", commits(&text));
    // A later write is torn in its first line, and its second is whole.
    let journal = FileJournal::open(folder.file()).unwrap();
    let count = commits(&text).len();
    append(&journal, 50, 0).await;
    drop(journal);
    let mut later = fs::read(folder.file()).unwrap();
    let entry = |part, number| Entry {
        commit: last.commit + 2,
        part,
        parts: 2,
        operation: id(number),
        after: 0,
        records: vec![begun(number)],
    };
    let mut torn = entry(1, 60).to_line().unwrap();
    torn[20] ^= 1;
    later.extend(torn);
    later.extend(entry(2, 61).to_line().unwrap());
    fs::write(folder.file(), later).unwrap();
    let journal = FileJournal::open(folder.file()).unwrap();
    assert!(journal.recovered().is_some());
    assert_eq!(journal.list_open().await.unwrap().len(), count + 1);
}

#[tokio::test]
async fn what_a_later_version_wrote_is_damage_here_and_is_not_cut_off() {
    let folder = Folder::new();
    let journal = FileJournal::open(folder.file()).unwrap();
    append(&journal, 1, 0).await;
    drop(journal);
    let mut text = fs::read_to_string(folder.file()).unwrap();
    let says = "{\"commit\":2,\"of\":\"a later version\"}";
    let sum = crc32fast::hash(says.as_bytes());
    text.push_str(&format!("{{\"sum\":\"{sum:08x}\",\"entry\":{says}}}\n"));
    fs::write(folder.file(), &text).unwrap();
    let error = FileJournal::open(folder.file()).unwrap_err();
    assert_eq!(error.kind(), JournalErrorKind::Damaged);
    assert!(error.to_string().contains("line 3"), "{error}");
    assert_eq!(fs::read_to_string(folder.file()).unwrap(), text);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_leads_to_the_same_journal_and_stays_a_link() {
    let folder = Folder::new();
    let link = folder.0.join("link.journal");
    let journal = FileJournal::open(folder.file()).unwrap();
    std::os::unix::fs::symlink(folder.file(), &link).unwrap();
    assert_eq!(kind(FileJournal::open(&link)), JournalErrorKind::Locked);
    append(&journal, 1, 0).await;
    drop(journal);
    let journal = FileJournal::open(&link).unwrap();
    journal.compact().await.unwrap();
    drop(journal);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let journal = FileJournal::open(folder.file()).unwrap();
    assert_eq!(journal.list_open().await.unwrap(), [id(1)]);
}

#[tokio::test]
async fn a_broken_line_before_the_last_write_is_damage_and_nothing_is_touched() {
    let folder = Folder::new();
    torn_write(&folder, &[false, true, false]);
    let mut content = fs::read(folder.file()).unwrap();
    let later = Entry {
        commit: 3,
        part: 1,
        parts: 1,
        operation: id(8),
        after: 0,
        records: vec![begun(8)],
    };
    content.extend(later.to_line().unwrap());
    fs::write(folder.file(), &content).unwrap();
    let error = FileJournal::open(folder.file()).unwrap_err();
    assert_eq!(error.kind(), JournalErrorKind::Damaged);
    assert!(error.to_string().contains("line 4"), "{error}");
    assert_eq!(fs::read(folder.file()).unwrap(), content);
}

#[test]
fn a_file_that_is_no_journal_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    for content in [
        &b"name,amount\nContoso,5\n"[..],
        b"{\"journal\":\"partner-referrals shared referrals\",\"version\":2}\n",
        b"x",
    ] {
        fs::write(folder.file(), content).unwrap();
        private(&folder.file());
        let result = FileJournal::open(folder.file());
        assert_eq!(kind(result), JournalErrorKind::Damaged);
        assert_eq!(fs::read(folder.file()).unwrap(), content);
    }
}

#[cfg(unix)]
fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn private(_: &Path) {}

#[cfg(unix)]
#[test]
fn it_is_made_for_its_owner_only_and_refused_when_others_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    drop(FileJournal::open(folder.file()).unwrap());
    for ending in ["", ".lock"] {
        let mode = fs::metadata(disk::beside(&folder.file(), ending)).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600, "{ending}");
    }
    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(folder.file(), fs::Permissions::from_mode(mode)).unwrap();
        let error = FileJournal::open(folder.file()).unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
}

#[test]
fn a_second_one_is_told_that_it_is_taken() {
    let folder = Folder::new();
    let first = FileJournal::open(folder.file()).unwrap();
    let second = FileJournal::open(folder.file());
    assert_eq!(kind(second), JournalErrorKind::Locked);
    let clone = first.clone();
    drop(first);
    let third = FileJournal::open(folder.file());
    assert_eq!(kind(third), JournalErrorKind::Locked);
    drop(clone);
    FileJournal::open(folder.file()).unwrap();
}

#[tokio::test]
async fn compacting_keeps_everything_and_leaves_superseded_lines_out() {
    let folder = Folder::new();
    let journal = FileJournal::open(folder.file()).unwrap();
    for number in 0..20 {
        finish(&journal, number).await;
    }
    append(&journal, 30, 0).await;
    append(&journal, 31, 0).await;
    append(&journal, 30, 1).await;
    // By itself it does so only where it is worth it.
    let lines = || fs::read_to_string(folder.file()).unwrap().lines().count();
    assert_eq!(lines(), 1 + 20 * 3 + 3);
    let done = journal.compact().await.unwrap();
    assert!(done.after < done.before, "{done:?}");
    assert_eq!(done.after, fs::metadata(folder.file()).unwrap().len());
    assert_eq!(lines(), 1 + 22);
    append(&journal, 31, 1).await;
    for _ in 0..2 {
        for number in 0..20 {
            assert_eq!(journal.load(id(number)).await.unwrap(), history(number));
        }
        assert_eq!(journal.list_open().await.unwrap(), [id(30), id(31)]);
        assert_eq!(journal.load(id(31)).await.unwrap(), history(31)[..2]);
    }
    drop(journal);
    // One that did not come to its end is in nobody's way.
    fs::write(disk::beside(&folder.file(), ".compacting"), "half").unwrap();
    let journal = FileJournal::open(folder.file()).unwrap();
    assert!(!disk::beside(&folder.file(), ".compacting").exists());
    assert_eq!(journal.load(id(7)).await.unwrap(), history(7));
    assert_eq!(journal.list_open().await.unwrap(), [id(30), id(31)]);
    let again = journal.compact().await.unwrap();
    let third = journal.compact().await.unwrap();
    assert_eq!(again.after, third.after);
}

#[tokio::test]
async fn it_compacts_itself_once_most_of_it_is_superseded() {
    let folder = Folder::new();
    let journal = FileJournal::open_compacting(folder.file(), 20_000).unwrap();
    for number in 0..200 {
        finish(&journal, number).await;
    }
    // Not again and again: only after as much was written as there is to keep.
    let compactions = journal.syncs() - 3 * 200;
    assert!((1..20).contains(&compactions), "{compactions}");
    let size = fs::metadata(folder.file()).unwrap().len();
    let compact = journal.compact().await.unwrap().after;
    assert!(size <= compact * 2 + 20_000, "{size} {compact}");
    assert_eq!(journal.load(id(3)).await.unwrap(), history(3));
}

#[test]
fn what_stands_in_the_way_of_compacting_is_told_before_anything_is_written() {
    let folder = Folder::new();
    fs::create_dir(disk::beside(&folder.file(), ".compacting")).unwrap();
    let opened = FileJournal::open(folder.file());
    assert_eq!(kind(opened), JournalErrorKind::Io);
    assert!(!folder.file().exists());
}

#[tokio::test]
async fn a_deal_that_was_tried_thousands_of_times_is_read_again() {
    let folder = Folder::new();
    let journal = FileJournal::open(folder.file()).unwrap();
    let tried = |_| {
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        let (half, request_id) = (Half::Own, Uuid::nil());
        let since = at;
        [
            Record::Sending {
                half,
                at,
                since,
                request_id,
                blind: false,
            },
            Record::NotDone { half, at },
        ]
    };
    let all: Vec<Record> = std::iter::once(begun(1))
        .chain((0..6000).flat_map(tried))
        .collect();
    journal.append(id(1), 0, all.clone()).await.unwrap();
    let done = journal.compact().await.unwrap();
    assert!(done.after > 1024 * 1024, "{done:?}");
    drop(journal);
    let journal = FileJournal::open(folder.file()).unwrap();
    assert_eq!(journal.load(id(1)).await.unwrap(), all);
}

fn writer(folder: &Folder, file: fs::File) -> Writer {
    Writer {
        path: folder.file(),
        file,
        index: index::Index::default(),
        length: HEADER.len() as u64,
        commit: 0,
        compact_above: COMPACT_ABOVE,
        syncs: Arc::default(),
        failed: false,
        _lock: disk::lock(&folder.file()).unwrap(),
    }
}

#[tokio::test]
async fn what_is_asked_while_it_writes_is_answered_in_turn() {
    let folder = Folder::new();
    fs::write(folder.file(), HEADER).unwrap();
    let file = fs::OpenOptions::new()
        .write(true)
        .read(true)
        .open(folder.file())
        .unwrap();
    let writer = writer(&folder, file);
    let syncs = Arc::clone(&writer.syncs);
    let (jobs, asked) = channel();
    let mut replies = Vec::new();
    // One more than is written at once.
    for number in 0..1025 {
        let (reply, answered) = oneshot::channel();
        replies.push(answered);
        let append = Append {
            operation: id(number),
            after: 0,
            records: vec![begun(number)],
            reply,
        };
        jobs.send(Job::Append(append)).unwrap();
    }
    let (first, loaded) = oneshot::channel();
    jobs.send(Job::Load(id(7), first)).unwrap();
    let (second, listed) = oneshot::channel();
    jobs.send(Job::ListOpen(second)).unwrap();
    drop(jobs);
    writer.run(&asked);
    for reply in replies {
        reply.await.unwrap().unwrap();
    }
    assert_eq!(loaded.await.unwrap().unwrap(), [begun(7)]);
    assert_eq!(listed.await.unwrap().unwrap().len(), 1025);
    assert_eq!(syncs.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn after_a_failed_write_nothing_is_taken_any_more() {
    let folder = Folder::new();
    fs::write(folder.file(), HEADER).unwrap();
    // Open for reading only, so that every write fails.
    let writer = writer(&folder, fs::File::open(folder.file()).unwrap());
    let syncs = Arc::clone(&writer.syncs);
    let (jobs, asked) = channel();
    let thread = std::thread::spawn(move || writer.run(&asked));
    let journal = FileJournal(Arc::new(Inner {
        jobs: Some(jobs),
        thread: Some(thread),
        syncs,
        recovered: None,
    }));
    for text in ["could not be written", "open the journal again"] {
        let error = journal.append(id(1), 0, vec![begun(1)]).await.unwrap_err();
        assert_eq!(error.kind(), JournalErrorKind::Io);
        assert!(error.to_string().contains(text), "{error}");
    }
    assert_eq!(journal.load(id(1)).await.unwrap(), []);
    assert_eq!(kind(journal.compact().await), JournalErrorKind::Io);
    assert_eq!(journal.syncs(), 0);
    assert_eq!(fs::read(folder.file()).unwrap(), HEADER);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_changed_byte_is_damage_or_a_torn_end_and_never_another_content(place: usize, byte: u8) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let folder = Folder::new();
            let journal = FileJournal::open(folder.file()).unwrap();
            finish(&journal, 1).await;
            append(&journal, 2, 0).await;
            drop(journal);
            let mut content = fs::read(folder.file()).unwrap();
            let place = place % content.len();
            content[place] = byte;
            fs::write(folder.file(), content).unwrap();
            match FileJournal::open(folder.file()) {
                Err(error) => prop_assert_eq!(error.kind(), JournalErrorKind::Damaged),
                Ok(journal) => {
                    let first = journal.load(id(1)).await.unwrap();
                    prop_assert!(history(1).starts_with(&first));
                    let second = journal.load(id(2)).await.unwrap();
                    prop_assert!([begun(2)].starts_with(&second));
                }
            }
            Ok(())
        })?;
    }
}
