use super::*;

/// A file of its own, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("isthmus-store-{}-{test}", std::process::id()));
        let place = Self(path);
        place.clear();
        place
    }

    fn open(&self) -> Result<Store, StoreError> {
        Store::open(StoreSettings { path: Some(self.0.clone()), keep: 2, sync: false }, 7)
    }

    fn clear(&self) {
        for path in [self.0.clone(), numbered(&self.0, 1), numbered(&self.0, 2), numbered(&self.0, 3)] {
            let _ = fs::remove_file(path);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.clear();
    }
}

fn read(store: &Store, sequence: u64) -> Option<String> {
    let mut bytes = Vec::new();
    store.read(sequence, &mut bytes).unwrap().then(|| String::from_utf8(bytes).unwrap())
}

#[test]
fn what_was_committed_is_there_after_the_process_died() {
    let place = Place::new("died");
    let mut store = place.open().unwrap();
    store.sent(b"one", 5, false);
    store.sent(b"two", 0, true);
    store.expect(9);
    store.commit().unwrap();
    store.sent(b"lost with the process", 6, false);
    drop(store);
    let store = place.open().unwrap();
    assert_eq!(store.numbers(), Numbers { next_out: 3, next_in: 9, cause: 5, began: 7 });
    assert_eq!((read(&store, 1), read(&store, 2)), (Some("one".to_owned()), Some("two".to_owned())));
    assert_eq!((store.is_admin(1), store.is_admin(2), store.is_admin(3)), (Some(false), Some(true), None));
}

#[test]
fn a_torn_tail_is_cut_at_every_length() {
    let place = Place::new("torn");
    let mut store = place.open().unwrap();
    store.sent(b"first", 0, false);
    store.commit().unwrap();
    let kept = store.written as usize;
    store.sent(b"second", 0, false);
    store.commit().unwrap();
    drop(store);
    let whole = fs::read(&place.0).unwrap();
    for length in 0..whole.len() {
        fs::write(&place.0, &whole[..length]).unwrap();
        let mut store = place.open().unwrap();
        let next = if length >= kept { 2 } else { 1 };
        assert_eq!(store.numbers().next_out, next, "cut at {length}");
        store.sent(b"after", 0, false);
        store.commit().unwrap();
        assert_eq!(read(&place.open().unwrap(), next), Some("after".to_owned()), "cut at {length}");
    }
}

#[test]
fn zeros_that_were_never_written_are_cut_too() {
    let place = Place::new("zeros");
    drop(place.open().unwrap());
    let mut bytes = fs::read(&place.0).unwrap();
    let sound = bytes.len() as u64;
    bytes.extend([0; 100]);
    fs::write(&place.0, &bytes).unwrap();
    drop(place.open().unwrap());
    assert_eq!(fs::metadata(&place.0).unwrap().len(), sound);
}

#[test]
fn a_flipped_bit_is_damage_and_says_where() {
    let place = Place::new("flip");
    let mut store = place.open().unwrap();
    store.sent(b"first", 0, false);
    store.sent(b"second", 0, false);
    store.commit().unwrap();
    let at = MAGIC.len() + FRAME_HEAD + 33;
    let mut bytes = fs::read(&place.0).unwrap();
    bytes[at + FRAME_HEAD + 3] ^= 1;
    fs::write(&place.0, &bytes).unwrap();
    match place.open() {
        Err(StoreError::Damaged { offset, .. }) => assert_eq!(offset, at as u64),
        other => panic!("opened: {}", other.is_ok()),
    }
    fs::write(&place.0, b"something else").unwrap();
    assert!(matches!(place.open(), Err(StoreError::Damaged { offset: 0, .. })));
}

#[test]
fn a_reset_begins_with_one_and_keeps_the_cause_and_the_old_file() {
    let place = Place::new("reset");
    let mut store = place.open().unwrap();
    store.sent(b"old", 41, false);
    store.reset(8).unwrap();
    assert_eq!(store.numbers(), Numbers { next_out: 1, next_in: 1, cause: 41, began: 8 });
    assert_eq!(read(&store, 1), None);
    store.sent(b"new", 0, false);
    store.commit().unwrap();
    drop(store);
    let store = place.open().unwrap();
    assert_eq!((store.numbers().next_out, store.last_cause()), (2, 41));
    assert_eq!(read(&store, 1), Some("new".to_owned()));
    assert!(numbered(&place.0, 1).exists() && !numbered(&place.0, 2).exists());
}

#[test]
fn numbers_set_by_hand_forget_the_messages() {
    let place = Place::new("set");
    let mut store = place.open().unwrap();
    store.sent(b"one", 0, false);
    store.set_next_out(10);
    store.told(3);
    store.sent(b"ten", 0, false);
    store.commit().unwrap();
    let store = place.open().unwrap();
    assert_eq!((store.numbers().next_out, store.last_cause()), (11, 3));
    assert_eq!((read(&store, 1), read(&store, 10)), (None, Some("ten".to_owned())));
    assert_eq!(store.is_admin(1), Some(true), "it can only be filled over");
}

#[test]
fn messages_are_read_before_and_after_they_are_written() {
    let place = Place::new("gathered");
    let mut store = place.open().unwrap();
    let long = "x".repeat(400_000);
    for _ in 0..5 {
        store.sent(long.as_bytes(), 0, false);
    }
    assert!((1..=5).all(|sequence| read(&store, sequence).as_deref() == Some(&long)));
    store.commit().unwrap();
    assert!((1..=5).all(|sequence| read(&store, sequence).as_deref() == Some(&long)));
}

#[test]
fn a_store_in_memory_forgets_the_oldest_when_it_is_full() {
    let mut store = Store::in_memory(0);
    let long = vec![b'x'; 1 << 20];
    for _ in 0..100 {
        store.sent(&long, 0, false);
    }
    assert!(store.gathered.len() <= MEMORY_MAX + (2 << 20));
    assert_eq!((read(&store, 1), store.is_admin(1)), (None, Some(true)));
    assert_eq!(read(&store, 100).map(|text| text.len()), Some(1 << 20));
}
