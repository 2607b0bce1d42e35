//! Counted references (`Referenceable.h`, `WeakReferenceable.h`): C++ classes, by their mangled names and with tables of virtual
//! functions made by hand, in the order of the compiler: destructor, deleting destructor, the rest as declared.
#![expect(non_snake_case, reason = "mangled names of C++")]

use crate::fault;
use crate::heap;
use haiku_abi::{B_NO_MEMORY, B_OK, status_t};
use std::ffi::c_void;
use std::sync::atomic::{AtomicI32, AtomicPtr, Ordering::SeqCst};

/// `BReferenceable`, as derived classes begin.
#[repr(C)]
struct Referenceable {
    table: AtomicPtr<ReferenceableTable>,
    count: AtomicI32,
}

#[repr(C)]
struct ReferenceableTable {
    destroy: unsafe extern "C" fn(*mut c_void),
    delete: unsafe extern "C" fn(*mut c_void),
    first_acquired: unsafe extern "C" fn(*mut c_void),
    last_released: unsafe extern "C" fn(*mut c_void),
}

/// `BWeakReferenceable`.
#[repr(C)]
struct WeakReferenceable {
    table: AtomicPtr<WeakReferenceableTable>,
    pointer: AtomicPtr<WeakPointer>,
}

#[repr(C)]
struct WeakReferenceableTable {
    destroy: unsafe extern "C" fn(*mut c_void),
    delete: unsafe extern "C" fn(*mut c_void),
}

/// `WeakPointer`: outlives the object that it points to.
///
/// The compiler puts its first member into the padding of the class that it derives from.
#[repr(C)]
struct WeakPointer {
    table: AtomicPtr<ReferenceableTable>,
    count: AtomicI32,
    uses: AtomicI32,
    object: AtomicPtr<c_void>,
}

const _: () = assert!(core::mem::offset_of!(Referenceable, count) == 8);
const _: () = assert!(core::mem::offset_of!(WeakPointer, count) == 8);
const _: () = assert!(core::mem::offset_of!(WeakPointer, uses) == 12);

fn referenceable<'o>(this: *mut c_void) -> &'o Referenceable {
    // SAFETY: the methods are called on an object of the class, which lives during the call.
    unsafe { &*this.cast() }
}

fn weak_referenceable<'o>(this: *mut c_void) -> &'o WeakReferenceable {
    // SAFETY: as above.
    unsafe { &*this.cast() }
}

fn weak_pointer<'o>(this: *mut c_void) -> &'o WeakPointer {
    // SAFETY: as above.
    unsafe { &*this.cast() }
}

static REFERENCEABLE: ReferenceableTable = ReferenceableTable {
    destroy: _ZN14BReferenceableD2Ev,
    delete: delete_referenceable,
    first_acquired: _ZN14BReferenceable22FirstReferenceAcquiredEv,
    last_released: _ZN14BReferenceable21LastReferenceReleasedEv,
};

static WEAK_REFERENCEABLE: WeakReferenceableTable =
    WeakReferenceableTable { destroy: _ZN8BPrivate18BWeakReferenceableD2Ev, delete: delete_weak_referenceable };

unsafe extern "C" fn delete_referenceable(this: *mut c_void) {
    // SAFETY: the caller gives an object of the class.
    unsafe { _ZN14BReferenceableD2Ev(this) };
    heap::free(this.cast());
}

unsafe extern "C" fn delete_weak_referenceable(this: *mut c_void) {
    // SAFETY: the caller gives an object of the class.
    unsafe { _ZN8BPrivate18BWeakReferenceableD2Ev(this) };
    heap::free(this.cast());
}

exports_with_caller! {
    fn _ZN8BPrivate18BWeakReferenceableC2Ev(*mut c_void) -> () = "rsi" make_weakly_referenceable;
}

extern "C" fn make_weakly_referenceable(this: *mut c_void, caller: usize) {
    let object = weak_referenceable(this);
    object.table.store((&raw const WEAK_REFERENCEABLE).cast_mut(), SeqCst);
    let memory = heap::allocate(size_of::<WeakPointer>(), align_of::<WeakPointer>(), caller);
    let pointer = memory.map_or(std::ptr::null_mut(), <*mut u8>::cast::<WeakPointer>);
    if !pointer.is_null() {
        let new = WeakPointer {
            table: AtomicPtr::new((&raw const REFERENCEABLE).cast_mut()),
            count: AtomicI32::new(1),
            uses: AtomicI32::new(1),
            object: AtomicPtr::new(this),
        };
        // SAFETY: the block is new, and of this size and alignment.
        unsafe { pointer.write(new) };
    }
    object.pointer.store(pointer, SeqCst);
}

exports! {
    fn _ZN14BReferenceableC2Ev(this: *mut c_void) {
        let object = referenceable(this);
        object.table.store((&raw const REFERENCEABLE).cast_mut(), SeqCst);
        object.count.store(1, SeqCst);
    }

    fn _ZN14BReferenceableD2Ev(this: *mut c_void) {
        let object = referenceable(this);
        let count = object.count.load(SeqCst);
        if count != 0 && count != 1 {
            fault::fail(&format!("a referenceable object at {this:p} is deleted with {count} references"));
        }
        object.table.store((&raw const REFERENCEABLE).cast_mut(), SeqCst);
    }

    fn _ZN14BReferenceable16AcquireReferenceEv(this: *mut c_void) -> i32 {
        let object = referenceable(this);
        let before = object.count.fetch_add(1, SeqCst);
        if before == 0 {
            // SAFETY: an object of the class has a table of its functions.
            let table = unsafe { &*object.table.load(SeqCst) };
            // SAFETY: its own function.
            unsafe { (table.first_acquired)(this) };
        }
        if before < 0 {
            fault::fail(&format!("an object at {this:p} with {before} references is acquired"));
        }
        before
    }

    fn _ZN14BReferenceable16ReleaseReferenceEv(this: *mut c_void) -> i32 {
        let object = referenceable(this);
        let before = object.count.fetch_sub(1, SeqCst);
        if before == 1 {
            // SAFETY: an object of the class has a table of its functions.
            let table = unsafe { &*object.table.load(SeqCst) };
            // SAFETY: its own function.
            unsafe { (table.last_released)(this) };
        }
        if before <= 0 {
            fault::fail(&format!("an object at {this:p} with {before} references is released"));
        }
        before
    }

    fn _ZN14BReferenceable22FirstReferenceAcquiredEv(_this: *mut c_void) {}

    fn _ZN14BReferenceable21LastReferenceReleasedEv(this: *mut c_void) {
        // SAFETY: an object of the class has a table of its functions.
        let table = unsafe { &*referenceable(this).table.load(SeqCst) };
        // SAFETY: its own function, when nobody refers to it any more.
        unsafe { (table.delete)(this) };
    }

    fn _ZN8BPrivate18BWeakReferenceableD2Ev(this: *mut c_void) {
        let pointer = weak_referenceable(this).pointer.load(SeqCst);
        if pointer.is_null() {
            fault::fail("a weakly referenceable object without its pointer is deleted");
        }
        let weak = weak_pointer(pointer.cast());
        // Nobody looks at the outcome: any other number than 1 is judged below.
        let _ = weak.uses.compare_exchange(1, 0, SeqCst, SeqCst);
        let uses = weak.uses.load(SeqCst);
        if uses != 0 {
            fault::fail(&format!("a weakly referenceable object at {this:p} is deleted with {uses} references"));
        }
        // SAFETY: the pointer is an object of the class, and this was the object's reference to it.
        unsafe { _ZN14BReferenceable16ReleaseReferenceEv(pointer.cast()) };
    }

    fn _ZN8BPrivate18BWeakReferenceable9InitCheckEv(this: *mut c_void) -> status_t {
        if weak_referenceable(this).pointer.load(SeqCst).is_null() { B_NO_MEMORY } else { B_OK }
    }

    fn _ZN8BPrivate18BWeakReferenceable14GetWeakPointerEv(this: *mut c_void) -> *mut c_void {
        let pointer = weak_referenceable(this).pointer.load(SeqCst).cast();
        // SAFETY: an object of the class that lives as long as `this` does.
        unsafe { _ZN14BReferenceable16AcquireReferenceEv(pointer) };
        pointer
    }

    fn _ZN8BPrivate11WeakPointer3GetEv(this: *mut c_void) -> *mut c_void {
        let weak = weak_pointer(this);
        let more = |uses: i32| if uses == 0 { None } else { uses.checked_add(1) };
        match weak.uses.fetch_update(SeqCst, SeqCst, more) {
            Ok(before) => {
                if before < 0 {
                    fault::fail(&format!("a weak pointer at {this:p} with {before} uses is used"));
                }
                weak.object.load(SeqCst)
            }
            Err(_) => std::ptr::null_mut(),
        }
    }

    fn _ZN8BPrivate11WeakPointer12GetUncheckedEv(this: *mut c_void) {
        weak_pointer(this).uses.fetch_add(1, SeqCst);
    }

    fn _ZN8BPrivate11WeakPointer3PutEv(this: *mut c_void) -> bool {
        let weak = weak_pointer(this);
        let before = weak.uses.fetch_sub(1, SeqCst);
        if before == 1 {
            let object = weak.object.load(SeqCst);
            // SAFETY: an object of the class has a table of its functions; it lives until its last use, this one.
            let table = unsafe { &*weak_referenceable(object).table.load(SeqCst) };
            // SAFETY: its own function, when nobody uses it any more.
            unsafe { (table.delete)(object) };
            return true;
        }
        if before <= 0 {
            fault::fail(&format!("a weak pointer at {this:p} with {before} uses is put"));
        }
        false
    }

    fn _ZNK8BPrivate11WeakPointer8UseCountEv(this: *mut c_void) -> i32 {
        weak_pointer(this).uses.load(SeqCst)
    }
}

#[cfg(test)]
mod tests;
