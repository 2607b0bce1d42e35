use super::{get, open_list, provide, put, references, set_roots};
use crate::loader::built::Root;
use crate::{test, test_that_fails};
use haiku_abi::{B_BAD_VALUE, B_ENTRY_NOT_FOUND, B_ERROR, B_KEEP_LOADED, module_info, status_t};
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

/// Two modules in one file, the second of which needs `built/in/v1`; each call of its functions is printed.
const PAIR: &str = r#"
static int count;
static struct module_info *needed;
static int first(int op, ...) { count++; dprintf("first %d, count %d\n", op, count); return 0; }
static int second(int op, ...) { dprintf("second %d, needs %s\n", op, needed->name); return 0; }
static struct module_info one = { "pair/file/first/v1", 0, first };
static struct module_info two = { "pair/file/second/v1", 0, second };
EXPORT struct module_info *modules[] = { &one, &two, 0 };
EXPORT struct module_dependency module_dependencies[] = { { "built/in/v1", &needed }, { 0, 0 } };
"#;

static CALLS: AtomicI32 = AtomicI32::new(0);
static REFUSES: AtomicI32 = AtomicI32::new(0);

/// What a built-in module does when it begins and ends: takes a variadic function's first argument.
unsafe extern "C" fn operations(operation: i32) -> status_t {
    CALLS.fetch_add(operation, SeqCst);
    if REFUSES.load(SeqCst) == operation { B_ERROR } else { 0 }
}

fn info(name: &'static std::ffi::CStr, flags: u32) -> &'static module_info {
    type Fixed = unsafe extern "C" fn(i32) -> status_t;
    type Variadic = unsafe extern "C" fn(i32, ...) -> status_t;
    // SAFETY: on x86_64 a variadic function gets its named arguments as any other does.
    let std_ops = Some(unsafe { std::mem::transmute::<Fixed, Variadic>(operations) });
    Box::leak(Box::new(module_info { name: name.as_ptr(), flags, std_ops }))
}

fn count(text: &str) -> usize {
    crate::syslog::text().matches(text).count()
}

#[test]
fn a_file_goes_with_its_last_module_and_comes_back_afresh() {
    test(|| {
        let root = Root::new();
        root.add("pair/file", PAIR, &["dprintf"], &[]);
        set_roots(vec![root.path().to_owned()]);
        provide("built/in", &[info(c"built/in/v1", 0)]);
        let first = get("pair/file/first/v1").unwrap();
        assert_eq!(get("pair/file/first/v1"), Ok(first));
        get("pair/file/second/v1").unwrap();
        assert_eq!((count("first 1, count 1"), count("second 1, needs built/in/v1")), (1, 1));
        assert_eq!(CALLS.load(SeqCst), 1);
        assert_eq!(put("pair/file/first/v1"), Ok(()));
        assert_eq!(put("pair/file/first/v1"), Ok(()));
        assert_eq!(count("first 2, count 2"), 1);
        // Its neighbour keeps the file, and with it the static.
        get("pair/file/first/v1").unwrap();
        assert_eq!(count("first 1, count 3"), 1);
        put("pair/file/first/v1").unwrap();
        put("pair/file/second/v1").unwrap();
        assert_eq!((CALLS.load(SeqCst), references().len(), super::loaded().len()), (3, 0, 0));
        get("pair/file/first/v1").unwrap();
        assert_eq!(count("first 1, count 1"), 2);
        put("pair/file/first/v1").unwrap();
    });
}

#[test]
fn the_first_directory_wins_and_built_in_ones_come_last() {
    test(|| {
        let module = |text: &str| {
            format!(
                r#"static int ops(int op, ...) {{ dprintf("{text} %d\n", op); return 0; }}
                static struct module_info one = {{ "some/where/v1", 0, ops }};
                EXPORT struct module_info *modules[] = {{ &one, 0 }};"#
            )
        };
        let roots = [Root::new(), Root::new()];
        roots[1].add("some/where", &module("second root"), &["dprintf"], &[]);
        provide("some/where", &[info(c"some/where/v1", 0)]);
        let paths = || roots.iter().map(|root| root.path().to_owned()).collect();
        set_roots(paths());
        get("some/where/v1").unwrap();
        assert_eq!((count("second root 1"), CALLS.load(SeqCst)), (1, 0));
        put("some/where/v1").unwrap();
        roots[0].add("some/where", &module("first root"), &["dprintf"], &[]);
        get("some/where/v1").unwrap();
        assert_eq!((count("first root 1"), count("second root 1")), (1, 1));
        put("some/where/v1").unwrap();
        set_roots(Vec::new());
        get("some/where/v1").unwrap();
        assert_eq!(CALLS.load(SeqCst), 1);
        put("some/where/v1").unwrap();
    });
}

#[test]
fn lists_load_and_do_not_initialise() {
    test(|| {
        let root = Root::new();
        root.add("pair/file", PAIR, &["dprintf"], &[]);
        std::os::unix::fs::symlink(root.path().join("pair/file"), root.path().join("pair/link")).unwrap();
        std::fs::write(root.path().join("pair/text"), "no add-on").unwrap();
        set_roots(vec![root.path().to_owned()]);
        provide("pair/builtin", &[info(c"pair/builtin/v1", 0)]);
        provide("other/builtin", &[info(c"other/builtin/v1", 0)]);
        let mut list = open_list("pair", None);
        let mut names = Vec::new();
        while let Ok(name) = list.next() {
            names.push(name);
        }
        assert_eq!(
            names,
            [
                "pair/file/first/v1",
                "pair/file/second/v1",
                "pair/file/first/v1",
                "pair/file/second/v1",
                "pair/builtin/v1"
            ]
        );
        assert_eq!(list.next(), Err(B_ENTRY_NOT_FOUND));
        drop(list);
        let mut ends = open_list("pair", Some("second/v1"));
        assert_eq!(ends.next().as_deref(), Ok("pair/file/second/v1"));
        assert_eq!(crate::loader::mapped().len(), 1);
        drop(ends);
        assert_eq!((crate::loader::mapped().len(), CALLS.load(SeqCst)), (0, 0));
        assert_eq!(count("first"), 0);
    });
}

#[test]
fn one_that_keeps_loaded_stays() {
    test(|| {
        provide("kept", &[info(c"kept/v1", B_KEEP_LOADED)]);
        let module = get("kept/v1").unwrap();
        put("kept/v1").unwrap();
        assert_eq!(CALLS.load(SeqCst), 1);
        assert_eq!(get("kept/v1"), Ok(module));
        put("kept/v1").unwrap();
        assert_eq!((CALLS.load(SeqCst), references()), (1, vec![("kept/v1".to_owned(), 1)]));
    });
}

#[test]
fn putting_one_that_keeps_loaded_too_often_is_a_panic() {
    test_that_fails("is to stay loaded", || {
        provide("kept", &[info(c"kept/v1", B_KEEP_LOADED)]);
        get("kept/v1").unwrap();
        put("kept/v1").unwrap();
        let _ = put("kept/v1");
    });
}

#[test]
fn one_that_refuses_to_begin_is_asked_again() {
    test(|| {
        provide("shy", &[info(c"shy/v1", B_KEEP_LOADED)]);
        REFUSES.store(1, SeqCst);
        assert_eq!(get("shy/v1"), Err(B_ERROR));
        assert!(references().is_empty() && super::loaded().is_empty());
        REFUSES.store(0, SeqCst);
        get("shy/v1").unwrap();
        assert_eq!(CALLS.load(SeqCst), 2);
    });
}

#[test]
fn one_that_refuses_to_end_stays_half_dead() {
    test(|| {
        provide("stubborn", &[info(c"stubborn/v1", 0)]);
        REFUSES.store(2, SeqCst);
        let module = get("stubborn/v1").unwrap();
        put("stubborn/v1").unwrap();
        assert_eq!(get("stubborn/v1"), Ok(module));
        assert_eq!(references(), [("stubborn/v1".to_owned(), 2)]);
    });
}

#[test]
fn names_that_nobody_has_are_errors() {
    test(|| {
        assert_eq!(get("no/such/v1"), Err(B_ENTRY_NOT_FOUND));
        assert_eq!(put("no/such/v1"), Err(B_BAD_VALUE));
    });
}

#[test]
fn a_dependency_that_is_missing_fails_the_module() {
    test(|| {
        let root = Root::new();
        root.add("pair/file", PAIR, &["dprintf"], &[]);
        set_roots(vec![root.path().to_owned()]);
        assert_eq!(get("pair/file/second/v1"), Err(B_ENTRY_NOT_FOUND));
        assert!(references().is_empty() && crate::loader::mapped().is_empty());
    });
}
