use super::{Libraries, arguments, check, prepare, start};
use crate::folder::Folder;
use crate::image::Image;
use crate::lld::Lld;
use iced_x86::{Decoder, DecoderOptions, Mnemonic, Register};
use object::write::{Object, Relocation, StandardSection, Symbol, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, RelocationFlags, SymbolFlags, SymbolKind, SymbolScope, elf};
use std::ffi::OsString;
use std::fs;

/// An object file whose `main` calls each of `names`.
fn program(names: &[&str]) -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let text = object.section_id(StandardSection::Text);
    let symbol = |name: &str, kind, section, size| Symbol {
        name: name.into(),
        value: 0,
        size,
        kind,
        scope: SymbolScope::Dynamic,
        weak: false,
        section,
        flags: SymbolFlags::None,
    };
    let bytes = 5 * names.len() as u64 + 1;
    object.add_symbol(symbol("main", SymbolKind::Text, SymbolSection::Section(text), bytes));
    for (name, at) in names.iter().zip((1..).step_by(5)) {
        let symbol = object.add_symbol(symbol(name, SymbolKind::Unknown, SymbolSection::Undefined, 0));
        // call NAME
        object.append_section_data(text, &[0xe8, 0, 0, 0, 0], 1);
        let flags = RelocationFlags::Elf { r_type: elf::R_X86_64_PLT32 };
        object.add_relocation(text, Relocation { offset: at, symbol, addend: -4, flags }).unwrap();
    }
    object.append_section_data(text, &[0xc3], 1);
    object.write().unwrap()
}

/// Links `main` as `trestle` is linked, without the arguments that `leave_out` names; says what the loader needs, and
/// would not like.
fn linked(names: &[&str], leave_out: &str) -> Option<(Vec<String>, Vec<String>)> {
    let Some(lld) = Lld::installed() else {
        eprintln!("skipped: no ld.lld on this machine");
        return None;
    };
    let folder = Folder::new("program");
    let libraries = Libraries::of_haiku().unwrap();
    prepare(&lld, &libraries, folder.path()).unwrap();
    let [object, out] = ["main.o", "out"].map(|name| folder.path().join(name));
    fs::write(&object, program(names)).unwrap();
    let mut all: Vec<OsString> = vec!["-pie".into(), "--as-needed".into(), "-znorelro".into(), object.into()];
    all.extend(
        arguments(folder.path())
            .into_iter()
            .filter(|argument| leave_out.is_empty() || !argument.to_string_lossy().contains(leave_out)),
    );
    all.extend(["-lbsd", "-lgcc_s", "-lroot", "-lnetwork", "-lgnu", "-e_start", "-o"].map(OsString::from));
    all.push(out.clone().into());
    lld.link(all).unwrap();
    let bytes = fs::read(&out).unwrap();
    let image = Image::parse(&bytes).unwrap();
    Some((check::needed(&image), check::faults(&image, &libraries)))
}

#[test]
fn a_program_needs_what_it_calls_and_gets_it_in_the_version_of_haiku() {
    let Some((needed, faults)) = linked(&["sysconf", "socket", "arc4random_buf"], "") else { return };
    assert_eq!(faults, [""; 0]);
    assert_eq!(needed, ["libbsd.so", "libroot.so", "libnetwork.so"]);
}

#[test]
fn a_program_that_the_loader_would_take_for_one_of_beos_is_refused() {
    let Some((_, faults)) = linked(&["write"], "export-dynamic-symbol") else { return };
    let missing = start::EXPORTED.map(|name| format!("{name} is not exported"));
    assert_eq!(faults, missing);
}

#[test]
fn a_program_of_other_segments_or_for_another_loader_is_refused() {
    for (leave_out, fault) in [
        ("dynamic-linker", "the interpreter is not /system/runtime_loader"),
        ("no-rosegment", "3 PT_LOAD, not two, R E and RW"),
    ] {
        let Some((_, faults)) = linked(&["write"], leave_out) else { return };
        assert_eq!(faults, [fault]);
    }
}

#[test]
fn a_name_in_no_library_is_refused() {
    let Some(lld) = Lld::installed() else { return eprintln!("skipped: no ld.lld on this machine") };
    let folder = Folder::new("unknown");
    prepare(&lld, &Libraries::of_haiku().unwrap(), folder.path()).unwrap();
    let object = folder.path().join("main.o");
    fs::write(&object, program(&["no_such_function"])).unwrap();
    let mut all = arguments(folder.path());
    all.extend(["-pie", "-lroot", "-o/dev/null"].map(OsString::from));
    all.push(object.into());
    assert!(lld.link(all).is_err());
}

#[test]
fn the_start_hands_its_arguments_to_main_and_the_result_to_exit() {
    let bytes = start::object().unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let code = object::ObjectSection::data(&object::Object::section_by_name(&file, ".text").unwrap()).unwrap();
    let mut decoder = Decoder::new(64, code, DecoderOptions::NONE);
    let found: Vec<_> = decoder.iter().map(|i| (i.mnemonic(), i.op0_register(), i.op1_register())).collect();
    #[rustfmt::skip]
    let want = [
        (Mnemonic::Push, Register::RBP, Register::None),
        (Mnemonic::Mov,  Register::RBP, Register::RSP),
        (Mnemonic::Call, Register::None, Register::None),
        (Mnemonic::Mov,  Register::EDI, Register::EAX),
        (Mnemonic::Call, Register::None, Register::None),
        (Mnemonic::Ud2,  Register::None, Register::None),
    ];
    assert_eq!(found, want);
}

#[test]
fn what_libroot_has_twice_is_asked_for_by_version() {
    let libraries = Libraries::of_haiku().unwrap();
    for (name, version) in
        [("stat", "LIBROOT_1_ALPHA1"), ("sysconf", "LIBROOT_1_ALPHA4"), ("signal", "LIBROOT_1_ALPHA4"), ("write", "")]
    {
        let (soname, export) = libraries.find(name).unwrap();
        assert_eq!((soname, export.version), ("libroot.so", version), "{name}");
    }
}
