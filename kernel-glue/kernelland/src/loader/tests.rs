use super::built::Root;
use super::{LoadError, contains, load, mapped, place, unload, unloaded};
use crate::symbols::Kind;
use crate::{test, test_that_fails};

/// An add-on that counts its calls in a static, and calls the kernel from the third on.
const COUNTER: &str = r#"
static int count;
static int __attribute__((noinline)) next(void) { return ++count; }
EXPORT int counted(void) { int n = next(); if (n > 2) dprintf("counted %d\n", n); return n; }
EXPORT int data = 5;
EXPORT int *pointer = &data;
"#;

fn call(address: *const u8) -> i32 {
    // SAFETY: the add-on's function of this type, whose image is loaded.
    let function = unsafe { std::mem::transmute::<*const u8, extern "C" fn() -> i32>(address) };
    function()
}

#[test]
fn a_file_is_mapped_once_unmapped_for_good_and_loaded_afresh() {
    test(|| {
        let root = Root::new();
        let file = root.add("counter", COUNTER, &["dprintf"], &[]);
        let link = root.path().join("by-another-name");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let image = load(&file).unwrap();
        let again = load(&link).unwrap();
        assert!(std::sync::Arc::ptr_eq(&image, &again));
        let counted = image.symbol("counted", Kind::Function).unwrap();
        assert_eq!([call(counted), call(counted), call(counted)], [1, 2, 3]);
        assert!(crate::syslog::text().contains("counted 3"));
        let pointer = image.symbol("pointer", Kind::Object).unwrap();
        // SAFETY: the add-on's pointer, in its image.
        let data = unsafe { pointer.cast::<*const i32>().read() };
        // SAFETY: relocated to its data.
        assert_eq!(unsafe { data.read() }, 5);
        assert_eq!(image.symbol("counted", Kind::Object), None);
        assert!(place(counted as usize + 1).unwrap().contains("counter counted+0x1"));

        unload(&image);
        assert!(contains(counted as usize));
        unload(&again);
        assert!(!contains(counted as usize) && unloaded(counted as usize).is_some() && mapped().is_empty());
        let fresh = load(&file).unwrap();
        let counted = fresh.symbol("counted", Kind::Function).unwrap();
        assert_eq!(call(counted), 1);
        unload(&fresh);
    });
}

#[test]
fn a_call_into_an_unloaded_file_is_a_fault_that_names_it() {
    test_that_fails("counter counted+0x0 (unloaded)", || {
        let root = Root::new();
        let file = root.add("counter", COUNTER, &["dprintf"], &[]);
        crate::fault::install();
        let image = load(&file).unwrap();
        let counted = image.symbol("counted", Kind::Function).unwrap();
        unload(&image);
        call(counted);
    });
}

#[test]
fn a_fault_in_a_file_shows_the_way_there() {
    test_that_fails("faulty outer+", || {
        let root = Root::new();
        let source = r#"
            static int __attribute__((noinline)) inner(volatile int *at) { *at = 1; return *at; }
            EXPORT int outer(void) { return inner((int *)16) + 1; }
        "#;
        let file = root.add("faulty", source, &["dprintf"], &[]);
        crate::fault::install();
        let image = load(&file).unwrap();
        call(image.symbol("outer", Kind::Function).unwrap());
    });
}

#[test]
fn files_that_are_no_add_ons_are_refused() {
    test(|| {
        let root = Root::new();
        let simple = "EXPORT int one(void) { return snooze(1); }";
        let rows = [
            ("an unknown function", root.add("a", simple, &["snooze"], &["-Wl,--defsym=unknown=0"]), None),
            (
                "a function that the kernel has not",
                root.add("b", "int nowhere(void); EXPORT int one(void) { return nowhere(); }", &["nowhere"], &[]),
                Some("could not resolve symbol nowhere"),
            ),
            (
                "a function without a type",
                root.add("c", simple, &[], &["-Wl,--unresolved-symbols=ignore-all"]),
                Some("symbol snooze has another type in the kernel"),
            ),
            (
                "a GNU hash table alone",
                root.add("d", simple, &["snooze"], &["-Wl,--hash-style=gnu"]),
                Some("is no add-on: no SysV hash table, symbols or strings"),
            ),
            (
                "segments that a kernel does not load",
                root.add("e", simple, &["snooze"], &["-Wl,-z,separate-code"]),
                Some("would crash a kernel: a segment that can only be read, which is not loaded"),
            ),
            (
                "a variable of each thread",
                root.add(
                    "f",
                    "static __thread int own; EXPORT int one(void) { return ++own; }",
                    &["__tls_get_addr"],
                    &[],
                ),
                Some("would crash a kernel: thread-local storage"),
            ),
        ];
        for (name, file, want) in rows {
            let got = load(&file).map(|image| unload(&image)).map_err(|error| error.to_string());
            assert_eq!(got.err().as_deref(), want, "{name}");
        }
        let text = root.path().join("text");
        std::fs::write(&text, "no ELF").unwrap();
        assert_eq!(load(&text).err(), Some(LoadError::Headers("not ELF for 64 bits")));
        assert_eq!(load(&root.path().join("none")).err(), Some(LoadError::Unreadable));
        assert!(mapped().is_empty());
    });
}

#[test]
fn the_kernels_symbols_come_before_an_add_ons_own() {
    test(|| {
        let root = Root::new();
        // Its own function of that name is not called: the kernel's returns B_OK for a short sleep.
        let source = "EXPORT int snooze(long long t) { return 42; } EXPORT int one(void) { return snooze(1); }";
        let file = root.add("own", source, &["dprintf"], &["-fvisibility=default"]);
        let image = load(&file).unwrap();
        assert_eq!(call(image.symbol("one", Kind::Function).unwrap()), 0);
        unload(&image);
    });
}
