use super::*;
use crate::{test, test_that_fails};

/// Memory for an object of a class, of the kernel's heap: the classes delete themselves.
fn object(bytes: usize) -> *mut c_void {
    heap::allocate(bytes, 8, 0).unwrap().cast()
}

#[test]
fn the_last_reference_deletes_an_object() {
    test(|| {
        let this = object(16);
        // SAFETY: room for the class.
        unsafe { _ZN14BReferenceableC2Ev(this) };
        // SAFETY: an object of the class.
        assert_eq!(unsafe { _ZN14BReferenceable16AcquireReferenceEv(this) }, 1);
        // SAFETY: as above.
        assert_eq!(unsafe { _ZN14BReferenceable16ReleaseReferenceEv(this) }, 2);
        assert_eq!(heap::size_of(this.cast()), Some(16));
        // SAFETY: as above.
        assert_eq!(unsafe { _ZN14BReferenceable16ReleaseReferenceEv(this) }, 1);
        assert_eq!(heap::size_of(this.cast()), None);
    });
}

#[test]
fn an_object_in_use_is_not_deleted() {
    test_that_fails("is deleted with 2 references", || {
        let this = object(16);
        // SAFETY: room for the class.
        unsafe { _ZN14BReferenceableC2Ev(this) };
        // SAFETY: an object of the class.
        unsafe { _ZN14BReferenceable16AcquireReferenceEv(this) };
        // SAFETY: as above.
        unsafe { _ZN14BReferenceableD2Ev(this) };
    });
}

#[test]
fn a_weak_pointer_outlives_its_object() {
    test(|| {
        let this = object(16);
        // SAFETY: room for the class.
        unsafe { _ZN8BPrivate18BWeakReferenceableC2Ev(this) };
        // SAFETY: an object of the class.
        assert_eq!(unsafe { _ZN8BPrivate18BWeakReferenceable9InitCheckEv(this) }, B_OK);
        // SAFETY: as above.
        let weak = unsafe { _ZN8BPrivate18BWeakReferenceable14GetWeakPointerEv(this) };
        // SAFETY: a weak pointer, to which there is a reference.
        assert_eq!(unsafe { _ZN8BPrivate11WeakPointer3GetEv(weak) }, this);
        // SAFETY: as above.
        assert_eq!(unsafe { _ZNK8BPrivate11WeakPointer8UseCountEv(weak) }, 2);
        // SAFETY: as above.
        assert!(!unsafe { _ZN8BPrivate11WeakPointer3PutEv(weak) });
        // SAFETY: as above.
        assert!(unsafe { _ZN8BPrivate11WeakPointer3PutEv(weak) });
        assert_eq!(heap::size_of(this.cast()), None);
        // SAFETY: as above.
        assert!(unsafe { _ZN8BPrivate11WeakPointer3GetEv(weak) }.is_null());
        // SAFETY: the last reference to it.
        unsafe { _ZN14BReferenceable16ReleaseReferenceEv(weak) };
        assert_eq!(heap::size_of(weak.cast()), None);
    });
}
