//! One function, followed along its branches with the depth of the stack at each instruction.

use crate::image::Code;
use iced_x86::{
    Code as Opcode, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess,
    OpKind, Register,
};
use std::collections::HashMap;

/// What walking a function showed.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Walked {
    /// The deepest stack, in bytes below the return address.
    pub(super) frame: u64,
    /// The functions that are called by their address, or jumped to, with the stack that is taken then.
    pub(super) calls: Vec<(u64, u64)>,
    pub(super) faults: Vec<Fault>,
}

/// An instruction that no function of an add-on may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    BelowStackPointer(u64),
    /// The depth is not known from here on.
    StackPointer(u64),
    NotCode(u64),
}

/// The stack at an instruction, in bytes below the return address.
#[derive(Clone, Copy, Debug, Default)]
struct Stack {
    depth: i64,
    /// Where `rbp` points, while it holds a place in the frame.
    base: Option<i64>,
}

/// Follows `part`, which is one function.
pub(super) fn walk(part: Code<'_>) -> Walked {
    let code: Vec<Instruction> =
        Decoder::with_ip(64, part.bytes, part.address, DecoderOptions::NONE).into_iter().collect();
    let index: HashMap<u64, usize> = code.iter().enumerate().map(|(n, instruction)| (instruction.ip(), n)).collect();
    let mut walker = Walker {
        code: &code,
        index,
        seen: vec![false; code.len()],
        info: InstructionInfoFactory::new(),
        walk: Walk::default(),
    };
    walker.follow(0, Stack::default());
    // What no branch leads to is behind a table of addresses: there the stack is as at the jump through it.
    let rest = walker.walk.computed.unwrap_or(walker.walk.deepest);
    for n in 0..code.len() {
        walker.follow(n, rest);
    }
    walker.walk.finish()
}

/// Whether `bytes` are what fills the space between functions.
pub(super) fn is_padding(bytes: &[u8]) -> bool {
    Decoder::new(64, bytes, DecoderOptions::NONE).iter().all(|instruction| {
        matches!(instruction.mnemonic(), Mnemonic::Int3 | Mnemonic::Nop) || is_nop_form(&instruction)
    })
}

/// `xchg ax,ax` and its longer spellings, and the zeros that a linker may leave.
fn is_nop_form(instruction: &Instruction) -> bool {
    matches!(instruction.code(), Opcode::Xchg_r16_AX | Opcode::Add_rm8_r8)
}

struct Walker<'a> {
    code: &'a [Instruction],
    index: HashMap<u64, usize>,
    seen: Vec<bool>,
    info: InstructionInfoFactory,
    walk: Walk,
}

#[derive(Default)]
struct Walk {
    deepest: Stack,
    /// The deepest stack at a jump through a register or memory.
    computed: Option<Stack>,
    calls: Vec<(u64, u64)>,
    faults: Vec<Fault>,
}

impl Walker<'_> {
    fn follow(&mut self, from: usize, stack: Stack) {
        let mut open = vec![(from, stack)];
        while let Some((n, stack)) = open.pop() {
            let (Some(seen), Some(instruction)) = (self.seen.get_mut(n), self.code.get(n)) else { continue };
            if std::mem::replace(seen, true) {
                continue;
            }
            self.touches(instruction, stack);
            let after = self.step(instruction, stack);
            if after.depth > self.walk.deepest.depth {
                self.walk.deepest = after;
            }
            let near = matches!(instruction.op0_kind(), OpKind::NearBranch64);
            match instruction.flow_control() {
                FlowControl::Call => {
                    if near {
                        self.walk.call(instruction.near_branch64(), after);
                    }
                    open.push((n + 1, after));
                }
                FlowControl::Next
                | FlowControl::IndirectCall
                | FlowControl::Interrupt
                | FlowControl::XbeginXabortXend => open.push((n + 1, after)),
                FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch => {
                    if instruction.flow_control() == FlowControl::ConditionalBranch {
                        open.push((n + 1, after));
                    }
                    // A target outside is another function, called in place of returning.
                    match self.index.get(&instruction.near_branch64()) {
                        Some(target) if near => open.push((*target, after)),
                        None if near => self.walk.call(instruction.near_branch64(), after),
                        Some(_) | None => (),
                    }
                }
                FlowControl::IndirectBranch => {
                    if self.walk.computed.is_none_or(|stack| stack.depth < after.depth) {
                        self.walk.computed = Some(after);
                    }
                }
                FlowControl::Return => (),
                FlowControl::Exception => {
                    if instruction.is_invalid() {
                        self.walk.faults.push(Fault::NotCode(instruction.ip()));
                    }
                }
            }
        }
    }

    /// Looks at the memory that an instruction reads or writes at a distance from the frame.
    fn touches(&mut self, instruction: &Instruction, stack: Stack) {
        let memory = (0..instruction.op_count()).any(|n| instruction.op_kind(n) == OpKind::Memory);
        if !memory || matches!(instruction.mnemonic(), Mnemonic::Lea | Mnemonic::Nop) {
            return;
        }
        let base = instruction.memory_base();
        let from = if base == Register::RSP { Some(stack.depth) } else { stack.base.filter(|_| base == Register::RBP) };
        let Some(from) = from else { return };
        // An index that never is 0 may count from below its array, which is in the frame, if there is one.
        let spare = if instruction.memory_index() == Register::None {
            0
        } else {
            stack.depth.saturating_sub(stack.base.unwrap_or(0)).clamp(0, INDEX_BIAS)
        };
        let reached = from.saturating_sub(instruction.memory_displacement64().cast_signed());
        if reached > stack.depth.saturating_add(spare) {
            self.walk.faults.push(Fault::BelowStackPointer(instruction.ip()));
        }
    }

    /// Returns the stack behind `instruction`.
    fn step(&mut self, instruction: &Instruction, stack: Stack) -> Stack {
        let ip = instruction.ip();
        let operands = (instruction.op0_kind(), instruction.op0_register(), instruction.op1_kind());
        let immediate = || instruction.immediate(1).cast_signed();
        // Where `lea REGISTER, [rsp + x]` and `mov REGISTER, rsp` point; likewise with rbp.
        let pointer = match (instruction.mnemonic(), instruction.op1_register()) {
            (Mnemonic::Mov, Register::RSP) => Some(stack.depth),
            (Mnemonic::Mov, Register::RBP) => stack.base,
            (Mnemonic::Lea, _) if instruction.memory_index() == Register::None => {
                let from = if instruction.memory_base() == Register::RSP {
                    Some(stack.depth)
                } else {
                    stack.base.filter(|_| instruction.memory_base() == Register::RBP)
                };
                from.map(|depth| depth.saturating_sub(instruction.memory_displacement64().cast_signed()))
            }
            _ => None,
        };
        let is_immediate = matches!(
            operands.2,
            OpKind::Immediate8to64 | OpKind::Immediate32to64 | OpKind::Immediate8 | OpKind::Immediate32
        );
        let moved = |depth| Stack { depth, ..stack };
        match (instruction.mnemonic(), operands) {
            (Mnemonic::Sub, (OpKind::Register, Register::RSP, _)) if is_immediate => {
                moved(stack.depth.saturating_add(immediate()))
            }
            (Mnemonic::Add, (OpKind::Register, Register::RSP, _)) if is_immediate => {
                moved(stack.depth.saturating_sub(immediate()))
            }
            // Alignment: the depth grows by what is masked away, at most.
            (Mnemonic::And, (OpKind::Register, Register::RSP, _)) if is_immediate && immediate() < 0 => {
                moved(stack.depth.saturating_add(immediate().saturating_neg().saturating_sub(8)))
            }
            (Mnemonic::Mov | Mnemonic::Lea, (OpKind::Register, Register::RSP, _)) => match pointer {
                Some(depth) => moved(depth),
                None => self.lost(ip, stack),
            },
            (Mnemonic::Mov | Mnemonic::Lea, (OpKind::Register, Register::RBP, _)) => Stack { base: pointer, ..stack },
            (Mnemonic::Pop, (OpKind::Register, Register::RBP, _)) => {
                Stack { depth: stack.depth.saturating_sub(8), base: None }
            }
            (Mnemonic::Pop, (OpKind::Register, Register::RSP, _)) => self.lost(ip, stack),
            (Mnemonic::Leave, _) => match stack.base {
                Some(base) => Stack { depth: base.saturating_sub(8), base: None },
                None => self.lost(ip, stack),
            },
            (Mnemonic::Enter, _) => self.lost(ip, stack),
            (Mnemonic::Call | Mnemonic::Ret, _) => stack,
            (Mnemonic::Push | Mnemonic::Pop | Mnemonic::Pushfq | Mnemonic::Popfq, _) => {
                moved(stack.depth.saturating_sub(instruction.stack_pointer_increment().into()))
            }
            _ => {
                let mut written = |register| self.writes(instruction, register);
                match (written(Register::RSP), written(Register::RBP)) {
                    (true, _) => self.lost(ip, stack),
                    (false, true) => Stack { base: None, ..stack },
                    (false, false) => stack,
                }
            }
        }
    }

    fn lost(&mut self, ip: u64, stack: Stack) -> Stack {
        self.walk.faults.push(Fault::StackPointer(ip));
        stack
    }

    fn writes(&mut self, instruction: &Instruction, register: Register) -> bool {
        self.info.info(instruction).used_registers().iter().any(|used| {
            used.register().full_register() == register
                && matches!(
                    used.access(),
                    OpAccess::Write | OpAccess::CondWrite | OpAccess::ReadWrite | OpAccess::ReadCondWrite
                )
        })
    }
}

impl Walk {
    fn call(&mut self, target: u64, stack: Stack) {
        self.calls.push((target, u64::try_from(stack.depth).unwrap_or(0)));
    }

    fn finish(self) -> Walked {
        Walked { frame: u64::try_from(self.deepest.depth).unwrap_or(0), calls: self.calls, faults: self.faults }
    }
}

/// How far below its array an index may count from: two words. A guess; the code of `core` has two bytes.
const INDEX_BIAS: i64 = 16;

#[cfg(test)]
mod tests;
