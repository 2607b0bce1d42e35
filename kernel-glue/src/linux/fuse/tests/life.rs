//! Opening, reading, writing and closing.

use super::*;

#[test]
fn packets_pass_both_ways() {
    in_namespace(|| {
        let scene = Scene::new();
        let file = Scene::open(OFlags::empty());
        scene.give(7);
        let mut buffer = [0; 2000];
        assert_eq!(rustix::io::read(&file, &mut buffer), Ok(60));
        assert_eq!(buffer[..60], frame(7));
        assert_eq!(rustix::io::write(&file, &frame(8)), Ok(60));
        assert_eq!(scene.take(), Some(frame(8)));
        assert_eq!(scene.take(), None);
        drop(file);
        drop(scene);
        assert!(std::fs::read_dir(DIRECTORY).unwrap().next().is_none(), "unmounted");
    });
}
