//! Compaction: what it keeps, when it happens, what stands in its way.

use super::*;

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
