use super::readable;

#[test]
fn names_become_paths() {
    let rows = [
        ("main", "main"),
        ("_Z21ipv4_send_routed_dataP12net_protocolP9net_route", "ipv4_send_routed_data"),
        ("_ZL18datalink_send_dataP12net_protocol", "datalink_send_data"),
        ("_ZN9Interface14DomainDatalinkEh", "Interface::DomainDatalink"),
        ("_ZN14BReferenceableC2Ev", "BReferenceable (constructor)"),
        ("_ZNK8BPrivate11WeakPointer8UseCountEv", "BPrivate::WeakPointer::UseCount"),
        ("_ZN10kernelland3run3run17h0123456789abcdefE", "kernelland::run::run"),
        ("_RNvMNtCsKjadqnXOVZ_5haiku4bellNtB2_4Bell3new", "haiku::bell::Bell::new"),
        ("_RNvCs5eTUnVFQbry_4core4main", "core::main"),
        ("_R", "_R"),
        ("_ZdlPv", "_ZdlPv"),
        ("_Z", "_Z"),
    ];
    for (mangled, want) in rows {
        assert_eq!(readable(mangled), want);
    }
}
