use super::{Fault, Walked, is_padding, walk};
use crate::image::Code;
use iced_x86::code_asm::{CodeAssembler, eax, ptr, qword_ptr, r10, rax, rbp, rcx, rdi, rsp};

const START: u64 = 0x1000;

fn walked(write: impl FnOnce(&mut CodeAssembler)) -> Walked {
    let mut assembler = CodeAssembler::new(64).unwrap();
    write(&mut assembler);
    let bytes = assembler.assemble(START).unwrap();
    walk(Code { address: START, bytes: &bytes })
}

#[test]
fn pushes_and_the_room_for_locals_are_the_frame() {
    let found = walked(|a| {
        a.push(rbp).unwrap();
        a.mov(rbp, rsp).unwrap();
        a.push(rcx).unwrap();
        a.sub(rsp, 0x58).unwrap();
        a.mov(qword_ptr(rbp - 0x60), rdi).unwrap();
        a.add(rsp, 0x58).unwrap();
        a.pop(rcx).unwrap();
        a.pop(rbp).unwrap();
        a.ret().unwrap();
    });
    assert_eq!(found, Walked { frame: 0x68, calls: Vec::new(), faults: Vec::new() });
}

#[test]
fn an_early_return_does_not_shorten_what_follows() {
    let found = walked(|a| {
        let mut slow = a.create_label();
        a.push(rbp).unwrap();
        a.test(rdi, rdi).unwrap();
        a.jne(slow).unwrap();
        a.pop(rbp).unwrap();
        a.ret().unwrap();
        a.set_label(&mut slow).unwrap();
        a.sub(rsp, 0x100).unwrap();
        a.ud2().unwrap();
    });
    assert_eq!(found, Walked { frame: 0x108, calls: Vec::new(), faults: Vec::new() });
}

#[test]
fn what_a_jump_table_leads_to_has_the_stack_of_the_jump() {
    let found = walked(|a| {
        a.push(rbp).unwrap();
        a.sub(rsp, 0x40).unwrap();
        a.jmp(rax).unwrap();
        // Two arms, each with arguments for a call on the stack.
        for _ in 0..2 {
            a.push(rax).unwrap();
            a.push(rax).unwrap();
            a.add(rsp, 0x50).unwrap();
            a.pop(rbp).unwrap();
            a.ret().unwrap();
        }
    });
    assert_eq!(found, Walked { frame: 0x58, calls: Vec::new(), faults: Vec::new() });
}

#[test]
fn alignment_counts_for_as_much_as_it_may_take() {
    let found = walked(|a| {
        a.push(rbp).unwrap();
        a.mov(rbp, rsp).unwrap();
        a.and(rsp, -64).unwrap();
        a.sub(rsp, 0x80).unwrap();
        a.mov(rsp, rbp).unwrap();
        a.pop(rbp).unwrap();
        a.ret().unwrap();
    });
    assert_eq!(found, Walked { frame: 8 + 56 + 0x80, calls: Vec::new(), faults: Vec::new() });
}

#[test]
fn a_leaf_that_writes_below_the_stack_pointer_through_rbp_is_found() {
    let found = walked(|a| {
        a.push(rbp).unwrap();
        a.mov(rbp, rsp).unwrap();
        a.mov(qword_ptr(rbp - 8), rdi).unwrap();
        a.pop(rbp).unwrap();
        a.ret().unwrap();
    });
    assert_eq!(found, Walked { frame: 8, calls: Vec::new(), faults: vec![Fault::BelowStackPointer(START + 4)] });
}

#[test]
fn an_index_does_not_hide_what_is_below_the_stack_pointer() {
    let found = walked(|a| {
        a.push(rbp).unwrap();
        a.mov(rbp, rsp).unwrap();
        a.mov(qword_ptr(rbp + rcx * 8 - 0x40), rdi).unwrap();
        a.mov(qword_ptr(rsp + rcx * 8 - 0x40), rdi).unwrap();
        a.pop(rbp).unwrap();
        a.ret().unwrap();
    });
    assert_eq!(found.faults, [Fault::BelowStackPointer(START + 4), Fault::BelowStackPointer(START + 9)]);
    let found = walked(|a| {
        a.push(rbp).unwrap();
        a.mov(rbp, rsp).unwrap();
        a.sub(rsp, 0x40).unwrap();
        a.mov(qword_ptr(rbp + rcx * 8 - 0x40), rdi).unwrap();
        a.mov(qword_ptr(rsp + rcx * 8), rdi).unwrap();
        // A loop down to an index of 1.
        a.mov(qword_ptr(rbp + rcx * 8 - 0x48), rdi).unwrap();
        a.leave().unwrap();
        a.ret().unwrap();
    });
    assert_eq!(found, Walked { frame: 0x48, calls: Vec::new(), faults: Vec::new() });
}

#[test]
fn what_was_given_up_is_below_the_stack_pointer() {
    let found = walked(|a| {
        a.push(rbp).unwrap();
        a.mov(rbp, rsp).unwrap();
        a.sub(rsp, 0x40).unwrap();
        a.mov(qword_ptr(rbp - 0x40), rdi).unwrap();
        a.add(rsp, 0x40).unwrap();
        a.mov(rax, qword_ptr(rbp - 0x40)).unwrap();
        a.pop(rbp).unwrap();
        a.ret().unwrap();
    });
    assert_eq!(found.faults, [Fault::BelowStackPointer(START + 16)]);
}

#[test]
fn an_address_below_the_stack_pointer_is_no_access() {
    let found = walked(|a| {
        a.lea(rax, ptr(rsp - 64)).unwrap();
        a.mov(eax, ptr(rsp + 8)).unwrap();
        a.ret().unwrap();
    });
    assert_eq!(found, Walked::default());
}

#[test]
fn an_access_below_the_stack_pointer_is_found_without_a_frame() {
    let found = walked(|a| {
        a.mov(eax, ptr(rsp - 4)).unwrap();
        a.ret().unwrap();
    });
    assert_eq!(found, Walked { frame: 0, calls: Vec::new(), faults: vec![Fault::BelowStackPointer(START)] });
}

#[test]
fn a_frame_of_unknown_size_is_found() {
    type Row = (&'static str, fn(&mut CodeAssembler));
    let rows: [Row; 4] = [
        ("sub rsp, rax", |a| a.sub(rsp, rax).unwrap()),
        ("mov rsp, rax", |a| a.mov(rsp, rax).unwrap()),
        ("xchg rsp, r10", |a| a.xchg(rsp, r10).unwrap()),
        ("leave without a frame pointer", |a| a.leave().unwrap()),
    ];
    for (name, write) in rows {
        let found = walked(|a| {
            write(a);
            a.ret().unwrap();
        });
        assert_eq!(found.faults, [Fault::StackPointer(START)], "{name}");
    }
}

#[test]
fn bytes_that_are_no_instruction_are_found() {
    let found = walk(Code { address: START, bytes: &[0x90, 0x06] });
    assert_eq!(found.faults, [Fault::NotCode(START + 1)]);
}

#[test]
fn only_what_does_nothing_is_padding() {
    assert!(is_padding(&[0xcc, 0xcc]));
    assert!(is_padding(&[0x66, 0x90, 0x0f, 0x1f, 0x40, 0x00]));
    assert!(is_padding(&[0; 16]));
    assert!(!is_padding(&[0x90, 0xc3]));
}

#[test]
fn a_call_and_a_jump_out_are_calls_with_the_stack_of_then() {
    let found = walked(|a| {
        a.push(rbp).unwrap();
        a.sub(rsp, 0x20).unwrap();
        a.call(0x2000).unwrap();
        a.add(rsp, 0x20).unwrap();
        a.pop(rbp).unwrap();
        a.jmp(0x3000).unwrap();
    });
    assert_eq!(found, Walked { frame: 0x28, calls: vec![(0x2000, 0x28), (0x3000, 0)], faults: Vec::new() });
}
