//! What a crash leaves of the last write, and what is damage.

use super::*;

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
